using System.Security.Cryptography;
using StingBackup.Engine.Basics;
using StingBackup.Engine.Cryptography;
using StingBackup.Engine.Jobs;
using StingBackup.Engine.Keys;
using StingBackup.Engine.Platform;
using StingBackup.Engine.Repository;

namespace StingBackup.Engine.Integrity;

/// <summary>
/// One verification: small signed objects, then what the points reach, then the packs, then (when something is damaged and keys are at hand) the files that it hits.
/// </summary>
internal sealed class VerifyRun(Installation installation, EnrolledWriters writers, VerifyRequest request, JobOutput output)
{
    private readonly FaultBook _book = new(problem => output.Tell(problem), installation.AtTier, installation.Tiers.Count > 1) { LooksAgain = true };

    /// <summary>What a look went through and met, beside faults.</summary>
    private sealed record Look(ObjectProbe Probe, Census Census, PointCheck Points, IReadOnlyList<PointPart> Parts, Reach Reach, PackCheck Packs);

    public async Task<IntegrityResult> RunAsync(CancellationToken cancel)
    {
        CheckLimits.Check(request);
        var started = installation.Clock.GetTimestamp();
        output.Progress.Activity = installation.AtTier == Tier.Local ? $"Verify ({request.Level})" : $"Verify the {installation.AtTier} tier ({request.Level})";
        var (probe, census, points, parts, reach, packs) = await LookAsync(started, cancel).ConfigureAwait(false);
        using var reader = reach.Reader;
        await LookAgainAsync(cancel).ConfigureAwait(false);
        await new DamageReport(reach, packs, _book, output).RunAsync(parts, points.Doubtful, cancel).ConfigureAwait(false);
        if (installation.AtTier != Tier.Local)
        {
            await ForgiveWaitingAsync(census, cancel).ConfigureAwait(false);
        }
        TellPacks(packs);
        var (_, never, oldest) = packs.Memory.Summary();
        var faults = _book.ToRecords(reach.NameOf);
        if (installation.AtTier != Tier.Local && faults.Count > 0)
        {
            installation.MemoryOf(installation.AtTier).Distrust();
        }
        return new IntegrityResult
        {
            Level = request.Level, Tier = installation.AtTier, Points = parts.DistinctBy(p => p.ObjectName).LongCount(), Packs = packs.Packs,
            PacksPassedOver = packs.PassedOver, PacksLeft = packs.Left, PacksLetGo = packs.LetGo, PacksFrozen = packs.Frozen, PacksWithoutParity = packs.WithoutParity, ParityDamaged = packs.ParityDamaged,
            OldestCheck = never == 0 && oldest is { } last ? TimeZoneInfo.ConvertTime(NanosecondTime.FromNs(last, 0), installation.Zone) : null,
            Chunks = request.Level == IntegrityLevel.Data ? packs.ChunksOpened : reach.Walk.Reached.Count,
            BytesRead = probe.BytesRead + reader.BytesRead, Faults = faults, Duration = installation.Clock.GetElapsedTime(started),
        };
    }

    /// <summary>Looks at everything; what is wrong is in the book then.</summary>
    private async ValueTask<Look> LookAsync(long started, CancellationToken cancel)
    {
        var probe = new ObjectProbe(installation.Store, _book);
        var census = await Census.TakeAsync(installation.Store, _book, cancel).ConfigureAwait(false);
        KeyObjectCheck? keyObjects = null;
        if (installation.Keys is { } roles)
        {
            keyObjects = new KeyObjectCheck(probe, census, roles, writers, _book);
            await keyObjects.RunAsync(cancel).ConfigureAwait(false);
        }
        var points = new PointCheck(probe, census, writers, installation.Reserve, _book);
        await points.RunAsync(cancel).ConfigureAwait(false);
        keyObjects?.CheckHeads(points.Valid);
        await new AuditCheck(installation, _book).RunAsync(points.Valid.Select(p => p.Record), cancel).ConfigureAwait(false);
        var parts = PointSelection.Choose(points.Valid, request, installation.Zone);
        if (installation.AtTier == Tier.Archive)
        {
            parts = [.. parts.Where(p => p.Part.Class != DataClass.Physical)];   // never enters the archive
        }
        var index = new IndexCheck(probe, census, writers, installation.Reserve);
        await index.RunAsync(cancel).ConfigureAwait(false);
        TellSurroundings(census, points, index);

        var keys = request.Level == IntegrityLevel.Data ? await installation.UnlockAsync(cancel).ConfigureAwait(false) : null;
        var reach = await ReachAsync(index, parts, keys, cancel).ConfigureAwait(false);
        try
        {
            if (reach.Walk.Erased > 0)
            {
                output.Tell(reach.Walk.Erased == 1 ? "One subject in these points was erased: what is left of it cannot be read, and is not looked at."
                    : $"{reach.Walk.Erased} subjects in these points were erased: what is left of them cannot be read, and is not looked at.");
            }
            var rows = new PackRows(index.Index);
            var leave = await new TierLeave(installation, index.Index, rows, output).FindAsync(rows.Packs.Where(p => !census.Objects.ContainsKey(p.Name)), points.Valid, _book, cancel).ConfigureAwait(false);
            var memory = CheckMemory.Load(installation, installation.AtTier);
            memory.Keep([.. census.Packs.Keys]);
            var turn = new PackTurn(memory, leave, () => request.MaxDuration is { } most && installation.Clock.GetElapsedTime(started) >= most);
            var packs = new PackCheck(probe, census, index, rows, reach, installation, turn, _book, output);
            await CheckPacksAsync(packs, memory, request, limited: request.Date is not null || request.BackupId is not null, SampleSeed(), cancel).ConfigureAwait(false);
            keyObjects?.CheckSubjects(reach.Walk.Subjects.Keys, reach.NameOf, TagOf(keys));
            return new Look(probe, census, points, parts, reach, packs);
        }
        catch
        {
            reach.Reader.Dispose();
            throw;
        }
    }

    /// <summary>
    /// A record that another host replaces is not there for a moment, a pack that it lets go or moves has rightly gone since the listing. So what is missing is no fault before a look at the structure, which begins anew, misses it too.
    /// </summary>
    private async ValueTask LookAgainAsync(CancellationToken cancel)
    {
        if (!_book.All.Any(fault => fault.IsMissing))
        {
            return;
        }
        output.Progress.Status = "what was not there, once more";
        var later = new VerifyRun(installation, writers, new VerifyRequest { Level = IntegrityLevel.Structure, Tier = request.Tier, Date = request.Date, BackupId = request.BackupId }, JobOutput.ToNobody());
        (await later.LookAsync(installation.Clock.GetTimestamp(), cancel).ConfigureAwait(false)).Reach.Reader.Dispose();
        if (_book.Settle(later._book) is > 0 and var forgotten)
        {
            output.Explain($"{forgotten} objects that were not there at first were being replaced, or have rightly gone since they were listed.");
        }
    }

    /// <summary>Checks packs; what was read whole is remembered however it ends. A look at the structure alone changes nothing on this host either.</summary>
    private async ValueTask CheckPacksAsync(PackCheck packs, CheckMemory memory, VerifyRequest asked, bool limited, int seed, CancellationToken cancel)
    {
        try
        {
            await packs.RunAsync(asked, limited, seed, cancel).ConfigureAwait(false);
        }
        finally
        {
            if (asked.Level > IntegrityLevel.Structure)
            {
                memory.Save(output.Warn);
            }
        }
    }

    /// <summary>What the local tier has and this one not yet is the next synchronisation's affair, unless a restore point here needs it.</summary>
    private async ValueTask ForgiveWaitingAsync(Census census, CancellationToken cancel)
    {
        var local = await installation.OpenTierAsync(Tier.Local, cancel).ConfigureAwait(false);
        var waiting = 0;
        foreach (var fault in _book.All.Where(f => ObjectKinds.Of(f.Object) is ObjectKind.Writer or ObjectKind.Approver or ObjectKind.Audit && !census.Objects.ContainsKey(f.Object)))
        {
            if (await local.GetLengthAsync(fault.Object, cancel).ConfigureAwait(false) is not null)
            {
                _book.Forget(fault.Object);
                waiting++;
            }
        }
        if (waiting > 0)
        {
            output.Tell($"{waiting} enrolments and audit records are on the local tier and not here yet: the next synchronisation copies them.");
        }
    }

    private void TellPacks(PackCheck packs)
    {
        if (packs.LetGo > 0)
        {
            output.Tell($"{packs.LetGo} packs are no longer on the {installation.AtTier} tier, whose days for them are over: a further tier holds them.");
        }
        if (packs.Frozen > 0)
        {
            output.Tell($"{packs.Frozen} packs are in cold storage and not thawed: they were looked at by name and length alone.");
        }
        if (packs.WithoutParity > 0)
        {
            output.Warn($"{packs.WithoutParity} packs have no parity, which local.parity_percent asks for: Repair-StingRepository makes it.");
        }
        if (packs.Left > 0)
        {
            output.Tell($"The time was over with {packs.Packs} packs read and {packs.Left} left; the next verification begins with those.");
        }
    }

    /// <summary>Walks what the points reach; where the index lacks something, once more with the footers of packs that it does not name.</summary>
    private async ValueTask<Reach> ReachAsync(IndexCheck index, IReadOnlyList<PointPart> parts, ISubjectReader? keys, CancellationToken cancel)
    {
        output.Progress.Status = "what the restore points reach";
        var reach = await WalkAsync().ConfigureAwait(false);
        if (reach.Walk.Missing.Count == 0 || index.UsesFooters || index.Uncovered.Count == 0)
        {
            return reach;
        }
        reach.Reader.Dispose();
        await index.UseFootersAsync(cancel).ConfigureAwait(false);
        return await WalkAsync().ConfigureAwait(false);

        async ValueTask<Reach> WalkAsync()
        {
            var walked = await WalkByAsync(installation.Ledger).ConfigureAwait(false);
            if (installation.Keys is not { } role)
            {
                return walked;
            }
            // Whoever was erased since the ledger was read has no key and no claim any more, and is no damage.
            var ledger = await role.LoadLedgerAsync(installation.Store, cancel).ConfigureAwait(false);
            if (ledger.Entries.Count <= installation.Ledger.Entries.Count)
            {
                return walked;
            }
            walked.Reader.Dispose();
            return await WalkByAsync(ledger).ConfigureAwait(false);
        }

        async ValueTask<Reach> WalkByAsync(ErasureLedger ledger)
        {
            var reader = new ChunkReader(installation.Store, index.Index, installation.Reserve, keys);
            try
            {
                var audit = keys is null ? null : new PageAudit(_book);
                var walk = new ReachWalk(reader, audit, ledger, _book, installation.Threads, output);
                await walk.RunAsync(parts, cancel).ConfigureAwait(false);
                return new Reach(reader, walk, audit);
            }
            catch
            {
                reader.Dispose();
                throw;
            }
        }
    }

    private int SampleSeed()
    {
        var seed = request.SampleSeed ?? RandomNumberGenerator.GetInt32(int.MaxValue);
        if (request.SamplePercent < 100 && request.Level > IntegrityLevel.Structure)
        {
            output.Tell($"A sample of {request.SamplePercent} % of the packs is read; sample number {seed} takes the same ones again.");
        }
        return seed;
    }

    private void TellSurroundings(Census census, PointCheck points, IndexCheck index)
    {
        foreach (var (writer, sequence) in points.OpenRuns)
        {
            if (installation.Host?.Writer == writer && !installation.IsBackupRunning())
            {
                output.Warn($"Run {sequence} of this host has no restore point and is not in progress: it died, or its point was deleted. The next run settles that.");
            }
            else
            {
                output.Tell($"Run {sequence} of writer {writer} has no restore point: it is in progress, or died; its host's next run settles that.");
            }
        }
        if (points.Revoked > 0)
        {
            output.Tell($"{points.Revoked} restore points of revoked writers do not count.");
        }
        if (index.Damaged.Count == 0 && index.Uncovered.Count > 0)
        {
            output.Tell($"{index.Uncovered.Count} packs are not in the index: of a run in progress, or of one that died.");
        }
        if (points.LetGo > 0)
        {
            output.Tell($"{points.LetGo} data classes of restore points were let go by retention, and are not looked at.");
        }
    }

    private Func<string, Id16>? TagOf(ISubjectReader? keys) => keys is SubjectReader reader ? reader.TagOf : installation.Host is { } host ? host.Subjects.TagOf : null;
}
