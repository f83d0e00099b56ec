using StingBackup.Module.Tests.Hosting;

namespace StingBackup.Module.Tests.Cmdlets;

public sealed class HostTests
{
    private const string Enrol = """
        $null = Register-StingHost -New -HostName web-1 -OutputPath web-1.request -ConfigPath web-1.yaml
        $null = Register-StingHost -Request web-1.request -OutputPath web-1.package -Count 20
        $null = Register-StingHost -Package web-1.package -ConfigPath web-1.yaml

        """;

    [Fact]
    public void A_host_without_keys_to_read_backs_up_and_is_told_what_it_may_not()
    {
        using var sample = SampleInstallation.Copy();
        using var shell = sample.OpenShell();
        Assert.Equal(JobState.Completed, shell.Run(Enrol + "Invoke-StingBackup -Type Full -ConfigPath web-1.yaml").Succeeded().Objects<BackupResult>().Single().State);
        foreach (var command in (string[])["Find-StingItem document.pdf", $"Get-StingRestorePointItem {SampleInstallation.FirstRun}", "Restore-StingFile document.pdf -Destination ./out", "Unregister-StingHost web-1"])
        {
            var error = shell.Run($"{command} -ConfigPath web-1.yaml").FailedWith("KeyDirectoryMissing");
            Assert.Contains("can write, but not read", error.ToString(), StringComparison.Ordinal);
        }
    }

    [Fact]
    public void A_revocation_waits_for_a_second_identity()
    {
        using var sample = SampleInstallation.Copy();
        using var shell = sample.OpenShell();
        shell.Run(Enrol + "Unregister-StingHost web-1 -Confirm:$false").FailedWith("ApprovalRequired");
        Assert.Equal(JobState.Completed, shell.Run("Invoke-StingBackup -ConfigPath web-1.yaml").Succeeded().Objects<BackupResult>().Single().State);
        // The same number makes the same plan, whatever the host stored meanwhile.
        Assert.Equal(ApprovalState.Open, shell.Run("(Unregister-StingHost web-1 -LastGoodPoint none -WhatIf).Approval").Succeeded().Objects<ApprovalState>().Single());
    }

    [Fact]
    public void Plans_change_nothing()
    {
        using var sample = SampleInstallation.Copy();
        using var shell = sample.OpenShell();
        var plan = shell.Run("Register-StingHost -New -HostName web-1 -OutputPath web-1.request -ConfigPath web-1.yaml -WhatIf").Succeeded().Objects<HostRegistrationPlan>().Single();
        Assert.Equal((HostStep.Request, "web-1"), (plan.Step, plan.HostName));
        Assert.False(File.Exists(sample["web-1.request"]));
        Assert.False(Directory.Exists(sample["web-1", "state"]));
        Assert.Equal("web-1", shell.Run(Enrol + "Unregister-StingHost web-1 -LastGoodPoint none -WhatIf").Succeeded().Objects<HostRevocationPlan>().Single().HostName);
        Assert.Equal(JobState.Completed, shell.Run("Invoke-StingBackup -ConfigPath web-1.yaml").Succeeded().Objects<BackupResult>().Single().State);
    }
}
