using System.Security.Cryptography;
using System.Text;
using StingBackup.Engine.Basics;
using StingBackup.Engine.Cryptography;
using StingBackup.Engine.Keys;

namespace StingBackup.Engine.Governance;

/// <summary>What people do with requests: look at them, approve them, deny them.</summary>
public static class ApprovalDesk
{
    private const int LongestReason = 500;

    /// <summary>Requests of this host, the oldest first, and how each stands.</summary>
    /// <param name="installation">The installation.</param>
    /// <param name="all">Those that are over too.</param>
    /// <param name="cancel">Cancels.</param>
    public static async ValueTask<IReadOnlyList<ApprovalRequest>> ListAsync(Installation installation, bool all, CancellationToken cancel)
    {
        Access.Require(installation, "Get-StingApproval");
        return await ListAsync(installation, await AuditChains.LoadAsync(installation, null, cancel).ConfigureAwait(false), all, static _ => true, cancel).ConfigureAwait(false);
    }

    /// <summary>Those of them that are wanted, whoever asks.</summary>
    internal static async ValueTask<IReadOnlyList<ApprovalRequest>> ListAsync(Installation installation, AuditChains chains, bool all, Func<GuardRequest, bool> wanted, CancellationToken cancel)
    {
        var folder = new ApprovalFolder(installation.StateFolder);
        var approvers = installation.Keys is { } keys ? await keys.LoadApproversAsync(installation.Store, cancel).ConfigureAwait(false) : EnrolledApprovers.None;
        var log = await AuditLog.OpenAsync(installation, cancel).ConfigureAwait(false);
        // An approver who looks at it does not do it.
        var check = new ApprovalCheck(installation, folder, chains, approvers, log) { Doers = [] };
        var found = new List<ApprovalRequest>();
        foreach (var id in folder.Ids())
        {
            if (folder.Find(id) is { } request && request.Reserve == installation.Reserve && wanted(request))
            {
                var look = check.Look(id, request);
                found.Add((request with { Needed = Math.Max(1, installation.Access.CountOf(request.Plan.Operation)) }).ToRecord(folder.RequestPath(id), look.State, look.Failure?.Message, look.Approvals.Count));
            }
        }
        foreach (var id in all ? folder.ClosedIds() : [])
        {
            if (folder.Find(id, closed: true) is { } request && request.Reserve == installation.Reserve && wanted(request))
            {
                var state = chains.Has(id, AuditEvent.Executed) ? ApprovalState.Used : chains.Has(id, AuditEvent.Denied) ? ApprovalState.Denied : ApprovalState.Expired;
                found.Add(request.ToRecord(folder.RequestPath(id), state) with { Reason = folder.ReasonOf(id) });
            }
        }
        return [.. found.OrderBy(r => r.CreatedTime).ThenBy(r => r.Id, StringComparer.Ordinal)];
    }

    /// <summary>The file of an open request of this host.</summary>
    /// <exception cref="StingException"><c>ApprovalRequestUnknown</c></exception>
    public static string PathOf(string stateFolder, string id)
    {
        ArgumentNullException.ThrowIfNull(stateFolder);
        var folder = new ApprovalFolder(stateFolder);
        return Id16.TryParse(id?.Trim(), out var parsed) && File.Exists(folder.RequestPath(parsed)) ? folder.RequestPath(parsed) : throw Unknown(id);
    }

    /// <summary>Ids of open requests with what they ask, for completion. Needs no repository.</summary>
    public static IReadOnlyList<(string Id, string Text)> Open(string stateFolder)
    {
        ArgumentNullException.ThrowIfNull(stateFolder);
        var folder = new ApprovalFolder(stateFolder);
        return [.. folder.Ids().Select(id => (Id: id, Request: folder.Find(id))).Where(r => r.Request is not null).Select(r => (r.Id.ToString(), $"{r.Request!.Plan.Verb} on {r.Request.Plan.Target}"))];
    }

    /// <summary>Ids of what was done on this host without its approvals, for completion. Needs no repository.</summary>
    public static IReadOnlyList<(string Id, string Text)> Broken(string stateFolder)
    {
        ArgumentNullException.ThrowIfNull(stateFolder);
        var folder = new ApprovalFolder(stateFolder);
        return [.. folder.ClosedIds().Select(id => (Id: id, Request: folder.Find(id, closed: true))).Where(r => r.Request?.Plan.Fact(BreakGlass.Reason) is not null)
            .Select(r => (r.Id.ToString(), $"{r.Request!.Plan.Verb} on {r.Request.Plan.Target}: {r.Request.Plan.Fact(BreakGlass.Reason)}"))];
    }

    /// <summary>What an approval would be. Reads the request file alone: no configuration, no repository, no key.</summary>
    /// <exception cref="StingException"><c>ApprovalRequestInvalid</c>, <c>ApprovalExpired</c></exception>
    public static ApprovalPlan PlanApproval(string requestFile, string keyFile, TimeProvider clock)
    {
        ArgumentNullException.ThrowIfNull(requestFile);
        ArgumentNullException.ThrowIfNull(keyFile);
        ArgumentNullException.ThrowIfNull(clock);
        var path = Path.GetFullPath(requestFile);
        var request = ReadOpen(path, clock);
        return new ApprovalPlan { Request = request.ToRecord(path, ApprovalState.Open), KeyFile = Path.GetFullPath(keyFile), ApprovalFile = ApprovalFolder.ApprovalPathOf(path, request.Needed > 1 ? "APPROVER" : null) };
    }

    /// <summary>Signs a request that its approver has seen, and puts the approval beside it.</summary>
    /// <exception cref="StingException"><c>ApprovalRequestInvalid</c> where the file is not the one that was shown, <c>ApprovalExpired</c>, <c>ApprovalNotWritten</c>, <c>WrongPassphrase</c>, <c>PassphraseNeeded</c></exception>
    public static ApprovalResult Approve(ApprovalPlan plan, SecretBytes? passphrase, TimeProvider clock)
    {
        ArgumentNullException.ThrowIfNull(plan);
        ArgumentNullException.ThrowIfNull(clock);
        var request = ReadOpen(plan.Request.Path, clock);
        if (request.ToRecord(plan.Request.Path, ApprovalState.Open) is var shown && !IsSame(shown, plan.Request))
        {
            throw new StingException("ApprovalRequestInvalid", FailureKind.Refused, $"'{plan.Request.Path}' is not what was shown any more.", plan.Request.Path, "Look at it again.");
        }
        using var key = ApproverKeyFile.Open(plan.KeyFile, passphrase);
        var now = clock.GetUtcNow();
        var approval = GuardApproval.Sign(request, key, now.AddTicks(-(now.Ticks % TimeSpan.TicksPerSecond)));
        // Several approvers sign on machines of their own: their files must not meet under one name.
        var file = request.Needed > 1 ? ApprovalFolder.ApprovalPathOf(plan.Request.Path, approval.Approver.ToString()) : plan.ApprovalFile;
        ApprovalFolder.WriteApproval(file, request, approval);
        return new ApprovalResult
        {
            RequestId = request.Id.ToString(), Command = request.Plan.Verb, ApproverId = approval.Approver.ToString(), ApprovalFile = file, ExpiresTime = approval.Expires,
        };
    }

    /// <summary>Denies a request of this host for good: the audit chain says so, and no approval of it counts any more. Whoever may write there may deny; it only ever stops something.</summary>
    /// <exception cref="StingException"><c>ApprovalRequestUnknown</c>, <c>AuditChainBroken</c></exception>
    public static ValueTask<ApprovalRequest> DenyAsync(Installation installation, string id, CancellationToken cancel) => DenyAsync(installation, id, null, cancel);

    /// <summary>
    /// The same, with a reason for whoever asked. It is kept beside the request; the audit chain, where nothing is ever taken away and no text may stand that names somebody, has its digest, so that nobody can have written another one.
    /// </summary>
    /// <inheritdoc cref="DenyAsync(Installation, string, CancellationToken)"/>
    public static async ValueTask<ApprovalRequest> DenyAsync(Installation installation, string id, string? reason, CancellationToken cancel)
    {
        Access.Require(installation, "Deny-StingApproval");
        ArgumentNullException.ThrowIfNull(installation);
        var (request, path) = Find(installation, id);
        var log = await AuditLog.OpenAsync(installation, cancel).ConfigureAwait(false);
        var said = string.Join(' ', (reason ?? "").Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));
        if (said.Length > LongestReason || said.Any(char.IsControl))
        {
            throw new StingException("ReasonInvalid", FailureKind.InvalidArgument, $"A reason has up to {LongestReason} letters.", null, "Say in a line why.");
        }
        await log.AppendAsync(AuditDraft.Of(AuditEvent.Denied, request, said.Length == 0 ? "" : DigestOf(request.Id, said)), cancel).ConfigureAwait(false);
        var folder = new ApprovalFolder(installation.StateFolder);
        if (said.Length > 0)
        {
            folder.KeepReason(request.Id, said);
        }
        folder.Close(request.Id);
        return request.ToRecord(path, ApprovalState.Denied) with { Reason = folder.ReasonOf(request.Id) };
    }

    /// <summary>What the audit record of a denial says of its reason: the request's id keeps two equal reasons apart.</summary>
    internal static string DigestOf(Id16 request, string reason) => "Reason " + Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes($"{request}\n{reason}")));

    /// <summary>An open request of this host.</summary>
    /// <exception cref="StingException"><c>ApprovalRequestUnknown</c></exception>
    public static ApprovalRequest PlanDenial(Installation installation, string id)
    {
        Access.Require(installation, "Get-StingApproval");
        ArgumentNullException.ThrowIfNull(installation);
        var (request, path) = Find(installation, id);
        return request.ToRecord(path, ApprovalState.Open);
    }

    /// <summary>Approvals that lie beside a request and are good; what taking them back would end.</summary>
    /// <exception cref="StingException"><c>ApprovalRequestUnknown</c>, <c>ApprovalNotGiven</c></exception>
    public static ApprovalRevocationPlan PlanRevocation(Installation installation, string id, string? approverId)
    {
        Access.Require(installation, "Get-StingApproval");
        var (request, path) = Find(installation, id);
        var approvers = new List<string>();
        foreach (var file in new ApprovalFolder(installation.StateFolder).ApprovalFiles(request.Id))
        {
            try
            {
                approvers.Add(ApprovalFolder.ReadApproval(file).Approval.Approver.ToString());
            }
            catch (FormatException)
            {
                // What cannot be read counts for nothing anyway.
            }
        }
        var meant = approvers.Where(approver => approverId is null || approver.Equals(approverId.Trim(), StringComparison.OrdinalIgnoreCase)).Distinct(StringComparer.Ordinal).ToArray();
        return meant.Length > 0 ? new ApprovalRevocationPlan { Request = request.ToRecord(path, ApprovalState.Approved, given: approvers.Count), Approvers = meant }
            : throw new StingException("ApprovalNotGiven", FailureKind.NotFound, $"Request {request.Id} has no approval{(approverId is null ? "" : $" by {approverId}")} to take back.", request.Id.ToString(),
                "Deny-StingApproval ends a request that nobody has approved yet.");
    }

    /// <summary>Takes approvals back before they are used: the audit chain says so, and they count no more. The request stays open for others. It only ever stops something.</summary>
    /// <exception cref="StingException"><c>ApprovalRequestUnknown</c>, <c>AuditChainBroken</c></exception>
    public static async ValueTask<ApprovalRequest> RevokeAsync(Installation installation, ApprovalRevocationPlan plan, CancellationToken cancel)
    {
        Access.Require(installation, "Revoke-StingApproval");
        ArgumentNullException.ThrowIfNull(plan);
        var (request, path) = Find(installation, plan.Request.Id);
        var log = await AuditLog.OpenAsync(installation, cancel).ConfigureAwait(false);
        Id16[] approvers = [.. plan.Approvers.Select(a => Id16.TryParse(a, out var approver) ? approver : default)];
        await log.AppendAsync(AuditDraft.Of(AuditEvent.Revoked, request) with { Subjects = approvers }, cancel).ConfigureAwait(false);
        return request.ToRecord(path, ApprovalState.Open);
    }

    /// <summary>Asks again for what a request asked for that is over.</summary>
    /// <exception cref="StingException"><c>ApprovalRequestUnknown</c>, <c>AuditChainBroken</c></exception>
    public static async ValueTask<ApprovalRequest> RequestAgainAsync(Installation installation, string id, CancellationToken cancel)
    {
        Access.Require(installation, "Request-StingApproval");
        var folder = new ApprovalFolder(installation.StateFolder);
        var request = Id16.TryParse(id?.Trim(), out var parsed) && (folder.Find(parsed) ?? folder.Find(parsed, closed: true)) is { } found && found.Reserve == installation.Reserve ? found : throw Unknown(id);
        return await AskAsync(installation, request.Plan, cancel).ConfigureAwait(false);
    }

    /// <summary>Asks for the approvals of a dangerous plan.</summary>
    internal static async ValueTask<ApprovalRequest> AskAsync(Installation installation, DangerousPlan plan, CancellationToken cancel)
    {
        // Whoever may not do it may not have it approved either.
        Access.Require(installation, plan.Verb);
        var request = await Guard.RequestAsync(installation, plan, cancel).ConfigureAwait(false);
        var state = await Guard.LookAsync(installation, plan, cancel).ConfigureAwait(false);
        return request.ToRecord(new ApprovalFolder(installation.StateFolder).RequestPath(request.Id), state);
    }

    internal static (GuardRequest Request, string Path) Find(Installation installation, string id)
    {
        var folder = new ApprovalFolder(installation.StateFolder);
        return Id16.TryParse(id?.Trim(), out var parsed) && folder.Find(parsed) is { } request && request.Reserve == installation.Reserve ? (request, folder.RequestPath(parsed)) : throw Unknown(id);
    }

    private static GuardRequest ReadOpen(string path, TimeProvider clock)
    {
        var request = ApprovalFolder.ReadRequest(path);
        return clock.GetUtcNow() < request.Expires ? request : throw new StingException("ApprovalExpired", FailureKind.Refused, $"Request {request.Id} was open until {Display.Time(request.Expires)} UTC.", path,
            "Let the command be run again: it asks anew.");
    }

    private static bool IsSame(ApprovalRequest a, ApprovalRequest b) =>
        (a.Id, a.PlanDigest, a.Requester, a.Writer, a.ReserveId, a.CreatedTime, a.ExpiresTime) == (b.Id, b.PlanDigest, b.Requester, b.Writer, b.ReserveId, b.CreatedTime, b.ExpiresTime);

    internal static StingException Unknown(string? id) => new("ApprovalRequestUnknown", FailureKind.NotFound, $"This host has no open request '{id}'.", id, "Get-StingApproval shows what is open; -All also what is over.");
}
