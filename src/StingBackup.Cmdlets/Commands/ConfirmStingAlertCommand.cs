using System.Management.Automation;
using StingBackup.Cmdlets.Abstractions;
using StingBackup.Cmdlets.Completers;
using StingBackup.Engine.Operations.Alerts;

namespace StingBackup.Cmdlets.Commands;

/// <summary>Says that somebody knows of an alert: it escalates no more.</summary>
[Cmdlet(VerbsLifecycle.Confirm, "StingAlert", SupportsShouldProcess = true)]
[OutputType(typeof(StingAlert))]
public sealed class ConfirmStingAlertCommand : ConfiguredCmdlet
{
    /// <summary>Which.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipelineByPropertyName = true, HelpMessage = "The alert's id")]
    [ArgumentCompleter(typeof(AlertCompleter))]
    [ValidateNotNullOrEmpty]
    public string Id { get; set; } = "";

    /// <summary>What is done about it.</summary>
    [Parameter(Position = 1, HelpMessage = "What is done about it")]
    public string Comment { get; set; } = "";

    private protected override void Execute()
    {
        var center = new AlertCenter(Examine().Require(), TimeProvider.System);
        var alert = center.Find(Id);
        if (Ask(new Question("Alert", $"Acknowledge {alert}", [], alert, Destroys: false), force: false))
        {
            WriteObject(Wait(new ValueTask<StingAlert>(center.AcknowledgeAsync(Id, Environment.UserName, Comment, Cancel))));
        }
    }
}
