using System.Management.Automation;
using StingBackup.Cmdlets.Abstractions;
using StingBackup.Cmdlets.Completers;
using StingBackup.Engine.Governance;

namespace StingBackup.Cmdlets.Commands;

/// <summary>Takes approvals back before they are used.</summary>
[Cmdlet(VerbsSecurity.Revoke, "StingApproval", SupportsShouldProcess = true)]
[OutputType(typeof(ApprovalRequest), typeof(ApprovalRevocationPlan))]
public sealed class RevokeStingApprovalCommand : InstallationCmdlet
{
    /// <summary>Of which request.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipelineByPropertyName = true, HelpMessage = "The id of the request, as Get-StingApproval shows it")]
    [ArgumentCompleter(typeof(ApprovalRequestCompleter))]
    [ValidateNotNullOrEmpty]
    public string Id { get; set; } = null!;

    /// <summary>Whose.</summary>
    [Parameter(HelpMessage = "Only the approval of this approver, by his id; without it all")]
    [ArgumentCompleter(typeof(ApproverCompleter))]
    [ValidateNotNullOrEmpty]
    public string? ApproverId { get; set; }

    private protected override void Execute()
    {
        var plan = ApprovalDesk.PlanRevocation(Installation, Id, ApproverId);
        var question = new Question("Revocation", $"Take back the approval of {plan.Request.Command} on {plan.Request.Target} by {string.Join(", ", plan.Approvers)}", [.. ApproverQuestion.Lines(plan.Request)], plan, Destroys: false);
        if (Ask(question, force: false))
        {
            WriteObject(Wait(ApprovalDesk.RevokeAsync(Installation, plan, Cancel)));
        }
    }
}
