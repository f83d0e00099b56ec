using System.Runtime.CompilerServices;
using StingBackup.Engine.Governance;
using StingBackup.Engine.Restore;

namespace StingBackup.Engine.People;

public sealed partial class OwnReserve
{
    private static readonly DataClass[] RestoredClasses = [.. Enum.GetValues<DataClass>().Where(RestoreApproval.IsOfPeople)];

    /// <summary>
    /// What bringing back own files to where they were would do. Files and nothing else: no rows of databases, no settings, no secrets. Writes nothing.
    /// </summary>
    /// <exception cref="StingException"><c>AccessDenied</c>, <c>BackupNotFound</c>, <c>ItemNotFound</c>, <c>NameNotAllowed</c></exception>
    public ValueTask<RestorePlan> PlanRestoreAsync(OwnRestoreRequest request, CancellationToken cancel)
    {
        ArgumentNullException.ThrowIfNull(request);
        return LookAsync((reading, stop) => OwnPlans.OfAsync(reading, request, RestoredClasses, looksAtApproval: true, stop), cancel);
    }

    /// <summary>
    /// Brings back what a plan of this reserve says. What leaves alone or writes beside what stands there needs nobody; what replaces it needs what the configuration asks of a restore over the original. The last event is
    /// a <see cref="CompletedEvent"/> with a <see cref="RestoreResult"/>. It stands in the audit log.
    /// </summary>
    /// <exception cref="StingException"><c>AccessDenied</c>, <c>RestorePlanOutdated</c>, <c>ApprovalRequired</c> and the others of <see cref="Guard"/>, and as a restore</exception>
    public async IAsyncEnumerable<JobEvent> RestoreAsync(RestorePlan plan, [EnumeratorCancellation] CancellationToken cancel)
    {
        ArgumentNullException.ThrowIfNull(plan);
        var reading = await HoldAsync(cancel).ConfigureAwait(false);
        try
        {
            OwnPlans.RequireOwn(reading.Value, plan);
            await foreach (var happened in RestoreJob.RunAsync(reading.Value.Installation, plan, cancel).ConfigureAwait(false))
            {
                yield return happened;
            }
        }
        finally
        {
            await reading.ReleaseAsync().ConfigureAwait(false);
        }
    }

    /// <summary>Asks for a recovery: writes a request with the exact plan, which approvers see. What was asked for before, and is open still, is not asked for twice.</summary>
    /// <exception cref="StingException"><c>AccessDenied</c>, <c>RestoreRequestInvalid</c>, <c>BackupNotFound</c>, <c>ItemNotFound</c>, <c>AuditChainBroken</c></exception>
    public ValueTask<ApprovalRequest> AskForRecoveryAsync(RecoveryWish wish, CancellationToken cancel)
    {
        ArgumentNullException.ThrowIfNull(wish);
        return LookAsync((reading, stop) => new OwnRecoveries(reading).AskAsync(wish, stop), cancel);
    }

    /// <summary>Recoveries that the person asked for, the newest first, and how each stands.</summary>
    public ValueTask<IReadOnlyList<ApprovalRequest>> RecoveriesAsync(CancellationToken cancel) => LookAsync((reading, stop) => new OwnRecoveries(reading).ListAsync(stop), cancel);

    /// <summary>Carries out a recovery that was approved, once. The last event is a <see cref="CompletedEvent"/> with a <see cref="RestoreResult"/>.</summary>
    /// <exception cref="StingException"><c>ApprovalRequestUnknown</c>, <c>ApprovalRequired</c> and the others of <see cref="Guard"/>, and as a restore</exception>
    public async IAsyncEnumerable<JobEvent> RecoverAsync(string id, [EnumeratorCancellation] CancellationToken cancel)
    {
        var reading = await HoldAsync(cancel).ConfigureAwait(false);
        try
        {
            await foreach (var happened in (await new OwnRecoveries(reading.Value).RunAsync(id, cancel).ConfigureAwait(false)).ConfigureAwait(false))
            {
                yield return happened;
            }
        }
        finally
        {
            await reading.ReleaseAsync().ConfigureAwait(false);
        }
    }
}
