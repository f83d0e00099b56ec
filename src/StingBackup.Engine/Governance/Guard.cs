using System.Security.Cryptography;
using StingBackup.Engine.Cryptography;
using StingBackup.Engine.Repository;

namespace StingBackup.Engine.Governance;

/// <summary>
/// The one way to do something dangerous. Whoever is about to hands over the plan and the deed: without a good approval of exactly this plan by a second identity nothing is done, a request
/// is written, and the error says who has to do what next. With one the deed is done, and the audit chain has who approved it, and how it ended.
/// </summary>
public static class Guard
{
    /// <summary>How long a request, and an approval of it, is good.</summary>
    public static TimeSpan Validity { get; } = TimeSpan.FromDays(7);

    /// <summary>
    /// Does a deed that was approved. An approval is good for one success: after a failure, or a process that was killed, the same approval goes on with the same plan until it expires.
    /// </summary>
    /// <param name="installation">The installation.</param>
    /// <param name="plan">What will be done: a plan that is made again must come out the same.</param>
    /// <param name="deed">Does exactly that.</param>
    /// <param name="outcomeOf">A word for how it ended, for the record; no names. Null for <c>Completed</c>.</param>
    /// <param name="cancel">Cancels the deed; how it ended is recorded all the same.</param>
    /// <exception cref="StingException">
    /// <c>ApprovalRequired</c> with the next command in its remedy; an approval that is not good, by name (<c>ApprovalInvalid</c>, <c>ApprovalMismatch</c>, <c>ApprovalExpired</c>, <c>ApprovalUsed</c>,
    /// <c>ApprovalDenied</c>, <c>ApproverUnknown</c>, <c>ApproverRevoked</c>, <c>ApproverNotIndependent</c>); <c>ApprovalInUse</c>, <c>AuditChainBroken</c>, <c>AuditNotWritten</c>; and whatever the deed throws
    /// </exception>
    public static Task<T> RunAsync<T>(Installation installation, DangerousPlan plan, Func<CancellationToken, Task<T>> deed, Func<T, string>? outcomeOf, CancellationToken cancel)
    {
        ArgumentNullException.ThrowIfNull(deed);
        return RunAsync(installation, plan, (_, token) => deed(token), outcomeOf, cancel);
    }

    /// <summary>The same, for a deed that names its approvers and its place in the audit chain: in a certificate, for instance.</summary>
    /// <inheritdoc cref="RunAsync{T}(Installation, DangerousPlan, Func{CancellationToken, Task{T}}, Func{T, string}?, CancellationToken)"/>
    public static async Task<T> RunAsync<T>(Installation installation, DangerousPlan plan, Func<GuardPass, CancellationToken, Task<T>> deed, Func<T, string>? outcomeOf, CancellationToken cancel)
    {
        ArgumentNullException.ThrowIfNull(installation);
        ArgumentNullException.ThrowIfNull(plan);
        ArgumentNullException.ThrowIfNull(deed);
        var log = await AuditLog.OpenAsync(installation, cancel).ConfigureAwait(false);
        await log.CheckAsync(cancel).ConfigureAwait(false);
        var folder = new ApprovalFolder(installation.StateFolder);
        var (request, _) = await PassAsync(installation, plan, log, folder, cancel).ConfigureAwait(false);
        using (folder.Lock(request.Id))
        {
            // Once more behind the lock: another process may have done it meanwhile.
            var (_, approval) = await PassAsync(installation, plan, log, folder, cancel).ConfigureAwait(false);
            var position = await log.AppendAsync(AuditDraft.Of(AuditEvent.Approved, request) with { Approvals = [approval] }, cancel).ConfigureAwait(false);
            var pass = new GuardPass(request.Id, plan.Digest, [approval.Approver], position);
            T result;
            try
            {
                result = await deed(pass, cancel).ConfigureAwait(false);
            }
            catch (Exception e)
            {
                await TellFailureAsync(log, request, e).ConfigureAwait(false);
                throw;
            }
            await TellSuccessAsync(log, request, outcomeOf?.Invoke(result) ?? "Completed").ConfigureAwait(false);
            CloseQuietly(folder, request.Id);
            return result;
        }
    }

    /// <summary>How an approval of a plan stands. Writes nothing, no audit record either: for <c>-WhatIf</c> and for questions.</summary>
    /// <exception cref="StingException"><c>HostNotEnrolled</c>, and what reading the repository can say</exception>
    public static async ValueTask<ApprovalState> LookAsync(Installation installation, DangerousPlan plan, CancellationToken cancel)
    {
        ArgumentNullException.ThrowIfNull(installation);
        ArgumentNullException.ThrowIfNull(plan);
        var log = await AuditLog.OpenAsync(installation, cancel).ConfigureAwait(false);
        var folder = new ApprovalFolder(installation.StateFolder);
        var check = await CheckAsync(installation, log, folder, cancel).ConfigureAwait(false);
        // The best of what there is: Approved, else Open, else what became of the last one.
        return Candidates(installation, folder, plan).Select(c => check.Look(c.Id, c.Request).State).OrderBy(s => s switch { ApprovalState.Approved => 0, ApprovalState.Open => 1, _ => 2 })
            .DefaultIfEmpty(ApprovalState.NotRequested).First();
    }

    /// <summary>Finds the approval of a plan; asks for one where there is none.</summary>
    private static async ValueTask<(GuardRequest Request, GuardApproval Approval)> PassAsync(Installation installation, DangerousPlan plan, AuditLog log, ApprovalFolder folder, CancellationToken cancel)
    {
        if (plan.Facts.Select(f => f.Name).Distinct(StringComparer.Ordinal).Count() != plan.Facts.Count)
        {
            throw new ArgumentException("Two facts of a plan have one name.", nameof(plan));
        }
        var check = await CheckAsync(installation, log, folder, cancel).ConfigureAwait(false);
        GuardRequest? open = null;
        StingException? refusal = null;
        foreach (var (id, request) in Candidates(installation, folder, plan))
        {
            switch (check.Look(id, request))
            {
                case (ApprovalState.Approved, { } approval, _):
                    return (request!, approval);
                case (ApprovalState.Open, _, _):
                    open = request;
                    break;
                case (var state, _, { } failure):
                    await RefuseAsync(log, plan, id, request, failure, cancel).ConfigureAwait(false);
                    PutAside(folder, id, state);
                    refusal ??= failure;
                    break;
                default:
                    folder.Close(id);   // denied, expired or used, without an approval: over
                    break;
            }
        }
        throw refusal ?? await AskAsync(installation, plan, log, folder, open, cancel).ConfigureAwait(false);
    }

    private static async ValueTask<ApprovalCheck> CheckAsync(Installation installation, AuditLog log, ApprovalFolder folder, CancellationToken cancel)
    {
        var approvers = installation.Keys is { } keys ? await keys.LoadApproversAsync(installation.Store, cancel).ConfigureAwait(false) : EnrolledApprovers.None;
        var chains = await AuditChains.LoadAsync(installation, null, cancel).ConfigureAwait(false);
        return new ApprovalCheck(installation, folder, chains, approvers, log);
    }

    /// <summary>Requests of this plan; and approvals of it whose request is gone or was changed, so that they are refused by name.</summary>
    private static List<(Id16 Id, GuardRequest? Request)> Candidates(Installation installation, ApprovalFolder folder, DangerousPlan plan)
    {
        var digest = plan.Digest;
        return [.. folder.Ids().Select(id => (Id: id, Request: folder.Find(id))).Where(c => c.Request is { } request ? request.Plan.Digest == digest && request.Reserve == installation.Reserve : IsOfPlan(folder, c.Id, digest))];
    }

    private static bool IsOfPlan(ApprovalFolder folder, Id16 id, Id32 digest)
    {
        try
        {
            return folder.ReadApproval(id).PlanDigest == digest;
        }
        catch (FormatException)
        {
            return false;
        }
    }

    private static async ValueTask RefuseAsync(AuditLog log, DangerousPlan plan, Id16 id, GuardRequest? request, StingException failure, CancellationToken cancel) =>
        await log.AppendAsync(new AuditDraft(AuditEvent.Refused, plan.Verb)
        {
            Subjects = plan.Subjects, PlanDigest = request?.Plan.Digest ?? plan.Digest, Request = id, Outcome = failure.ErrorId,
        }, cancel).ConfigureAwait(false);

    private static void PutAside(ApprovalFolder folder, Id16 id, ApprovalState state)
    {
        if (state == ApprovalState.Refused)
        {
            folder.Reject(id);
        }
        else
        {
            folder.Close(id);
        }
    }

    /// <summary>Writes a request, or finds the one that is open, and makes the error that names the next command.</summary>
    private static async ValueTask<StingException> AskAsync(Installation installation, DangerousPlan plan, AuditLog log, ApprovalFolder folder, GuardRequest? open, CancellationToken cancel)
    {
        if (open is null)
        {
            var now = installation.Clock.GetUtcNow();
            now = now.AddTicks(-(now.Ticks % TimeSpan.TicksPerSecond));
            open = new GuardRequest(NewId(), installation.Reserve, plan, AuditLog.Actor, log.Writer, now, now + Validity);
            // The record first: a request that nobody knows of is worse than a record of one that was not written.
            await log.AppendAsync(AuditDraft.Of(AuditEvent.Requested, open), cancel).ConfigureAwait(false);
            folder.Keep(open);
        }
        var path = folder.RequestPath(open.Id);
        return new StingException("ApprovalRequired", FailureKind.Refused, $"{plan.Verb} on {plan.Target} needs an approval by a second identity. Request {open.Id} waits for it until {Display.Time(open.Expires)} UTC.",
            open.Id.ToString(),
            $"An approver runs: Approve-StingRequest -Path '{path}' -KeyFile <his key file> (sting-backup approve --path='{path}' --key-file=FILE), here or on a copy of the request, whose .approval file then goes beside the request. "
            + "Then run the same command again. Where nobody is enrolled yet: New-StingApprover, then Register-StingApprover.");
    }

    private static Id16 NewId() => new(RandomNumberGenerator.GetBytes(Id16.Size));

    /// <summary>Messages may hold names: the id of the error alone is recorded. That nothing could be recorded does not hide what happened; the chain then ends with approved, which is the truth.</summary>
    private static async ValueTask TellFailureAsync(AuditLog log, GuardRequest request, Exception failure)
    {
        try
        {
            var outcome = failure switch { StingException sting => sting.ErrorId, OperationCanceledException => "Cancelled", _ => "UnexpectedFailure" };
            await log.AppendAsync(AuditDraft.Of(AuditEvent.Failed, request, outcome), CancellationToken.None).ConfigureAwait(false);
        }
        catch (StingException)
        {
            // The first failure is the one to tell.
        }
    }

    private static async ValueTask TellSuccessAsync(AuditLog log, GuardRequest request, string outcome)
    {
        try
        {
            await log.AppendAsync(AuditDraft.Of(AuditEvent.Executed, request, outcome), CancellationToken.None).ConfigureAwait(false);
        }
        catch (StingException e)
        {
            throw new StingException("AuditNotWritten", FailureKind.Io, $"{request.Plan.Verb} on {request.Plan.Target} was done, but its end could not be recorded: {e.Message}", request.Id.ToString(),
                $"Note it by hand: the audit chain says approved, not executed. {e.Remedy}", e);
        }
    }

    private static void CloseQuietly(ApprovalFolder folder, Id16 id)
    {
        try
        {
            folder.Close(id);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // The audit chain says that it was used; the files are for people.
        }
    }
}
