using StingBackup.Module.Tests.Hosting;

namespace StingBackup.Module.Tests.Cmdlets;

public sealed class StatusTests : IDisposable
{
    private readonly SampleInstallation _sample = SampleInstallation.Copy();
    private readonly HostedShell _shell;

    public StatusTests() => _shell = _sample.OpenShell();

    public void Dispose()
    {
        _shell.Dispose();
        _sample.Dispose();
    }

    private BackupStatus Status() => _shell.Run("Get-StingBackupStatus").Succeeded().Objects<BackupStatus>().Single();

    [CulturedFact]
    public void It_tells_the_last_run_the_classes_and_the_configuration_that_was_used()
    {
        var status = Status();
        Assert.Equal(SampleInstallation.SecondRun, status.LastRun!.BackupId);
        Assert.Equal(2, status.Points);
        Assert.Contains(status.Classes, c => c.DataClass == DataClass.HoneyJars);
        Assert.Equal(_sample["sting-backup.yaml"], status.ConfigurationFile);
        Assert.Empty(status.Damage);
    }

    [Fact]
    public void It_needs_no_passphrase()
    {
        using var sample = SampleInstallation.SealedCopy();
        using var shell = sample.OpenShell();
        Assert.Equal(KeyProtection.Passphrase, shell.Run("Get-StingBackupStatus").Succeeded().Objects<BackupStatus>().Single().KeyProtection);
        Assert.Empty(shell.Host.Questions);
    }

    [Fact]
    public void Damage_is_part_of_it()
    {
        foreach (var pack in Directory.EnumerateFiles(_sample["backups", "data"], "*", SearchOption.AllDirectories))
        {
            File.Delete(pack);
        }
        var status = Status();
        Assert.Equal(Health.Bad, status.Health);
        Assert.NotEmpty(status.Damage);
    }

    [Fact]
    public void Detailed_chooses_another_view_of_the_same_object()
    {
        var detailed = _shell.Run("Get-StingBackupStatus -Detailed").Succeeded().Output.Single();
        Assert.Equal("StingBackup.BackupStatus#Detailed", detailed.TypeNames[0]);
        Assert.IsType<BackupStatus>(detailed.BaseObject);
    }

    [CulturedFact]
    public void The_screen_has_every_class_against_its_objective_and_says_that_no_drill_was_made()
    {
        var status = Assert.IsType<BackupStatus>(_shell.Run("Get-StingBackupStatus -Detailed").Succeeded().Output.Single().BaseObject);
        Assert.Equal(status.Classes.Select(c => c.DataClass), status.Details!.Classes.Select(c => c.DataClass));
        Assert.Null(status.Details.Drills);
        Assert.Contains(status.Details.Timers, t => t.Task == ScheduledTask.Full);
        Assert.NotEmpty(status.Details.Keys);
        var lines = StatusScreen.Render(status, 80, colors: false).Split('\n');
        Assert.All(lines, l => Assert.InRange(l.Length, 0, 80));
        Assert.Contains("Drills      none yet", lines);
        Assert.All(status.Classes, c => Assert.Contains(lines, l => l.StartsWith($"{c.DataClass} ", StringComparison.Ordinal)));
        Assert.Null(Status().Details);
    }

    [CulturedFact]
    public void Online_tries_what_the_configuration_names_and_changes_nothing()
    {
        var before = Directory.EnumerateFileSystemEntries(_sample.Folder, "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal).ToList();
        var findings = _shell.Run("Test-StingBackupConfig -Online").Succeeded().Objects<ConfigurationFinding>();
        Assert.DoesNotContain(findings, f => f.Severity == FindingSeverity.Error);
        Assert.Contains(findings, f => f.Key == "reserve.path");
        Assert.Equal(findings.OrderByDescending(f => f.Severity), findings);
        Assert.Contains(findings, f => f.Severity == FindingSeverity.Warning);
        Assert.Equal(before, Directory.EnumerateFileSystemEntries(_sample.Folder, "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Online_names_damage_that_shows()
    {
        var point = Directory.EnumerateFiles(_sample["backups", "points"], "*", SearchOption.AllDirectories).First();
        File.SetAttributes(point, FileAttributes.Normal);
        File.WriteAllBytes(point, [.. File.ReadAllBytes(point).Reverse()]);
        var finding = Assert.Single(_shell.Run("Test-StingBackupConfig -Online").Succeeded().Objects<ConfigurationFinding>(), f => f.Problem.Contains("points/", StringComparison.Ordinal));
        Assert.Equal(FindingSeverity.Error, finding.Severity);
        Assert.Contains(Path.GetFileName(point), finding.Problem, StringComparison.Ordinal);
        Assert.Contains("Test-StingBackupIntegrity", finding.Remedy, StringComparison.Ordinal);
    }

    [Fact]
    public void Online_names_what_keeps_the_repository_shut()
    {
        Directory.Delete(_sample["keys"], recursive: true);
        Directory.Delete(_sample["state"], recursive: true);
        var findings = _shell.Run("Test-StingBackupConfig -Online").Succeeded().Objects<ConfigurationFinding>();
        Assert.Contains(findings, f => f.Severity == FindingSeverity.Error && f.Problem.Contains(_sample["keys"], StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(SampleInstallation.Passphrase, false)]
    [InlineData("wrong", true)]
    public void Online_tries_a_passphrase_that_is_given_and_asks_for_none(string passphrase, bool isWrong)
    {
        using var sample = SampleInstallation.SealedCopy();
        using var shell = sample.OpenShell();
        var script = "param($text) $secret = [securestring]::new(); foreach ($c in $text.ToCharArray()) { $secret.AppendChar($c) }; Test-StingBackupConfig -Online -Passphrase $secret";
        var findings = shell.Run(script, ("text", passphrase)).Succeeded().Objects<ConfigurationFinding>();
        Assert.Equal(isWrong, findings.Any(f => f.Severity == FindingSeverity.Error && f.Problem.Contains("passphrase", StringComparison.OrdinalIgnoreCase)));
        Assert.Empty(shell.Host.Questions);
    }
}
