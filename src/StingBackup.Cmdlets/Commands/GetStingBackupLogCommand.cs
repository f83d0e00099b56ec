using System.Management.Automation;
using StingBackup.Cmdlets.Abstractions;
using StingBackup.Cmdlets.Completers;
using StingBackup.Engine.Jobs.Logging;

namespace StingBackup.Cmdlets.Commands;

/// <summary>What runs on this host logged, oldest entry first.</summary>
[Cmdlet(VerbsCommon.Get, "StingBackupLog")]
[OutputType(typeof(LogEntry))]
public sealed class GetStingBackupLogCommand : ConfiguredCmdlet
{
    /// <summary>The run.</summary>
    [Parameter(Position = 0, ValueFromPipelineByPropertyName = true, HelpMessage = "The run, such as backup_20240115_020000; without it every run and command")]
    [ArgumentCompleter(typeof(LoggedRunCompleter))]
    [ValidateNotNullOrEmpty]
    public string? BackupId { get; set; }

    /// <summary>The least weight.</summary>
    [Parameter(HelpMessage = "Only entries that weigh at least this much")]
    [PSDefaultValue(Help = "Debug")]
    public LogEntryLevel Level { get; set; } = LogEntryLevel.Debug;

    private protected override void Execute() =>
        WriteObject(LogReader.Read(Examine().Require().Log.Directory, BackupId, Level, Cancel), enumerateCollection: true);
}
