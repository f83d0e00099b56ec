using System.Management.Automation;
using StingBackup.Cmdlets.Abstractions;
using StingBackup.Engine.Operations;

namespace StingBackup.Cmdlets.Commands;

/// <summary>How backups stand.</summary>
[Cmdlet(VerbsCommon.Get, "StingBackupStatus")]
[OutputType(typeof(BackupStatus))]
public sealed class GetStingBackupStatusCommand : InstallationCmdlet
{
    // Views are chosen by type name; the object is of the same type.
    private const string DetailedView = "StingBackup.BackupStatus#Detailed";

    /// <summary>Shows more.</summary>
    [Parameter(HelpMessage = "Show a screen: every data class against its objective, tiers, alerts, keys, drills, next runs")]
    public SwitchParameter Detailed { get; set; }

    private protected override void Execute()
    {
        var status = PSObject.AsPSObject(Wait(Detailed ? StatusDetailReader.ReadAsync(Installation, Cancel) : StatusReader.ReadAsync(Installation, Cancel)));
        if (Detailed)
        {
            status.TypeNames.Insert(0, DetailedView);
        }
        WriteObject(status);
    }
}
