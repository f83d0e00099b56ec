using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Text;
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
    public void They_are_sent_to_the_collector_that_the_configuration_names_and_each_run_sends_them_too()
    {
        _shell.Run("Export-StingMetric -Otlp").FailedWith("OtlpNotConfigured");
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var heads = new ConcurrentQueue<string>();
        _ = Task.Run(async () =>
        {
            while (true)
            {
                using var client = await listener.AcceptTcpClientAsync();
                var stream = client.GetStream();
                var (bytes, read) = (new byte[1 << 20], 0);
                while (!Encoding.Latin1.GetString(bytes, 0, read).Contains("sting_backup_restore_points", StringComparison.Ordinal) && await stream.ReadAsync(bytes.AsMemory(read)) is var more and > 0)
                {
                    read += more;
                }
                heads.Enqueue(Encoding.Latin1.GetString(bytes, 0, read));
                await stream.WriteAsync("HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"u8.ToArray());
            }
        });
        var configuration = _sample["sting-backup.yaml"];
        File.WriteAllText(configuration, File.ReadAllText(configuration).Replace("\nmetrics:\n", $"\nmetrics:\n  otlp_endpoint: http://127.0.0.1:{((IPEndPoint)listener.LocalEndpoint).Port}/v1/metrics\n", StringComparison.Ordinal));
        Assert.Equal(2, _shell.Run("Export-StingMetric -Otlp -WhatIf").Succeeded().Objects<BackupMetrics>().Single().Points);
        Assert.Empty(heads);
        _shell.Run("Export-StingMetric -Otlp").Succeeded();
        Assert.StartsWith("POST /v1/metrics HTTP/1.1", Assert.Single(heads), StringComparison.Ordinal);
        _shell.Run("Invoke-StingBackup").Succeeded();
        Assert.Equal(2, heads.Count);
        listener.Stop();
        _shell.Run("Export-StingMetric -Otlp").FailedWith("MetricsUndelivered");
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
