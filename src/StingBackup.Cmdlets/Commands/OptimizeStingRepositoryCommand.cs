using System.Globalization;
using System.Management.Automation;
using StingBackup.Cmdlets.Abstractions;
using StingBackup.Engine.Backup;
using StingBackup.Engine.Lifecycle.Pruning;

namespace StingBackup.Cmdlets.Commands;

/// <summary>Gives back the room of what no restore point reaches: marks packs, condemns and deletes those whose time has come, writes wasteful ones anew.</summary>
[Cmdlet(VerbsCommon.Optimize, "StingRepository", SupportsShouldProcess = true)]
[OutputType(typeof(PruneResult), typeof(PrunePlan))]
public sealed class OptimizeStingRepositoryCommand : InstallationCmdlet
{
    /// <summary>Which tier.</summary>
    [Parameter(HelpMessage = "The tier that is swept: Local or Remote")]
    [PSDefaultValue(Help = "Local")]
    public Tier Tier { get; set; } = Tier.Local;

    /// <summary>Waits for another run.</summary>
    [Parameter(HelpMessage = "Wait so long, at most, for a run of this host that goes on: 30m, 12h")]
    [ValidateNotNullOrEmpty]
    public string? MaxWait { get; set; }

    /// <summary>Runs in the background.</summary>
    [Parameter(HelpMessage = "Run in the background, and output the job")]
    public SwitchParameter AsJob { get; set; }

    private protected override void Execute()
    {
        if (MaxWait is not null && !IsWhatIf)
        {
            Wait(BackupWait.UntilFreeAsync(Installation, MaxWait, Cancel));
        }
        var plan = Wait(PruneJob.PlanAsync(Installation, Tier, Cancel));
        var question = new Question("Prune", $"Give back the room of what no restore point of {plan.Repository} reaches",
        [
            Line("deleted now", plan.Due),
            .. plan.LockedUntil is { } until ? (string[])[Line($"of these stay for now, since they are locked, the first until {Display.Time(until)}", plan.Locked)] : [], Line("marked, since nothing of them is needed", plan.Unreached),
            Line($"written anew ({Display.Length(plan.RewriteLength)}), since much of them is not needed, and marked", plan.Wasteful), "Marked packs go later, when no session and no reader can use them any more.",
        ], plan, Destroys: false);
        if (Ask(question, force: false))
        {
            RunJob((installation, cancel) => PruneJob.RunAsync(installation, Tier, cancel), AsJob, passThru: false);
        }
    }

    private static string Line(string what, PackSum sum) => string.Create(CultureInfo.InvariantCulture, $"{sum.Packs:N0} packs ({Display.Length(sum.Length)}): {what}");
}
