using StingBackup.Module.Tests.Hosting;

namespace StingBackup.Module.Tests.Cmdlets;

/// <summary>Plans and retrievals as administrators use them. The sample's archive is a folder, in which nothing has to be thawed; that packs are is shown in front of a real S3 server by the engine's tests.</summary>
public sealed class RetrievalTests : IDisposable
{
    private readonly SampleInstallation _sample = SampleInstallation.Copy();
    private readonly HostedShell _shell;

    public RetrievalTests() => _shell = _sample.OpenShell();

    public void Dispose()
    {
        _shell.Dispose();
        _sample.Dispose();
    }

    [CulturedFact]
    public void A_plan_tells_packs_and_tiers()
    {
        var plan = _shell.Run("Get-StingRestorePlan").Succeeded().Objects<RestorePackPlan>().Single();
        Assert.Equal((Tier.Local, "", 0L), (Assert.Single(plan.Tiers).Tier, plan.Id, plan.ToThaw.Packs + plan.Missing.Packs));
        Assert.NotEmpty(plan.Packs);
        Assert.All(plan.Packs, pack => Assert.Equal((PackReadiness.Ready, true), (pack.State, pack.Needed > 0 && pack.Needed <= pack.Length)));
        Assert.Empty(plan.Estimates);
        var file = _shell.Run("Get-StingRestorePlan document.pdf -Date latest").Succeeded().Objects<RestorePackPlan>().Single();
        Assert.InRange(file.Tiers[0].Needed, 1, plan.Tiers[0].Needed - 1);
        Assert.Equal(plan.Packs.Count.ToString(System.Globalization.CultureInfo.InvariantCulture), _shell.Run("@((Get-StingRestorePlan).Packs).Count").Succeeded().Output.Single().ToString());
        // Points of one run come one for each data class, and are one plan.
        Assert.Single(_shell.Run($"Get-StingRestorePoint | Where-Object BackupId -eq {SampleInstallation.SecondRun} | Get-StingRestorePlan").Succeeded().Objects<RestorePackPlan>());
    }

    [Fact]
    public void What_is_on_no_tier_is_told_before_anybody_waits_for_it()
    {
        foreach (var pack in Directory.EnumerateFiles(Path.Combine(_sample["backups"], "data"), "*", SearchOption.AllDirectories))
        {
            File.Delete(pack);
        }
        var plan = _shell.Run("Get-StingRestorePlan").Succeeded().Objects<RestorePackPlan>().Single();
        Assert.Equal((plan.Packs.Count, 0), ((int)plan.Missing.Packs, plan.Tiers.Count));
    }

    [Fact]
    public void Nothing_is_asked_for_where_nothing_is_archived()
    {
        Assert.Empty(_shell.Run("Get-StingArchiveRetrieval").Succeeded().Output);
        _shell.Run("Get-StingArchiveRetrieval 0123456789abcdef").FailedWith("RetrievalNotFound");
        _shell.Run("Request-StingArchiveRetrieval -User 1 -HoneyJar 2 -Force").FailedWith("RestoreRequestInvalid");
        _shell.Run("Request-StingArchiveRetrieval -Force").FailedWith("NothingToThaw");
    }

    [Fact]
    public void A_restore_that_may_wait_does_not_where_everything_is_at_hand()
    {
        var result = _shell.Run($"Restore-StingFile document.pdf -Destination {_sample["restored"]} -Wait -Force").Succeeded().Objects<RestoreResult>().Single();
        Assert.Equal(JobState.Completed, result.State);
        Assert.True(result.ItemsRestored > 0);
    }
}
