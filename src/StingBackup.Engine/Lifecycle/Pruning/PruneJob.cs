using StingBackup.Engine.Governance;
using StingBackup.Engine.Platform;
using StingBackup.Engine.Repository;
using StingBackup.Engine.Tiering;
using StingBackup.Engine.Tiering.Locks;

namespace StingBackup.Engine.Lifecycle.Pruning;

/// <summary>
/// Gives back the room of what no restore point reaches. Without a lock on the repository, beside backups of other hosts, and without any key: packs are marked, then condemned when every session
/// that may use them has ended, then deleted when readers have had their time. Each call goes as far as it can; a schedule calls it daily.
/// </summary>
public static class PruneJob
{
    /// <summary>What a sweep would do now. Changes nothing.</summary>
    /// <exception cref="StingException"><c>PruneUnsafe</c>, <c>NotAllowedToMaintain</c>, <c>LedgerShort</c></exception>
    public static ValueTask<PrunePlan> PlanAsync(Installation installation, CancellationToken cancel) => PlanAsync(installation, Tier.Local, cancel);

    /// <summary>What a sweep of a tier would do now. Changes nothing.</summary>
    /// <exception cref="StingException">Also <c>TierNotConfigured</c>, <c>TierBehind</c></exception>
    public static async ValueTask<PrunePlan> PlanAsync(Installation installation, Tier tier, CancellationToken cancel)
    {
        Access.Require(installation, "Optimize-StingRepository");
        ArgumentNullException.ThrowIfNull(installation);
        Maintenance.Require(installation.Writers, installation.Writer);
        RefuseCold(tier);
        PrunePlan? plan = null;
        var look = JobStream.RunAsync(installation.Clock, async (output, token) =>
        {
            var swept = await installation.AtTierAsync(tier, token).ConfigureAwait(false);
            var survey = await PruneSurvey.TakeAsync(swept, tier == Tier.Local ? null : await PruneBounds.TakeAsync(installation, tier, token).ConfigureAwait(false), output, token).ConfigureAwait(false);
            var decision = new PruneDecision(survey, swept);
            var (locked, until) = swept.Store.Locking is null ? default : LockedOf(survey, decision, LockMemory.Read(installation, tier), installation.Clock.GetUtcNow());
            return plan = ToPlan(survey, decision, swept) with { Tier = tier, Locked = locked, LockedUntil = until };
        }, cancel);
        await foreach (var _ in look.ConfigureAwait(false))
        {
            // Progress of a plan is told to nobody.
        }
        return plan!;
    }

    /// <summary>Sweeps: looks anew, since a plan is old by the time that it is agreed to, and does what is safe then. The last event is a <see cref="CompletedEvent"/> with a <see cref="PruneResult"/>.</summary>
    /// <exception cref="StingException">While it runs: those of the plan, <c>BackupRunning</c>, <c>StoreUnavailable</c>, <c>StoreFull</c>.</exception>
    public static IAsyncEnumerable<JobEvent> RunAsync(Installation installation, CancellationToken cancel) => RunAsync(installation, Tier.Local, cancel);

    /// <summary>Sweeps a tier. Of a further one goes what no restore point reaches and the local tier has no more; no sync of this host runs meanwhile.</summary>
    /// <exception cref="StingException">Also <c>TierNotConfigured</c>, <c>TierBehind</c>, <c>SyncRunning</c></exception>
    public static IAsyncEnumerable<JobEvent> RunAsync(Installation installation, Tier tier, CancellationToken cancel)
    {
        Access.Require(installation, "Optimize-StingRepository");
        ArgumentNullException.ThrowIfNull(installation);
        return JobStream.RunAsync(installation, "prune", async (output, token) =>
        {
            RefuseCold(tier);
            Recovery.TierIsolation.RequireOpen(installation, "sweep");
            using var one = tier == Tier.Local ? null : TierSyncJob.Lock(installation, tier);
            return await new PruneRun(await installation.AtTierAsync(tier, token).ConfigureAwait(false), tier, installation, output).RunAsync(token).ConfigureAwait(false);
        }, cancel);
    }

    private static void RefuseCold(Tier tier)
    {
        if (tier == Tier.Archive)
        {
            throw new StingException("TierNotSwept", FailureKind.NotSupported, "The archive's packs end by their own dates, and are not swept.", tier.ToString(), "Sweep the Local or the Remote tier.");
        }
    }

    private static PrunePlan ToPlan(PruneSurvey survey, PruneDecision decision, Installation installation) => new()
    {
        Repository = installation.Store.Location, Tier = Tier.Local, All = new PackSum(survey.Stored.Count, survey.Stored.Values.Sum(pack => pack.Length)), LiveLength = survey.LiveLength,
        Unreached = SumOf(decision.Unreached), Wasteful = SumOf(decision.Wasteful), RewriteLength = decision.Wasteful.Sum(use => use.LiveLength),
        Due = decision.Marks.Where(mark => mark.Standing.IsDue).Select(mark => Remaining(mark.Mark, survey)).Aggregate(default(PackSum), static (a, b) => new PackSum(a.Packs + b.Packs, a.Length + b.Length)),
        Marks = decision.Marks.Select(mark => new MarkStatus(mark.Mark.Marked.Mark.ToString(), NanosecondTime.FromNs(mark.Mark.Marked.TimeNs, 0), Remaining(mark.Mark, survey), mark.Standing.WaitsFor, mark.Standing.Due)).ToArray(),
    };

    private static (PackSum Locked, DateTimeOffset? Until) LockedOf(PruneSurvey survey, PruneDecision decision, LockMemory known, DateTimeOffset now)
    {
        var locked = decision.Marks.Where(mark => mark.Standing.IsDue).SelectMany(mark => mark.Mark.Condemned!.Packs).Where(pack => survey.Stored.ContainsKey(pack.Id) && known.EndOf(pack.Name) > now).ToList();
        return (new PackSum(locked.Count, locked.Sum(pack => pack.Length)), locked.Min(pack => known.EndOf(pack.Name)));
    }

    private static PackSum SumOf(IReadOnlyList<PackUse> packs) => new(packs.Count, packs.Sum(use => use.Pack.Length));

    private static PackSum Remaining(PackMark mark, PruneSurvey survey)
    {
        var packs = (mark.Condemned ?? mark.Marked).Packs.Where(pack => survey.Stored.ContainsKey(pack.Id)).ToList();
        return new PackSum(packs.Count, packs.Sum(pack => pack.Length));
    }
}
