using StingBackup.Engine.Basics;
using StingBackup.Engine.Jobs;
using StingBackup.Engine.Repository;
using StingBackup.Engine.Storage;

namespace StingBackup.Engine.Restore.Thawing;

/// <summary>
/// A restore that waits for packs to be thawed, and takes what it can meanwhile. It keeps nothing of its own: after a reboot the same command finds the retrieval by the packs of its plan, and files that
/// stand already as they should are left as they are.
/// </summary>
internal sealed class WaitingRestore(Installation installation, RestorePlan plan, JobOutput output, Func<RestorePlan, RestoreSelection, Task<RestoreResult>> restore)
{
    private readonly ThawBook _book = new(installation);

    /// <summary>How often the store is asked how the packs are.</summary>
    private TimeSpan Pause => installation.ThawPoll;

    public async Task<RestoreResult> RunAsync(RepositoryReading repository, CancellationToken cancel)
    {
        var planner = new PackPlanner(installation);
        var packs = await planner.PlanAsync(plan, cancel).ConfigureAwait(false);
        var selection = (RestoreSelection)plan.Selection!;
        var waiting = packs.Packs.Where(p => p.State is PackReadiness.Archived or PackReadiness.Thawing).ToList();
        if (waiting.Count == 0)
        {
            return await restore(plan, selection).ConfigureAwait(false);
        }
        var record = _book.Covering(waiting.Select(p => p.Name), installation.Clock.GetUtcNow()) ?? throw NotRequested(packs);
        var requested = _book.Requested(record);
        if (waiting.Any(p => p.State == PackReadiness.Archived && !requested.Contains(p.Name)))
        {
            throw NotRequested(packs);
        }
        var store = await installation.OpenTierAsync(record.Tier, cancel).ConfigureAwait(false);
        PackInfo[] watched = [.. packs.Packs.Where(p => p.Tier == record.Tier && p.State != PackReadiness.Missing).Select(p => new PackInfo(ObjectKinds.IdIn(p.Name), ObjectKind.DataPack, p.Length))];
        var gate = new ThawGate(repository, selection, planner.Cold, [.. watched.Select(p => p.Id)]);
        RestoreResult? sum = null;
        for (var ready = new HashSet<Id32>(); ;)
        {
            var states = await PackPlanner.StatesAsync(store, watched, cancel).ConfigureAwait(false);
            var now = states.Where(s => s.Value.State is ThawState.Ready or ThawState.Thawed).Select(s => s.Key).ToHashSet();
            var isLast = now.Count == watched.Length;
            if (sum is null || isLast || now.Count > ready.Count)
            {
                gate.Begin(now, isLast);
                output.Progress.Status = $"{now.Count} of {watched.Length} packs can be read";
                sum = Add(sum, await RoundAsync(selection, gate, sum).ConfigureAwait(false));
                gate.End();
                ready = now;
            }
            if (isLast)
            {
                return sum;
            }
            if (states.Values.Any(s => s.State == ThawState.Archived) && installation.Clock.GetUtcNow() > record.Due)
            {
                throw NotRequested(packs);   // copies that were there are gone again
            }
            output.Progress.Status = $"waits until packs are thawed: {now.Count} of {watched.Length}, by {Display.Time(record.Due)} UTC";
            await Task.Delay(Pause, installation.Clock, cancel).ConfigureAwait(false);
        }
    }

    private Task<RestoreResult> RoundAsync(RestoreSelection selection, ThawGate gate, RestoreResult? before) => restore(
        before is null ? plan : plan with { Length = Math.Max(0, plan.Length - before.BytesRestored), WithheldClasses = [] },
        selection with { TakesNow = gate.TakesAsync, Failures = before is null ? selection.Failures : [] });

    private static RestoreResult Add(RestoreResult? sum, RestoreResult round) => sum is null ? round : round with
    {
        State = round.State == JobState.Completed ? sum.State : round.State, ItemsRestored = sum.ItemsRestored + round.ItemsRestored, ItemsUnchanged = sum.ItemsUnchanged + round.ItemsUnchanged,
        ItemsSkipped = sum.ItemsSkipped + round.ItemsSkipped, Errors = Math.Max(sum.Errors, round.Errors), BytesRestored = sum.BytesRestored + round.BytesRestored, Quarantined = sum.Quarantined, QuarantinedCount = sum.QuarantinedCount, Duration = sum.Duration + round.Duration,
    };

    private static StingException NotRequested(RestorePackPlan packs) => new("PackArchived", FailureKind.NotSupported,
        FormattableString.Invariant($"{packs.ToThaw.Packs} packs ({packs.ToThaw.Length} bytes) of {packs.Scope} must be thawed first, and nobody has asked for all of them."), packs.Id,
        "Get-StingRestorePlan tells what that takes and costs; Request-StingArchiveRetrieval asks for it; then run this command again with -Wait.");
}
