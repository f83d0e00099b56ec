using StingBackup.Engine.Governance;
using StingBackup.Engine.Keys;
using StingBackup.Engine.Repository;
using StingBackup.Engine.Storage;

namespace StingBackup.Engine.Lifecycle.Updating;

/// <summary>Moves a repository's format on: planned, then carried out step by step. It is the only way in which a format moves; no other job changes what an earlier program can read.</summary>
public static class RepositoryUpdateJob
{
    private const string Verb = "Update-StingRepository";

    /// <summary>Every step that this program knows, in the order in which they were invented.</summary>
    internal static IReadOnlyList<FormatStep> AllSteps { get; } = [new NamedProgramStep()];

    /// <summary>What an update would do. Changes nothing, and asks for no key. A repository of the newest format gives a plan without steps.</summary>
    /// <exception cref="StingException"><c>KeyDirectoryMissing</c>, <c>FeatureUnknown</c></exception>
    public static ValueTask<RepositoryUpdatePlan> PlanAsync(Installation installation, CancellationToken cancel)
    {
        Access.Require(installation, "Update-StingRepository");
        return PlanAsync(installation, AllSteps, cancel);
    }

    /// <summary>Carries a plan out; goes on with what an interrupted update began. The last event is a <see cref="CompletedEvent"/> with a <see cref="RepositoryUpdateResult"/>.</summary>
    /// <exception cref="StingException">While it runs: <c>BackupRunning</c>, <c>KeyDirectoryOutdated</c>, and what unlocking keys can say.</exception>
    public static IAsyncEnumerable<JobEvent> RunAsync(Installation installation, RepositoryUpdatePlan plan, CancellationToken cancel)
    {
        Access.Require(installation, "Update-StingRepository");
        return RunAsync(installation, plan, AllSteps, cancel);
    }

    internal static async ValueTask<RepositoryUpdatePlan> PlanAsync(Installation installation, IReadOnlyList<FormatStep> steps, CancellationToken cancel)
    {
        ArgumentNullException.ThrowIfNull(installation);
        var format = await FormatOfAsync(installation, cancel).ConfigureAwait(false);
        var left = new List<RepositoryUpdateStep>();
        foreach (var step in steps)
        {
            if (!await step.IsDoneAsync(installation, format, cancel).ConfigureAwait(false))
            {
                left.Add(new RepositoryUpdateStep
                {
                    Name = step.Name, Change = step.Change, Program = step.RequiredToRead.Count + step.RequiredToWrite.Count == 0 ? "" : step.Program,
                    Begun = step.RequiredToRead.Count + step.RequiredToWrite.Count > 0 && step.IsAnnounced(format),
                });
            }
        }
        return new RepositoryUpdatePlan
        {
            Repository = installation.Store.Location, Format = ObjectFrame.Version, Revision = format.Revision, Program = format.Program, ThisProgram = FormatFeatures.ThisProgram, Steps = left,
        };
    }

    internal static IAsyncEnumerable<JobEvent> RunAsync(Installation installation, RepositoryUpdatePlan plan, IReadOnlyList<FormatStep> steps, CancellationToken cancel)
    {
        ArgumentNullException.ThrowIfNull(installation);
        ArgumentNullException.ThrowIfNull(plan);
        return JobStream.RunAsync(installation, "update", async (output, token) => await AuditTrail.RunAsync(installation, new AuditDeed(Verb, []), OutcomeOf, output, async () =>
        {
            var started = installation.Clock.GetTimestamp();
            var wanted = plan.Steps.Select(step => step.Name).ToHashSet(StringComparer.Ordinal);
            var done = new List<string>();
            output.Progress.Activity = "Update the repository";
            output.Progress.TotalItems = plan.Steps.Count;
            if (wanted.Count > 0)
            {
                var reader = await ErasureJob.ReaderAsync(installation, token).ConfigureAwait(false);
                using (installation.LockHost())   // a run of this host writes in one way from its beginning to its end
                {
                    foreach (var step in steps.Where(step => wanted.Contains(step.Name)))
                    {
                        output.Progress.Status = step.Name;
                        await TakeAsync(installation, reader, step, token).ConfigureAwait(false);
                        done.Add(step.Name);
                        output.Progress.Add(1, 0);
                    }
                }
            }
            else if (installation.Keys is { HasKeyDirectory: true } keys && await LacksSlotAsync(installation.Store, token).ConfigureAwait(false))
            {
                // One that died left it so, and the other slot says that nothing is left to do.
                foreach (var fault in (await keys.PublishAsync(installation.Store, token).ConfigureAwait(false)).Faults)
                {
                    output.Failed(fault);
                }
            }
            var format = await FormatOfAsync(installation, token).ConfigureAwait(false);
            return new RepositoryUpdateResult
            {
                State = JobState.Completed, Repository = installation.Store.Location, Revision = format.Revision, Program = format.Program, Steps = done, Duration = installation.Clock.GetElapsedTime(started),
            };
        }).ConfigureAwait(false), cancel);
    }

    private static async ValueTask<bool> LacksSlotAsync(IObjectStore store, CancellationToken cancel) =>
        await store.GetLengthAsync(KeyObjectNames.Format(1), cancel).ConfigureAwait(false) is null || await store.GetLengthAsync(KeyObjectNames.Format(2), cancel).ConfigureAwait(false) is null;

    private static async ValueTask TakeAsync(Installation installation, SubjectReader reader, FormatStep step, CancellationToken cancel)
    {
        if (await step.IsDoneAsync(installation, await FormatOfAsync(installation, cancel).ConfigureAwait(false), cancel).ConfigureAwait(false))
        {
            return;   // by somebody else, since it was planned
        }
        await installation.Keys!.RenewFormatAsync(reader, installation.Store, step.Announce, cancel).ConfigureAwait(false);
        await step.RunAsync(installation, reader, cancel).ConfigureAwait(false);
        if (!await step.IsDoneAsync(installation, await FormatOfAsync(installation, cancel).ConfigureAwait(false), cancel).ConfigureAwait(false))
        {
            throw new StingException("UpdateIncomplete", FailureKind.Integrity, $"Step '{step.Name}' ended, and the repository in {installation.Store.Location} still lacks it.", step.Name,
                "Run Update-StingRepository again; if it repeats, run Repair-StingRepository first.");
        }
    }

    private static async ValueTask<FormatObject> FormatOfAsync(Installation installation, CancellationToken cancel) => installation.Keys is { HasKeyDirectory: true } keys
        ? (await keys.LoadFormatAsync(installation.Store, cancel).ConfigureAwait(false)).Format : throw new StingException(
            "KeyDirectoryMissing", FailureKind.NotFound, "The key directory is not here: the format record is signed by the key role.", installation.Configuration?.Keys.Directory, "Run it on the machine that has the key directory.");

    private static string OutcomeOf(RepositoryUpdateResult result) => $"{(result.Steps.Count == 0 ? "Nothing" : string.Join(" ", result.Steps))} {result.State}";
}
