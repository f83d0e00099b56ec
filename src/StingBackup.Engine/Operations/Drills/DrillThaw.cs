using StingBackup.Engine.Jobs;
using StingBackup.Engine.Repository;
using StingBackup.Engine.Restore.Thawing;

namespace StingBackup.Engine.Operations.Drills;

/// <summary>
/// Has thawed what a drill needs of the archive tier, and waits for it: that is part of a recovery's time. It is asked for as any retrieval is, with its cost limit and approvals; the same drill after a kill
/// finds what was asked for.
/// </summary>
/// <param name="installation">The installation, which keeps the record.</param>
/// <param name="there">The same at the archive tier.</param>
/// <param name="speed">How fast.</param>
/// <param name="output">Told of it.</param>
internal sealed class DrillThaw(Installation installation, Installation there, RetrievalSpeed speed, JobOutput output)
{
    /// <summary>How long after it was promised thawing may take.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromHours(1);

    /// <summary>Asks and waits.</summary>
    /// <returns>How long it took.</returns>
    /// <exception cref="StingException"><c>DrillThawLate</c>, and what a retrieval can say</exception>
    public async Task<TimeSpan> RunAsync(IReadOnlyList<RestorePlan> plans, CancellationToken cancel)
    {
        var began = installation.Clock.GetTimestamp();
        var waited = false;
        foreach (var plan in there.AtTier == Tier.Archive ? plans : [])
        {
            var packs = await new PackPlanner(there).PlanAsync(plan, cancel).ConfigureAwait(false);
            if (packs.ToThaw.Packs + packs.Thawing.Packs > 0)
            {
                waited = true;
                await WaitAsync(packs, cancel).ConfigureAwait(false);
            }
        }
        return waited ? installation.Clock.GetElapsedTime(began) : TimeSpan.Zero;
    }

    private async Task WaitAsync(RestorePackPlan packs, CancellationToken cancel)
    {
        var retrieval = await RetrievalJob.PlanAsync(installation, packs, speed, cancel).ConfigureAwait(false);
        ArchiveRetrieval? asked = null;
        await foreach (var happened in RetrievalJob.RunAsync(installation, retrieval, cancel).ConfigureAwait(false))
        {
            switch (happened)
            {
                case WarningEvent warning: output.Warn(warning.Message); break;
                case CompletedEvent { Result: ArchiveRetrieval result }: asked = result; break;
            }
        }
        var store = await installation.OpenTierAsync(Tier.Archive, cancel).ConfigureAwait(false);
        PackInfo[] needed = [.. packs.Packs.Where(p => p.State != PackReadiness.Missing).Select(p => new PackInfo(ObjectKinds.IdIn(p.Name), ObjectKind.DataPack, p.Length))];
        while (true)
        {
            var states = await PackPlanner.StatesAsync(store, needed, cancel).ConfigureAwait(false);
            var ready = states.Values.Count(s => s.State is Storage.ThawState.Ready or Storage.ThawState.Thawed);
            if (ready == needed.Length)
            {
                return;
            }
            if (asked is not null && installation.Clock.GetUtcNow() > asked.DueTime + Patience)
            {
                throw new StingException("DrillThawLate", FailureKind.Busy, FormattableString.Invariant($"{ready} of {needed.Length} packs are thawed, and all should have been by {Display.Time(asked.DueTime)} UTC."), packs.Id,
                    "Get-StingArchiveRetrieval tells how it stands; test again when it is ready.");
            }
            output.Progress.Status = FormattableString.Invariant($"waits until packs are thawed: {ready} of {needed.Length}");
            await Task.Delay(installation.ThawPoll, installation.Clock, cancel).ConfigureAwait(false);
        }
    }
}
