using StingBackup.Engine.Basics;
using StingBackup.Engine.Cryptography;
using StingBackup.Engine.Keys;
using StingBackup.Engine.Reserve.Configuration;

namespace StingBackup.Engine.Governance;

/// <summary>How a request stands.</summary>
/// <param name="State">In a word.</param>
/// <param name="Approvals">The good ones, of as many people.</param>
/// <param name="Failure">What is wrong with one that is not good, or null.</param>
/// <param name="Bad">Where that lies, or null.</param>
internal sealed record ApprovalLook(ApprovalState State, IReadOnlyList<GuardApproval> Approvals, StingException? Failure = null, string? Bad = null);

/// <summary>Whether approvals are good, now and here, and enough. Each way in which one is not has an error of its own.</summary>
internal sealed class ApprovalCheck(Installation installation, ApprovalFolder folder, AuditChains chains, EnrolledApprovers approvers, AuditLog log)
{
    /// <summary>Who is about to do it, and so is none of its approvers; none where somebody only looks.</summary>
    public IReadOnlyList<AccessIdentity> Doers { get; init; } = installation.Caller.On(installation);

    /// <summary>How a request stands; its approvals where they are good.</summary>
    /// <param name="id">The request.</param>
    /// <param name="request">What its file says; null where there is none that can be read.</param>
    /// <param name="plan">The plan as it is now: it says how many must approve it. Null for what the file says.</param>
    public ApprovalLook Look(Id16 id, GuardRequest? request, DangerousPlan? plan = null)
    {
        var files = folder.ApprovalFiles(id);
        if (files.Count == 0 && request is not null)
        {
            return new ApprovalLook(OpenState(id, request), []);
        }
        var live = plan ?? request?.Plan;
        var good = new List<(GuardApproval Approval, AccessIdentity Key)>();
        foreach (var file in files)
        {
            try
            {
                var (approval, key) = Check(id, request, live, Read(id, file));
                // One person has one voice, however many keys.
                if (!good.Exists(g => g.Approval.Approver == approval.Approver || installation.Access.IsSamePerson(g.Key, key)))
                {
                    good.Add((approval, key));
                }
            }
            catch (StingException e)
            {
                return new ApprovalLook(e.ErrorId switch
                {
                    "ApprovalUsed" => ApprovalState.Used, "ApprovalDenied" => ApprovalState.Denied, "ApprovalExpired" => ApprovalState.Expired, _ => ApprovalState.Refused,
                }, [], e, file);
            }
        }
        var enough = good.Count >= Math.Max(1, installation.Access.CountOf(live!.Operation));
        return new ApprovalLook(enough ? ApprovalState.Approved : ApprovalState.Open, [.. good.Select(g => g.Approval)]);
    }

    private ApprovalState OpenState(Id16 id, GuardRequest request) => chains.Has(id, AuditEvent.Executed) ? ApprovalState.Used : chains.Has(id, AuditEvent.Denied) ? ApprovalState.Denied
        : IsOver(request.Expires) ? ApprovalState.Expired : ApprovalState.Open;

    /// <summary>A text that is to be an approval of a request, checked as its file would be.</summary>
    /// <exception cref="StingException">What is wrong with it.</exception>
    public GuardApproval Test(GuardRequest request, ReadOnlySpan<byte> text)
    {
        (Id16, Id16, Id32, GuardApproval) read;
        try
        {
            read = ApprovalFolder.ParseApproval(text);
        }
        catch (FormatException e)
        {
            throw Refused("ApprovalInvalid", request.Id, e.Message);
        }
        return Check(request.Id, request, request.Plan, read).Approval;
    }

    private static (Id16 Reserve, Id16 Request, Id32 Plan, GuardApproval Approval) Read(Id16 id, string file)
    {
        try
        {
            return ApprovalFolder.ReadApproval(file);
        }
        catch (FormatException e)
        {
            throw Refused("ApprovalInvalid", id, $"its file '{file}' is damaged: {e.Message}");
        }
    }

    /// <summary>An approval of a request, or the failure that says what is wrong with it.</summary>
    private (GuardApproval Approval, AccessIdentity Key) Check(Id16 id, GuardRequest? request, DangerousPlan? live, (Id16 Reserve, Id16 Request, Id32 Plan, GuardApproval Approval) read)
    {
        var (reserve, named, plan, approval) = read;
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
        var key = new AccessIdentity(IdentityKind.Key, Fingerprint.Of(approver.PublicKey));
        CheckApprover(id, approver);
        CheckPerson(id, request, live ?? request.Plan, approver, key);
        if (chains.Has(id, AuditEvent.Executed))
        {
            throw Refused("ApprovalUsed", id, "what it approves was done already, and an approval is good for once");
        }
        if (chains.Has(id, AuditEvent.Denied))
        {
            throw Refused("ApprovalDenied", id, "the request was denied");
        }
        if (chains.Records.Any(r => r.Request == id && r.Event == AuditEvent.Revoked && r.Subjects.Contains(approval.Approver)))
        {
            throw Refused("ApprovalRevoked", id, $"the approval of {approver.Name} was taken back");
        }
        if (IsOver(approval.Expires) || IsOver(request.Expires))
        {
            throw Refused("ApprovalExpired", id, $"it was good until {Display.Time(approval.Expires < request.Expires ? approval.Expires : request.Expires)} UTC");
        }
        return (approval, key);
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

    /// <summary>Neither whoever asked nor whoever runs it now is an approver of it, as far as the configuration tells who is whom; and the approver has the role.</summary>
    private void CheckPerson(Id16 id, GuardRequest request, DangerousPlan live, EnrolledApprover approver, AccessIdentity key)
    {
        var policy = installation.Access;
        if (Doers.Append(IdentityOf(request.Actor)).Concat(live.Excluded).FirstOrDefault(own => own is not null && policy.IsSamePerson(own, key)) is { } same)
        {
            throw Refused("ApproverNotIndependent", id, $"{approver.Name} is {same}, who asked for it or did it");
        }
        if (!policy.MayApprove(live.Operation, key.Name))
        {
            throw Refused("ApproverNotAllowed", id, $"{approver.Name} ({key}) has no role that approves this: {Access.NameOf(AccessRole.SecurityTeam)} does");
        }
    }

    /// <summary>The account in the text of an actor, or who signed in at the portal, whose text says how.</summary>
    internal static AccessIdentity? IdentityOf(string actor)
    {
        var name = actor.LastIndexOf('@') is > 0 and var at ? actor[..at] : actor;
        return AccessIdentity.TryParse(name, out var signedIn) ? signedIn : AccessIdentity.TryParse("user:" + name, out var account) ? account : null;
    }

    private bool IsOver(DateTimeOffset moment) => installation.Clock.GetUtcNow() >= moment;

    private static StingException Refused(string errorId, Id16 request, string why) => new StingException(errorId, FailureKind.Refused, $"The approval of request {request} does not count: {why}.", request.ToString(),
        "It was put aside and the refusal recorded. Run the same command again for the request that is open then, and have an enrolled approver (Get-StingApprover) approve that one.");
}
