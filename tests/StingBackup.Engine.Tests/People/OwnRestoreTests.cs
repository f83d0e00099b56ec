using StingBackup.Engine.Lifecycle;
using StingBackup.Engine.People;

namespace StingBackup.Engine.Tests.People;

/// <summary>Own files come back, alone or with approvals; a person's erasure from the wish to the certificate; what is left in the audit log.</summary>
public sealed class OwnRestoreTests : IAsyncLifetime
{
    // Somebody has a role, so restores over the original need an approval.
    private const string Roles = "access: { system_admin: [\"user:nobody-here\"] }";
    private static readonly string Notes = $"users/{PeopleFixture.Ada}/notes.txt", First = $"users/{PeopleFixture.Ada}/letters/first.txt";

    private PeopleFixture _test = null!;

    public async Task InitializeAsync() => _test = await PeopleFixture.StartAsync();

    public Task DisposeAsync() => _test.DisposeAsync().AsTask();

    [Fact]
    public async Task What_loses_nothing_needs_nobody_and_what_replaces_needs_what_the_policy_says()
    {
        var ada = await _test.OfAsync(PeopleFixture.Ada);
        Directory.Delete(_test.Full($"users/{PeopleFixture.Ada}/letters"), recursive: true);
        _test.Write(Notes, "written today");
        _test.Write($"users/{PeopleFixture.Bob}/notes.txt", "Bob's of today");
        await GiveRolesAsync();
        ada = await _test.OfAsync(PeopleFixture.Ada);

        var skip = await ada.PlanRestoreAsync(new OwnRestoreRequest { BackupId = "latest" }, default);
        Assert.Equal((2L, true, (ApprovalState?)null), (skip.Files, skip.InPlace, skip.Approval));
        var result = await TestInstallation.CompleteAsync<RestoreResult>(ada.RestoreAsync(skip, default));
        Assert.Equal(JobState.Completed, result.State);
        Assert.Equal(("written today", "Dear Bob", "Bob's of today"), (Read(Notes), Read(First), Read($"users/{PeopleFixture.Bob}/notes.txt")));

        await TestInstallation.CompleteAsync<RestoreResult>(ada.RestoreAsync(await ada.PlanRestoreAsync(new OwnRestoreRequest { BackupId = "latest", Paths = [Notes], Conflict = ConflictAction.Rename }, default), default));
        Assert.Equal("written today", Read(Notes));
        Assert.Contains(Directory.GetFiles(_test.Full($"users/{PeopleFixture.Ada}")), file => file.Contains("notes (backup_", StringComparison.Ordinal) && File.ReadAllText(file) == "Ada's notes");

        foreach (var conflict in (ConflictAction[])[ConflictAction.Overwrite, ConflictAction.Newer])
        {
            var replace = await ada.PlanRestoreAsync(new OwnRestoreRequest { BackupId = "latest", Paths = [Notes], Conflict = conflict }, default);
            Assert.NotNull(replace.Approval);
            Assert.Equal("ApprovalRequired", (await Assert.ThrowsAsync<StingException>(async () => await ada.RestoreAsync(replace, default).ToListAsync())).ErrorId);
        }
        Assert.Equal("written today", Read(Notes));
        _test.Configure("");
        var deeds = (await _test.AuditAsync()).Where(e => e.Command.StartsWith("Restore-", StringComparison.Ordinal)).ToList();
        Assert.Equal(2, deeds.Count(e => e.Event == AuditEvent.Noted && e.Outcome == "Completed"));
        Assert.All(deeds, e => Assert.StartsWith($"kratos:{PeopleFixture.Ada}@", e.Actor, StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_recovery_waits_for_its_approval_and_then_does_exactly_what_was_approved()
    {
        var ada = await _test.OfAsync(PeopleFixture.Ada);
        var then = _test.Clock.GetUtcNow();
        _test.Write(Notes, "a mistake");
        await _test.BackupAsync();
        var wish = new RecoveryWish { Moment = then, Paths = [Notes], Conflict = ConflictAction.Overwrite, Reason = "I wrote over it" };
        var asked = await ada.AskForRecoveryAsync(wish, default);
        Assert.Equal((ApprovalState.Open, asked.Id), (asked.State, (await ada.AskForRecoveryAsync(wish, default)).Id));
        string? Fact(string name) => asked.Facts.Single(f => f.Name == name).Value;
        Assert.Equal((Notes, "1", "I wrote over it", "Overwrite"), (Fact("Paths"), Fact("Files"), Fact("Reason"), Fact("Where another file stands")));
        Assert.DoesNotContain(PeopleFixture.Ada, Fact("Subject")!, StringComparison.Ordinal);

        Assert.Equal("ApprovalRequired", (await Assert.ThrowsAsync<StingException>(async () => await ada.RecoverAsync(asked.Id, default).ToListAsync())).ErrorId);
        Assert.Equal("a mistake", Read(Notes));
        await _test.ApproveAsync(asked.Id);
        Assert.Equal(ApprovalState.Approved, Assert.Single(await ada.RecoveriesAsync(default)).State);
        await TestInstallation.CompleteAsync<RestoreResult>(ada.RecoverAsync(asked.Id, default));
        Assert.Equal("Ada's notes", Read(Notes));
        Assert.Equal(ApprovalState.Used, Assert.Single(await ada.RecoveriesAsync(default)).State);
        await Assert.ThrowsAsync<StingException>(async () => await ada.RecoverAsync(asked.Id, default).ToListAsync());

        foreach (var wrong in (RecoveryWish[])[wish with { Reason = " " }, wish with { WithRows = true }, wish with { WithRows = true, Conflict = ConflictAction.Skip }, wish with { BackupId = "latest" }])
        {
            Assert.Equal("RestoreRequestInvalid", (await Assert.ThrowsAsync<StingException>(async () => await ada.AskForRecoveryAsync(wrong, default))).ErrorId);
        }
        Assert.Equal("BackupNotFound", (await Assert.ThrowsAsync<StingException>(async () => await ada.AskForRecoveryAsync(wish with { Moment = then.AddYears(-1) }, default))).ErrorId);
    }

    [Fact]
    public async Task A_person_who_was_erased_has_the_certificate_and_nothing_else()
    {
        var ada = await _test.OfAsync(PeopleFixture.Ada);
        var asked = Assert.Single(await ada.AskForErasureAsync("I leave", default));
        Assert.Equal(OwnErasureState.Asked, asked.State);
        Assert.Equal("ApprovalRequired", (await Assert.ThrowsAsync<StingException>(async () => await ada.ConfirmErasureAsync(asked.Id, default))).ErrorId);
        await _test.ApproveAsync(asked.Id);
        Assert.Equal(OwnErasureState.Approved, Assert.Single(await ada.ErasuresAsync(default)).State);
        var pending = await ada.ConfirmErasureAsync(asked.Id, default);
        Assert.Equal((OwnErasureState.Pending, false), (pending.State, pending.HasCertificate));
        Assert.Equal(pending.Id, Assert.Single(await ada.ErasuresAsync(default)).Id);

        _test.Clock.Advance(TimeSpan.FromDays(10));
        await using (var installation = await _test.OpenAsync(default))
        {
            await TestInstallation.CompleteAsync<ErasureResult>(ErasureJob.CompleteAsync(installation, "key officer", default));
        }
        var again = await _test.OfAsync(PeopleFixture.Ada);
        Assert.Empty(await again.RunsAsync(null, null, default));
        Assert.Empty((await again.FolderAsync("latest", null, null, 10, default)).Items);
        Assert.Equal("ItemNotFound", (await Assert.ThrowsAsync<StingException>(async () => await again.FileAsync("latest", Notes, default))).ErrorId);
        var done = Assert.Single(await again.ErasuresAsync(default));
        Assert.Equal((OwnErasureState.Completed, true), (done.State, done.HasCertificate));
        Assert.Contains(done.Id, System.Text.Encoding.UTF8.GetString((await again.CertificateAsync(done.Id, default)).Json.Span), StringComparison.Ordinal);
        var bob = await _test.OfAsync(PeopleFixture.Bob);
        Assert.Equal("ErasureNotFound", (await Assert.ThrowsAsync<StingException>(async () => await bob.CertificateAsync(done.Id, default))).ErrorId);
        Assert.Single(await bob.RunsAsync(null, null, default));
    }

    [Fact]
    public async Task A_legal_hold_is_not_told_to_whom_it_concerns()
    {
        await using (var installation = await _test.OpenAsync(default))
        {
            await LegalHolds.AddAsync(installation, await LegalHolds.PlanAsync(installation, RestoreScope.User, PeopleFixture.UserOf(PeopleFixture.Ada), "secret inquiry", default), "counsel", default);
        }
        var ada = await _test.OfAsync(PeopleFixture.Ada);
        var error = await Assert.ThrowsAsync<StingException>(async () => await ada.AskForErasureAsync("I leave", default));
        Assert.Equal("ErasureNotPossible", error.ErrorId);
        Assert.DoesNotContain("inquiry", error.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_audit_log_has_one_record_an_hour_for_looking_and_one_for_each_opening_and_the_report_counts_them()
    {
        var ada = await _test.OfAsync(PeopleFixture.Ada);
        for (var i = 0; i < 3; i++)
        {
            await ada.FolderAsync("latest", null, null, 10, default);
            await (await _test.OfAsync(PeopleFixture.Ada)).RunsAsync(null, null, default);
        }
        Assert.Equal((1, 0), await CountsAsync());
        await PeopleFixture.TextAsync(await ada.FileAsync("latest", Notes, default));
        await PeopleFixture.TextAsync(await ada.FileAsync("latest", Notes, default));
        var files = await ada.FilesAsync("latest", [], null, default).ToListAsync();
        Assert.Equal([First, Notes], files.Select(f => f.Item.Path));
        Assert.Equal(("Dear Bob", "Ada's notes"), (await PeopleFixture.TextAsync(files[0]), await PeopleFixture.TextAsync(files[1])));
        Assert.Equal((1, 3), await CountsAsync());
        _test.Clock.Advance(TimeSpan.FromHours(1));
        await ada.FolderAsync("latest", null, null, 10, default);
        Assert.Equal((2, 3), await CountsAsync());
        var time = _test.Clock.GetUtcNow();
        var report = await ada.ReportAsync(new DateOnly(time.Year, time.Month, 1), default);
        Assert.Equal((1, 1, 1, 4L, 0, 3), (report.Runs, report.WholeRuns, report.Versions, report.Items, report.Restores, report.Openings));
        Assert.Equal(0, (await ada.ReportAsync(new DateOnly(2001, 1, 1), default)).Runs);
    }

    private async Task<(int Browse, int Read)> CountsAsync()
    {
        var records = await _test.AuditAsync();
        return (records.Count(e => e.Command == OwnTrail.Browse), records.Count(e => e.Command == OwnTrail.Read));
    }

    private async Task GiveRolesAsync()
    {
        _test.Configure(Roles);
        await _test.ReopenAsync();
    }

    private string Read(string path) => File.ReadAllText(_test.Full(path));
}
