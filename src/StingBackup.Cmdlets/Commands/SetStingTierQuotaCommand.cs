using System.Management.Automation;
using StingBackup.Cmdlets.Abstractions;
using StingBackup.Cmdlets.Completers;
using StingBackup.Engine;
using StingBackup.Engine.Tiering;

namespace StingBackup.Cmdlets.Commands;

/// <summary>Raises the quota of the remote tier above what the configuration allows. Needs the approval of a second identity.</summary>
[Cmdlet(VerbsCommon.Set, "StingTierQuota", SupportsShouldProcess = true)]
[OutputType(typeof(TierQuotaResult), typeof(TierQuotaPlan))]
public sealed class SetStingTierQuotaCommand : InstallationCmdlet
{
    /// <summary>How much.</summary>
    [Parameter(Mandatory = true, Position = 0, HelpMessage = "Bytes that may lie on the remote tier: 12TB")]
    [ValidateRange(1, long.MaxValue)]
    public long Length { get; set; }

    /// <summary>By which approval.</summary>
    [Parameter(HelpMessage = "The request whose approval is meant; without it the one of exactly this plan counts")]
    [ArgumentCompleter(typeof(ApprovalRequestCompleter))]
    [ValidateNotNullOrEmpty]
    public string? ApprovalId { get; set; }

    private protected override Caller Caller => base.Caller with { ApprovalId = ApprovalId };

    private protected override void Execute()
    {
        var plan = Wait(TierQuotaJob.PlanAsync(Installation, Length, Cancel));
        var question = new Question("Quota", $"Let {Display.Length(plan.Length)} lie on the {plan.Tier} tier, {plan.Location}",
            [$"Until now: {Display.Length(plan.Before)}.", $"It needs the approval of a second identity. That is: {plan.Approval}."], plan, Destroys: false);
        if (Ask(question, force: false))
        {
            WriteObject(Wait(new ValueTask<TierQuotaResult>(TierQuotaJob.RunAsync(Installation, plan, Cancel))));
        }
    }
}
