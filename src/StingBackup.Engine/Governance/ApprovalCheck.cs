using StingBackup.Engine.Cryptography;
using StingBackup.Engine.Repository;

namespace StingBackup.Engine.Governance;

/// <summary>Whether an approval is good, now and here. Each way in which it is not has an error of its own.</summary>
internal sealed class ApprovalCheck(Installation installation, ApprovalFolder folder, AuditChains chains, EnrolledApprovers approvers, AuditLog log)
{
    /// <summary>How a request stands; the approval where it is good.</summary>
    public (ApprovalState State, GuardApproval? Approval, StingException? Failure) Look(Id16 id, GuardRequest? request)
    {
        if (!folder.HasApproval(id) && request is not null)
        {
            return chains.Has(id, AuditEvent.Executed) ? (ApprovalState.Used, null, null) : chains.Has(id, AuditEvent.Denied) ? (ApprovalState.Denied, null, null)
                : IsOver(request.Expires) ? (ApprovalState.Expired, null, null) : (ApprovalState.Open, null, null);
        }
        try
        {
            return (ApprovalState.Approved, Check(id, request), null);
        }
        catch (StingException e)
        {
            return (e.ErrorId switch { "ApprovalUsed" => ApprovalState.Used, "ApprovalDenied" => ApprovalState.Denied, "ApprovalExpired" => ApprovalState.Expired, _ => ApprovalState.Refused }, null, e);
        }
    }

    /// <summary>The approval of a request, or the failure that says what is wrong with it.</summary>
    private GuardApproval Check(Id16 id, GuardRequest? request)
    {
        Id16 reserve, named;
        Id32 plan;
        GuardApproval approval;
        try
        {
            (reserve, named, plan, approval) = folder.ReadApproval(id);
        }
        catch (FormatException e)
        {
            throw Refused("ApprovalInvalid", id, $"its file '{folder.ApprovalPath(id)}' is damaged: {e.Message}");
        }
        if (request is null)
        {
            throw Refused("ApprovalInvalid", id, "its request is gone or was changed");
        }
        if (named != id || reserve != request.Reserve || reserve != installation.Reserve || plan != request.Plan.Digest)
        {
            throw Refused("ApprovalMismatch", id, named != id ? $"it was given for request {named}" : "it was given for another plan");
        }
        if (approvers.Find(approval.Approver) is not { } approver)
        {
            throw Refused("ApproverUnknown", id, $"{approval.Approver} is no approver of this reserve");
        }
        if (!approval.IsSignedBy(approver.PublicKey, reserve, named, plan))
        {
            throw Refused("ApprovalInvalid", id, $"its signature is not that of {approver.Name}");
        }
        if (approval.RequestDigest != request.Digest)
        {
            throw Refused("ApprovalMismatch", id, "it was given for another text of this request: the one or the other was changed");
        }
        CheckApprover(id, approver);
        if (chains.Has(id, AuditEvent.Executed))
        {
            throw Refused("ApprovalUsed", id, "what it approves was done already, and an approval is good for once");
        }
        if (chains.Has(id, AuditEvent.Denied))
        {
            throw Refused("ApprovalDenied", id, "the request was denied");
        }
        if (IsOver(approval.Expires) || IsOver(request.Expires))
        {
            throw Refused("ApprovalExpired", id, $"it was good until {Display.Time(approval.Expires < request.Expires ? approval.Expires : request.Expires)} UTC");
        }
        return approval;
    }

    /// <summary>A revocation holds also where somebody put the object away that says so: the audit chain tells it too.</summary>
    private void CheckApprover(Id16 id, EnrolledApprover approver)
    {
        if (approver.RevokedNs is not null || chains.Records.Any(r => r.Event == AuditEvent.Executed && r.Verb == ApproverJobs.Unregister && r.Subjects.Contains(approver.Id)))
        {
            throw Refused("ApproverRevoked", id, $"{approver.Name} ({approver.Id}) was revoked");
        }
        if (approver.PublicKey.AsSpan().SequenceEqual(log.PublicKey.Span) || installation.Keys?.IsOwnKey(approver.PublicKey, installation.Writers) == true)
        {
            throw Refused("ApproverNotIndependent", id, $"{approver.Name} signs with a key of the requester's own");
        }
    }

    private bool IsOver(DateTimeOffset moment) => installation.Clock.GetUtcNow() >= moment;

    private static StingException Refused(string errorId, Id16 request, string why) => new StingException(errorId, FailureKind.Refused, $"The approval of request {request} does not count: {why}.", request.ToString(),
        "It was put aside and the refusal recorded. Run the same command again for the request that is open then, and have an enrolled approver (Get-StingApprover) approve that one.");
}
