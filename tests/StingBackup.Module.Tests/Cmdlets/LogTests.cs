using System.Management.Automation;
using StingBackup.Module.Tests.Hosting;

namespace StingBackup.Module.Tests.Cmdlets;

public sealed class LogTests : IDisposable
{
    private readonly SampleInstallation _sample = SampleInstallation.Copy();
    private readonly HostedShell _shell;

    public LogTests() => _shell = _sample.OpenShell();

    public void Dispose()
    {
        _shell.Dispose();
        _sample.Dispose();
    }

    [CulturedFact]
    public void A_run_s_log_comes_back_by_its_id()
    {
        var entries = _shell.Run("Get-StingBackupLog -BackupId backup_20240115_020000").Succeeded().Objects<LogEntry>();
        Assert.NotEmpty(entries);
        Assert.All(entries, e => Assert.True(e.BackupId is null or SampleInstallation.FirstRun));
    }

    [Fact]
    public void The_end_of_a_run_is_told_as_a_sentence() =>
        Assert.StartsWith("Completed: ", _shell.Run("Invoke-StingBackup | Get-StingBackupLog").Succeeded().Objects<LogEntry>()[^1].Message, StringComparison.Ordinal);

    [Fact]
    public void A_result_pipes_its_id_to_its_log() =>
        Assert.NotEmpty(_shell.Run("Invoke-StingBackup | Get-StingBackupLog -Level Information").Succeeded().Objects<LogEntry>());

    [Fact]
    public void A_run_that_no_log_knows_is_an_error() =>
        Assert.Equal(ErrorCategory.ObjectNotFound, _shell.Run("Get-StingBackupLog backup_19990101_000000").FailedWith("LogNotFound").CategoryInfo.Category);

    [Fact]
    public void Runs_are_completed_newest_first()
    {
        var script = "(TabExpansion2 'Get-StingBackupLog -BackupId back' 33).CompletionMatches.CompletionText";
        Assert.Equal([SampleInstallation.SecondRun, SampleInstallation.FirstRun], _shell.Run(script).Succeeded().Objects<string>());
    }

    [Fact]
    public void Completion_is_silent_where_there_is_no_configuration()
    {
        File.Delete(_sample["sting-backup.yaml"]);
        var result = _shell.Run("(TabExpansion2 'Get-StingBackupLog -BackupId back -ConfigPath ./none.yaml' 33).CompletionMatches.Where({ $_.ResultType -eq 'ParameterValue' })").Succeeded();
        Assert.Empty(result.Output);
    }
}
