using System.Management.Automation;
using StingBackup.Cmdlets.Abstractions;
using StingBackup.Cmdlets.Completers;
using StingBackup.Engine.Operations.Reports;

namespace StingBackup.Cmdlets.Commands;

/// <summary>A month of backups.</summary>
[Cmdlet(VerbsCommon.Get, "StingBackupReport")]
[OutputType(typeof(BackupReport))]
public sealed class GetStingBackupReportCommand : InstallationCmdlet
{
    /// <summary>The month.</summary>
    [Parameter(Position = 0, ValueFromPipeline = true, HelpMessage = "The month: 2024-01. Without it the one that it is")]
    [PSDefaultValue(Help = "This month, up to now")]
    [ArgumentCompleter(typeof(MonthCompleter))]
    public string? Month { get; set; }

    private protected override void Execute() => WriteObject(Wait(ReportReader.ReadAsync(Installation, Month, Cancel)));
}
