using System.Globalization;
using System.Management.Automation;
using System.Text;
using StingBackup.Cmdlets.Abstractions;
using StingBackup.Engine.Governance;

namespace StingBackup.Cmdlets.Commands;

/// <summary>Writes the audit log to a file, for other programs.</summary>
[Cmdlet(VerbsData.Export, "StingAuditLog", SupportsShouldProcess = true)]
[OutputType(typeof(FileInfo), typeof(AuditEntry))]
public sealed class ExportStingAuditLogCommand : InstallationCmdlet
{
    private static readonly Dictionary<string, AuditFormat> ByExtension = new(StringComparer.OrdinalIgnoreCase)
    {
        [".jsonl"] = AuditFormat.JsonLines, [".ndjson"] = AuditFormat.JsonLines, [".csv"] = AuditFormat.Csv, [".ocsf"] = AuditFormat.Ocsf,
    };

    /// <summary>Where to.</summary>
    [Parameter(Mandatory = true, Position = 0, HelpMessage = "The file to write")]
    [ValidateNotNullOrEmpty]
    public string Path { get; set; } = "";

    /// <summary>How.</summary>
    [Parameter(HelpMessage = "How it is written; without it the file's extension tells")]
    [PSDefaultValue(Help = "By the file's extension: jsonl, csv, ocsf")]
    public AuditFormat? Format { get; set; }

    /// <summary>From when.</summary>
    [Parameter(HelpMessage = "Only records of this day or moment, or later: 2024-01-15, \"2024-01-15 14:30\"")]
    [ValidateNotNullOrEmpty]
    public string? From { get; set; }

    /// <summary>Until when.</summary>
    [Parameter(HelpMessage = "Only records of this day or moment, or earlier")]
    [ValidateNotNullOrEmpty]
    public string? To { get; set; }

    /// <summary>Whether a file may be replaced.</summary>
    [Parameter(HelpMessage = "Replace a file that is there")]
    public SwitchParameter Force { get; set; }

    private protected override void Execute()
    {
        var path = Resolve(Path);
        var format = Format ?? (ByExtension.TryGetValue(System.IO.Path.GetExtension(path), out var known) ? known : throw new StingException("AuditFormatUnknown", FailureKind.InvalidArgument,
            $"The name '{System.IO.Path.GetFileName(path)}' does not say how the audit log is to be written.", path, "Name a file that ends in .jsonl, .csv or .ocsf, or give -Format."));
        // As everywhere: -Force and -Confirm:$false (--confirm) are consent.
        if (File.Exists(path) && !Force && MyInvocation.BoundParameters.GetValueOrDefault("Confirm") is not SwitchParameter { IsPresent: false })
        {
            throw new StingException("AuditFileExists", FailureKind.AlreadyExists, $"'{path}' is there.", path, "Name another file, or give -Force to replace it.");
        }
        var (first, last) = (PointRange.First(From, Installation.Zone), PointRange.Last(To, Installation.Zone));
        var entries = Wait(AuditReader.ReadAsync(Installation, Cancel)).Where(e => (first is null || e.Time >= first) && (last is null || e.Time <= last)).ToList();
        if (!ShouldProcess(path, string.Create(CultureInfo.InvariantCulture, $"Write {entries.Count:N0} audit records as {format}")))
        {
            if (IsWhatIf)
            {
                WriteObject(entries, enumerateCollection: true);
            }
            return;
        }
        try
        {
            File.WriteAllText(path, AuditExport.Write(entries, format), new UTF8Encoding(encoderShouldEmitUTF8Identifier: false));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new StingException("AuditFileUnwritable", FailureKind.Io, $"'{path}' cannot be written: {e.Message}", path, "Name a file in a folder that this user may write to.", e);
        }
        if (entries.Where(e => e.State != AuditState.Sound).ToList() is { Count: > 0 } bad)
        {
            WriteWarning($"{bad.Count} of the records are damaged, missing or tampered with, the first one {bad[0].Object}: {bad[0].Problem}. The file says so of each.");
        }
        WriteObject(new FileInfo(path));
    }
}
