using System.Management.Automation;
using StingBackup.Cmdlets.Abstractions;
using StingBackup.Engine.Operations;

namespace StingBackup.Cmdlets.Commands;

/// <summary>How backups stand.</summary>
[Cmdlet(VerbsCommon.Get, "StingBackupStatus")]
[OutputType(typeof(BackupStatus))]
public sealed class GetStingBackupStatusCommand : InstallationCmdlet
{
    // Views are chosen by type name; the object is the same.
    private const string DetailedView = "StingBackup.BackupStatus#Detailed";

    /// <summary>Shows more.</summary>
    [Parameter(HelpMessage = "Show every data class, what the store holds, and where everything lies")]
    public SwitchParameter Detailed { get; set; }

    private protected override void Execute()
    {
        var status = PSObject.AsPSObject(Wait(StatusReader.ReadAsync(Installation, Cancel)));
        if (Detailed)
        {
            status.TypeNames.Insert(0, DetailedView);
        }
        WriteObject(status);
    }
}
