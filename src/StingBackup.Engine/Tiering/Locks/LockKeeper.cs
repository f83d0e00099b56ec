using StingBackup.Engine.Governance;
using StingBackup.Engine.Jobs;
using StingBackup.Engine.Storage;

namespace StingBackup.Engine.Tiering.Locks;

/// <summary>
/// Keeps what restore points reach locked on a tier: each sync locks for longer what is due. Needs no key. An object whose end moves from day to day, since each new restore point reaches it, is asked for again when a tenth of
/// its time is missing, a week at most, and not daily.
/// </summary>
internal sealed class LockKeeper(Installation installation, TierRoute route, JobOutput output)
{
    private const int MostSlack = 7;
    private const int SlackPart = 10;
    private const int SaveEvery = 5_000;
    /// <summary>How long a sync at a commit leaves locks to the next: what a run stored is locked for the shortest lock, which is longer.</summary>
    public static readonly TimeSpan AtCommitEvery = TimeSpan.FromHours(12);

    /// <summary>What is to be locked for longer. Changes nothing; null where the tier locks nothing.</summary>
    /// <exception cref="StingException"><c>ObjectLockUnavailable</c></exception>
    public async ValueTask<TierLockPlan?> PlanAsync(CancellationToken cancel)
    {
        if (route.To.Locking is not { } locking)
        {
            return null;
        }
        await locking.RequireAsync(cancel).ConfigureAwait(false);
        var survey = await LockSurvey.TakeAsync(installation, route, locking, output, cancel).ConfigureAwait(false);
        var due = Due(survey, LockMemory.Read(installation, route.Target));
        return new TierLockPlan(locking.Mode, new ObjectSum(due.Count, due.Sum(d => survey.Listing.Objects[d.Name])), due.Count == 0 ? null : LockRule.TimeOf(due.Max(d => d.Day)));
    }

    /// <summary>Locks what is due, and tells of what somebody stored over locked objects. Null where the tier locks nothing.</summary>
    /// <param name="always">Whether also when it was done lately.</param>
    /// <param name="cancel">Cancels.</param>
    /// <exception cref="StingException"><c>ObjectLockUnavailable</c></exception>
    public async ValueTask<TierLocks?> RunAsync(bool always, CancellationToken cancel)
    {
        if (route.To.Locking is not { } locking)
        {
            return null;
        }
        await locking.RequireAsync(cancel).ConfigureAwait(false);
        var memory = installation.MemoryOf(route.Target);
        if (!always && memory.ReadNote().LockedTime is { } last && installation.Clock.GetUtcNow() - last is var since && since >= TimeSpan.Zero && since < AtCommitEvery)
        {
            return null;
        }
        var survey = await LockSurvey.TakeAsync(installation, route, locking, output, cancel).ConfigureAwait(false);
        var known = LockMemory.Read(installation, route.Target);
        var (extended, whole) = await ExtendAsync(locking, survey, known, cancel).ConfigureAwait(false);
        await TellShadowedAsync(locking.Shadowed, cancel).ConfigureAwait(false);
        if (whole)
        {
            memory.Write(memory.ReadNote() with { LockedTime = installation.Clock.GetUtcNow() });
        }
        return Tell(installation, locking, known) with { Extended = extended };
    }

    /// <summary>How a tier's locks stand, as this host knows; nothing is asked.</summary>
    public static TierLocks Tell(Installation installation, ILockingStore locking, LockMemory known)
    {
        var now = installation.Clock.GetUtcNow();
        var ends = known.Ends.Values.Where(end => end > now).ToList();
        DateTimeOffset? In(DateTimeOffset? time) => time is { } given ? TimeZoneInfo.ConvertTime(given, installation.Zone) : null;
        return new TierLocks
        {
            Mode = locking.Mode, Objects = ends.Count, EarliestEnd = ends.Count == 0 ? null : In(ends.Min()), LatestEnd = ends.Count == 0 ? null : In(ends.Max()), Shadowed = [.. locking.Shadowed.Select(s => s.Name)],
        };
    }

    private List<(string Name, int Day)> Due(LockSurvey survey, LockMemory known)
    {
        var today = LockRule.DayOf(installation.Clock.GetUtcNow());
        var due = new List<(string, int)>();
        foreach (var (name, needed) in survey.Needs)
        {
            // A pack that holds content of whole servers ends with it, whatever else is in it.
            var physical = Math.Max(survey.Physical.GetValueOrDefault(name), known.PhysicalDay(name));
            var day = physical > 0 ? Math.Min(needed, physical) : needed;
            var slack = Math.Min(MostSlack, (day - today) / SlackPart);
            if (day > today && (known.EndOf(name) is not { } end || day - LockRule.DayOf(end) > slack))
            {
                due.Add((name, day));
            }
        }
        return due;
    }

    private async ValueTask<(long Extended, bool Whole)> ExtendAsync(ILockingStore locking, LockSurvey survey, LockMemory known, CancellationToken cancel)
    {
        foreach (var (name, day) in survey.Physical)
        {
            known.SetPhysical(name, day);
        }
        var due = Due(survey, known);
        var extended = 0L;
        StingException? failure = null;
        try
        {
            foreach (var batch in due.Chunk(SaveEvery))
            {
                await Parallel.ForEachAsync(batch, new ParallelOptions { MaxDegreeOfParallelism = TransferQueue.DefaultStreams, CancellationToken = cancel }, async (item, stop) =>
                {
                    if (failure is not null)
                    {
                        return;
                    }
                    try
                    {
                        known.Set(item.Name, (await locking.ExtendAsync(item.Name, LockRule.TimeOf(item.Day), stop).ConfigureAwait(false)).Until);
                        Interlocked.Increment(ref extended);
                    }
                    catch (StingException e) when (e.ErrorId == "ObjectNotFound")
                    {
                        // It went since it was listed; the next sync brings it back if it is needed.
                    }
                    catch (StingException e) when (e.ErrorId == "StoreAccessDenied")
                    {
                        failure = e;
                    }
                }).ConfigureAwait(false);
                known.Write(survey.Listing.Objects.ContainsKey);
            }
        }
        finally
        {
            known.Write(survey.Listing.Objects.ContainsKey);
        }
        if (failure is not null)
        {
            output.Failed(new StingException("LockNotExtended", FailureKind.PermissionDenied, $"{due.Count - extended} objects of the {route.Target} tier are not locked for as long as restore points need them. {failure.Message}", failure.Target,
                "Give this host s3:PutObjectRetention and s3:GetObjectRetention on the bucket (docs/operations.md), then sync again.", failure));
        }
        else if (extended > 0)
        {
            output.Explain(FormattableString.Invariant($"{extended} objects of the {route.Target} tier are locked for longer."));
        }
        return (extended, failure is null);
    }

    /// <summary>Told by each sync, and audited when it is new.</summary>
    private async ValueTask TellShadowedAsync(IReadOnlyCollection<ShadowedObject> shadowed, CancellationToken cancel)
    {
        if (shadowed.Count == 0)
        {
            return;
        }
        var first = shadowed.First();
        output.Warn(FormattableString.Invariant($"On the {route.Target} tier {shadowed.Count} locked objects were written over or hidden by a delete marker (the first is '{first.Name}', {first.Time.UtcDateTime:yyyy-MM-dd HH:mm} UTC). ")
            + "Nothing is lost: what was there first is what counts. This program does no such thing: somebody else has the bucket's credentials. Replace them, then delete the later versions.");
        var memory = installation.MemoryOf(route.Target);
        var note = memory.ReadNote();
        var seen = FormattableString.Invariant($"{shadowed.Count} {shadowed.Max(s => s.Time).UtcTicks}");
        if (note.Shadowed != seen)
        {
            await AuditLog.NoteAsync(installation, "Sync-StingTier", [], FormattableString.Invariant($"{route.Target}: {shadowed.Count} locked objects written over or hidden, the first '{first.Name}'"), cancel).ConfigureAwait(false);
            memory.Write(note with { Shadowed = seen });
        }
    }
}
