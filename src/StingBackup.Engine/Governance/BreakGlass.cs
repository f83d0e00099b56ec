namespace StingBackup.Engine.Governance;

/// <summary>The log and the folder that a guarded deed writes to.</summary>
internal sealed record GuardBooks(AuditLog Log, ApprovalFolder Folder);

/// <summary>
/// What is done without its approvals in an emergency: it is recorded before it begins, everybody is told, and a review stands open until another identity closes it. The reason may hold names, so
/// it lies in the request's file, and the audit chain has its digest alone.
/// </summary>
internal static class BreakGlass
{
    private const int LeastReason = 10;
    internal const string Reason = "Without approval, because";

    /// <summary>Does the deed.</summary>
    public static async Task<T> RunAsync<T>(Installation installation, DangerousPlan plan, GuardBooks books, Func<GuardPass, CancellationToken, Task<T>> deed, Func<T, string>? outcomeOf, CancellationToken cancel)
    {
        var reason = installation.Caller.BreakGlass!.Trim();
        var request = Guard.NewRequest(installation, plan with { Facts = [.. plan.Facts, new PlanFact(Reason, reason)] }, books.Log.Writer);
        if (Refusal(installation, plan, reason) is { } refusal)
        {
            await books.Log.AppendAsync(AuditDraft.Of(AuditEvent.Refused, request, refusal.ErrorId), cancel).ConfigureAwait(false);
            throw refusal;
        }
        // The reason first: a record whose reason was never written could not be reviewed.
        books.Folder.Keep(request);
        books.Folder.Close(request.Id);
        var position = await books.Log.AppendAsync(AuditDraft.Of(AuditEvent.BrokeGlass, request), cancel).ConfigureAwait(false);
        installation.Alarm?.Invoke($"{plan.Verb} on {plan.Target} is done WITHOUT its approvals by {request.Actor}: {reason}. It stands in the audit log as request {request.Id}; "
            + $"the status warns until another identity closes its review: Complete-StingReview -Id {request.Id}.");
        return await Guard.DoAsync(books.Log, request, new GuardPass(request.Id, request.Plan.Digest, [], position), deed, outcomeOf, cancel).ConfigureAwait(false);
    }

    /// <summary>What an open review is about: the facts of then, where the file still is what was recorded.</summary>
    public static IReadOnlyList<PlanFact> FactsOf(Installation installation, AuditRecord record)
    {
        var file = new ApprovalFolder(installation.StateFolder).Find(record.Request, closed: true);
        return file is not null && file.Plan.Digest == record.PlanDigest ? [new PlanFact("Target", file.Plan.Target), .. file.Plan.Facts]
            : [new PlanFact(Reason, $"not on this host: the request's file lies on the host of writer {record.Writer}, or is gone")];
    }

    private static StingException? Refusal(Installation installation, DangerousPlan plan, string reason) =>
        !installation.Access.BreakGlass.Contains(plan.Operation) ? new StingException("BreakGlassNotAllowed", FailureKind.Refused, $"{plan.Verb} ({plan.Operation}) cannot be done without its approvals.", plan.Target,
            "approvals.break_glass says for what there is such a way; for what destroys data or touches keys there is none. Have it approved.")
        : reason.Length < LeastReason ? new StingException("BreakGlassNoReason", FailureKind.InvalidArgument, "Breaking the glass needs a reason that somebody else can judge later.", plan.Target,
            $"Write a sentence of {LeastReason} characters or more after -BreakGlass.")
        : null;
}
