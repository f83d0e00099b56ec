using System.Text;
using StingBackup.Engine.Basics;
using StingBackup.Engine.Governance;
using StingBackup.Engine.Keys;
using StingBackup.Engine.Repository;
using StingBackup.Engine.Restore;
using StingBackup.Engine.Storage;

namespace StingBackup.Engine.Tests.Governance;

/// <summary>What the guard lets pass, and each way in which it does not.</summary>
public sealed class GuardTests : IAsyncLifetime, IAsyncDisposable
{
    private static readonly DangerousPlan Plan = GuardedReserve.PlanFor("user:ada");
    private GuardedReserve _test = null!;
    private NewApproverResult _officer = null!;

    public async Task InitializeAsync()
    {
        _test = await GuardedReserve.CreateAsync();
        _officer = await _test.EnrolAsync("Security officer");
    }

    public ValueTask DisposeAsync() => _test.DisposeAsync();

    Task IAsyncLifetime.DisposeAsync() => DisposeAsync().AsTask();

    [Fact]
    public async Task Without_an_approval_a_request_is_written_and_nothing_else_happens()
    {
        var error = await _test.RefusedAsync(Plan, "ApprovalRequired");
        var path = Path.Combine(_test.Approvals, error.Target + ".request");
        Assert.Contains($"Approve-StingApproval -Path '{path}'", error.Remedy, StringComparison.Ordinal);
        var text = await File.ReadAllTextAsync(path);
        foreach (var part in (string[])["Remove-StingSubject", "user:ada", "Art. 17 GDPR", "2025-03-08T12:00:00Z", Caller.OfProcess.Actor])
        {
            Assert.Contains(part, text, StringComparison.Ordinal);
        }
        // Asked again, it is the same request, and the record has it once.
        Assert.Equal(error.Target, await _test.AskAsync(Plan));
        Assert.Equal([AuditEvent.Executed, AuditEvent.Requested], await _test.EventsAsync());
        Assert.Empty(await _test.VerifyAsync());
    }

    [Fact]
    public async Task With_an_approval_the_deed_is_done_once_and_the_record_has_who_approved_it()
    {
        var request = await _test.AskAsync(Plan);
        _test.Approve(request, _officer);
        Assert.Equal(ApprovalState.Approved, await Guard.LookAsync(_test.Installation, Plan, default));
        Assert.Equal(1, await _test.TryAsync(Plan));
        var audit = await _test.AuditAsync();
        Assert.Equal([AuditEvent.Executed, AuditEvent.Requested, AuditEvent.Approved, AuditEvent.Executed], audit.Select(e => e.Event));
        Assert.All(audit, e => Assert.Equal((AuditState.Sound, Caller.OfProcess.Actor), (e.State, e.Actor)));
        Assert.Equal([_officer.Id], audit[2].Approvers);
        Assert.Equal((request, "Completed", "0102030405060708090a0b0c0d0e0f10"), (audit[3].RequestId, audit[3].Outcome, Assert.Single(audit[3].Subjects)));
        Assert.Empty(await _test.VerifyAsync());
        // Names stay out of the records, which lie in the clear.
        Assert.All(_test.Store.Objects.Where(o => o.Key.StartsWith("audit/", StringComparison.Ordinal)), o => Assert.Equal(-1, o.Value.Span.IndexOf("ada"u8)));
        Assert.NotEqual(request, await _test.AskAsync(Plan));
    }

    [Fact]
    public async Task The_deed_learns_who_let_it_pass_and_where_that_stands()
    {
        var request = await _test.AskAsync(Plan);
        _test.Approve(request, _officer);
        var pass = await Guard.RunAsync(_test.Installation, Plan, (p, _) => Task.FromResult(p), null, default);
        Assert.Equal((request, _officer.Id, Plan.Digest), (pass.Request.ToString(), pass.Approvers.Single().ToString(), pass.PlanDigest));
        Assert.Equal((3L, PointRecord.HashOf(_test.Store.Objects[_test.AuditName(3)].Span)), (pass.Position.Sequence, pass.Position.Hash));
        var noted = await AuditLog.NoteAsync(_test.Installation, "Add-StingLegalHold", Plan.Subjects, "Added", default);
        Assert.Equal((5L, AuditEvent.Noted), (noted.Sequence, (await _test.AuditAsync())[^1].Event));
        Assert.Empty(await _test.VerifyAsync());
    }

    [Fact]
    public async Task It_is_approved_on_another_machine_from_a_copy_of_the_request_alone()
    {
        var request = await _test.AskAsync(Plan);
        var elsewhere = Directory.CreateDirectory(Path.Combine(_test.Root, "usb")).FullName;
        File.Copy(Path.Combine(_test.Approvals, request + ".request"), Path.Combine(elsewhere, request + ".request"));
        var approval = _test.Approve(request, _officer, elsewhere);
        await _test.RefusedAsync(Plan, "ApprovalRequired");
        File.Copy(approval.ApprovalFile, Path.Combine(_test.Approvals, request + ".approval"));
        Assert.Equal(1, await _test.TryAsync(Plan));
    }

    [Theory]
    [InlineData("user:bob", 3)]
    [InlineData("user:ada", 4)]
    public async Task An_approval_of_another_plan_does_not_count(string target, long count)
    {
        _test.Approve(await _test.AskAsync(Plan), _officer);
        await _test.RefusedAsync(GuardedReserve.PlanFor(target, count), "ApprovalRequired");
        Assert.Equal(1, await _test.TryAsync(Plan));
    }

    [Fact]
    public async Task An_approval_under_the_name_of_another_request_is_refused()
    {
        var one = await _test.AskAsync(Plan);
        var other = GuardedReserve.PlanFor("user:bob");
        var two = await _test.AskAsync(other);
        File.Copy(_test.Approve(one, _officer).ApprovalFile, Path.Combine(_test.Approvals, two + ".approval"));
        await _test.RefusedAsync(other, "ApprovalMismatch");
        Assert.Equal("ApprovalMismatch", (await _test.AuditAsync())[^1].Outcome);
        // It was put aside: the request is still open for a good one.
        Assert.Equal(two, await _test.AskAsync(other));
        _test.Approve(two, _officer);
        Assert.Equal(1, await _test.TryAsync(other));
    }

    [Fact]
    public async Task An_approval_of_another_reserve_is_refused()
    {
        await using var foreign = await GuardedReserve.CreateAsync();
        var officer = await foreign.EnrolAsync("Other officer");
        var theirs = await foreign.AskAsync(Plan);
        foreach (var suffix in (string[])[".request", ".approval"])
        {
            foreign.Approve(theirs, officer);
            Directory.CreateDirectory(_test.Approvals);
            File.Copy(Path.Combine(foreign.Approvals, theirs + suffix), Path.Combine(_test.Approvals, theirs + suffix));
        }
        await _test.RefusedAsync(Plan, "ApprovalRequired");
    }

    [Fact]
    public async Task It_expires()
    {
        var request = await _test.AskAsync(Plan);
        _test.Approve(request, _officer);
        _test.Clock.Advance(Guard.Validity);
        await _test.RefusedAsync(Plan, "ApprovalExpired");
        var anew = await _test.AskAsync(Plan);
        Assert.NotEqual(request, anew);
        _test.Clock.Advance(Guard.Validity);
        Assert.Equal("ApprovalExpired", Assert.Throws<StingException>(() => _test.Approve(anew, _officer)).ErrorId);
        Assert.NotEqual(anew, await _test.AskAsync(Plan));
    }

    [Fact]
    public async Task It_is_good_for_one_success_whatever_files_are_put_back()
    {
        var request = await _test.AskAsync(Plan);
        var approval = await File.ReadAllBytesAsync(_test.Approve(request, _officer).ApprovalFile);
        var asked = await File.ReadAllBytesAsync(Path.Combine(_test.Approvals, request + ".request"));
        await _test.TryAsync(Plan);
        await File.WriteAllBytesAsync(Path.Combine(_test.Approvals, request + ".request"), asked);
        await File.WriteAllBytesAsync(Path.Combine(_test.Approvals, request + ".approval"), approval);
        await _test.RefusedAsync(Plan, "ApprovalUsed");
        Assert.Equal(1, _test.Deeds);
    }

    [Fact]
    public async Task A_denied_request_stays_denied()
    {
        var request = await _test.AskAsync(Plan);
        var asked = await File.ReadAllBytesAsync(Path.Combine(_test.Approvals, request + ".request"));
        var approval = await File.ReadAllBytesAsync(_test.Approve(request, _officer).ApprovalFile);
        Assert.Equal(ApprovalState.Denied, (await ApprovalDesk.DenyAsync(_test.Installation, request, default)).State);
        await File.WriteAllBytesAsync(Path.Combine(_test.Approvals, request + ".request"), asked);
        await File.WriteAllBytesAsync(Path.Combine(_test.Approvals, request + ".approval"), approval);
        await _test.RefusedAsync(Plan, "ApprovalDenied");
        _test.Clock.Advance(TimeSpan.FromMinutes(1));
        Assert.NotEqual(request, await _test.AskAsync(Plan));
        Assert.Equal([ApprovalState.Denied, ApprovalState.Open], (await ApprovalDesk.ListAsync(_test.Installation, all: true, default)).Select(r => r.State));
    }

    [Fact]
    public async Task A_stranger_and_a_revoked_approver_do_not_count()
    {
        var stranger = _test.MakeApprover("Stranger");
        var second = await _test.EnrolAsync("Second officer", approvedBy: _officer);
        var request = await _test.AskAsync(Plan);
        _test.Approve(request, stranger);
        await _test.RefusedAsync(Plan, "ApproverUnknown");
        _test.Approve(request, second);
        await RevokeAsync(second);
        await _test.RefusedAsync(Plan, "ApproverRevoked");

        // Who takes the revocation away, in the repository and in the key directory, is found out by the audit chain.
        var revocation = KeyObjectNames.Approver(IdOf(second), 2);
        await _test.ReplaceAsync(revocation, null);
        File.Delete(Path.Combine(_test.Root, "keys", "signed", "approvers", second.Id + ".2"));
        _test.Approve(request, second);
        await _test.RefusedAsync(Plan, "ApproverRevoked");
        _test.Approve(request, _officer);
        Assert.Equal(1, await _test.TryAsync(Plan));
    }

    [Fact]
    public async Task The_requester_cannot_approve_himself()
    {
        // Somebody who holds the key role signs the host's own key as an approver's.
        var own = new EnrolledApprover(EnrolledApprover.IdOf(_test.Keys.Signer.PublicKey.Span), "me", _test.Keys.Signer.PublicKey.ToArray(), 1, null);
        await _test.Keys.PublishApproverAsync((SubjectReader)await _test.Installation.UnlockAsync(default), own, 1, _test.Store, default);
        var request = await _test.AskAsync(Plan);
        var folder = new ApprovalFolder(_test.State);
        var asked = ApprovalFolder.ReadRequest(folder.RequestPath(Parse(request)));
        ApprovalFolder.WriteApproval(folder.ApprovalPath(asked.Id), asked, GuardApproval.Sign(asked, _test.Keys.Signer, _test.Clock.GetUtcNow()));
        await _test.RefusedAsync(Plan, "ApproverNotIndependent");
        // And verification tells that this approver came in past the guard.
        Assert.Contains(await _test.VerifyAsync(), f => f.Object == KeyObjectNames.Approver(own.Id, 1) && f.Problem.Contains("past the guard", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_changed_byte_anywhere_in_the_approval_is_refused_by_name()
    {
        var request = await _test.AskAsync(Plan);
        var path = _test.Approve(request, _officer).ApprovalFile;
        var good = await File.ReadAllBytesAsync(path);
        // All of the values, and a few of the other bytes: each try writes an audit record.
        var text = Encoding.UTF8.GetString(good);
        foreach (var field in (string[])["kind", "version", "reserve", "request", "planDigest", "requestDigest", "approver", "given", "expires", "signature"])
        {
            var value = text.IndexOf($"\"{field}\": ", StringComparison.Ordinal) + field.Length + 4;
            var last = text.IndexOf('\n', value) - (field == "signature" ? 2 : 3);
            foreach (var at in (int[])[value - 5, value + (field == "version" ? 0 : 1), field == "version" ? value : last])
            {
                var bad = (byte[])good.Clone();
                bad[at] ^= 0x01;
                await File.WriteAllBytesAsync(path, bad);
                var error = await Assert.ThrowsAsync<StingException>(() => _test.TryAsync(Plan));
                Assert.True(error.ErrorId is "ApprovalInvalid" or "ApprovalMismatch" or "ApproverUnknown", $"{field} at {at}: {error.ErrorId}");
                Assert.Equal(FailureKind.Refused, error.Kind);
            }
        }
        Assert.Equal(0, _test.Deeds);
        await File.WriteAllBytesAsync(path, good);
        Assert.Equal(1, await _test.TryAsync(Plan));
        Assert.Empty(await _test.VerifyAsync());
    }

    [Theory]
    [InlineData("user:ada", "user:eve")]
    [InlineData("\"value\": \"3\"", "\"value\": \"9\"")]
    [InlineData("2025-03-08", "2026-03-08")]
    [InlineData("@", "!")]
    public async Task A_request_that_is_changed_is_not_what_was_approved(string from, string to)
    {
        var request = await _test.AskAsync(Plan);
        var path = Path.Combine(_test.Approvals, request + ".request");
        var asked = await File.ReadAllTextAsync(path);
        // Changed at home after it was approved.
        var approval = _test.Approve(request, _officer).ApprovalFile;
        await File.WriteAllTextAsync(path, asked.Replace(from, to, StringComparison.Ordinal));
        var error = await Assert.ThrowsAsync<StingException>(() => _test.TryAsync(Plan));
        Assert.True(error.ErrorId is "ApprovalInvalid" or "ApprovalMismatch", error.ErrorId);
        // Changed on its way to the approver: what he signs is refused at home, or he is told himself.
        var elsewhere = Directory.CreateDirectory(Path.Combine(_test.Root, "usb")).FullName;
        await File.WriteAllTextAsync(Path.Combine(elsewhere, request + ".request"), asked.Replace(from, to, StringComparison.Ordinal));
        await File.WriteAllTextAsync(path, asked);
        try
        {
            File.Copy(_test.Approve(request, _officer, elsewhere).ApprovalFile, approval, overwrite: true);
            await _test.RefusedAsync(Plan, "ApprovalMismatch");
        }
        catch (StingException told)
        {
            Assert.Equal("ApprovalRequestInvalid", told.ErrorId);
        }
        Assert.Equal(0, _test.Deeds);
    }

    [Fact]
    public async Task A_failure_is_recorded_by_its_id_and_the_approval_stays_good()
    {
        _test.Approve(await _test.AskAsync(Plan), _officer);
        var failed = await Assert.ThrowsAsync<StingException>(() => _test.TryAsync(Plan, () => throw new StingException("StoreFull", FailureKind.ResourceExhausted, "No room for ada.", "ada", "Make room.")));
        Assert.Equal("StoreFull", failed.ErrorId);
        using var stop = new CancellationTokenSource();
        await Assert.ThrowsAsync<OperationCanceledException>(() => _test.TryAsync(Plan, async () =>
        {
            await stop.CancelAsync();
            stop.Token.ThrowIfCancellationRequested();
        }, stop.Token));
        Assert.Equal(1, await _test.TryAsync(Plan));
        Assert.Equal(["FirstApprover", "", "", "StoreFull", "", "Cancelled", "", "Completed"], (await _test.AuditAsync()).Select(e => e.Outcome));
        Assert.Empty(await _test.VerifyAsync());
    }

    [Fact]
    public async Task Killed_between_approved_and_executed_the_record_is_honest_and_the_deed_goes_on()
    {
        _test.Approve(await _test.AskAsync(Plan), _officer);
        // The process dies: from within the deed on, nothing is written any more.
        var store = new DyingStore(_test.Store);
        _test.Wrap = _ => store;
        await _test.ReopenAsync();
        await Assert.ThrowsAnyAsync<Exception>(() => _test.TryAsync(Plan, () =>
        {
            store.IsDead = true;
            throw new IOException("killed");
        }));
        _test.Wrap = s => s;
        await _test.ReopenAsync();
        Assert.Equal([AuditEvent.Executed, AuditEvent.Requested, AuditEvent.Approved], await _test.EventsAsync());
        Assert.Empty(await _test.VerifyAsync());
        Assert.Equal(1, await _test.TryAsync(Plan));
        Assert.Equal([AuditEvent.Executed, AuditEvent.Requested, AuditEvent.Approved, AuditEvent.Approved, AuditEvent.Executed], await _test.EventsAsync());
    }

    [Fact]
    public async Task A_deed_whose_end_cannot_be_recorded_is_told()
    {
        _test.Approve(await _test.AskAsync(Plan), _officer);
        var store = new DyingStore(_test.Store);
        _test.Wrap = _ => store;
        await _test.ReopenAsync();
        var error = await Assert.ThrowsAsync<StingException>(() => _test.TryAsync(Plan, () =>
        {
            store.IsDead = true;
            return Task.CompletedTask;
        }));
        Assert.Equal("AuditNotWritten", error.ErrorId);
        Assert.Equal(1, _test.Deeds);
    }

    [Fact]
    public async Task One_approval_serves_one_process_at_a_time()
    {
        var request = await _test.AskAsync(Plan);
        _test.Approve(request, _officer);
        await _test.TryAsync(Plan, async () => Assert.Equal("ApprovalInUse", (await Assert.ThrowsAsync<StingException>(() => _test.TryAsync(Plan))).ErrorId));
        Assert.Equal(1, _test.Deeds);
    }

    [Fact]
    public async Task Looking_writes_nothing()
    {
        var before = _test.Store.Objects.Keys.ToList();
        Assert.Equal(ApprovalState.NotRequested, await Guard.LookAsync(_test.Installation, Plan, default));
        Assert.Equal(before, _test.Store.Objects.Keys);
        Assert.False(Directory.Exists(_test.Approvals));
        await _test.AskAsync(Plan);
        Assert.Equal(ApprovalState.Open, await Guard.LookAsync(_test.Installation, Plan, default));
    }

    [Fact]
    public async Task A_host_without_keys_records_as_the_key_role()
    {
        await _test.ReopenAsync(asHost: false);
        _test.Approve(await _test.AskAsync(Plan), _officer);
        Assert.Equal(1, await _test.TryAsync(Plan));
        var own = (await _test.AuditAsync()).Where(e => e.WriterName == "key role").ToList();
        Assert.Equal([1L, 2L, 3L], own.Select(e => e.Sequence));
        Assert.Equal(_test.Keys.KeyRoleFingerprint[..32], own[0].Writer);
        Assert.Empty(await _test.VerifyAsync());
    }

    [Fact]
    public async Task Secrets_come_back_with_an_approval_of_exactly_that_restore()
    {
        await _test.BackupAsync();
        var request = new RestoreRequest { Scope = RestoreScope.Reserve, Classes = [DataClass.Secrets], Destination = Path.Combine(_test.Root, "out") };
        var plan = await RestoreJob.PlanAsync(_test.Installation, request, default);
        Assert.Equal(ApprovalState.NotRequested, plan.Approval);
        var asked = await Assert.ThrowsAsync<StingException>(() => TestInstallation.CompleteAsync<RestoreResult>(RestoreJob.RunAsync(_test.Installation, plan, default)));
        Assert.Equal(("ApprovalRequired", FailureKind.Refused), (asked.ErrorId, asked.Kind));
        Assert.False(Directory.Exists(Path.Combine(_test.Root, "out")));
        _test.Approve(asked.Target!, _officer);

        var elsewhere = await RestoreJob.PlanAsync(_test.Installation, request with { Destination = Path.Combine(_test.Root, "elsewhere") }, default);
        Assert.Equal("ApprovalRequired", (await Assert.ThrowsAsync<StingException>(() => TestInstallation.CompleteAsync<RestoreResult>(RestoreJob.RunAsync(_test.Installation, elsewhere, default)))).ErrorId);

        // A plan that comes back from another session is made anew, and passes the guard as well.
        await TestInstallation.CompleteAsync<RestoreResult>(RestoreJob.RunAsync(_test.Installation, plan with { Selection = null }, default));
        Assert.Equal("KEY=secret", await File.ReadAllTextAsync(Path.Combine(_test.Root, "out", "env", "app.env")));
        Assert.Equal((AuditEvent.Executed, "Restore-StingReserve", "Completed"), ((await _test.AuditAsync())[^1] is var e ? (e.Event, e.Command, e.Outcome) : default));
    }

    private async Task RevokeAsync(NewApproverResult approver)
    {
        var plan = await ApproverJobs.PlanUnregisterAsync(_test.Installation, approver.Id, default);
        var asked = await Assert.ThrowsAsync<StingException>(() => ApproverJobs.UnregisterAsync(_test.Installation, plan, default).AsTask());
        _test.Approve(asked.Target!, _officer);
        Assert.Equal(ApproverState.Revoked, (await ApproverJobs.UnregisterAsync(_test.Installation, plan, default)).State);
    }

    private static Id16 IdOf(NewApproverResult approver) => Parse(approver.Id);

    private static Id16 Parse(string id) => Id16.TryParse(id, out var parsed) ? parsed : throw new ArgumentException(id);

    /// <summary>Stores nothing any more from a moment on.</summary>
    private sealed class DyingStore(IObjectStore store) : IObjectStore
    {
        public bool IsDead { get; set; }
        public string Location => store.Location;
        public ValueTask<bool> PutAsync(string name, ReadOnlyMemory<byte> content, CancellationToken cancel) =>
            IsDead ? throw new StingException("StoreUnavailable", FailureKind.Io, "The store is gone.", name, "None.") : store.PutAsync(name, content, cancel);
        public ValueTask StageAsync(string name, ReadOnlyMemory<byte> content, CancellationToken cancel) => store.StageAsync(name, content, cancel);
        public ValueTask BarrierAsync(CancellationToken cancel) => store.BarrierAsync(cancel);
        public ValueTask<int> ReadAsync(string name, long offset, Memory<byte> buffer, CancellationToken cancel) => store.ReadAsync(name, offset, buffer, cancel);
        public ValueTask<long?> GetLengthAsync(string name, CancellationToken cancel) => store.GetLengthAsync(name, cancel);
        public IAsyncEnumerable<ObjectInfo> ListAsync(string prefix, CancellationToken cancel) => store.ListAsync(prefix, cancel);
        public ValueTask<bool> DeleteAsync(string name, CancellationToken cancel) => store.DeleteAsync(name, cancel);
        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
