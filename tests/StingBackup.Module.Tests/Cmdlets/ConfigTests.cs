using StingBackup.Module.Tests.Hosting;

namespace StingBackup.Module.Tests.Cmdlets;

public sealed class ConfigTests : IDisposable
{
    private readonly SampleInstallation _sample = SampleInstallation.Copy();
    private readonly HostedShell _shell;

    public ConfigTests() => _shell = _sample.OpenShell();

    public void Dispose()
    {
        _shell.Dispose();
        _sample.Dispose();
    }

    [CulturedFact]
    public void Settings_come_with_value_default_and_line()
    {
        var settings = _shell.Run("Get-StingBackupConfig").Succeeded().Objects<ConfigurationSetting>();
        var root = settings.Single(s => s.Key == "repository.backup_root");
        Assert.Equal(_sample["backups"], root.Value);
        Assert.StartsWith(_sample["sting-backup.yaml"] + ":", root.Source, StringComparison.Ordinal);
        Assert.Equal("default", settings.Single(s => s.Key == "performance.compression_level").Source);
    }

    [Theory]
    [InlineData("Get-StingBackupConfig -ConfigPath Env:HOME"), InlineData("Restore-StingReserve -Destination Variable:x -Confirm:$false"), InlineData("Export-StingBackupReport -Path Function:prompt")]
    public void A_path_that_is_no_file_is_refused_and_nothing_is_made_of_its_name(string command)
    {
        var before = Directory.GetFileSystemEntries(_sample.Folder);
        _shell.Run(command).FailedWith("PathNotInFileSystem");
        Assert.Equal(before, Directory.GetFileSystemEntries(_sample.Folder));
    }

    [Fact]
    public void The_default_exclusions_are_shown() =>
        Assert.NotEmpty(_shell.Run("(Get-StingBackupConfig reserve.exclude_system).Value").Succeeded().Output);

    [Fact]
    public void Changed_leaves_out_what_is_at_its_default()
    {
        var keys = _shell.Run("Get-StingBackupConfig -Changed").Succeeded().Objects<ConfigurationSetting>().Select(s => s.Key).ToList();
        Assert.Contains("time_zone", keys);
        Assert.DoesNotContain("performance.compression_level", keys);
    }

    [Fact]
    public void A_wrong_name_is_answered_with_the_nearest()
    {
        var result = _shell.Run("Get-StingBackupConfig -Key performance.paralel_threads, time_zone");
        var error = Assert.Single(result.Errors);
        Assert.StartsWith("SettingUnknown,", error.FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.Contains("'performance.parallel_threads'", error.ToString(), StringComparison.Ordinal);
        Assert.Equal("time_zone", result.Objects<ConfigurationSetting>().Single().Key);
    }

    [Fact]
    public void Names_of_settings_are_completed_with_their_meaning()
    {
        var completions = _shell.Run("(TabExpansion2 'Get-StingBackupConfig -Key performance.p' 39).CompletionMatches").Succeeded().Objects<System.Management.Automation.CompletionResult>();
        var completion = Assert.Single(completions);
        Assert.Equal("performance.parallel_threads", completion.CompletionText);
        Assert.NotEqual(completion.CompletionText, completion.ToolTip);
    }

    [Fact]
    public void Findings_name_file_line_key_and_remedy()
    {
        File.AppendAllText(_sample["sting-backup.yaml"], "\nnonsense: 1\n");
        var finding = _shell.Run("Test-StingBackupConfig | Where-Object Severity -EQ Error").Succeeded().Objects<ConfigurationFinding>().Single();
        Assert.Equal("nonsense", finding.Key);
        Assert.Equal(_sample["sting-backup.yaml"], finding.File);
        Assert.True(finding.Line > 1);
        Assert.NotEmpty(finding.Remedy);
    }

    [Fact]
    public void A_named_file_is_the_only_one_looked_at() =>
        Assert.Equal(_sample["none.yaml"], _shell.Run("Get-StingBackupConfig -ConfigPath ./none.yaml").FailedWith("ConfigurationNotFound").TargetObject);
}
