using StingBackup.Module.Tests.Hosting;

namespace StingBackup.Module.Tests.Cmdlets;

public sealed class RepairTests : IDisposable
{
    private readonly SampleInstallation _sample = SampleInstallation.Copy();
    private readonly HostedShell _shell;

    public RepairTests() => _shell = _sample.OpenShell();

    public void Dispose()
    {
        _shell.Dispose();
        _sample.Dispose();
    }

    private void LoseTheIndex() => Directory.Delete(_sample["backups", "index"], recursive: true);

    [CulturedFact]
    public void A_lost_index_is_rebuilt_from_the_packs()
    {
        LoseTheIndex();
        Assert.False(_shell.Run("Test-StingBackupIntegrity").Objects<IntegrityResult>().Single().Passed);
        var result = _shell.Run("Repair-StingRepository").Succeeded().Objects<RepairResult>().Single();
        Assert.True(result.Signed);
        Assert.True(result.Entries > 0);
        Assert.True(_shell.Run("Test-StingBackupIntegrity -Level Data").Succeeded().Objects<IntegrityResult>().Single().Passed);
    }

    [Fact]
    public void A_plan_leaves_no_log_and_a_repair_does()
    {
        string[] Logs() => [.. Directory.EnumerateFiles(_sample["logs"]).Select(f => Path.GetFileName(f).Split('-')[0]).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)];
        var before = Logs();
        _shell.Run("Repair-StingRepository -WhatIf").Succeeded();
        Assert.Equal(before, Logs());
        _shell.Run("Repair-StingRepository").Succeeded();
        Assert.Contains("repair", Logs());
    }

    [Fact]
    public void WhatIf_outputs_the_plan_and_changes_nothing()
    {
        LoseTheIndex();
        var plan = _shell.Run("Repair-StingRepository -WhatIf").Succeeded().Objects<RepairPlan>().Single();
        Assert.NotEmpty(plan.Faults);
        Assert.False(Directory.Exists(_sample["backups", "index"]));
    }

    [Fact]
    public void It_asks_for_a_passphrase_unless_it_goes_without_keys()
    {
        using var sample = SampleInstallation.SealedCopy();
        using var shell = sample.OpenShell();
        shell.Run("Repair-StingRepository -WithoutKey").Succeeded();
        Assert.Empty(shell.Host.Questions);
        shell.Host.Answers.Enqueue(SampleInstallation.Passphrase);
        shell.Run("Repair-StingRepository -AsJob | Wait-Job | Receive-Job").Succeeded();
        Assert.Single(shell.Host.Questions);
    }
}
