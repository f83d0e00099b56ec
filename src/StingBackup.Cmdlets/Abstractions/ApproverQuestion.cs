namespace StingBackup.Cmdlets.Abstractions;

/// <summary>How plans about approvals are put to people.</summary>
internal static class ApproverQuestion
{
    /// <summary>The question whether an approver is enrolled or revoked.</summary>
    public static Question Of(string what, ApproverPlan plan) => new("Approver", $"{what} {plan.Name} ({plan.ApproverId}) as an approver",
        [$"Fingerprint: {plan.Fingerprint}", plan.Approval is { } state ? $"Approval: {state}" : "The first approver: the key role enrols him alone. Compare the fingerprint with what he told you by another way."], plan, Destroys: true);

    /// <summary>What a request asks, line by line: everything that is signed.</summary>
    public static IEnumerable<string> Lines(ApprovalRequest request) =>
    [
        .. request.Facts.Select(f => f.ToString()), $"Asked by: {request.Requester}", $"Asked: {Display.Time(request.CreatedTime)} UTC", $"Open until: {Display.Time(request.ExpiresTime)} UTC",
        $"Reserve: {request.ReserveId}", $"Plan: {request.PlanDigest}",
    ];
}
