using System.Globalization;
using System.Management.Automation;
using StingBackup.Cmdlets.Abstractions;
using StingBackup.Engine.Tiering;

namespace StingBackup.Cmdlets.Commands;

/// <summary>Brings further tiers up to date, or a lost local tier back from the remote one.</summary>
[Cmdlet(VerbsData.Sync, "StingTier", SupportsShouldProcess = true)]
[OutputType(typeof(TierSyncResult), typeof(TierSyncPlan))]
public sealed class SyncStingTierCommand : InstallationCmdlet
{
    /// <summary>Which tier.</summary>
    [Parameter(Position = 0, HelpMessage = "The tier that is brought up to date: Remote, Archive, or Local where it was lost; without it every further one")]
    [PSDefaultValue(Help = "Remote and Archive, as far as they are configured")]
    public Tier? Tier { get; set; }

    /// <summary>Runs in the background.</summary>
    [Parameter(HelpMessage = "Run in the background, and output the job")]
    public SwitchParameter AsJob { get; set; }

    private protected override void Execute()
    {
        var tiers = Tier is { } one ? [one] : TierSyncJob.FurtherTiers(Installation);
        foreach (var tier in tiers.Count > 0 ? tiers : [StingBackup.Tier.Remote])
        {
            var plan = Wait(TierSyncJob.PlanAsync(Installation, tier, Cancel));
            var question = new Question("Sync", string.Create(CultureInfo.InvariantCulture, $"Copy {plan.Points:N0} restore points ({Display.Length(plan.Length)}) from {plan.From} to {plan.To}"),
                [.. Details(plan)], plan, Destroys: false);
            if (Ask(question, force: false))
            {
                RunJob((installation, cancel) => TierSyncJob.RunAsync(installation, tier, cancel), AsJob, passThru: false);
            }
        }
    }

    private static IEnumerable<string> Details(TierSyncPlan plan)
    {
        yield return string.Create(CultureInfo.InvariantCulture, $"{plan.Packs.Packs:N0} packs ({Display.Length(plan.Packs.Length)}), {plan.Others.Count:N0} other objects ({Display.Length(plan.Others.Length)})");
        if (plan.OldestTime is { } oldest)
        {
            yield return $"The oldest of the restore points is of {Display.Time(oldest)}.";
        }
        if (plan.Claims > 0)
        {
            yield return string.Create(CultureInfo.InvariantCulture, $"{plan.Claims:N0} claims are renewed there, or removed since their subjects were erased.");
        }
        if (plan.Locks is { Extending.Count: > 0 } locks)
        {
            yield return string.Create(CultureInfo.InvariantCulture, $"{locks.Extending.Count:N0} objects there are locked for longer ({locks.Mode}, until {Display.Time(locks.Until!.Value)} at most), and what is copied besides.");
        }
        if (plan.Missing > 0)
        {
            yield return string.Create(CultureInfo.InvariantCulture, $"{plan.Missing:N0} packs that the index names lie on neither tier.");
        }
    }
}
