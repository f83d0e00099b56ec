using System.Security;
using StingBackup.Module.Tests.Hosting;

namespace StingBackup.Module.Tests.Cmdlets;

/// <summary>The key file's protection as administrators change it.</summary>
public sealed class KeyProtectionTests : IDisposable
{
    private readonly SampleInstallation _sample = SampleInstallation.Copy();
    private readonly HostedShell _shell;

    public KeyProtectionTests() => _shell = _sample.OpenShell();

    public void Dispose()
    {
        _shell.Dispose();
        _sample.Dispose();
    }

    [Fact]
    public void A_passphrase_comes_after_an_approval_and_is_asked_for_from_then_on()
    {
        using var own = SampleInstallation.SecurePassphrase;
        var plan = _shell.Run("Set-StingKeyProtection Passphrase -WhatIf").Succeeded().Objects<KeyProtectionPlan>().Single();
        Assert.Equal((KeyProtection.Open, KeyProtection.Passphrase, ApprovalState.NotRequested), (plan.From, plan.To, plan.Approval));
        _shell.Run("param($own) New-StingApprover 'Officer' ./officer.approver -ApproverPassphrase $own | Register-StingApprover -Confirm:$false", ("own", own)).Succeeded();
        _shell.Run("param($own) Set-StingKeyProtection Passphrase -NewPassphrase $own", ("own", own)).FailedWith("ApprovalRequired");
        _shell.Run("param($own) Get-StingApproval | Approve-StingApproval -KeyFile ./officer.approver -ApproverPassphrase $own -Confirm:$false", ("own", own)).Succeeded();
        var done = _shell.Run("param($own) Set-StingKeyProtection Passphrase -NewPassphrase $own", ("own", own)).Succeeded().Objects<KeyProtectionResult>().Single();
        Assert.Equal(KeyProtection.Passphrase, done.To);
        Assert.Equal(KeyProtection.Passphrase, _shell.Run("(Get-StingBackupStatus).KeyProtection").Succeeded().Objects<KeyProtection>().Single());
        _shell.Run("param($own) Find-StingItem document.pdf -Passphrase $own", ("own", own)).Succeeded();
        using var wrong = new SecureString();
        wrong.AppendChar('x');
        _shell.Run("param($own) Find-StingItem document.pdf -Passphrase $own", ("own", wrong)).FailedWith("WrongPassphrase");
    }

    [Fact]
    public void What_cannot_be_is_told_by_name()
    {
        _shell.Run("Set-StingKeyProtection Open").FailedWith("KeyProtectionSame");
        _shell.Run("Set-StingKeyProtection KeyVault").FailedWith("KeyVaultNeeded");
        _shell.Run("Set-StingKeyProtection -Rewrap").FailedWith("KeyVaultNotUsed");
    }
}
