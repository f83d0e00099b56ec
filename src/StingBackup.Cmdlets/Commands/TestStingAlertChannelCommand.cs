using System.Management.Automation;
using StingBackup.Cmdlets.Abstractions;
using StingBackup.Cmdlets.Completers;
using StingBackup.Engine.Operations.Alerts;

namespace StingBackup.Cmdlets.Commands;

/// <summary>Sends a test to the channels of alerts.</summary>
[Cmdlet(VerbsDiagnostic.Test, "StingAlertChannel")]
[OutputType(typeof(AlertChannelTest))]
public sealed class TestStingAlertChannelCommand : ConfiguredCmdlet
{
    /// <summary>Which.</summary>
    [Parameter(Position = 0, ValueFromPipelineByPropertyName = true, HelpMessage = "webhook, mail, pagerduty, slack, teams, matrix, syslog or exec; without it all")]
    [PSDefaultValue(Help = "Every channel that is configured")]
    [ArgumentCompleter(typeof(AlertChannelCompleter))]
    public string[]? Channel { get; set; }

    private protected override void Execute()
    {
        var center = new AlertCenter(Examine().Require(), TimeProvider.System);
        if (Channel is null && center.Channels.Count == 0)
        {
            WriteWarning("No channel is configured: nobody would be told. The section 'alerts' of the configuration names them.");
        }
        foreach (var name in Channel ?? center.Channels)
        {
            WriteObject(Wait(new ValueTask<AlertChannelTest>(center.TestAsync(name, Cancel))));
        }
    }
}
