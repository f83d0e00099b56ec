using System.Management.Automation;
using StingBackup.Cmdlets.Abstractions;
using StingBackup.Cmdlets.Completers;
using StingBackup.Engine;
using StingBackup.Engine.Governance;

namespace StingBackup.Cmdlets.Commands;

/// <summary>Enrols an approver. The key role enrols the first one alone; each later one needs an approval.</summary>
[Cmdlet(VerbsLifecycle.Register, "StingApprover", SupportsShouldProcess = true)]
[OutputType(typeof(Approver), typeof(ApproverPlan))]
public sealed class RegisterStingApproverCommand : UnlockingCmdlet
{
    /// <summary>His public half.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipelineByPropertyName = true, HelpMessage = "The approver's public half, as New-StingApprover made it: a file that ends in .pub")]
    [Alias("Path")]
    [ValidateNotNullOrEmpty]
    public string PublicFile { get; set; } = null!;

    /// <summary>By which approval.</summary>
    [Parameter(HelpMessage = "The request whose approval is meant; without it the one of exactly this plan counts")]
    [ArgumentCompleter(typeof(ApprovalRequestCompleter))]
    [ValidateNotNullOrEmpty]
    public string? ApprovalId { get; set; }

    private protected override Caller Caller => base.Caller with { ApprovalId = ApprovalId };

    private protected override void Execute()
    {
        var plan = Wait(ApproverJobs.PlanRegisterAsync(Installation, Resolve(PublicFile), Cancel));
        // A person compares the fingerprint with what the approver told by another way: so he is asked, unless he agreed beforehand.
        if (Ask(ApproverQuestion.Of("Enrol", plan), force: false))
        {
            WriteObject(Wait(ApproverJobs.RegisterAsync(Installation, plan, Cancel)));
        }
    }
}
