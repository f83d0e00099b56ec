using StingBackup.Module.Tests.Hosting;

namespace StingBackup.Module.Tests.Cmdlets;

/// <summary>Metrics as administrators write them.</summary>
public sealed class MetricTests : IDisposable
{
    private readonly SampleInstallation _sample = SampleInstallation.Copy();
    private readonly HostedShell _shell;

    public MetricTests() => _shell = _sample.OpenShell();

    public void Dispose()
    {
        _shell.Dispose();
        _sample.Dispose();
    }

    [CulturedFact]
    public void They_are_looked_at_and_written()
    {
        var metrics = _shell.Run("Export-StingMetric sting.prom -WhatIf").Succeeded().Objects<BackupMetrics>().Single();
        Assert.False(File.Exists(_sample["sting.prom"]));
        Assert.Equal(2, metrics.Points);
        Assert.Equal("backup_success_rate", _shell.Run("(Export-StingMetric sting.prom -WhatIf).Ratings[0].Name").Succeeded().Output.Single().ToString());
        _shell.Run("Export-StingMetric sting.prom").Succeeded();
        Assert.Contains("\nsting_backup_restore_points 2\n", File.ReadAllText(_sample["sting.prom"]), StringComparison.Ordinal);
        _shell.Run("Export-StingMetric").FailedWith("MetricsFileNotNamed");
        _shell.Run("Export-StingMetric nowhere/sting.prom").FailedWith("MetricsUnwritable");
    }

    [Fact]
    public void The_configuration_names_the_file_that_each_run_writes()
    {
        var configuration = _sample["sting-backup.yaml"];
        File.WriteAllText(configuration, File.ReadAllText(configuration).Replace("\nmetrics:\n", "\nmetrics:\n  file: from-the-run.prom\n", StringComparison.Ordinal));
        _shell.Run("Invoke-StingBackup").Succeeded();
        Assert.Contains("\nsting_backup_restore_points 3\n", File.ReadAllText(_sample["from-the-run.prom"]), StringComparison.Ordinal);
        File.Delete(_sample["from-the-run.prom"]);
        _shell.Run("Export-StingMetric").Succeeded();
        Assert.True(File.Exists(_sample["from-the-run.prom"]));
    }
}
