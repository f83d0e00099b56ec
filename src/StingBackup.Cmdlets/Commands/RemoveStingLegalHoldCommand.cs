using System.Management.Automation;
using StingBackup.Cmdlets.Abstractions;
using StingBackup.Cmdlets.Completers;
using StingBackup.Engine;
using StingBackup.Engine.Lifecycle;

namespace StingBackup.Cmdlets.Commands;

/// <summary>Lifts a legal hold. It stays on record, with who lifted it.</summary>
[Cmdlet(VerbsCommon.Remove, "StingLegalHold", SupportsShouldProcess = true, ConfirmImpact = ConfirmImpact.High)]
[OutputType(typeof(LegalHold))]
public sealed class RemoveStingLegalHoldCommand : UnlockingCmdlet
{
    /// <summary>Which.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipelineByPropertyName = true, HelpMessage = "The hold's id; Get-StingLegalHold lists them")]
    [ArgumentCompleter(typeof(LegalHoldCompleter))]
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
        var hold = LegalHolds.Find(Installation, Id);
        var question = new Question("Lift the legal hold", $"Let '{hold.Subject}' be erased again", [$"It was set by {hold.SetBy} on {Display.Time(hold.SetTime)}: {hold.Reason}"], hold, Destroys: false);
        if (Ask(question, force: false))
        {
            WriteObject(Wait(new ValueTask<LegalHold>(LegalHolds.LiftAsync(Installation, Id, Actor.Here, Cancel))));
        }
    }
}
