using StingBackup.Engine.People;
using StingBackup.Portal.Access;

namespace StingBackup.Portal.Own;

/// <summary>Restores of own files, and recoveries that were approved: planned for a page or the API, and begun as jobs.</summary>
internal sealed class Restores(OwnPeople people, OwnJobs jobs, Selections selections, RecoveryMails mails)
{
    public const string Restore = "restore", Recovery = "recovery";

    /// <summary>What bringing a selection back would do.</summary>
    public async ValueTask<(Selection Selection, RestorePlan Plan)> PlanAsync(HttpContext context, string? id, ConflictAction conflict, CancellationToken cancel)
    {
        var (selection, _, plan) = await MakeAsync(context, id, conflict, cancel).ConfigureAwait(false);
        return (selection, plan);
    }

    /// <summary>Brings a selection back. The plan is made anew: a run does not change, what stands there may.</summary>
    public async ValueTask<OwnJob> BeginAsync(HttpContext context, string? id, ConflictAction conflict, CancellationToken cancel)
    {
        var (_, own, plan) = await MakeAsync(context, id, conflict, cancel).ConfigureAwait(false);
        return jobs.Begin(OwnPeople.OwnerOf(context), Restore, stop => own.RestoreAsync(plan, stop));
    }

    /// <summary>Carries out a recovery that was approved.</summary>
    /// <exception cref="StingException"><c>ApprovalRequestUnknown</c>, for another's too; <c>RecoveryNotApproved</c></exception>
    public async ValueTask<OwnJob> RecoverAsync(HttpContext context, string? jar, string id, CancellationToken cancel)
    {
        var user = PortalUser.Of(context.User)!;
        var own = await people.OfAsync(context, jar, cancel).ConfigureAwait(false);
        var request = await RecoveryAsync(own, id, cancel).ConfigureAwait(false);
        return request.State == ApprovalState.Approved ? jobs.Begin(user.Identity.ToString(), Recovery, stop => own.RecoverAsync(request.Id, stop), job => mails.TellAsync(user.Email, job))
            : throw new StingException("RecoveryNotApproved", FailureKind.Busy, "This recovery may not begin: nobody has approved it, or it was carried out.", null, "Look at how it stands.");
    }

    public static async ValueTask<ApprovalRequest> RecoveryAsync(OwnReserve own, string id, CancellationToken cancel) =>
        (await own.RecoveriesAsync(cancel).ConfigureAwait(false)).FirstOrDefault(r => r.Id == id)
            ?? throw new StingException("ApprovalRequestUnknown", FailureKind.NotFound, "There is no such recovery of yours.", id, "Look at the list of your recoveries.");

    private async ValueTask<(Selection, OwnReserve, RestorePlan)> MakeAsync(HttpContext context, string? id, ConflictAction conflict, CancellationToken cancel)
    {
        var selection = selections.Find(OwnPeople.OwnerOf(context), id);
        var own = await people.OfAsync(context, selection.Jar, cancel).ConfigureAwait(false);
        return (selection, own, await own.PlanRestoreAsync(new OwnRestoreRequest { BackupId = selection.Run, Paths = selection.Paths, Conflict = conflict }, cancel).ConfigureAwait(false));
    }
}
