using System.Management.Automation;
using StingBackup.Cmdlets.Abstractions;
using StingBackup.Cmdlets.Completers;
using StingBackup.Engine;
using StingBackup.Engine.Recovery;

namespace StingBackup.Cmdlets.Commands;

/// <summary>Unlocks the tiers of this host. Needs the approval of a second identity.</summary>
[Cmdlet(VerbsCommon.Unlock, "StingTier", SupportsShouldProcess = true)]
[OutputType(typeof(TierLockdown), typeof(TierLockdownPlan))]
public sealed class UnlockStingTierCommand : InstallationCmdlet
{
    /// <summary>By which approval.</summary>
    [Parameter(HelpMessage = "The request whose approval is meant; without it the one of exactly this plan counts")]
    [ArgumentCompleter(typeof(ApprovalRequestCompleter))]
    [ValidateNotNullOrEmpty]
    public string? ApprovalId { get; set; }

    private protected override Caller Caller => base.Caller with { ApprovalId = ApprovalId };

    private protected override void Execute()
    {
        var plan = Wait(TierIsolation.PlanUnlockAsync(Installation, Cancel));
        var question = new Question("Unlock", $"Unlock the tiers of this host: {string.Join(", ", plan.Tiers)}", [$"Locked for: {plan.Reason}.", $"It needs the approval of a second identity. That is: {plan.Approval}."], plan, Destroys: false);
        if (Ask(question, force: false))
        {
            WriteObject(Wait(new ValueTask<TierLockdown>(TierIsolation.UnlockAsync(Installation, plan, Cancel))));
        }
    }
}
