using StingBackup.Module.Tests.Hosting;

namespace StingBackup.Module.Tests.Cmdlets;

public sealed class KeyRotationTests
{
    [CulturedFact]
    public void A_plan_says_what_changes_and_changes_nothing()
    {
        using var sample = SampleInstallation.Copy();
        using var shell = sample.OpenShell();
        var before = File.ReadAllBytes(sample["keys", "reserve.pub"]);
        foreach (var kind in Enum.GetValues<KeyRotationKind>())
        {
            var plan = shell.Run($"Update-StingKey -Kind {kind} -WhatIf").Succeeded().Objects<KeyRotationPlan>().Single();
            Assert.Equal((kind, kind is KeyRotationKind.KeyEncryptionKey or KeyRotationKind.Signing), (plan.Kind, plan.NeedsApproval));
            Assert.NotEmpty(plan.Changes);
        }
        Assert.Equal(before, File.ReadAllBytes(sample["keys", "reserve.pub"]));
    }

    [Fact]
    public void An_epoch_and_subjects_are_renewed_and_a_KEK_asks_for_an_approval()
    {
        using var sample = SampleInstallation.Copy();
        using var shell = sample.OpenShell();
        var result = shell.Run("Update-StingKey -Kind Epoch").Succeeded().Objects<KeyRotationResult>().Single();
        Assert.Equal((JobState.Completed, 2L, 0L), (result.State, result.Epoch, result.Claims));
        var one = shell.Run("Update-StingKey -Kind Subject -User user@example.com").Succeeded().Objects<KeyRotationResult>().Single();
        Assert.Equal((1L, 1L), (one.Claims, one.Records));
        Assert.Equal(0L, shell.Run("Update-StingKey -Kind Writer").Succeeded().Objects<KeyRotationResult>().Single().Claims);
        Assert.Equal(5L, shell.Run("Update-StingKey -Kind Subject").Succeeded().Objects<KeyRotationResult>().Single().Claims);
        Assert.All(shell.Run("Get-StingKey -Kind Subject").Succeeded().Objects<KeyInfo>(), key => Assert.InRange(key.Generation!.Value, 2, 3));
        var again = shell.Run("Update-StingKey -Kind Subject -User user@example.com -NewWriterSecret -WhatIf").Succeeded().Objects<KeyRotationPlan>().Single();
        Assert.True(again is { NewWriterSecret: true, StoredAgainBytes: > 0 });
        Assert.Equal(1L, shell.Run("Update-StingKey -Kind Subject -User user@example.com -NewWriterSecret").Succeeded().Objects<KeyRotationResult>().Single().Claims);
        shell.Run("Update-StingKey -Kind Subject -NewWriterSecret -Due").FailedWith("RotationUnfit");
        shell.Run("Update-StingKey -Kind Epoch -NewWriterSecret").FailedWith("RotationUnfit");
        shell.Run("Update-StingKey -Kind KeyEncryptionKey").FailedWith("ApprovalRequired");
        shell.Run("Update-StingKey -Kind Signing").FailedWith("ApprovalRequired");
        Assert.Empty(shell.Run("(Test-StingBackupIntegrity -Level Data).Faults").Succeeded().Output);
    }

    [Fact]
    public void Nothing_is_done_before_it_is_due_and_a_name_goes_with_subjects_alone()
    {
        using var sample = SampleInstallation.Copy();
        using var shell = sample.OpenShell();
        shell.Run("Update-StingKey -Kind Epoch -User user@example.com").FailedWith("RotationUnfit");
        Assert.Contains(shell.Run("Get-StingBackupStatus").Succeeded().Objects<BackupStatus>().Single().Warnings, warning => warning.EndsWith("Update-StingKey -Kind Epoch.", StringComparison.Ordinal));
        Assert.Single(shell.Run("Update-StingKey -Kind Epoch -Due").Succeeded().Objects<KeyRotationResult>());   // the sample is older than a quarter
        Assert.Empty(shell.Run("Update-StingKey -Kind Epoch -Due").Succeeded().Output);
        Assert.DoesNotContain(shell.Run("Get-StingBackupStatus").Succeeded().Objects<BackupStatus>().Single().Warnings, warning => warning.EndsWith("Update-StingKey -Kind Epoch.", StringComparison.Ordinal));
        var kek = shell.Run("Get-StingKey -Kind KeyVault").Succeeded().Objects<KeyInfo>().Single();
        Assert.Equal(kek.CreatedTime + TimeSpan.FromDays(90), kek.DueTime);
        Assert.Null(shell.Run("Get-StingKey -Kind Spares").Succeeded().Objects<KeyInfo>().Single().DueTime);
    }
}
