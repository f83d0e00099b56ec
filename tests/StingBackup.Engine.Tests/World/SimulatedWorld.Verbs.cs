using StingBackup.Engine.Backup;
using StingBackup.Engine.Integrity;
using StingBackup.Engine.Lifecycle;
using StingBackup.Engine.Lifecycle.Pruning;
using StingBackup.Engine.Lifecycle.Retention;
using StingBackup.Engine.Operations.Verification;
using StingBackup.Engine.Repository;
using StingBackup.Engine.Restore;
using StingBackup.Engine.Tiering;

namespace StingBackup.Engine.Tests.World;

internal sealed partial class SimulatedWorld
{
    /// <summary>Carries out a verb as a command does; what the model learns of it is done later, by the schedule.</summary>
    private async Task<Action?> DoAsync(WorldHost host, RunningVerb running)
    {
        await using var installation = await host.OpenAsync(running);
        if (Mutation?.BeforeAsync is { } before)
        {
            await before(this, host, running, installation);
        }
        switch (running.Verb)
        {
            case Verb.Backup or Verb.Full:
                var type = running.Verb == Verb.Full ? BackupType.Full : BackupType.Incremental;
                await CompleteAsync<BackupResult>(BackupJob.RunAsync(installation, await BackupJob.PlanAsync(installation, type, null, due: false, default), default));
                return null;
            case Verb.Sync: return await SyncAsync(running, installation);
            case Verb.Retain: await CompleteAsync<RetentionResult>(RetentionJob.RunAsync(installation, await RetentionJob.PlanAsync(installation, null, default), default)); return null;
            case Verb.Sweep or Verb.SweepRemote: await CompleteAsync<PruneResult>(PruneJob.RunAsync(installation, running.Verb == Verb.Sweep ? Tier.Local : Tier.Remote, default)); return null;
            case Verb.Heal or Verb.HealRemote or Verb.MendKeys:
                var tier = running.Verb == Verb.HealRemote ? Tier.Remote : Tier.Local;
                await CompleteAsync<RepairResult>(RepairJob.RunAsync(installation, await RepairJob.PlanAsync(installation, tier, useKeys: true, default), default));
                return () => _isUnmended &= running.WasDisturbed || Disk.Away.Count > 0;
            case Verb.Verify: return await VerifyAsync(host, running, installation);
            case Verb.Restore: return await RestoreAsync(running, installation);
            case Verb.Turn or Verb.NewKek or Verb.NewSubjectKeys: return await RotateAsync(running, installation);
            case Verb.RequestErasure: return await RequestErasureAsync(running, installation);
            case Verb.EndErasure: return await EndErasureAsync(installation);
            case Verb.Hold: return await HoldAsync(running, installation);
            default: return await LiftAsync(running, installation);
        }
    }

    private async Task<Action?> SyncAsync(RunningVerb running, Installation installation)
    {
        _isSynced = false;
        var synced = await CompleteAsync<TierSyncResult>(TierSyncJob.RunAsync(installation, Tier.Remote, default));
        return () =>
        {
            if (synced.Errors.Count == 0 && !running.WasDisturbed && !IsSlow(running) && !Hosts.Any(h => h.Running?.Verb == Verb.Sync))
            {
                _isSynced = true;
                _touched.Add((Tier.Remote, ObjectKind.Point));
            }
        };
    }

    private async Task<Action?> VerifyAsync(WorldHost host, RunningVerb running, Installation installation)
    {
        var level = !host.HasKeys ? running.Argument % 2 == 0 ? IntegrityLevel.Structure : IntegrityLevel.Packs : (IntegrityLevel)(running.Argument % 3);
        var found = await CompleteAsync<IntegrityResult>(VerifyJob.RunAsync(installation, new VerifyRequest { Level = level }, default));
        return () =>
        {
            if (found.Value.Faults.Where(f => !MayMiss(running, f.Object)).ToList() is { Count: > 0 } faults && !running.WasDisturbed && !IsSlow(running))
            {
                throw new ModelViolation($"a verification tells of faults where nothing is wrong: {string.Join("; ", faults.Select(f => $"{f.Object}: {f.Problem}"))}");
            }
            Count(Looked, $"verifications of level {level}{(running.WasDisturbed ? " (disturbed)" : "")}");
        };
    }

    private async Task<Action?> RestoreAsync(RunningVerb running, Installation installation)
    {
        var live = Restorable();
        if (live.Count == 0)
        {
            return null;
        }
        var (point, part) = live[running.Argument % live.Count];
        running.Point = (point.Writer, point.Sequence);
        var errors = await RestoreAsync(installation, point, part.Class);
        return () => CompareRestored(running, point, part.Class, errors);
    }

    private static async Task<List<StingException>> RestoreAsync(Installation installation, PointRecord point, DataClass dataClass)
    {
        var request = new RestoreRequest { Scope = RestoreScope.Reserve, BackupId = point.Name, Destination = "/restored", Classes = [dataClass] };
        return (await CompleteAsync<RestoreResult>(RestoreJob.RunAsync(installation, await RestoreJob.PlanAsync(installation, request, default), default))).Errors;
    }

    private async Task<Action?> RotateAsync(RunningVerb running, Installation installation)
    {
        var request = running.Verb switch
        {
            Verb.Turn => new KeyRotationRequest(KeyRotationKind.Epoch), Verb.NewKek => new KeyRotationRequest(KeyRotationKind.KeyEncryptionKey),
            _ => new KeyRotationRequest(KeyRotationKind.Subject) { NewWriterSecret = running.Argument % 4 == 0 },
        };
        await ApprovedAsync(installation, async () => await CompleteAsync<KeyRotationResult>(KeyRotationJob.RunAsync(installation, await KeyRotationJob.PlanAsync(installation, request, default), default)));
        return null;
    }

    private async Task<Action?> RequestErasureAsync(RunningVerb running, Installation installation)
    {
        var who = running.Who = $"u{running.Argument % _people}";
        var plan = await ErasureJob.PlanAsync(installation, new ErasureRequest(RestoreScope.User, who, "GDPR Art. 17", "ticket", "dpo"), default);
        _asking[running] = (who, plan.Pseudonyms);   // this thread alone runs while the world waits for it
        await ApprovedAsync(installation, () => ErasureJob.RequestAsync(installation, plan, default));
        return () => Asked(running);
    }

    private async Task<Action?> EndErasureAsync(Installation installation)
    {
        var done = await CompleteAsync<ErasureResult>(ErasureJob.CompleteAsync(installation, "key officer", default));
        return () =>
        {
            foreach (var erasure in done.Value.Erasures.Where(e => e.State == ErasureState.Completed))
            {
                Erased(erasure.Pseudonyms);
            }
        };
    }

    private async Task<Action?> HoldAsync(RunningVerb running, Installation installation)
    {
        var who = running.Who = $"u{running.Argument % _people}";
        _unsure.Add(who);   // this thread alone runs while the world waits for it
        var hold = await LegalHolds.AddAsync(installation, await LegalHolds.PlanAsync(installation, RestoreScope.User, who, "lawsuit", default), "counsel", default);
        return () =>
        {
            _holds[hold.Id] = (who, Steps);
            _unsure.Remove(who);
        };
    }

    private async Task<Action?> LiftAsync(RunningVerb running, Installation installation)
    {
        if (_holds.Count == 0)
        {
            return null;
        }
        var id = _holds.OrderBy(hold => hold.Value.Since).ElementAt(running.Argument % _holds.Count).Key;
        _holds.Remove(id);   // from now on it may be gone, whatever becomes of the verb
        await ApprovedAsync(installation, () => LegalHolds.LiftAsync(installation, id, "counsel", default));
        return null;
    }

    /// <summary>Does what needs a second identity: asked once without, approved, and done. An approval of an earlier try, whose days are over, is put aside first.</summary>
    private async Task<T> ApprovedAsync<T>(Installation installation, Func<Task<T>> deed)
    {
        for (var tries = 0; ; tries++)
        {
            try
            {
                return await deed();
            }
            catch (StingException e) when (e.ErrorId == "ApprovalRequired" && tries < 2)
            {
                await _template.Officer.ApproveAsync(installation, e.Target!);
            }
            catch (StingException e) when (e.ErrorId == "ApprovalExpired" && tries == 0)
            {
                Count(Looked, "approvals put aside");
            }
        }
    }

    private sealed record Ended<T>(T Value, List<StingException> Errors);

    private static async Task<Ended<T>> CompleteAsync<T>(IAsyncEnumerable<JobEvent> job)
    {
        var errors = new List<StingException>();
        object? result = null;
        await foreach (var told in job)
        {
            switch (told)
            {
                case ItemFailedEvent failed: errors.Add(failed.Error); break;
                case CompletedEvent completed: result = completed.Result; break;
            }
        }
        return new Ended<T>((T)result!, errors);
    }

    /// <summary>When a verb has ended: what it found is compared, and why it failed is judged.</summary>
    private async Task EndIfDoneAsync(WorldHost host, RunningVerb running)
    {
        if (!running.Work.IsCompleted || host.Running != running)
        {
            return;
        }
        host.Running = null;
        running.Files?.DropLocks();
        try
        {
            var learned = await (Task<Action?>)running.Work;
            Tell(host, $"has ended {running.Verb}");
            Count(Done, running.Verb.ToString());
            learned?.Invoke();
        }
        catch (StingException e)
        {
            Tell(host, $"{running.Verb} failed: {e.ErrorId}: {e.Message}");
            Count(Refused, $"{running.Verb}: {e.ErrorId}{(running.WasDisturbed ? " (disturbed)" : "")}");
            if (!running.WasDisturbed)
            {
                _asking.Remove(running);   // what nothing was done to and is refused was not done
            }
            if (!running.WasDisturbed && !MayRefuse(running, e.ErrorId))
            {
                throw new ModelViolation($"{running.Verb} of host {host.Number} failed where nothing was wrong: {e.ErrorId}: {e.Message}{PlaceOf(e)}");
            }
        }
        catch (Exception e) when (e is not (ModelViolation or HostCrashed))
        {
            throw new ModelViolation($"{running.Verb} of host {host.Number} broke: {e.GetType().Name}: {e.Message}{PlaceOf(e)}");
        }
    }

    /// <summary>Where in the engine it came from: what is enough to find it.</summary>
    private static string PlaceOf(Exception e) => string.Concat((e.StackTrace ?? "").Split('\n').Where(line => line.Contains(" at ", StringComparison.Ordinal)).Take(5).Select(line => $"\n{line.TrimEnd()}"));
}
