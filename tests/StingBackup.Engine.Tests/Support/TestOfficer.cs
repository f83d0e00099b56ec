using StingBackup.Engine.Cryptography;
using StingBackup.Engine.Governance;
using StingBackup.Engine.Tests.Keys;

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
        await EnrolAsync(installation);
        var asked = await Assert.ThrowsAsync<StingException>(deed);
        Assert.Equal("ApprovalRequired", asked.ErrorId);
        Approve(installation, asked.Target!);
        return await deed();
    }

    /// <summary>Approves an open request.</summary>
    public async Task ApproveAsync(Installation installation, string request)
    {
        await EnrolAsync(installation);
        Approve(installation, request);
    }

    public async Task EnrolAsync(Installation installation)
    {
        if (_made is null)
        {
            using var passphrase = SecretBytes.CopyOf("the approver's own words"u8);
            _made = ApproverJobs.New(ApproverJobs.PlanNew("Officer", Path.Combine(folder, "officer.approver")), passphrase, clock, KeyFixture.LittleWork);
            await ApproverJobs.RegisterAsync(installation, await ApproverJobs.PlanRegisterAsync(installation, _made.PublicFile, default), default);
        }
    }

    private void Approve(Installation installation, string request)
    {
        using var passphrase = SecretBytes.CopyOf("the approver's own words"u8);
        ApprovalDesk.Approve(ApprovalDesk.PlanApproval(Path.Combine(installation.StateFolder, "approvals", request + ".request"), _made!.KeyFile, clock), passphrase, clock);
    }
}
