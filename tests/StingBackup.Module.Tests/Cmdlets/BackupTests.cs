using System.Management.Automation;
using StingBackup.Module.Tests.Hosting;

namespace StingBackup.Module.Tests.Cmdlets;

public sealed class BackupTests : IDisposable
{
    private readonly SampleInstallation _sample = SampleInstallation.Copy();
    private readonly HostedShell _shell;

    public BackupTests() => _shell = _sample.OpenShell();

    public void Dispose()
    {
        _shell.Dispose();
        _sample.Dispose();
    }

    private int Points => Directory.EnumerateFiles(_sample["backups", "points"], "*", SearchOption.AllDirectories).Count();

    [CulturedFact]
    public void An_incremental_run_reads_what_changed()
    {
        File.WriteAllText(_sample["reserve", "conf", "config.yml"], "version: 2 and more\n");
        var result = _shell.Run("Invoke-StingBackup").Succeeded().Objects<BackupResult>().Single();
        Assert.Equal(JobState.Completed, result.State);
        Assert.Matches(@"^backup_\d{8}_\d{6}$", result.BackupId);
        Assert.True(result.BytesNew is > 0 and < 100, $"{result.BytesNew}");
    }

    [Fact]
    public void A_full_run_reads_everything() =>
        Assert.Equal(7, _shell.Run("Invoke-StingBackup Full").Succeeded().Objects<BackupResult>().Single().ItemsRead);

    [Fact]
    public void WhatIf_outputs_the_plan_and_writes_nothing()
    {
        var before = Points;
        var plan = _shell.Run("Invoke-StingBackup -Type Archive -DataClass UserFiles, HoneyJars -WhatIf").Succeeded().Objects<BackupPlan>().Single();
        Assert.Equal(BackupType.Archive, plan.Type);
        Assert.Equal([DataClass.UserFiles, DataClass.HoneyJars], plan.Classes);
        Assert.Equal(before, Points);
    }

    [Fact]
    public void An_unreadable_file_is_named_and_the_others_are_backed_up()
    {
        if (OperatingSystem.IsWindows() || Environment.UserName == "root")
        {
            // Nobody refuses root; a socket in the way of a file name is refused to everyone, and tested in the engine.
            return;
        }
        File.SetUnixFileMode(_sample["reserve", "conf", "config.yml"], UnixFileMode.None);
        var result = _shell.Run("Invoke-StingBackup Full");
        Assert.Null(result.Failure);
        Assert.StartsWith("SourceItemUnreadable,", Assert.Single(result.Errors).FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.Equal(JobState.CompletedWithErrors, result.Objects<BackupResult>().Single().State);
    }

    [Fact]
    public void A_background_run_is_a_job()
    {
        var before = Points;
        var result = _shell.Run("Invoke-StingBackup -AsJob | Wait-Job | Receive-Job").Succeeded().Objects<BackupResult>().Single();
        Assert.Equal(JobState.Completed, result.State);
        Assert.Equal(before + 1, Points);
    }

    [Fact]
    public void A_bad_configuration_stops_before_anything_is_written()
    {
        File.AppendAllText(_sample["sting-backup.yaml"], "\nnonsense: 1\n");
        var before = Points;
        var error = _shell.Run("Invoke-StingBackup").FailedWith("ConfigurationInvalid");
        Assert.Equal(ErrorCategory.ParserError, error.CategoryInfo.Category);
        Assert.Contains("sting-backup.yaml:", error.ToString(), StringComparison.Ordinal);
        Assert.Equal(before, Points);
    }

    [Fact]
    public void A_sealed_key_file_is_not_asked_for()
    {
        using var sample = SampleInstallation.SealedCopy();
        using var shell = sample.OpenShell();
        shell.Run("Invoke-StingBackup").Succeeded();
        Assert.Empty(shell.Host.Questions);
    }
}
