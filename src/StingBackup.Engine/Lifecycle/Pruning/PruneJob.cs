using StingBackup.Engine.Lifecycle.Retention;
using StingBackup.Engine.Repository;

namespace StingBackup.Engine.Lifecycle.Pruning;

/// <summary>
/// Gives back the room of what no restore point reaches. Without a lock on the repository, beside backups of other hosts, and without any key: packs are marked, then condemned when every session
/// that may use them has ended, then deleted when readers have had their time. Each call goes as far as it can; a schedule calls it daily.
/// </summary>
public static class PruneJob
{
    /// <summary>What a sweep would do now. Changes nothing.</summary>
    /// <exception cref="StingException"><c>PruneUnsafe</c>, <c>NotAllowedToMaintain</c>, <c>LedgerShort</c></exception>
    public static async ValueTask<PrunePlan> PlanAsync(Installation installation, CancellationToken cancel)
    {
        ArgumentNullException.ThrowIfNull(installation);
        RetentionJob.RequireRight(installation);
        PrunePlan? plan = null;
        var look = JobStream.RunAsync(installation.Clock, async (output, token) =>
        {
            var survey = await PruneSurvey.TakeAsync(installation, output, token).ConfigureAwait(false);
            return plan = ToPlan(survey, new PruneDecision(survey, installation), installation);
        }, cancel);
        await foreach (var _ in look.ConfigureAwait(false))
        {
            // Progress of a plan is told to nobody.
        }
        return plan!;
    }

    /// <summary>Sweeps: looks anew, since a plan is old by the time that it is agreed to, and does what is safe then. The last event is a <see cref="CompletedEvent"/> with a <see cref="PruneResult"/>.</summary>
    /// <exception cref="StingException">While it runs: those of the plan, <c>BackupRunning</c>, <c>StoreUnavailable</c>, <c>StoreFull</c>.</exception>
    public static IAsyncEnumerable<JobEvent> RunAsync(Installation installation, CancellationToken cancel)
    {
        ArgumentNullException.ThrowIfNull(installation);
        return JobStream.RunAsync(installation, "prune", async (output, token) => await new PruneRun(installation, output).RunAsync(token).ConfigureAwait(false), cancel);
    }

    private static PrunePlan ToPlan(PruneSurvey survey, PruneDecision decision, Installation installation) => new()
    {
        Repository = installation.Store.Location, Tier = Tier.Local, All = new PackSum(survey.Stored.Count, survey.Stored.Values.Sum(pack => pack.Length)), LiveLength = survey.LiveLength,
        Unreached = SumOf(decision.Unreached), Wasteful = SumOf(decision.Wasteful), RewriteLength = decision.Wasteful.Sum(use => use.LiveLength),
        Due = decision.Marks.Where(mark => mark.Standing.IsDue).Select(mark => Remaining(mark.Mark, survey)).Aggregate(default(PackSum), static (a, b) => new PackSum(a.Packs + b.Packs, a.Length + b.Length)),
        Marks = decision.Marks.Select(mark => new MarkStatus(mark.Mark.Marked.Mark.ToString(), Installation.FromNs(mark.Mark.Marked.TimeNs, 0), Remaining(mark.Mark, survey), mark.Standing.WaitsFor, mark.Standing.Due)).ToArray(),
    };

    private static PackSum SumOf(IReadOnlyList<PackUse> packs) => new(packs.Count, packs.Sum(use => use.Pack.Length));

    private static PackSum Remaining(PackMark mark, PruneSurvey survey)
    {
        var packs = (mark.Condemned ?? mark.Marked).Packs.Where(pack => survey.Stored.ContainsKey(pack.Id)).ToList();
        return new PackSum(packs.Count, packs.Sum(pack => pack.Length));
    }
}
