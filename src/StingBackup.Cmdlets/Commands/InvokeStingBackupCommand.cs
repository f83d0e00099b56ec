using System.Management.Automation;
using StingBackup.Cmdlets.Abstractions;
using StingBackup.Engine.Backup;

namespace StingBackup.Cmdlets.Commands;

/// <summary>Backs up the reserve: one run, one restore point for each data class.</summary>
[Cmdlet(VerbsLifecycle.Invoke, "StingBackup", SupportsShouldProcess = true)]
[OutputType(typeof(BackupResult), typeof(BackupPlan))]
public sealed class InvokeStingBackupCommand : InstallationCmdlet
{
    /// <summary>How sources are read.</summary>
    [Parameter(Position = 0, HelpMessage = "Incremental reads what changed; Full reads everything again; Archive is a full one to keep")]
    [PSDefaultValue(Help = "Incremental")]
    public BackupType Type { get; set; } = BackupType.Incremental;

    /// <summary>Which data classes.</summary>
    [Parameter(ValueFromPipelineByPropertyName = true, HelpMessage = "Only these data classes; without it all")]
    [PSDefaultValue(Help = "All")]
    public DataClass[]? DataClass { get; set; }

    /// <summary>Only what is due.</summary>
    [Parameter(HelpMessage = "Only the data classes whose time has come by schedule.* of the configuration")]
    public SwitchParameter Due { get; set; }

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
        var plan = Wait(BackupJob.PlanAsync(Installation, Type, DataClass, Due, Cancel));
        if (plan.Classes.Count == 0)
        {
            new CmdletSink(this).Information($"No data class is due; the next one is at {Display.Time(plan.NextDueTime)}.");
            return;
        }
        var question = new Question(
            "Backup", $"Back up {string.Join(", ", plan.Sources)} to {plan.Repository} ({plan.Type})", [$"Data classes: {string.Join(", ", plan.Classes)}"], plan, Destroys: false);
        if (!Ask(question, force: false))
        {
            return;
        }
        try
        {
            RunJob((installation, cancel) => BackupJob.RunAsync(installation, plan, cancel), AsJob, passThru: false);
        }
        catch (StingException e) when (Due && e.ErrorId == "BackupRunning")
        {
            // A timer's tick that meets a longer run: nothing is wrong.
            new CmdletSink(this).Information($"{e.Message} What is due waits for the next tick.");
        }
    }
}
