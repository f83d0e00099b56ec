using System.Management.Automation;
using StingBackup.Cmdlets.Abstractions;
using StingBackup.Engine.Operations.Metrics;

namespace StingBackup.Cmdlets.Commands;

/// <summary>Writes how backups stand as metrics, for node_exporter's textfile collector.</summary>
[Cmdlet(VerbsData.Export, "StingMetric", SupportsShouldProcess = true)]
[OutputType(typeof(FileInfo), typeof(BackupMetrics))]
public sealed class ExportStingMetricCommand : InstallationCmdlet
{
    /// <summary>Where to.</summary>
    [Parameter(Position = 0, HelpMessage = "The file to write, whose name ends in .prom; without it metrics.file of the configuration")]
    [PSDefaultValue(Help = "metrics.file of the configuration")]
    [ValidateNotNullOrEmpty]
    public string? Path { get; set; }

    private protected override void Execute()
    {
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
}
