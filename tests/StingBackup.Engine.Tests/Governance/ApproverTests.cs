using StingBackup.Engine.Basics;
using StingBackup.Engine.Cryptography;
using StingBackup.Engine.Governance;
using StingBackup.Engine.Keys;
using StingBackup.Engine.Tests.Integrity;

namespace StingBackup.Engine.Tests.Governance;

/// <summary>Keys of approvers, and how approvers come and go.</summary>
public sealed class ApproverTests : IAsyncLifetime, IAsyncDisposable
{
    private GuardedReserve _test = null!;

    public async Task InitializeAsync() => _test = await GuardedReserve.CreateAsync();

    public ValueTask DisposeAsync() => _test.DisposeAsync();

    Task IAsyncLifetime.DisposeAsync() => DisposeAsync().AsTask();

    [Fact]
    public async Task The_first_is_enrolled_by_the_key_role_alone_and_each_later_one_needs_an_approval()
    {
        var first = await _test.EnrolAsync("Security officer");
        _test.Clock.Advance(TimeSpan.FromMinutes(1));
        var made = _test.MakeApprover("Second officer");
        var plan = await ApproverJobs.PlanRegisterAsync(_test.Installation, made.PublicFile, default);
        Assert.Equal(ApprovalState.NotRequested, plan.Approval);
        var asked = await Assert.ThrowsAsync<StingException>(() => ApproverJobs.RegisterAsync(_test.Installation, plan, default).AsTask());
        Assert.Equal("ApprovalRequired", asked.ErrorId);
        Assert.DoesNotContain(_test.Store.Objects.Keys, n => n.Contains(made.Id, StringComparison.Ordinal));
        // Not even by his own hand.
        _test.Approve(asked.Target!, made);
        Assert.Equal("ApproverUnknown", (await Assert.ThrowsAsync<StingException>(() => ApproverJobs.RegisterAsync(_test.Installation, plan, default).AsTask())).ErrorId);
        _test.Approve(asked.Target!, first);
        Assert.Equal(made.Id, (await ApproverJobs.RegisterAsync(_test.Installation, plan, default)).Id);
        var (approvers, faults) = await ApproverJobs.ListAsync(_test.Installation, default);
        Assert.Equal(["Security officer", "Second officer"], approvers.Select(a => a.Name));
        Assert.Empty(faults);
        Assert.Empty(await _test.VerifyAsync());
        Assert.Equal("ApproverEnrolled", (await Assert.ThrowsAsync<StingException>(() => ApproverJobs.PlanRegisterAsync(_test.Installation, made.PublicFile, default).AsTask())).ErrorId);
    }

    [Fact]
    public async Task Taking_away_every_object_of_the_first_does_not_make_another_one_first()
    {
        var first = await _test.EnrolAsync("Security officer");
        await _test.ReplaceAsync(KeyObjectNames.Approver(Parse(first.Id), 1), null);
        File.Delete(Path.Combine(_test.Root, "keys", "signed", "approvers", first.Id));
        var plan = await ApproverJobs.PlanRegisterAsync(_test.Installation, _test.MakeApprover("Eve").PublicFile, default);
        Assert.NotNull(plan.Approval);
        Assert.Equal("ApprovalRequired", (await Assert.ThrowsAsync<StingException>(() => ApproverJobs.RegisterAsync(_test.Installation, plan, default).AsTask())).ErrorId);
    }

    [Fact]
    public async Task The_last_one_stays_and_a_revoked_key_never_comes_back()
    {
        var first = await _test.EnrolAsync("Security officer");
        Assert.Equal("LastApprover", (await Assert.ThrowsAsync<StingException>(() => ApproverJobs.PlanUnregisterAsync(_test.Installation, first.Id, default).AsTask())).ErrorId);
        _test.Clock.Advance(TimeSpan.FromMinutes(1));
        var second = await _test.EnrolAsync("Second officer", approvedBy: first);
        var plan = await ApproverJobs.PlanUnregisterAsync(_test.Installation, first.Id, default);
        var asked = await Assert.ThrowsAsync<StingException>(() => ApproverJobs.UnregisterAsync(_test.Installation, plan, default).AsTask());
        _test.Approve(asked.Target!, second);
        await ApproverJobs.UnregisterAsync(_test.Installation, plan, default);
        Assert.Equal([ApproverState.Revoked, ApproverState.Enrolled], (await ApproverJobs.ListAsync(_test.Installation, default)).Approvers.Select(a => a.State));
        Assert.Equal("ApproverRevoked", (await Assert.ThrowsAsync<StingException>(() => ApproverJobs.PlanRegisterAsync(_test.Installation, first.PublicFile, default).AsTask())).ErrorId);
        Assert.Equal("ApproverUnknown", (await Assert.ThrowsAsync<StingException>(() => ApproverJobs.PlanUnregisterAsync(_test.Installation, "nobody", default).AsTask())).ErrorId);
        Assert.Empty(await _test.VerifyAsync());
        await _test.ReplaceAsync(KeyObjectNames.Approver(Parse(first.Id), 2), null);
        Assert.Contains("revoked", Assert.Single(await _test.VerifyAsync()).Problem, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_changed_byte_of_an_enrolment_is_named_and_the_copy_serves()
    {
        var first = await _test.EnrolAsync("Security officer");
        var name = KeyObjectNames.Approver(Parse(first.Id), 1);
        var bytes = _test.Store.Objects[name];
        foreach (var at in (int[])[0, 9, 30, 60, 100, bytes.Length - 1])
        {
            await _test.ReplaceAsync(name, Verify.Flip(bytes, at));
            Assert.Equal([name], (await _test.VerifyAsync()).Select(f => f.Object));
            Assert.Single((await ApproverJobs.ListAsync(_test.Installation, default)).Approvers);
        }
        await _test.Keys.PublishAsync(_test.Store, default);
        Assert.Empty(await _test.VerifyAsync());
    }

    [Fact]
    public void A_key_needs_its_passphrase_and_every_byte_of_its_files()
    {
        var made = _test.MakeApprover("Security officer");
        using var wrong = SecretBytes.CopyOf("not it"u8);
        Assert.Equal("WrongPassphrase", Assert.Throws<StingException>(() => ApproverKeyFile.Open(made.KeyFile, wrong)).ErrorId);
        Assert.Equal("PassphraseNeeded", Assert.Throws<StingException>(() => ApproverKeyFile.Open(made.KeyFile, null)).ErrorId);
        if (!OperatingSystem.IsWindows())
        {
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(made.KeyFile));
        }
        foreach (var path in (string[])[made.KeyFile, made.PublicFile])
        {
            var bytes = File.ReadAllBytes(path);
            for (var at = 0; at < bytes.Length; at++)
            {
                File.WriteAllBytes(path, Verify.Flip(bytes, at, 0x01));
                using var right = SecretBytes.CopyOf("the approver's own words"u8);
                var error = Assert.Throws<StingException>(() => path == made.KeyFile ? (object)ApproverKeyFile.Open(path, right) : ApproverKeyFile.ReadPublic(path));
                Assert.Equal("KeyFileDamaged", error.ErrorId);
            }
            File.WriteAllBytes(path, bytes);
        }
        Assert.Equal("ApproverKeyExists", Assert.Throws<StingException>(() => ApproverJobs.PlanNew("x", made.KeyFile)).ErrorId);
        Assert.Equal("ApproverNameInvalid", Assert.Throws<StingException>(() => ApproverJobs.PlanNew(" ", Path.Combine(_test.Root, "x"))).ErrorId);
        Assert.Equal("ApproverKeyUnavailable", Assert.Throws<StingException>(() => ApproverKeyFile.ReadPublic(Path.Combine(_test.Root, "none"))).ErrorId);
    }

    private static Id16 Parse(string id) => Id16.TryParse(id, out var parsed) ? parsed : throw new ArgumentException(id);
}
