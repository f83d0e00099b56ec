using System.Management.Automation;
using StingBackup.Cmdlets.Abstractions;
using StingBackup.Cmdlets.Completers;
using StingBackup.Engine.Restore;

namespace StingBackup.Cmdlets.Commands;

/// <summary>What changed in the reserve from one run to another.</summary>
[Cmdlet(VerbsData.Compare, "StingRestorePoint")]
[OutputType(typeof(RestorePointDifference))]
public sealed class CompareStingRestorePointCommand : UnlockingCmdlet
{
    /// <summary>The earlier run.</summary>
    [Parameter(Mandatory = true, Position = 0, HelpMessage = "The earlier run, such as backup_20240115_020000")]
    [ArgumentCompleter(typeof(BackupIdCompleter))]
    [ValidateNotNullOrEmpty]
    public string From { get; set; } = null!;

    /// <summary>The later run.</summary>
    [Parameter(Mandatory = true, Position = 1, ValueFromPipelineByPropertyName = true, HelpMessage = "The later run, such as backup_20240116_020000")]
    [Alias("BackupId")]
    [ArgumentCompleter(typeof(BackupIdCompleter))]
    [ValidateNotNullOrEmpty]
    public string To { get; set; } = null!;

    /// <summary>Only this data class.</summary>
    [Parameter(ValueFromPipelineByPropertyName = true, HelpMessage = "Only this data class")]
    [PSDefaultValue(Help = "All")]
    public DataClass? DataClass { get; set; }

    /// <summary>Only this subject.</summary>
    [Parameter(HelpMessage = "Only what belongs to this person or honey jar")]
    [ArgumentCompleter(typeof(SubjectCompleter))]
    [ValidateNotNullOrEmpty]
    public string? Subject { get; set; }

    /// <summary>Only at or below this path.</summary>
    [Parameter(HelpMessage = "Only at or below this path within the reserve")]
    [ValidateNotNullOrEmpty]
    public string? Path { get; set; }

    private protected override void Execute()
    {
        using var catalog = new Catalog(Installation, ReportDamage);
        EmitWithDamage(catalog.CompareAsync(From, To, DataClass, Subject, Path, Cancel));
    }
}
