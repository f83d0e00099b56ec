using System.Management.Automation;
using StingBackup.Cmdlets.Abstractions;
using StingBackup.Cmdlets.Completers;
using StingBackup.Engine;
using StingBackup.Engine.Operations;

namespace StingBackup.Cmdlets.Commands;

/// <summary>Revokes a host: it writes nothing further, and what it stored after its last good point counts no more.</summary>
[Cmdlet(VerbsLifecycle.Unregister, "StingHost", SupportsShouldProcess = true)]
[OutputType(typeof(HostRevocationResult), typeof(HostRevocationPlan))]
public sealed class UnregisterStingHostCommand : UnlockingCmdlet
{
    /// <summary>Which host.</summary>
    [Parameter(Mandatory = true, Position = 0, HelpMessage = "The host's name, or its writer id as Get-StingKey shows it")]
    [ValidateNotNullOrEmpty]
    public string HostName { get; set; } = "";

    /// <summary>What of it still counts.</summary>
    [Parameter(HelpMessage = "The id of its last backup that counts, or none; without it all that it made until now do")]
    [PSDefaultValue(Help = "Its newest")]
    [ValidateNotNullOrEmpty]
    public string? LastGoodPoint { get; set; }

    /// <summary>By which approval.</summary>
    [Parameter(HelpMessage = "The request whose approval is meant; without it the one of exactly this plan counts")]
    [ArgumentCompleter(typeof(ApprovalRequestCompleter))]
    [ValidateNotNullOrEmpty]
    public string? ApprovalId { get; set; }

    private protected override Caller Caller => base.Caller with { ApprovalId = ApprovalId };

    private protected override void Execute()
    {
        var plan = Wait(HostRevocation.PlanAsync(Installation, HostName, LastGoodPoint, Cancel));
        var question = new Question("Revoke a host", $"Revoke host {plan.HostName} (writer {plan.WriterId})",
            [
                plan.LastGoodPoint is null ? "None of its restore points counts any more." : $"Its last restore point that counts is {plan.LastGoodPoint}.",
                plan.LostPoints.Count == 0 ? "No restore point is lost." : $"No longer listed: {string.Join(", ", plan.LostPoints)}.",
                $"It needs the approval of a second identity. That is: {plan.Approval}.",
                "Its next run is refused. A host that is revoked comes back under a new writer id alone.",
            ], plan, Destroys: true);
        if (Ask(question, force: false))
        {
            WriteObject(Wait(new ValueTask<HostRevocationResult>(HostRevocation.RunAsync(Installation, plan, Cancel))));
        }
    }
}
