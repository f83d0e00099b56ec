using System.Management.Automation;
using StingBackup.Cmdlets.Abstractions;
using StingBackup.Cmdlets.Completers;
using StingBackup.Engine.Governance;

namespace StingBackup.Cmdlets.Commands;

/// <summary>Denies a request of this host for good.</summary>
[Cmdlet(VerbsLifecycle.Deny, "StingApproval", SupportsShouldProcess = true)]
[OutputType(typeof(ApprovalRequest))]
public sealed class DenyStingApprovalCommand : InstallationCmdlet
{
    /// <summary>Which one.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipelineByPropertyName = true, HelpMessage = "The id of the request, as Get-StingApproval shows it")]
    [ArgumentCompleter(typeof(ApprovalRequestCompleter))]
    [ValidateNotNullOrEmpty]
    public string Id { get; set; } = null!;

    /// <summary>Why.</summary>
    [Parameter(HelpMessage = "Why, in a line of up to 500 letters: whoever asked reads it")]
    [ValidateNotNullOrEmpty]
    public string? Reason { get; set; }

    private protected override void Execute()
    {
        var request = ApprovalDesk.PlanDenial(Installation, Id);
        if (Ask(new Question("Denial", $"Deny {request.Command} on {request.Target}", [.. ApproverQuestion.Lines(request)], request, Destroys: false), force: false))
        {
            WriteObject(Wait(ApprovalDesk.DenyAsync(Installation, Id, Reason, Cancel)));
        }
    }
}
