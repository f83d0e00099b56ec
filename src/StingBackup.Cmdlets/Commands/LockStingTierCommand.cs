using System.Management.Automation;
using StingBackup.Cmdlets.Abstractions;
using StingBackup.Engine.Recovery;

namespace StingBackup.Cmdlets.Commands;

/// <summary>Locks the tiers of this host: nothing is backed up, copied on, let go or deleted by it until Unlock-StingTier.</summary>
[Cmdlet(VerbsCommon.Lock, "StingTier", SupportsShouldProcess = true)]
[OutputType(typeof(TierLockdown), typeof(TierLockdownPlan))]
public sealed class LockStingTierCommand : InstallationCmdlet
{
    /// <summary>Why.</summary>
    [Parameter(Mandatory = true, Position = 0, HelpMessage = "Why, in a sentence: it stands in the status, and in what an approver signs to unlock")]
    [ValidateNotNullOrEmpty]
    public string Reason { get; set; } = "";

    private protected override void Execute()
    {
        var plan = TierIsolation.Plan(Installation, Reason);
        var question = new Question("Lock", $"Lock the tiers of this host: {string.Join(", ", plan.Tiers)}",
        [
            $"Refused from then on: {string.Join(", ", plan.Stops)}. Restores and verification go on.",
            plan.WithoutObjectLock.Count == 0 ? "All of them lock their objects." : $"Without Object Lock, so that other tools with this host's credentials can still delete there: {string.Join(", ", plan.WithoutObjectLock)}.",
        ], plan, Destroys: false);
        if (Ask(question, force: false))
        {
            WriteObject(Wait(TierIsolation.LockAsync(Installation, plan, Cancel)));
        }
    }
}
