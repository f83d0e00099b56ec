using StingBackup.Engine.Basics;
using StingBackup.Engine.Governance;
using StingBackup.Engine.Reserve.Configuration;
using StingBackup.Engine.Tests.Support;

namespace StingBackup.Engine.Tests.Governance;

/// <summary>Approvals that come as text: checked as files are, and kept only when they are good.</summary>
public sealed class ApprovalInboxTests : IAsyncLifetime, IAsyncDisposable
{
    private static readonly DangerousPlan Plan = GuardedReserve.PlanFor("user:ada"), Other = GuardedReserve.PlanFor("user:bob");
    private GuardedReserve _test = null!;
    private NewApproverResult _one = null!, _two = null!;

    public async Task InitializeAsync()
    {
        _test = await GuardedReserve.CreateAsync();
        _one = await _test.EnrolAsync("One");
        _two = await _test.EnrolAsync("Two", approvedBy: _one);
    }

    public ValueTask DisposeAsync() => _test.DisposeAsync();

    Task IAsyncLifetime.DisposeAsync() => DisposeAsync().AsTask();

    /// <summary>Signs the file that goes out, somewhere else.</summary>
    private string Sign(string id, NewApproverResult by)
    {
        var elsewhere = Path.Combine(_test.Root, Guid.NewGuid().ToString("n"));
        Directory.CreateDirectory(elsewhere);
        File.WriteAllBytes(Path.Combine(elsewhere, id + ".request"), ApprovalInbox.RequestFile(_test.Installation, id));
        return File.ReadAllText(_test.Approve(id, by, elsewhere).ApprovalFile);
    }

    private async Task RefusedAsync(string id, string text, string errorId)
    {
        var before = (await _test.AuditAsync()).Select(e => e.Object).ToHashSet(StringComparer.Ordinal);
        Assert.Equal(errorId, (await Assert.ThrowsAsync<StingException>(() => ApprovalInbox.TakeInAsync(_test.Installation, id, text, default).AsTask())).ErrorId);
        Assert.Empty(Directory.GetFiles(_test.Approvals, id + "*.approval*"));
        var record = Assert.Single(await _test.AuditAsync(), e => !before.Contains(e.Object));
        Assert.Equal((AuditEvent.Refused, errorId, id), (record.Event, record.Outcome, record.RequestId));
    }

    [Fact]
    public async Task A_good_one_is_taken_in_and_good_for_once()
    {
        var id = await _test.AskAsync(Plan);
        var text = Sign(id, _one);
        var taken = await ApprovalInbox.TakeInAsync(_test.Installation, id, "\uFEFF\r\n" + text + "\n\n", default);
        Assert.Equal((id, _one.Id), (taken.RequestId, taken.ApproverId));
        Assert.Equal(1, await _test.TryAsync(Plan));
        Assert.Equal("ApprovalRequestUnknown", (await Assert.ThrowsAsync<StingException>(() => ApprovalInbox.TakeInAsync(_test.Installation, id, text, default).AsTask())).ErrorId);
        await _test.RefusedAsync(Plan, "ApprovalRequired");
    }

    [UnixFact]
    public async Task A_lock_that_cannot_be_opened_is_not_taken_for_one_that_is_held()
    {
        var request = await _test.AskAsync(Plan);
        _test.Approve(request, _one);
        var path = Path.Combine(new ApprovalFolder(_test.State).Path, request + ".lock");
        File.CreateSymbolicLink(path, path);
        var error = await Assert.ThrowsAsync<StingException>(() => _test.TryAsync(Plan));
        Assert.Equal(("LockUnusable", FailureKind.Io, path), (error.ErrorId, error.Kind, error.Target));
        Assert.Contains(path, error.Message, StringComparison.Ordinal);
        Assert.Contains("ordinary file", error.Remedy, StringComparison.Ordinal);
        File.Delete(path);
        await _test.TryAsync(Plan);
        Assert.Equal(1, _test.Deeds);
    }

    [Fact]
    public async Task Each_way_of_not_being_good_is_refused_by_name()
    {
        var (id, other) = (await _test.AskAsync(Plan), await _test.AskAsync(Other));
        var good = Sign(id, _one);
        await RefusedAsync(id, "", "ApprovalInvalid");
        await RefusedAsync(id, "[]", "ApprovalInvalid");
        await RefusedAsync(id, good.Replace("\"given\": \"2025", "\"given\": \"2024", StringComparison.Ordinal), "ApprovalInvalid");
        await RefusedAsync(id, good.Replace("\"kind\"", "\"more\": 1, \"kind\"", StringComparison.Ordinal), "ApprovalInvalid");
        await RefusedAsync(id, Sign(other, _one), "ApprovalMismatch");
        await RefusedAsync(id, Sign(id, _test.MakeApprover("Stranger")), "ApproverUnknown");
        _test.Clock.Advance(Guard.Validity);
        await RefusedAsync(id, good, "ApprovalExpired");
        await _test.RefusedAsync(Plan, "ApprovalRequired");
        Assert.Equal(0, _test.Deeds);
    }

    [Fact]
    public async Task Two_that_are_needed_come_one_by_one_and_whoever_brings_one_may_not_do_it()
    {
        var me = Caller.OfProcess.Identities[0];
        var keys = new[] { _one, _two }.Select(a => new AccessIdentity(IdentityKind.Key, a.Fingerprint)).ToArray();
        // Asked by somebody else: whoever asks is no approver in any case.
        _test.Caller = new Caller { Portal = new AccessIdentity(IdentityKind.Kratos, "6f0c1f0e-4a53-4d05-a6a8-0d6a2a2f6d10") };
        _test.Access = new AccessPolicy(Enum.GetValues<AccessRole>().ToDictionary(r => r, r => (IReadOnlyList<AccessIdentity>)[me, _test.Caller.Portal!, .. r == AccessRole.SecurityTeam ? keys : []]), [[me, keys[1]]])
        {
            Counts = new Dictionary<GuardedOperation, int?> { [GuardedOperation.Erasure] = 2 },
        };
        await _test.ReopenAsync();
        var id = await _test.AskAsync(Plan);
        await ApprovalInbox.TakeInAsync(_test.Installation, id, Sign(id, _one), default);
        _test.Caller = Caller.OfProcess;
        await _test.ReopenAsync();
        await ApprovalInbox.TakeInAsync(_test.Installation, id, Sign(id, _two), default);
        var listed = Assert.Single(await ApprovalDesk.ListAsync(_test.Installation, all: false, default));
        Assert.Equal((ApprovalState.Approved, 2, 2), (listed.State, listed.Needed, listed.Given));
        await _test.RefusedAsync(Plan, "ApproverNotIndependent");
    }

    [Fact]
    public async Task A_denial_tells_its_reason_to_people_and_not_to_the_audit_log()
    {
        var id = await _test.AskAsync(Plan);
        Assert.Equal("ReasonInvalid", (await Assert.ThrowsAsync<StingException>(async () => await ApprovalDesk.DenyAsync(_test.Installation, id, new string('x', 501), default))).ErrorId);
        Assert.Equal("Ada was not asked", (await ApprovalDesk.DenyAsync(_test.Installation, id, " Ada was\n not asked ", default)).Reason);
        // The chain has what proves the reason, and nothing that names somebody.
        var denied = Assert.Single(await _test.AuditAsync(), e => e.Event == AuditEvent.Denied);
        Assert.True(Id16.TryParse(id, out var request));
        Assert.Equal(ApprovalDesk.DigestOf(request, "Ada was not asked"), denied.Outcome);
        Assert.Equal("Ada was not asked", Assert.Single(await ApprovalDesk.ListAsync(_test.Installation, all: true, default), r => r.Id == id).Reason);
        Assert.All(_test.Store.Objects.Where(o => o.Key.StartsWith("audit/", StringComparison.Ordinal)), o => Assert.Equal(-1, o.Value.Span.IndexOf("Ada was"u8)));
        Assert.Equal("ApprovalRequestUnknown", (await Assert.ThrowsAsync<StingException>(() => ApprovalInbox.TakeInAsync(_test.Installation, id, "", default).AsTask())).ErrorId);
        Assert.Equal("ApprovalRequestUnknown", Assert.Throws<StingException>(() => ApprovalInbox.RequestFile(_test.Installation, id)).ErrorId);
    }
}
