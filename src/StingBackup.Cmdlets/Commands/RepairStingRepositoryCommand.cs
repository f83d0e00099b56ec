using System.Globalization;
using System.Management.Automation;
using StingBackup.Cmdlets.Abstractions;
using StingBackup.Engine.Integrity;

namespace StingBackup.Cmdlets.Commands;

/// <summary>Makes anew what can be made from what is whole: the index from packs, enrolments from copies, claims from trees, spares, replicas of the key store.</summary>
[Cmdlet(VerbsDiagnostic.Repair, "StingRepository", SupportsShouldProcess = true)]
[OutputType(typeof(RepairResult), typeof(RepairPlan))]
public sealed class RepairStingRepositoryCommand : UnlockingCmdlet
{
    /// <summary>Which tier.</summary>
    [Parameter(HelpMessage = "The tier that is repaired: Local, Remote or Archive")]
    [PSDefaultValue(Help = "Local")]
    public Tier Tier { get; set; } = Tier.Local;

    /// <summary>Goes without the restore role.</summary>
    [Parameter(HelpMessage = "Go without keys: claims stay as they are, and later runs do not deduplicate against the new index")]
    public SwitchParameter WithoutKey { get; set; }

    /// <summary>Runs in the background.</summary>
    [Parameter(HelpMessage = "Run in the background, and output the job")]
    public SwitchParameter AsJob { get; set; }

    private protected override void Execute()
    {
        var plan = Wait(RepairJob.PlanAsync(Installation, Tier, useKeys: !WithoutKey && Tier == Tier.Local, Cancel));
        var details = plan.Faults.Select(f => $"{f.Object}: {f.Problem}").Prepend(plan.Faults.Count == 0 ? "Nothing is known to be wrong." : "Known to be wrong:")
            .Concat(plan.Heals.Select(h => $"{h.Object}: {(h.From == h.Tier ? "its own parity gives it" : $"comes from the {h.From} tier")} ({Display.Length(h.Length)}): {h.Problem}"));
        var question = new Question(
            "Repair", string.Create(CultureInfo.InvariantCulture, $"Prove {plan.Packs:N0} packs ({Display.Length(plan.PackBytes)}) of {plan.Repository}{(Tier == Tier.Local ? " and rebuild its index" : ", and replace what is damaged from other tiers")}"),
            [.. details], plan, Destroys: false);
        if (!Ask(question, force: false))
        {
            return;
        }
        if (AsJob && plan.UseKeys)
        {
            // Here somebody can still be asked for the passphrase.
            Wait(Installation.UnlockAsync(Cancel));
        }
        RunJob((installation, cancel) => RepairJob.RunAsync(installation, plan, cancel).Select(Errors.FaultAsFailure), AsJob, passThru: false);
    }
}
