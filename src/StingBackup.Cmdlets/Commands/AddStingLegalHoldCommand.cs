using System.Management.Automation;
using StingBackup.Cmdlets.Abstractions;
using StingBackup.Engine.Lifecycle;

namespace StingBackup.Cmdlets.Commands;

/// <summary>Sets a legal hold: the subject cannot be erased while it stands.</summary>
[Cmdlet(VerbsCommon.Add, "StingLegalHold", SupportsShouldProcess = true, DefaultParameterSetName = ByUser)]
[OutputType(typeof(LegalHold), typeof(LegalHoldPlan))]
public sealed class AddStingLegalHoldCommand : SubjectCmdlet
{
    /// <summary>Why.</summary>
    [Parameter(Mandatory = true, HelpMessage = "Why it must be kept, such as the case; whoever asks for an erasure is told")]
    [ValidateNotNullOrEmpty]
    public string Reason { get; set; } = null!;

    private protected override void Execute()
    {
        var (scope, subject) = Meant;
        var plan = Wait(LegalHolds.PlanAsync(Installation, scope, subject, Contributor, Reason, Cancel));
        var question = new Question("Set a legal hold", $"Keep '{plan.Subject}' from being erased: {plan.Reason}", [], plan, Destroys: false);
        if (Ask(question, force: false))
        {
            WriteObject(Wait(LegalHolds.AddAsync(Installation, plan, Actor.Here, Cancel)));
        }
    }
}
