using System.Collections.Concurrent;
using StingBackup.Engine.Basics;
using StingBackup.Engine.Integrity;
using StingBackup.Engine.Jobs;
using StingBackup.Engine.Keys;
using StingBackup.Engine.Repository;
using StingBackup.Engine.Storage;

namespace StingBackup.Engine.Tiering;

/// <summary>
/// Brings a tier up to date, in the order of writing: heads → packs → barrier → index → points, oldest first → records. A kill anywhere leaves a tier on which every point has all that it reaches;
/// the next sync goes on. Runs beside backups: what they commit meanwhile waits for the next one.
/// </summary>
internal sealed class TierSyncRun(Installation installation, TierRoute route, JobOutput output)
{
    private readonly TierMemory? _memory = route.Target == Tier.Local ? null : installation.MemoryOf(route.Target);
    private readonly ConcurrentDictionary<string, byte> _copied = new(StringComparer.Ordinal);
    private readonly HashSet<string> _refused = new(StringComparer.Ordinal);
    private long _points, _others, _othersLength, _claims;

    /// <summary>Bytes between two barriers.</summary>
    public long BatchLength { get; init; } = 512L << 20;

    /// <summary>Whether what the target has may be remembered and need not be listed.</summary>
    public bool Recalls { get; init; }

    public async Task<TierSyncResult> RunAsync(CancellationToken cancel)
    {
        var started = installation.Clock.GetTimestamp();
        var errorsBefore = output.Errors;
        output.Progress.Activity = $"Sync {route.Target}";
        var comparison = await TierComparison.TakeAsync(installation, route, output, Recalls, cancel).ConfigureAwait(false);
        if (!comparison.IsRecalled)
        {
            _memory?.Replace(comparison.Target.Objects.Keys.Where(name => !comparison.Damaged.Any(p => p.Name == name)));
        }
        TellSurroundings(comparison);
        output.Progress.TotalBytes = output.Progress.Bytes + comparison.Packs.Sum(p => p.Length);
        await CopyAllAsync([.. comparison.Lacking(TierStep.Heads)], cancel).ConfigureAwait(false);
        await RenewClaimsAsync(comparison, cancel).ConfigureAwait(false);
        if (comparison is { IsRecalled: true, Erased.Count: > 0 })
        {
            _memory?.Replace(comparison.Target.Objects.Keys.Except(comparison.Erased, StringComparer.Ordinal).Union(_copied.Keys, StringComparer.Ordinal));
        }
        var packs = await CopyWavesAsync(comparison, cancel).ConfigureAwait(false);
        await CopyAllAsync([.. comparison.Lacking(TierStep.Records)], cancel).ConfigureAwait(false);
        var waiting = comparison.BacklogWithout(_copied.Keys.ToHashSet(StringComparer.Ordinal));
        await NoteAsync(comparison, waiting, new Outcome(packs.Copied.Length + _othersLength, output.Errors > errorsBefore), cancel).ConfigureAwait(false);
        return new TierSyncResult
        {
            Tier = route.Target, State = output.Errors > 0 ? JobState.CompletedWithErrors : JobState.Completed, Points = _points, Packs = packs.Copied, Others = new ObjectSum(_others, _othersLength), Claims = _claims,
            Waiting = waiting, Duration = installation.Clock.GetElapsedTime(started),
        };
    }

    private void TellSurroundings(TierComparison comparison)
    {
        foreach (var name in comparison.Conflicts)
        {
            output.Failed(new ClaimComparison(installation, route).Conflict(name, "their bytes differ"));
        }
        foreach (var pack in comparison.Damaged)
        {
            output.Warn($"'{pack.Name}' has another length in {route.To.Location} than it was written with: it is written there anew.");
        }
        if (comparison.Missing.Count > 0)
        {
            output.Warn($"{comparison.Missing.Count} packs that the index names lie on neither tier (the first is '{comparison.Missing[0].Name}'): restore points that need them are copied without. Test-StingBackupIntegrity tells which files they are of.");
        }
    }

    // --- small objects

    private async ValueTask CopyAllAsync(IReadOnlyList<string> names, CancellationToken cancel)
    {
        var done = new ConcurrentBag<string>();
        await Parallel.ForEachAsync(names, new ParallelOptions { MaxDegreeOfParallelism = TransferQueue.DefaultStreams, CancellationToken = cancel }, async (name, stop) =>
        {
            if (await ReadAsync(name, stop).ConfigureAwait(false) is { } bytes && await PutAsync(name, bytes, stop).ConfigureAwait(false))
            {
                Interlocked.Increment(ref _others);
                Interlocked.Add(ref _othersLength, bytes.Length);
                done.Add(name);
            }
        }).ConfigureAwait(false);
        Keep(done);
    }

    /// <summary>Null when the object cannot be read, which is told, or is gone since it was listed.</summary>
    private async ValueTask<byte[]?> ReadAsync(string name, CancellationToken cancel)
    {
        try
        {
            var bytes = await route.From.ReadAllAsync(name, cancel).ConfigureAwait(false);
            TierObjects.Prove(name, bytes, installation);
            return bytes;
        }
        catch (StingException e) when (e.ErrorId == "ObjectNotFound")
        {
            return null;
        }
        catch (StingException e) when (ObjectDamage.IsOfOneObject(e))
        {
            output.Failed(e);
            return null;
        }
    }

    /// <summary>False, and told, when another object has the name by now.</summary>
    private async ValueTask<bool> PutAsync(string name, byte[] bytes, CancellationToken cancel)
    {
        // What stood in the way may be gone again: another host's sync replaces it.
        var there = await TryPutAsync().ConfigureAwait(false) ?? await TryPutAsync().ConfigureAwait(false) ?? throw route.To.NotFound(name);
        if (!bytes.AsSpan().SequenceEqual(there))
        {
            output.Failed(new ClaimComparison(installation, route).Conflict(name, "their bytes differ"));
            return false;
        }
        await PackTransfer.ConfirmAsync(route.To, name, bytes.Length, cancel).ConfigureAwait(false);
        return true;

        async ValueTask<byte[]?> TryPutAsync() => await route.To.PutAsync(name, bytes, cancel).ConfigureAwait(false) ? bytes : await ClaimReader.ReadBytesAsync(route.To, name, cancel).ConfigureAwait(false);
    }

    private async ValueTask RenewClaimsAsync(TierComparison comparison, CancellationToken cancel)
    {
        foreach (var name in comparison.Erased)
        {
            _claims += await route.To.DeleteAsync(name, cancel).ConfigureAwait(false) ? 1 : 0;
        }
        var claims = new ClaimComparison(installation, route);
        foreach (var name in comparison.Renewed)
        {
            if (await ReadAsync(name, cancel).ConfigureAwait(false) is not { } bytes)
            {
                continue;
            }
            var there = await ClaimReader.ReadBytesAsync(route.To, name, cancel).ConfigureAwait(false);
            if (bytes.AsSpan().SequenceEqual(there))
            {
                continue;   // another host's sync was quicker
            }
            if (there is not null && claims.RefusalOf(name, bytes, there) is { } refusal)
            {
                output.Failed(refusal);
                _refused.Add(name);
                continue;
            }
            // A kill in between leaves it missing, and the next sync puts it.
            try
            {
                await route.To.DeleteAsync(name, cancel).ConfigureAwait(false);
            }
            catch (StingException e) when (e.ErrorId == "ObjectLocked" && name.StartsWith(KeyObjectNames.FormatPrefix, StringComparison.Ordinal))
            {
                output.Warn($"'{name}' in {route.To.Location} is from before keys or format were renewed, and locked: it stays until its lock ends.");
                _refused.Add(name);
                continue;
            }
            await PutAsync(name, bytes, cancel).ConfigureAwait(false);
            _claims++;
        }
    }

    // --- packs and points

    /// <summary>Packs, then the index of them, then the restore points that need no other; and so on, until nothing is left.</summary>
    private async ValueTask<PackTransfer> CopyWavesAsync(TierComparison comparison, CancellationToken cancel)
    {
        var packs = new PackTransfer(route, output) { BatchLength = BatchLength };
        var held = new HashSet<Id32>();
        foreach (var pack in comparison.Damaged)
        {
            try
            {
                await route.To.DeleteAsync(pack.Name, cancel).ConfigureAwait(false);
            }
            catch (StingException e) when (e.ErrorId == "ObjectLocked")
            {
                // What was first under a name is the object while it is locked: this one is read from other tiers until then.
                output.Failed(e);
                held.Add(pack.Id);
            }
        }
        var room = TierRoom.Of(installation, route, comparison.Target.Length);
        var waves = TierWaves.Plan(comparison, installation.Priority, BatchLength);
        var waiting = new List<WaitingPoint>();
        using var needs = new WaveNeeds(installation, route.From, comparison, output);
        for (var at = 0; at < waves.Count; at++)
        {
            await packs.RunAsync([.. waves[at].Packs.Where(p => !held.Contains(p.Id))], room.Take, done => Keep(done.Select(p => p.Name)), cancel).ConfigureAwait(false);
            waiting.AddRange(waves[at].Points);
            var isLast = at == waves.Count - 1;
            var lacking = isLast ? [] : comparison.Packs.Where(p => !_copied.ContainsKey(p.Name)).Select(p => p.Id).ToHashSet();
            await CopyAllAsync([.. comparison.Lacking(TierStep.Index).Where(name => !_copied.ContainsKey(name) && (isLast || needs.IsWhole(name, lacking)))], cancel).ConfigureAwait(false);
            if (isLast || (waiting.Count > 0 && !await needs.AnyAsync(waiting, lacking, _copied.ContainsKey, cancel).ConfigureAwait(false)))
            {
                await CopyPointsAsync(comparison, waiting, packs, isLast, cancel).ConfigureAwait(false);
                waiting.Clear();
            }
        }
        return packs;
    }

    private async ValueTask CopyPointsAsync(TierComparison comparison, IReadOnlyList<WaitingPoint> points, PackTransfer packs, bool isLast, CancellationToken cancel)
    {
        foreach (var failure in packs.Failed.Values.Where(f => isLast && f.ErrorId != "ObjectNotFound"))
        {
            output.Failed(failure);
        }
        // Without the fragment that names them packs cannot be found over there. Before the last wave such points are not called.
        var unnamed = isLast ? comparison.Lacking(TierStep.Index).Where(name => !_copied.ContainsKey(name)).ToList() : [];
        foreach (var point in points)
        {
            if (packs.Failed.Count + unnamed.Count > 0 && point.Record is { IsVoid: false } && await LacksAsync(comparison, point.Record, packs.Failed, unnamed, cancel).ConfigureAwait(false) is { } needed)
            {
                output.Failed(new StingException("PointWaits", FailureKind.Integrity, $"Restore point {point.Record.Name} is not copied to the {route.Target} tier: it needs '{needed}', which cannot be copied.", point.Name,
                    "Sync again; where it says so again, run Repair-StingRepository, or a full backup, which stores what is damaged again, and sync then."));
                continue;
            }
            if (await ReadAsync(point.Name, cancel).ConfigureAwait(false) is { } bytes && await PutAsync(point.Name, bytes, cancel).ConfigureAwait(false))
            {
                _points++;
                Interlocked.Add(ref _othersLength, bytes.Length);
                Interlocked.Increment(ref _others);
                Keep([point.Name]);
            }
        }
    }

    /// <summary>A pack that a point reaches and that did not get there, or a fragment that names one and did not; null when there is none.</summary>
    private async ValueTask<string?> LacksAsync(TierComparison comparison, PointRecord point, ConcurrentDictionary<Id32, StingException> failed, IReadOnlyList<string> unnamed, CancellationToken cancel)
    {
        var reach = await TierReach.WalkAsync(installation, route.From, comparison.View.Index, point.Classes.Select(c => PointSelection.PartOf(point, c)), output, cancel).ConfigureAwait(false);
        var fragments = comparison.View.Index.Fragments.ToLookup(f => f.Name, StringComparer.Ordinal);
        return comparison.Packs.FirstOrDefault(p => failed.ContainsKey(p.Id) && (reach.Packs.Contains(p.Id) || (reach.Faults.Count > 0 && p.Kind == ObjectKind.MetaPack)))?.Name
            ?? unnamed.FirstOrDefault(name => fragments[name].FirstOrDefault() is { } known ? known.Packs.Any(p => reach.Packs.Contains(p.Id)) : reach.Faults.Count > 0);
    }

    private void Keep(IEnumerable<string> names)
    {
        var kept = names.ToList();
        kept.ForEach(name => _copied.TryAdd(name, 0));
        if (kept.Count > 0)
        {
            _memory?.Add(kept);
        }
    }

    private async ValueTask NoteAsync(TierComparison comparison, TierBacklog waiting, Outcome outcome, CancellationToken cancel)
    {
        if (_memory is null)
        {
            return;
        }
        var claims = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var name in comparison.Source.Of(TierStep.Heads).Where(n => ClaimComparison.IsRenewable(n)
            && !_refused.Contains(n) && (_copied.ContainsKey(n) || comparison.Target.Objects.ContainsKey(n))))
        {
            if (await ReadAsync(name, cancel).ConfigureAwait(false) is { } bytes)
            {
                claims[name] = ClaimComparison.HashOf(bytes);
            }
        }
        var now = installation.Clock.GetUtcNow();
        var before = _memory.ReadNote();
        _memory.Write(before with
        {
            TriedTime = now, CompleteTime = waiting.Objects.Count == 0 ? now : before.CompleteTime, Failure = "", Claims = claims,
            // What was refused may be there in another form than is remembered.
            ListedTime = outcome.Failed ? null : comparison.IsRecalled ? before.ListedTime : now, Length = comparison.Target.Length + outcome.Added,
        });
    }

    /// <summary>Bytes that were copied, and whether something was refused.</summary>
    private readonly record struct Outcome(long Added, bool Failed);
}
