using StingBackup.Engine.Basics;
using StingBackup.Engine.Governance;
using StingBackup.Engine.Lifecycle;
using StingBackup.Engine.Lifecycle.Retention;
using StingBackup.Engine.Restore;
using StingBackup.Engine.Restore.PostgreSql;
using StingBackup.Engine.Restore.Thawing;
using StingBackup.Engine.Tiering;

namespace StingBackup.Engine.Operations;

/// <summary>From what <c>-WhatIf</c> printed to what its approvers sign.</summary>
public static class GuardedPlans
{
    /// <summary>Asks for the approvals of a plan that -WhatIf gave, and carries nothing out.</summary>
    /// <exception cref="StingException"><c>PlanNotGuarded</c>, <c>AuditChainBroken</c></exception>
    public static async ValueTask<ApprovalRequest> RequestAsync(Installation installation, object plan, CancellationToken cancel)
    {
        Access.Require(installation, "Request-StingApproval");
        // A request that was piped in is asked for again.
        return plan is ApprovalRequest over ? await ApprovalDesk.RequestAgainAsync(installation, over.Id, cancel).ConfigureAwait(false) : await ApprovalDesk.AskAsync(installation, await OfAsync(installation, plan, cancel).ConfigureAwait(false), cancel).ConfigureAwait(false);
    }

    /// <summary>The dangerous plan of a plan.</summary>
    /// <exception cref="StingException"><c>PlanNotGuarded</c></exception>
    internal static async ValueTask<DangerousPlan> OfAsync(Installation installation, object plan, CancellationToken cancel) => plan switch
    {
        RestorePlan { Selection: RestoreSelection } restore => RestoreApproval.Needed(installation.Access, restore),
        DatabaseRestorePlan database when installation.Access.CountOf(DatabaseRestoreJob.OperationOf(installation.Access, database)) > 0 => DatabaseRestoreJob.DangerOf(installation.Access, database),
        ErasurePlan { Targets: not null } erasure => ErasureJob.DangerOf(installation, erasure),
        ErasureSyncPlan sync => ErasureSync.DangerOf(installation, sync),
        LegalHold hold => LegalHolds.DangerOf(installation, hold.Id),
        KeyEscrowPlan escrow => KeyEscrowJob.DangerOf(escrow),
        KeyProtectionPlan protection => KeyProtectionJob.DangerOf(installation, protection),
        KeyRotationPlan { NeedsApproval: true } rotation => KeyRotationJob.DangerOf(rotation),
        HostRevocationPlan host => HostRevocation.DangerOf(host, HostRegistry.FindHost(installation, host.WriterId).Id),
        ApproverPlan approver when Id16.TryParse(approver.ApproverId, out var id) => ApproverJobs.PlanOf(approver, id),
        RetrievalPlan retrieval => RetrievalJob.Needed(installation, retrieval),
        TierQuotaPlan quota => TierQuotaJob.DangerOf(quota),
        TierLockdownPlan { Since: not null } locked => Recovery.TierIsolation.DangerOf(locked),
        RetentionPlan => await RetentionCut.NeededAsync(installation, cancel).ConfigureAwait(false),
        _ => null,
    } ?? throw new StingException("PlanNotGuarded", FailureKind.InvalidArgument, $"A {plan?.GetType().Name} needs no approval here, or was made by another session.", plan?.GetType().Name,
        "Pipe what the command prints with -WhatIf into Request-StingApproval, in one line; what needs no approval can simply be run.");
}
