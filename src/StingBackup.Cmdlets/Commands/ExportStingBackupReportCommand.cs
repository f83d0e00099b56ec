using System.Management.Automation;
using StingBackup.Cmdlets.Abstractions;
using StingBackup.Cmdlets.Completers;
using StingBackup.Engine.Operations.Reports;

namespace StingBackup.Cmdlets.Commands;

/// <summary>Writes a month's report to a file.</summary>
[Cmdlet(VerbsData.Export, "StingBackupReport", SupportsShouldProcess = true, DefaultParameterSetName = "Month")]
[OutputType(typeof(FileInfo), typeof(BackupReport))]
public sealed class ExportStingBackupReportCommand : InstallationCmdlet
{
    private static readonly Dictionary<string, ReportFormat> ByExtension = new(StringComparer.OrdinalIgnoreCase)
    {
        [".html"] = ReportFormat.Html, [".htm"] = ReportFormat.Html, [".md"] = ReportFormat.Markdown, [".json"] = ReportFormat.Json, [".csv"] = ReportFormat.Csv, [".pdf"] = ReportFormat.Pdf,
    };

    /// <summary>Where to.</summary>
    [Parameter(Mandatory = true, Position = 0, HelpMessage = "The file to write")]
    [ValidateNotNullOrEmpty]
    public string Path { get; set; } = "";

    /// <summary>The month.</summary>
    [Parameter(Position = 1, ParameterSetName = "Month", HelpMessage = "The month: 2024-01. Without it the one that it is")]
    [PSDefaultValue(Help = "This month, up to now")]
    [ArgumentCompleter(typeof(MonthCompleter))]
    public string? Month { get; set; }

    /// <summary>A report that is at hand.</summary>
    [Parameter(Mandatory = true, ValueFromPipeline = true, ParameterSetName = "Report", HelpMessage = "A report of Get-StingBackupReport")]
    public BackupReport? InputObject { get; set; }

    /// <summary>How.</summary>
    [Parameter(HelpMessage = "How it is written; without it the file's extension tells")]
    [PSDefaultValue(Help = "By the file's extension: html, pdf, md, json, csv")]
    public ReportFormat? Format { get; set; }

    /// <summary>Whether a file may be replaced.</summary>
    [Parameter(HelpMessage = "Replace a file that is there")]
    public SwitchParameter Force { get; set; }

    private protected override void Execute()
    {
        var path = Resolve(Path);
        var format = Format ?? (ByExtension.TryGetValue(System.IO.Path.GetExtension(path), out var known) ? known : throw new StingException("ReportFormatUnknown", FailureKind.InvalidArgument,
            $"The name '{System.IO.Path.GetFileName(path)}' does not say how the report is to be written.", path, "Name a file that ends in .html, .pdf, .md, .json or .csv, or give -Format."));
        // As everywhere: -Force and -Confirm:$false (--confirm) are consent.
        if (File.Exists(path) && !Force && MyInvocation.BoundParameters.GetValueOrDefault("Confirm") is not SwitchParameter { IsPresent: false })
        {
            throw new StingException("ReportExists", FailureKind.AlreadyExists, $"'{path}' is there.", path, "Name another file, or give -Force to replace it.");
        }
        var report = InputObject ?? Wait(ReportReader.ReadAsync(Installation, Month, Cancel));
        if (!ShouldProcess(path, $"Write the report of {report.Month} as {format}"))
        {
            if (IsWhatIf)
            {
                WriteObject(report);
            }
            return;
        }
        try
        {
            File.WriteAllBytes(path, ReportWriter.WriteBytes(report, format));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new StingException("ReportUnwritable", FailureKind.Io, $"'{path}' cannot be written: {e.Message}", path, "Name a file in a folder that this user may write to.", e);
        }
        WriteObject(new FileInfo(path));
    }
}
