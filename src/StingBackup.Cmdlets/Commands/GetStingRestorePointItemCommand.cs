using System.Management.Automation;
using StingBackup.Cmdlets.Abstractions;
using StingBackup.Cmdlets.Completers;
using StingBackup.Engine.Restore;

namespace StingBackup.Cmdlets.Commands;

/// <summary>What the reserve held at a run: files, folders, links.</summary>
[Cmdlet(VerbsCommon.Get, "StingRestorePointItem")]
[OutputType(typeof(RestorePointItem))]
public sealed class GetStingRestorePointItemCommand : UnlockingCmdlet
{
    /// <summary>The run.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipelineByPropertyName = true, HelpMessage = "The run, such as backup_20240115_020000")]
    [ArgumentCompleter(typeof(BackupIdCompleter))]
    [ValidateNotNullOrEmpty]
    public string BackupId { get; set; } = null!;

    /// <summary>The folder to look into.</summary>
    [Parameter(Position = 1, HelpMessage = "A folder within the reserve to look into, or a file; without it the top")]
    [ValidateNotNullOrEmpty]
    public string? Path { get; set; }

    /// <summary>Only this data class.</summary>
    [Parameter(ValueFromPipelineByPropertyName = true, HelpMessage = "Only this data class")]
    [PSDefaultValue(Help = "All")]
    public DataClass? DataClass { get; set; }

    /// <summary>Only this subject.</summary>
    [Parameter(HelpMessage = "Only what belongs to this person or honey jar")]
    [ArgumentCompleter(typeof(SubjectCompleter))]
    [ValidateNotNullOrEmpty]
    public string? Subject { get; set; }

    /// <summary>Goes into folders.</summary>
    [Parameter(HelpMessage = "Go into folders")]
    public SwitchParameter Recurse { get; set; }

    private protected override void Execute()
    {
        using var catalog = new Catalog(Installation, ReportDamage);
        EmitWithDamage(catalog.ItemsAsync(BackupId, DataClass, Subject, Path, Recurse, Cancel));
    }
}
