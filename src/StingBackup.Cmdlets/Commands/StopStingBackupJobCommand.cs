using System.Management.Automation;
using StingBackup.Cmdlets.Abstractions;
using StingBackup.Cmdlets.Completers;
using StingBackup.Engine.Integrity;
using StingBackup.Engine.Operations.Jobs;

namespace StingBackup.Cmdlets.Commands;

/// <summary>Asks a job of this host to end in order, in whatever process it runs.</summary>
[Cmdlet(VerbsLifecycle.Stop, "StingBackupJob", SupportsShouldProcess = true)]
[OutputType(typeof(HostJob), typeof(JobStopPlan))]
public sealed class StopStingBackupJobCommand : InstallationCmdlet
{
    /// <summary>Which.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipelineByPropertyName = true, HelpMessage = "The job's id")]
    [ArgumentCompleter(typeof(JobCompleter))]
    [ValidateNotNullOrEmpty]
    public string Id { get; set; } = "";

    /// <summary>How long to wait.</summary>
    [Parameter(HelpMessage = "Wait so long, at most, until it has ended: 30s, 5m")]
    [PSDefaultValue(Help = "1m")]
    [ValidateNotNullOrEmpty]
    public string MaxWait { get; set; } = "1m";

    private protected override void Execute()
    {
        var patience = CheckLimits.ParseSpan(MaxWait);
        var plan = JobStop.Plan(Installation, Id);
        var question = new Question("Job", $"Stop {plan.Job.Kind} {plan.Job.Id} of process {plan.Job.ProcessId}", [$"It began at {Display.Time(plan.Job.StartedTime)} as {plan.Job.User}.", plan.Effect], plan, Destroys: false);
        if (Ask(question, force: false))
        {
            WriteObject(Wait(JobStop.RunAsync(Installation, plan, patience, Cancel)));
        }
    }
}
