using System.Management.Automation;
using StingBackup.Cmdlets.Abstractions;
using StingBackup.Cmdlets.Completers;
using StingBackup.Engine.Restore;

namespace StingBackup.Cmdlets.Commands;

/// <summary>What a restore can go back to, oldest first: one restore point for each run and data class.</summary>
[Cmdlet(VerbsCommon.Get, "StingRestorePoint")]
[OutputType(typeof(RestorePoint))]
public sealed class GetStingRestorePointCommand : UnlockingCmdlet
{
    /// <summary>Only this run.</summary>
    [Parameter(Position = 0, ValueFromPipelineByPropertyName = true, HelpMessage = "Only this run, such as backup_20240115_020000")]
    [ArgumentCompleter(typeof(BackupIdCompleter))]
    [ValidateNotNullOrEmpty]
    public string? BackupId { get; set; }

    /// <summary>Only these data classes.</summary>
    [Parameter(HelpMessage = "Only these data classes")]
    [PSDefaultValue(Help = "All")]
    public DataClass[] DataClass { get; set; } = [];

    /// <summary>Only points that hold something of this subject.</summary>
    [Parameter(HelpMessage = "Only points that hold something of this person or honey jar")]
    [ArgumentCompleter(typeof(SubjectCompleter))]
    [ValidateNotNullOrEmpty]
    public string? Subject { get; set; }

    /// <summary>From this day or moment on.</summary>
    [Parameter(HelpMessage = "From this day or moment on")]
    [ValidateNotNullOrEmpty]
    public string? From { get; set; }

    /// <summary>Up to this day or moment.</summary>
    [Parameter(HelpMessage = "Up to the end of this day, or up to this moment")]
    [ValidateNotNullOrEmpty]
    public string? To { get; set; }

    /// <summary>Only the newest of each data class.</summary>
    [Parameter(HelpMessage = "Only the newest restore point of each data class")]
    public SwitchParameter Latest { get; set; }

    private protected override void Execute()
    {
        using var catalog = new Catalog(Installation, ReportDamage);
        var query = new PointQuery
        {
            BackupId = BackupId, Subject = Subject, Latest = Latest, From = PointRange.First(From, Installation.Zone), To = PointRange.Last(To, Installation.Zone),
        };
        EmitWithDamage(catalog.PointsAsync(query, Cancel).Where(p => DataClass.Length == 0 || DataClass.Contains(p.DataClass)));
    }
}
