using StingBackup.Engine.Governance;
using StingBackup.Engine.Jobs;
using StingBackup.Engine.Restore.Thawing;
using StingBackup.Engine.Targets;

namespace StingBackup.Engine.Restore;

/// <summary>Restores what is asked: a plan first, then the run that executes exactly it.</summary>
public static class RestoreJob
{
    /// <summary>What a restore would do. Writes nothing; asks for keys.</summary>
    /// <param name="installation">The installation.</param>
    /// <param name="request">What is to be restored, from when, and to where.</param>
    /// <param name="cancel">Cancels.</param>
    /// <exception cref="StingException">
    /// <c>RestoreRequestInvalid</c>, <c>DateNotUnderstood</c>, <c>BackupNotFound</c>, <c>UserNotFound</c>, <c>JarNotFound</c>, <c>SubjectNotInPoint</c>, <c>ItemNotFound</c>,
    /// <c>FileNotUnderstood</c>, <c>RestoreIncomplete</c>; each names what is near
    /// </exception>
    public static async ValueTask<RestorePlan> PlanAsync(Installation installation, RestoreRequest request, CancellationToken cancel)
    {
        var verb = RestoreApproval.VerbOf(request);
        Access.Require(installation, verb);
        return await PlanForAsync(installation, verb, request, cancel).ConfigureAwait(false);
    }

    /// <summary>The same for those who may see what a backup holds, and not bring it back. A plan shows names, and so is a look; the restore that may follow has a record of its own.</summary>
    internal static async ValueTask<RestorePlan> PlanForAsync(Installation installation, string command, RestoreRequest request, CancellationToken cancel)
    {
        ArgumentNullException.ThrowIfNull(request);
        RestorePlanner.Check(installation, request);
        using var repository = await RepositoryReading.OpenAsync(installation, cancel).ConfigureAwait(false);
        var plan = await new RestorePlanner(installation, request, repository).PlanAsync(cancel).ConfigureAwait(false);
        await LookTrail.NoteAsync(installation, command, ((RestoreSelection)plan.Selection!).Touched, cancel).ConfigureAwait(false);
        return plan;
    }

    /// <summary>
    /// Executes a plan. The last event is a <see cref="CompletedEvent"/> with a <see cref="RestoreResult"/>. Cancelled, it leaves whole files and no others; run again,
    /// it goes on where it stopped.
    /// </summary>
    /// <param name="installation">The installation that the plan was made for.</param>
    /// <param name="plan">The plan.</param>
    /// <param name="cancel">Cancels.</param>
    /// <exception cref="StingException"><c>RestoreNoRoom</c>, <c>RestorePlanOutdated</c>, <c>RestoreTargetFull</c>, <c>StoreUnavailable</c>; where the plan holds secrets, what <see cref="Guard"/> says</exception>
    public static IAsyncEnumerable<JobEvent> RunAsync(Installation installation, RestorePlan plan, CancellationToken cancel) => RunAsync(installation, plan, waits: false, cancel);

    /// <summary>The same; with <paramref name="waits"/> it waits until packs of the archive tier that were asked for are thawed, and restores what it can meanwhile.</summary>
    /// <inheritdoc cref="RunAsync(Installation, RestorePlan, CancellationToken)"/>
    public static IAsyncEnumerable<JobEvent> RunAsync(Installation installation, RestorePlan plan, bool waits, CancellationToken cancel)
    {
        Access.Require(installation, RestoreApproval.VerbOf(plan?.Request));
        ArgumentNullException.ThrowIfNull(installation);
        ArgumentNullException.ThrowIfNull(plan);
        return JobStream.RunAsync(installation, "restore", async (output, token) =>
        {
            installation.Alarm = output.Warn;
            var exact = plan.Selection is RestoreSelection ? plan : await PlanAgainAsync(installation, plan, token).ConfigureAwait(false);
            return RestoreApproval.Needed(installation, exact) is { } dangerous
                ? await Guard.RunAsync(installation, dangerous, deed => RestoreAsync(installation, exact, waits, output, deed), r => r.State.ToString(), token).ConfigureAwait(false)
                : await AuditTrail.RunAsync(installation, new AuditDeed(RestoreApproval.VerbOf(exact.Request), RestoreApproval.SubjectsOf(exact)), r => r.State.ToString(), output,
                    () => RestoreAsync(installation, exact, waits, output, token)).ConfigureAwait(false);
        }, cancel);
    }

    internal static async Task<RestoreResult> RestoreAsync(Installation installation, RestorePlan exact, bool waits, JobOutput output, CancellationToken token)
    {
        var keys = await installation.UnlockAsync(token).ConfigureAwait(false);
        using var repository = new RepositoryReading(installation, ((RestoreSelection)exact.Selection!).View, keys);
        async Task<RestoreResult> RoundAsync(RestorePlan plan, RestoreSelection selection)
        {
            using var target = OpenTarget(installation, plan, output, token);
            return await new RestoreRun(plan, new RestoreContext(installation, plan.Conflict, selection, repository, target, output), keys).RunAsync(token).ConfigureAwait(false);
        }
        return waits ? await new WaitingRestore(installation, exact, output, RoundAsync).RunAsync(repository, token).ConfigureAwait(false)
            : await RoundAsync(exact, (RestoreSelection)exact.Selection!).ConfigureAwait(false);
    }

    private static IRestoreTarget OpenTarget(Installation installation, RestorePlan plan, JobOutput output, CancellationToken cancel)
    {
        var root = installation.OpenTarget(plan.Destination);
        return plan.InPlace && installation.FurtherSources.Count > 0
            ? new ReserveRestoreTarget(root, [.. installation.FurtherSources.Select(s => new RestoreMount(s.Mount, new Lazy<IRestoreTarget>(() => s.OpenTarget(plan, output, cancel))))])
            : root;
    }

    /// <summary>A plan that crossed a process boundary has lost what the engine attached to it; it is made again and must come out the same.</summary>
    private static async ValueTask<RestorePlan> PlanAgainAsync(Installation installation, RestorePlan plan, CancellationToken cancel)
    {
        var again = await PlanAsync(installation, plan.Request, cancel).ConfigureAwait(false);
        return again.Points.SequenceEqual(plan.Points) && (again.Items, again.Length) == (plan.Items, plan.Length) ? again
            : throw new StingException("RestorePlanOutdated", FailureKind.InvalidArgument, "The repository has changed since this plan was made: it would restore something else now.", plan.Scope,
                "Plan the restore again, and name the backup by its id rather than by 'latest'.");
    }
}
