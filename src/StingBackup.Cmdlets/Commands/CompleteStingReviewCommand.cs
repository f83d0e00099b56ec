using System.Management.Automation;
using StingBackup.Cmdlets.Abstractions;
using StingBackup.Cmdlets.Completers;
using StingBackup.Engine;
using StingBackup.Engine.Governance;

namespace StingBackup.Cmdlets.Commands;

/// <summary>Closes the review of what was done by breaking the glass, once another identity has signed it.</summary>
[Cmdlet(VerbsLifecycle.Complete, "StingReview", SupportsShouldProcess = true)]
[OutputType(typeof(OpenReview), typeof(ReviewPlan))]
public sealed class CompleteStingReviewCommand : InstallationCmdlet
{
    /// <summary>Which.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipelineByPropertyName = true, HelpMessage = "The id of the review, as the status shows it")]
    [ArgumentCompleter(typeof(ReviewCompleter))]
    [ValidateNotNullOrEmpty]
    public string Id { get; set; } = null!;

    /// <summary>By which approval.</summary>
    [Parameter(HelpMessage = "The request whose approval is meant; without it the one of exactly this plan counts")]
    [ArgumentCompleter(typeof(ApprovalRequestCompleter))]
    [ValidateNotNullOrEmpty]
    public string? ApprovalId { get; set; }

    private protected override Caller Caller => base.Caller with { ApprovalId = ApprovalId };

    private protected override void Execute()
    {
        var plan = Wait(ReviewJob.PlanAsync(Installation, Id, Cancel));
        var question = new Question("Review", $"Close the review of {plan.Review}", [.. plan.Facts.Select(fact => fact.ToString()), $"It needs the approval of another identity. That is: {plan.Approval}."], plan, Destroys: false);
        if (Ask(question, force: false))
        {
            WriteObject(Wait(new ValueTask<OpenReview>(ReviewJob.RunAsync(Installation, Id, Cancel))));
        }
    }
}
