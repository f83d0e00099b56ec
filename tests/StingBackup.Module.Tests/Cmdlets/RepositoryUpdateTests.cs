using StingBackup.Module.Tests.Hosting;

namespace StingBackup.Module.Tests.Cmdlets;

public sealed class RepositoryUpdateTests
{
    [Fact]
    public void A_repository_of_this_version_has_nothing_to_update_and_says_so_as_a_plan_and_as_a_result()
    {
        using var sample = SampleInstallation.Copy();
        using var shell = sample.OpenShell();
        var before = File.ReadAllBytes(sample["backups", "format", "1"]);
        var plan = shell.Run("Update-StingRepository -WhatIf").Succeeded().Objects<RepositoryUpdatePlan>().Single();
        Assert.Empty(plan.Steps);
        Assert.Equal((1L, 1L, plan.ThisProgram), (plan.Format, plan.Revision, plan.Program));
        var result = shell.Run("Update-StingRepository").Succeeded().Objects<RepositoryUpdateResult>().Single();   // nothing is asked where nothing is done
        Assert.Equal((JobState.Completed, 1L), (result.State, result.Revision));
        Assert.Empty(result.Steps);
        Assert.Equal(before, File.ReadAllBytes(sample["backups", "format", "1"]));
    }
}
