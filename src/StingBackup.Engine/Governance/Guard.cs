using System.Security.Cryptography;
using StingBackup.Engine.Basics;
using StingBackup.Engine.Keys;

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
        Access.Require(installation, plan.Verb);
        var log = await AuditLog.OpenAsync(installation, cancel).ConfigureAwait(false);
        await log.CheckAsync(cancel).ConfigureAwait(false);
        var folder = new ApprovalFolder(installation.StateFolder);
        if (installation.Caller.BreakGlass is not null && await LookAsync(installation, plan, cancel).ConfigureAwait(false) != ApprovalState.Approved)
        {
            return await BreakGlass.RunAsync(installation, plan, new GuardBooks(log, folder), deed, outcomeOf, cancel).ConfigureAwait(false);
        }
        var (request, _) = await PassAsync(installation, plan, log, folder, cancel).ConfigureAwait(false);
        using (folder.Lock(request.Id))
        {
            // Once more behind the lock: another process may have done it meanwhile.
            var (_, approvals) = await PassAsync(installation, plan, log, folder, cancel).ConfigureAwait(false);
            var position = await log.AppendAsync(AuditDraft.Of(AuditEvent.Approved, request) with { Approvals = approvals }, cancel).ConfigureAwait(false);
            var result = await DoAsync(log, request, new GuardPass(request.Id, plan.Digest, [.. approvals.Select(a => a.Approver)], position), deed, outcomeOf, cancel).ConfigureAwait(false);
            CloseQuietly(folder, request.Id);
            return result;
        }
    }

    /// <summary>Does the deed, and records how it ended.</summary>
    internal static async Task<T> DoAsync<T>(AuditLog log, GuardRequest request, GuardPass pass, Func<GuardPass, CancellationToken, Task<T>> deed, Func<T, string>? outcomeOf, CancellationToken cancel)
    {
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
        return result;
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
        return Candidates(installation, folder, plan).Select(c => check.Look(c.Id, c.Request, plan).State).OrderBy(s => s switch { ApprovalState.Approved => 0, ApprovalState.Open => 1, _ => 2 })
            .DefaultIfEmpty(ApprovalState.NotRequested).First();
    }

    /// <summary>Finds the approval of a plan; asks for one where there is none.</summary>
    private static async ValueTask<(GuardRequest Request, IReadOnlyList<GuardApproval> Approvals)> PassAsync(Installation installation, DangerousPlan plan, AuditLog log, ApprovalFolder folder, CancellationToken cancel)
    {
        if (plan.Facts.Select(f => f.Name).Distinct(StringComparer.Ordinal).Count() != plan.Facts.Count)
        {
            throw new ArgumentException("Two facts of a plan have one name.", nameof(plan));
        }
        var check = await CheckAsync(installation, log, folder, cancel).ConfigureAwait(false);
        GuardRequest? open = null;
        StingException? refusal = null;
        var given = 0;
        foreach (var (id, request) in await MeantAsync(installation, folder, plan, log, cancel).ConfigureAwait(false))
        {
            switch (check.Look(id, request, plan))
            {
                case { State: ApprovalState.Approved } look:
                    return (request!, look.Approvals);
                case { State: ApprovalState.Open } look:
                    (open, given) = (request, look.Approvals.Count);
                    break;
                case { Failure: { } failure } look:
                    await RefuseAsync(log, plan, id, request, failure, cancel).ConfigureAwait(false);
                    PutAside(folder, id, look);
                    refusal ??= failure;
                    break;
                default:
                    folder.Close(id);   // denied, expired or used, without an approval: over
                    break;
            }
        }
        if (refusal is not null)
        {
            throw refusal;
        }
        open ??= await AskAsync(installation, plan, log, folder, cancel).ConfigureAwait(false);
        throw Required(installation, plan, folder.RequestPath(open.Id), open, given);
    }

    /// <summary>The request that the caller names, which must be of this very plan; else all of it.</summary>
    private static async ValueTask<List<(Id16 Id, GuardRequest? Request)>> MeantAsync(Installation installation, ApprovalFolder folder, DangerousPlan plan, AuditLog log, CancellationToken cancel)
    {
        var candidates = Candidates(installation, folder, plan);
        if (installation.Caller.ApprovalId is not { } named)
        {
            return candidates;
        }
        if (!Id16.TryParse(named.Trim(), out var id) || (folder.Find(id) ?? folder.Find(id, closed: true)) is not { } request)
        {
            throw ApprovalDesk.Unknown(named);
        }
        if (candidates.Exists(c => c.Id == id))
        {
            return candidates.FindAll(c => c.Id == id);
        }
        // What was approved is not what would be done now: it stays good for what it was given for.
        var mismatch = new StingException("ApprovalMismatch", FailureKind.Refused, request.Plan.Digest == plan.Digest ? $"Request {id} is over: an approval is good for once."
            : $"Request {id} is for {request.Plan.Verb} on {request.Plan.Target} as it was planned then, and not for what would be done now.", id.ToString(),
            "Run the command without -ApprovalId: it asks for what it would do now.");
        await RefuseAsync(log, plan, id, request, mismatch, cancel).ConfigureAwait(false);
        throw mismatch;
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
            return folder.ApprovalFiles(id).Any(file => ApprovalFolder.ReadApproval(file).PlanDigest == digest);
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

    private static void PutAside(ApprovalFolder folder, Id16 id, ApprovalLook look)
    {
        if (look is { Bad: { } file, State: ApprovalState.Refused })
        {
            ApprovalFolder.Reject(file);
        }
        else
        {
            folder.Close(id);
        }
    }

    /// <summary>Writes a request for a plan.</summary>
    internal static async ValueTask<GuardRequest> AskAsync(Installation installation, DangerousPlan plan, AuditLog log, ApprovalFolder folder, CancellationToken cancel)
    {
        var request = NewRequest(installation, plan, log.Writer);
        // The record first: a request that nobody knows of is worse than a record of one that was not written.
        await log.AppendAsync(AuditDraft.Of(AuditEvent.Requested, request), cancel).ConfigureAwait(false);
        folder.Keep(request);
        return request;
    }

    /// <summary>A request as of now.</summary>
    internal static GuardRequest NewRequest(Installation installation, DangerousPlan plan, Id16 writer)
    {
        var now = installation.Clock.GetUtcNow();
        now = now.AddTicks(-(now.Ticks % TimeSpan.TicksPerSecond));
        return new GuardRequest(NewId(), installation.Reserve, plan, installation.Caller.Actor, writer, now, now + Validity) { Needed = Math.Max(1, installation.Access.CountOf(plan.Operation)) };
    }

    /// <summary>The request of a plan that is open here, or a new one; what <c>Request-StingApproval</c> does. Carries nothing out.</summary>
    internal static async ValueTask<GuardRequest> RequestAsync(Installation installation, DangerousPlan plan, CancellationToken cancel)
    {
        var log = await AuditLog.OpenAsync(installation, cancel).ConfigureAwait(false);
        await log.CheckAsync(cancel).ConfigureAwait(false);
        var folder = new ApprovalFolder(installation.StateFolder);
        var check = await CheckAsync(installation, log, folder, cancel).ConfigureAwait(false);
        return Candidates(installation, folder, plan).Where(c => c.Request is not null && check.Look(c.Id, c.Request, plan).State is ApprovalState.Open or ApprovalState.Approved).Select(c => c.Request!).FirstOrDefault()
            ?? await AskAsync(installation, plan, log, folder, cancel).ConfigureAwait(false);
    }

    /// <summary>The error that names the next command.</summary>
    private static StingException Required(Installation installation, DangerousPlan plan, string path, GuardRequest open, int given)
    {
        var needed = Math.Max(1, installation.Access.CountOf(plan.Operation));
        var who = needed == 1 ? "an approval by a second identity" : $"the approvals of {needed} others, and has {given}";
        var emergency = installation.Access.BreakGlass.Contains(plan.Operation) ? " In an emergency -BreakGlass REASON goes on without, loudly." : "";
        return new StingException("ApprovalRequired", FailureKind.Refused, $"{plan.Verb} on {plan.Target} needs {who}. Request {open.Id} waits for it until {Display.Time(open.Expires)} UTC.", open.Id.ToString(),
            $"An approver runs: Approve-StingApproval -Path '{path}' -KeyFile <his key file> (sting-backup approve --path='{path}' --key-file=FILE), here or on a copy of the request, whose .approval file then goes beside the request. "
            + $"Then run the same command again. Where nobody is enrolled yet: New-StingApprover, then Register-StingApprover.{emergency}");
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
