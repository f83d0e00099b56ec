using System.Management.Automation;
using StingBackup.Cmdlets.Abstractions;
using StingBackup.Cmdlets.Completers;
using StingBackup.Engine;
using StingBackup.Engine.Governance;

namespace StingBackup.Cmdlets.Commands;

/// <summary>Revokes an approver for good; needs an approval.</summary>
[Cmdlet(VerbsLifecycle.Unregister, "StingApprover", SupportsShouldProcess = true)]
[OutputType(typeof(Approver), typeof(ApproverPlan))]
public sealed class UnregisterStingApproverCommand : UnlockingCmdlet
{
    /// <summary>Who.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipelineByPropertyName = true, HelpMessage = "The approver's id, as Get-StingApprover shows it")]
    [Alias("Id")]
    [ArgumentCompleter(typeof(ApproverCompleter))]
    [ValidateNotNullOrEmpty]
    public string ApproverId { get; set; } = null!;

    /// <summary>By which approval.</summary>
    [Parameter(HelpMessage = "The request whose approval is meant; without it the one of exactly this plan counts")]
    [ArgumentCompleter(typeof(ApprovalRequestCompleter))]
    [ValidateNotNullOrEmpty]
    public string? ApprovalId { get; set; }

    private protected override Caller Caller => base.Caller with { ApprovalId = ApprovalId };

    private protected override void Execute()
    {
        var plan = Wait(ApproverJobs.PlanUnregisterAsync(Installation, ApproverId, Cancel));
        if (Ask(ApproverQuestion.Of("Revoke", plan), force: false))
        {
            WriteObject(Wait(ApproverJobs.UnregisterAsync(Installation, plan, Cancel)));
        }
    }
}
