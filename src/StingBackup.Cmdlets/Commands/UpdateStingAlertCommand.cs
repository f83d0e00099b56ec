using System.Management.Automation;
using StingBackup.Cmdlets.Abstractions;
using StingBackup.Engine.Operations.Alerts;

namespace StingBackup.Cmdlets.Commands;

/// <summary>Looks at how backups stand, and tells the channels what is new.</summary>
[Cmdlet(VerbsData.Update, "StingAlert", SupportsShouldProcess = true)]
[OutputType(typeof(StingAlert))]
public sealed class UpdateStingAlertCommand : ConfiguredCmdlet
{
    private protected override void Execute()
    {
        var configuration = Examine().Require();
        var center = new AlertCenter(configuration, TimeProvider.System);
        if (!ShouldProcess(configuration.File, "Look at how backups stand, and tell the channels what is new"))
        {
            return;
        }
        // It warns from whatever thread it is on; PowerShell listens on one.
        var warnings = new List<string>();
        Wait(new ValueTask(AlertWatch.LookAsync(configuration, TimeProvider.System, warnings.Add, Cancel)));
        warnings.ForEach(WriteWarning);
        foreach (var alert in center.Read().Where(a => a.State != AlertState.Resolved))
        {
            WriteObject(alert);
        }
    }
}
