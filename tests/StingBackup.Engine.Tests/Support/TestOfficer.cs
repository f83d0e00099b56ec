using StingBackup.Engine.Cryptography;
using StingBackup.Engine.Governance;
using StingBackup.Engine.Tests.Cryptography;

namespace StingBackup.Engine.Tests.Support;

/// <summary>A second identity: enrolled when he is first needed, he approves what is asked.</summary>
/// <param name="folder">Where his key lies.</param>
/// <param name="clock">The test's clock.</param>
internal sealed class TestOfficer(string folder, TimeProvider clock)
{
    private NewApproverResult? _made;

    /// <summary>Tries without an approval, which must be refused, approves it, and does it.</summary>
    public async Task<T> ApprovedAsync<T>(Installation installation, Func<Task<T>> deed)
    {
        using var passphrase = SecretBytes.CopyOf("the approver's own words"u8);
        if (_made is null)
        {
            _made = ApproverJobs.New(ApproverJobs.PlanNew("Officer", Path.Combine(folder, "officer.approver")), passphrase, clock, KeyFixture.LittleWork);
            await ApproverJobs.RegisterAsync(installation, await ApproverJobs.PlanRegisterAsync(installation, _made.PublicFile, default), default);
        }
        var asked = await Assert.ThrowsAsync<StingException>(deed);
        Assert.Equal("ApprovalRequired", asked.ErrorId);
        ApprovalDesk.Approve(ApprovalDesk.PlanApproval(Path.Combine(installation.StateFolder, "approvals", asked.Target + ".request"), _made.KeyFile, clock), passphrase, clock);
        return await deed();
    }
}
