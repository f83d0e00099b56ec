using StingBackup.Engine.Governance;
using StingBackup.Engine.Lifecycle.Retention;
using StingBackup.Engine.Operations;
using StingBackup.Engine.Reserve.Configuration;
using StingBackup.Engine.Restore;

namespace StingBackup.Engine.Tests.Governance;

/// <summary>Several approvers, their roles, approvals taken back, and what is done without any.</summary>
public sealed class ManyApprovalsTests : IAsyncLifetime, IAsyncDisposable
{
    private static readonly DangerousPlan Plan = GuardedReserve.PlanFor("user:ada");
    private GuardedReserve _test = null!;
    private NewApproverResult _one = null!, _two = null!, _three = null!;

    public async Task InitializeAsync()
    {
        _test = await GuardedReserve.CreateAsync();
        _one = await _test.EnrolAsync("One");
        _two = await _test.EnrolAsync("Two", approvedBy: _one);
        _three = await _test.EnrolAsync("Three", approvedBy: _one);
    }

    public ValueTask DisposeAsync() => _test.DisposeAsync();

    Task IAsyncLifetime.DisposeAsync() => DisposeAsync().AsTask();

    private static AccessIdentity KeyOf(NewApproverResult approver) => new(IdentityKind.Key, approver.Fingerprint);

    /// <summary>Everything is given to whoever runs the tests, and approving to the approvers named.</summary>
    private async Task UseAsync(GuardedOperation operation, int? count, NewApproverResult[]? team = null, NewApproverResult[]? officers = null, params AccessIdentity[][] people)
    {
        var me = Caller.OfProcess.Identities[0];
        var roles = team is null ? [] : Enum.GetValues<AccessRole>().ToDictionary(r => r, r => (IReadOnlyList<AccessIdentity>)[
            me, .. (r == AccessRole.SecurityTeam ? team : []).Select(KeyOf), .. (r == AccessRole.ComplianceOfficer ? officers ?? [] : []).Select(KeyOf)]);
        _test.Access = new AccessPolicy(roles, people) { Counts = new Dictionary<GuardedOperation, int?> { [operation] = count } };
        await _test.ReopenAsync();
    }

    [Fact]
    public async Task Two_of_three_must_approve_and_the_same_one_twice_is_one()
    {
        await UseAsync(GuardedOperation.Erasure, 2);
        var error = await _test.RefusedAsync(Plan, "ApprovalRequired");
        Assert.Contains("the approvals of 2 others, and has 0", error.Message, StringComparison.Ordinal);
        var first = _test.Approve(error.Target!, _one);
        File.Copy(first.ApprovalFile, Path.Combine(_test.Approvals, error.Target + ".approval"));
        _test.Approve(error.Target!, _one);
        Assert.Contains("and has 1", (await _test.RefusedAsync(Plan, "ApprovalRequired")).Message, StringComparison.Ordinal);
        var listed = Assert.Single(await ApprovalDesk.ListAsync(_test.Installation, all: false, default));
        Assert.Equal((ApprovalState.Open, 2, 1), (listed.State, listed.Needed, listed.Given));
        var second = _test.Approve(error.Target!, _three);
        Assert.NotEqual(first.ApprovalFile, second.ApprovalFile);
        Assert.Equal(ApprovalState.Approved, await Guard.LookAsync(_test.Installation, Plan, default));
        Assert.Equal(1, await _test.TryAsync(Plan));
        var approved = (await _test.AuditAsync()).Last(e => e.Event == AuditEvent.Approved);
        Assert.Equal(new[] { _one.Id, _three.Id }.Order(StringComparer.Ordinal), approved.Approvers.Order(StringComparer.Ordinal));
        Assert.Empty(await _test.VerifyAsync());
        Assert.Empty(Directory.GetFiles(_test.Approvals, "*.approval"));
    }

    [Fact]
    public async Task The_number_is_that_of_the_day_and_not_what_the_request_says()
    {
        var request = await _test.AskAsync(Plan);
        _test.Approve(request, _one);
        await UseAsync(GuardedOperation.Erasure, 2);
        await _test.RefusedAsync(Plan, "ApprovalRequired");
        await UseAsync(GuardedOperation.Erasure, 1);
        Assert.Equal(1, await _test.TryAsync(Plan));
    }

    [Fact]
    public async Task A_bad_approval_beside_a_good_one_is_refused_and_the_good_one_stays()
    {
        await UseAsync(GuardedOperation.Erasure, 2);
        var request = await _test.AskAsync(Plan);
        _test.Approve(request, _one);
        var stranger = _test.Approve(request, _test.MakeApprover("Stranger"));
        await _test.RefusedAsync(Plan, "ApproverUnknown");
        Assert.False(File.Exists(stranger.ApprovalFile));
        _test.Approve(request, _two);
        Assert.Equal(1, await _test.TryAsync(Plan));
    }

    [Fact]
    public async Task Only_the_security_team_approves_once_roles_are_given_and_for_what_is_deleted_compliance_officers_too()
    {
        await UseAsync(GuardedOperation.Erasure, 1, team: [_one], officers: [_three]);
        var request = await _test.AskAsync(Plan);
        _test.Approve(request, _two);
        Assert.Contains("security_team", (await _test.RefusedAsync(Plan, "ApproverNotAllowed")).Message, StringComparison.Ordinal);
        _test.Approve(request, _three);
        Assert.Equal(1, await _test.TryAsync(Plan));

        var escrow = new DangerousPlan("Export-StingKeyEscrow", "keys");
        var other = await _test.AskAsync(escrow);
        _test.Approve(other, _three);
        await _test.RefusedAsync(escrow, "ApproverNotAllowed");
        _test.Approve(other, _one);
        Assert.Equal(2, await _test.TryAsync(escrow));
    }

    [Fact]
    public async Task Nobody_approves_himself_under_another_name_and_two_keys_of_one_person_are_one_voice()
    {
        var me = Caller.OfProcess.Identities[0];
        await UseAsync(GuardedOperation.Erasure, 2, null, null, [me, KeyOf(_one)], [KeyOf(_two), KeyOf(_three)]);
        var request = await _test.AskAsync(Plan);
        _test.Approve(request, _one);
        Assert.Contains(me.ToString(), (await _test.RefusedAsync(Plan, "ApproverNotIndependent")).Message, StringComparison.Ordinal);
        _test.Approve(request, _two);
        _test.Approve(request, _three);
        Assert.Contains("and has 1", (await _test.RefusedAsync(Plan, "ApprovalRequired")).Message, StringComparison.Ordinal);

        // Somebody else who runs what was asked makes no other of whoever asked.
        var another = new AccessIdentity(IdentityKind.User, "another-account");
        await UseAsync(GuardedOperation.Erasure, 1, null, null, [another, KeyOf(_two)]);
        _test.Caller = Caller.OfProcess with { Portal = another, IsAccount = true };
        await _test.ReopenAsync();
        var bob = GuardedReserve.PlanFor("user:bob");
        var asked = await _test.AskAsync(bob);
        _test.Caller = Caller.OfProcess;
        await _test.ReopenAsync();
        _test.Approve(asked, _two);
        await _test.RefusedAsync(bob, "ApproverNotIndependent");
    }

    [Fact]
    public async Task The_request_that_is_named_must_be_of_this_very_plan()
    {
        var request = await _test.AskAsync(Plan);
        _test.Approve(request, _one);
        _test.Caller = Caller.OfProcess with { ApprovalId = request };
        await _test.ReopenAsync();
        // The plan changed: one pack more.
        await _test.RefusedAsync(GuardedReserve.PlanFor("user:ada", 4), "ApprovalMismatch");
        Assert.Equal(("ApprovalMismatch", AuditEvent.Refused), ((await _test.AuditAsync())[^1].Outcome, (await _test.AuditAsync())[^1].Event));
        Assert.Equal(1, await _test.TryAsync(Plan));
        Assert.Contains("once", (await _test.RefusedAsync(Plan, "ApprovalMismatch")).Message, StringComparison.Ordinal);
        _test.Caller = Caller.OfProcess with { ApprovalId = "0123456789abcdef0123456789abcdef" };
        await _test.ReopenAsync();
        await _test.RefusedAsync(Plan, "ApprovalRequestUnknown", FailureKind.NotFound);
    }

    [Fact]
    public async Task An_approval_that_was_taken_back_counts_no_more_whatever_is_put_back()
    {
        var request = await _test.AskAsync(Plan);
        Assert.Equal("ApprovalNotGiven", Assert.Throws<StingException>(() => ApprovalDesk.PlanRevocation(_test.Installation, request, null)).ErrorId);
        _test.Approve(request, _one);
        var plan = ApprovalDesk.PlanRevocation(_test.Installation, request, null);
        Assert.Equal([_one.Id], plan.Approvers);
        await ApprovalDesk.RevokeAsync(_test.Installation, plan, default);
        await _test.RefusedAsync(Plan, "ApprovalRevoked");
        _test.Approve(request, _one);
        await _test.RefusedAsync(Plan, "ApprovalRevoked");
        _test.Approve(request, _two);
        Assert.Equal(1, await _test.TryAsync(Plan));
        Assert.Contains(AuditEvent.Revoked, await _test.EventsAsync());
        Assert.Empty(await _test.VerifyAsync());
    }

    [Fact]
    public async Task What_is_over_can_be_asked_for_again()
    {
        var request = await _test.AskAsync(Plan);
        await ApprovalDesk.DenyAsync(_test.Installation, request, default);
        var again = await ApprovalDesk.RequestAgainAsync(_test.Installation, request, default);
        Assert.NotEqual(request, again.Id);
        Assert.Equal((ApprovalState.Open, Plan.Digest.ToString()), (again.State, again.PlanDigest));
        Assert.Equal(again.Id, (await ApprovalDesk.RequestAgainAsync(_test.Installation, again.Id, default)).Id);
        _test.Approve(again.Id, _one);
        Assert.Equal(1, await _test.TryAsync(Plan));
        await Assert.ThrowsAsync<StingException>(() => GuardedPlans.RequestAsync(_test.Installation, "no plan", default).AsTask());
    }

    [Fact]
    public async Task The_glass_is_broken_for_a_restore_loudly_and_another_identity_reviews_it()
    {
        await _test.BackupAsync();
        await UseAsync(GuardedOperation.Restore, 1, team: [_one, _two], people: [[Caller.OfProcess.Identities[0], KeyOf(_two)]]);
        var request = new RestoreRequest { Scope = RestoreScope.File, Files = ["a.conf"], Destination = Path.Combine(_test.Root, "out") };
        var plan = await RestoreJob.PlanAsync(_test.Installation, request, default);
        Assert.Equal(ApprovalState.NotRequested, plan.Approval);
        var asked = await Assert.ThrowsAsync<StingException>(() => TestInstallation.CompleteAsync<RestoreResult>(RestoreJob.RunAsync(_test.Installation, plan, default)));
        Assert.Equal("ApprovalRequired", asked.ErrorId);
        Assert.Contains("-BreakGlass", asked.Remedy, StringComparison.Ordinal);

        _test.Caller = Caller.OfProcess with { BreakGlass = "short" };
        await _test.ReopenAsync();
        Assert.Equal("BreakGlassNoReason", (await Assert.ThrowsAsync<StingException>(() => TestInstallation.CompleteAsync<RestoreResult>(RestoreJob.RunAsync(_test.Installation, plan, default)))).ErrorId);
        // What destroys has no such way.
        await _test.RefusedAsync(Plan, "BreakGlassNotAllowed");

        _test.Caller = Caller.OfProcess with { BreakGlass = "The site burns and Ada's team cannot be reached" };
        await _test.ReopenAsync();
        var events = await RestoreJob.RunAsync(_test.Installation, plan, default).ToListAsync();
        Assert.Equal("a", await File.ReadAllTextAsync(Path.Combine(_test.Root, "out", "a.conf")));
        Assert.Contains(events.OfType<WarningEvent>(), w => w.Message.Contains("WITHOUT its approvals", StringComparison.Ordinal) && w.Message.Contains("The site burns", StringComparison.Ordinal));
        Assert.Empty(await _test.VerifyAsync());
        // The reason may name people: it is on this host and not in the chain.
        Assert.All(_test.Store.Objects.Where(o => o.Key.StartsWith("audit/", StringComparison.Ordinal)), o => Assert.Equal(-1, o.Value.Span.IndexOf("Ada"u8)));

        var review = Assert.Single(await ReviewJob.ListAsync(_test.Installation, remember: true, default));
        Assert.Equal("Restore-StingFile", review.Command);
        var status = await StatusReader.ReadAsync(_test.Installation, default);
        Assert.Equal((review.Id, Health.Warning), (Assert.Single(status.OpenReviews).Id, status.Health));
        Assert.Contains((await ReviewJob.PlanAsync(_test.Installation, review.Id, default)).Facts, f => f.Value.Contains("The site burns", StringComparison.Ordinal));

        // Who broke it does not close it, nor does his other key.
        _test.Caller = Caller.OfProcess;
        await _test.ReopenAsync();
        var needed = await Assert.ThrowsAsync<StingException>(() => ReviewJob.RunAsync(_test.Installation, review.Id, default));
        Assert.Equal("ApprovalRequired", needed.ErrorId);
        _test.Approve(needed.Target!, _two);
        Assert.Equal("ApproverNotIndependent", (await Assert.ThrowsAsync<StingException>(() => ReviewJob.RunAsync(_test.Installation, review.Id, default))).ErrorId);
        _test.Approve(needed.Target!, _one);
        await ReviewJob.RunAsync(_test.Installation, review.Id, default);
        Assert.Empty(await ReviewJob.ListAsync(_test.Installation, remember: true, default));
        Assert.Equal("ReviewClosed", (await Assert.ThrowsAsync<StingException>(() => ReviewJob.RunAsync(_test.Installation, review.Id, default))).ErrorId);
        var check = await AuditReader.TestAsync(_test.Installation, default);
        Assert.True(check.IsSound);
        Assert.Empty(check.OpenReviews);
    }

    [Fact]
    public async Task Every_restore_is_approved_once_roles_are_given_and_its_plan_can_be_sent_ahead()
    {
        await _test.BackupAsync();
        await UseAsync(GuardedOperation.Restore, null, team: [_one]);
        var request = new RestoreRequest { Scope = RestoreScope.File, Files = ["a.conf"], Destination = Path.Combine(_test.Root, "out") };
        var plan = await RestoreJob.PlanAsync(_test.Installation, request, default);
        var sent = await GuardedPlans.RequestAsync(_test.Installation, plan, default);
        Assert.Equal(("Restore-StingFile", ApprovalState.Open), (sent.Command, sent.State));
        _test.Approve(sent.Id, _one);
        Assert.Equal(ApprovalState.Approved, (await RestoreJob.PlanAsync(_test.Installation, request, default)).Approval);
        await TestInstallation.CompleteAsync<RestoreResult>(RestoreJob.RunAsync(_test.Installation, plan, default));
        Assert.Equal("Executed", (await _test.AuditAsync())[^1].Event.ToString());

        // Without roles nobody is asked, and the record says who did it to whom.
        await UseAsync(GuardedOperation.Erasure, null);
        await TestInstallation.CompleteAsync<RestoreResult>(RestoreJob.RunAsync(_test.Installation, await RestoreJob.PlanAsync(_test.Installation, request, default), default));
        var noted = (await _test.AuditAsync())[^1];
        Assert.Equal((AuditEvent.Noted, "Restore-StingFile", 1), (noted.Event, noted.Command, noted.Subjects.Count));
    }

    [Fact]
    public async Task Fewer_days_are_a_deletion_and_what_was_kept_before_stands_in_the_chain()
    {
        await _test.BackupAsync();
        RetentionSettings Days(int files) => new(7, 30, 365, Settings.ClassDays.ToDictionary(c => c.Key, c => c.Key == DataClass.Settings ? files : c.Value.Default));
        async Task RunAsync(int days)
        {
            _test.Retention = Days(days);
            await UseAsync(GuardedOperation.RetentionCut, 1);
            var plan = await RetentionJob.PlanAsync(_test.Installation, null, default);
            await TestInstallation.CompleteAsync<RetentionResult>(RetentionJob.RunAsync(_test.Installation, plan, default));
        }
        await RunAsync(365);
        await RunAsync(400);
        var error = await Assert.ThrowsAsync<StingException>(() => RunAsync(365));
        Assert.Equal("ApprovalRequired", error.ErrorId);
        Assert.Contains("365 in the place of 400", await File.ReadAllTextAsync(Path.Combine(_test.Approvals, error.Target + ".request")), StringComparison.Ordinal);
        // Another number is another plan.
        Assert.NotEqual(error.Target, (await Assert.ThrowsAsync<StingException>(() => RunAsync(30))).Target);
        _test.Approve(error.Target!, _one);
        await RunAsync(365);
        await RunAsync(365);
        Assert.Contains("Settings=365", (await _test.AuditAsync()).Last(e => e.Event == AuditEvent.Executed).Outcome, StringComparison.Ordinal);
        Assert.Empty(await _test.VerifyAsync());
        // What the record of before does not name, or by no number, was not kept for longer; and all is more than any number.
        await AuditLog.NoteAsync(_test.Installation, "Invoke-StingRetention", [], "Keeps archive=all Settings=long copies", default);
        Assert.Equal(new PlanFact("archive", "365 in the place of all"), Assert.Single((await RetentionCut.NeededAsync(_test.Installation, default))!.Facts));
    }
}
