using System.Management.Automation;
using StingBackup.Cmdlets.Abstractions;
using StingBackup.Engine.Operations.Metrics;

namespace StingBackup.Cmdlets.Commands;

/// <summary>Writes how backups stand as metrics, for node_exporter's textfile collector, or sends them to a collector of OpenTelemetry.</summary>
[Cmdlet(VerbsData.Export, "StingMetric", SupportsShouldProcess = true, DefaultParameterSetName = "File")]
[OutputType(typeof(FileInfo), typeof(BackupMetrics))]
public sealed class ExportStingMetricCommand : InstallationCmdlet
{
    /// <summary>Where to.</summary>
    [Parameter(Position = 0, ParameterSetName = "File", HelpMessage = "The file to write, whose name ends in .prom; without it metrics.file of the configuration")]
    [PSDefaultValue(Help = "metrics.file of the configuration")]
    [ValidateNotNullOrEmpty]
    public string? Path { get; set; }

    /// <summary>Whether they are sent instead.</summary>
    [Parameter(ParameterSetName = "Otlp", Mandatory = true, HelpMessage = "Send them to metrics.otlp_endpoint instead, a collector of OpenTelemetry")]
    public SwitchParameter Otlp { get; set; }

    private protected override void Execute()
    {
        if (Otlp)
        {
            Send();
            return;
        }
        var path = Path is null ? Installation.Configuration?.MetricsFile : Resolve(Path);
        if (path is null)
        {
            throw new StingException("MetricsFileNotNamed", FailureKind.InvalidArgument, "No file for the metrics is named.", Installation.Configuration?.File, "Give -Path (--path), or set metrics.file, which each run then writes by itself.");
        }
        var metrics = Wait(MetricsReader.ReadAsync(Installation, Cancel));
        if (!ShouldProcess(path, "Write the metrics"))
        {
            if (IsWhatIf)
            {
                WriteObject(metrics);
            }
            return;
        }
        MetricsFile.Write(path, metrics);
        WriteObject(new FileInfo(path));
    }

    private void Send()
    {
        var target = Installation.Configuration?.Otlp ?? throw new StingException("OtlpNotConfigured", FailureKind.InvalidConfiguration, "No collector is named that metrics could be sent to.", Installation.Configuration?.File,
            "Set metrics.otlp_endpoint, such as http://127.0.0.1:4318/v1/metrics; each run then sends them by itself.");
        var metrics = Wait(MetricsReader.ReadAsync(Installation, Cancel));
        if (ShouldProcess(target.Endpoint, "Send the metrics"))
        {
            Wait(new ValueTask(OtlpPush.SendAsync(target, metrics, Cancel)));
        }
        else if (!IsWhatIf)
        {
            return;
        }
        WriteObject(metrics);
    }
}
