using System.Management.Automation;
using StingBackup.Cmdlets.Abstractions;
using StingBackup.Cmdlets.Completers;
using StingBackup.Engine.Operations.Alerts;

namespace StingBackup.Cmdlets.Commands;

/// <summary>Shows this host's alerts.</summary>
[Cmdlet(VerbsCommon.Get, "StingAlert")]
[OutputType(typeof(StingAlert))]
public sealed class GetStingAlertCommand : ConfiguredCmdlet
{
    /// <summary>One of them.</summary>
    [Parameter(Position = 0, ValueFromPipelineByPropertyName = true, HelpMessage = "Only the alert of this id")]
    [ArgumentCompleter(typeof(AlertCompleter))]
    [ValidateNotNullOrEmpty]
    public string? Id { get; set; }

    /// <summary>Those that are over too.</summary>
    [Parameter(HelpMessage = "Show those too that are over")]
    public SwitchParameter All { get; set; }

    private protected override void Execute()
    {
        var center = new AlertCenter(Examine().Require(), TimeProvider.System);
        foreach (var alert in Id is not null ? [center.Find(Id)] : center.Read().Where(a => All || a.State != AlertState.Resolved))
        {
            WriteObject(alert);
        }
    }
}
