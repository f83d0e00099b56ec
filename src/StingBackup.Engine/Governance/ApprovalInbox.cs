using System.Text;
using StingBackup.Engine.Keys;

namespace StingBackup.Engine.Governance;

/// <summary>Where approvers are who do not reach this host's folders: the request goes out as it is, and the approval that comes back is taken in. Their keys never come here.</summary>
public static class ApprovalInbox
{
    /// <summary>The file of an open request, to be carried to its approver.</summary>
    /// <exception cref="StingException"><c>ApprovalRequestUnknown</c></exception>
    public static byte[] RequestFile(Installation installation, string id)
    {
        Access.Require(installation, "Get-StingApproval");
        var (_, path) = ApprovalDesk.Find(installation, id);
        try
        {
            return File.ReadAllBytes(path);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            throw ApprovalDesk.Unknown(id);   // done or denied at this very moment
        }
    }

    /// <summary>
    /// Takes in the text of an approval. It is checked as its file would be, by what was asked; whoever then does it is looked at once more. One that is not good is refused by name, which stands in the audit log,
    /// and nothing of it is kept: the request stays as it is.
    /// </summary>
    /// <param name="installation">The installation.</param>
    /// <param name="id">The request.</param>
    /// <param name="text">The approval's file.</param>
    /// <param name="cancel">Cancels.</param>
    /// <exception cref="StingException"><c>ApprovalRequestUnknown</c>; an approval that is not good, by name, as <see cref="Guard"/> has them</exception>
    public static async ValueTask<ApprovalResult> TakeInAsync(Installation installation, string id, string text, CancellationToken cancel)
    {
        Access.Require(installation, "Get-StingApproval");
        ArgumentNullException.ThrowIfNull(text);
        var (request, path) = ApprovalDesk.Find(installation, id);
        var folder = new ApprovalFolder(installation.StateFolder);
        var approvers = installation.Keys is { } keys ? await keys.LoadApproversAsync(installation.Store, cancel).ConfigureAwait(false) : EnrolledApprovers.None;
        var log = await AuditLog.OpenAsync(installation, cancel).ConfigureAwait(false);
        var check = new ApprovalCheck(installation, folder, await AuditChains.LoadAsync(installation, null, cancel).ConfigureAwait(false), approvers, log) { Doers = [] };
        GuardApproval approval;
        try
        {
            approval = check.Test(request, Encoding.UTF8.GetBytes(text.Trim().TrimStart('\uFEFF')));
        }
        catch (StingException e)
        {
            await log.AppendAsync(AuditDraft.Of(AuditEvent.Refused, request, e.ErrorId), cancel).ConfigureAwait(false);
            throw new StingException(e.ErrorId, e.Kind, e.Message, e.Target, "Nothing of it was kept, and the refusal is recorded. The request stays open for a good one.", e);
        }
        var file = ApprovalFolder.ApprovalPathOf(path, approval.Approver.ToString());
        ApprovalFolder.WriteApproval(file, request, approval);
        return new ApprovalResult { RequestId = request.Id.ToString(), Command = request.Plan.Verb, ApproverId = approval.Approver.ToString(), ApprovalFile = file, ExpiresTime = approval.Expires };
    }
}
