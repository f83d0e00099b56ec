using System.Management.Automation;
using StingBackup.Cmdlets.Abstractions;
using StingBackup.Cmdlets.Completers;
using StingBackup.Engine.Guardian;

namespace StingBackup.Cmdlets.Commands;

/// <summary>Says that what runs found suspicious of a subject is settled: the alert ends, and its restore points expire as ever.</summary>
[Cmdlet(VerbsLifecycle.Confirm, "StingAnomaly", SupportsShouldProcess = true)]
[OutputType(typeof(AnomalySettlement))]
public sealed class ConfirmStingAnomalyCommand : InstallationCmdlet
{
    private readonly HashSet<string> _done = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>Whose.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipelineByPropertyName = true, HelpMessage = "The person, honey jar or pseudonym; all for the reserve as a whole")]
    [ArgumentCompleter(typeof(AnomalyCompleter))]
    [ValidateNotNullOrEmpty]
    public string Subject { get; set; } = "";

    /// <summary>What was found out.</summary>
    [Parameter(Position = 1, HelpMessage = "What was found out, or done")]
    public string Comment { get; set; } = "";

    private protected override void Execute()
    {
        // Several runs of one subject come through a pipeline one by one.
        if (MyInvocation.ExpectingInput && !_done.Add(Subject))
        {
            return;
        }
        var plan = Wait(AnomalySettlementJob.PlanAsync(Installation, Subject, Comment, Cancel));
        string[] details = [$"Runs: {string.Join(", ", plan.BackupIds)}", .. AnomalyReader.Describe(plan.Reasons), "Restore points of it count as clean again, and may expire."];
        if (Ask(new Question("Anomaly", $"Settle what runs found suspicious of {plan.Subject} since {Display.Time(plan.SinceTime)}", details, plan, Destroys: false), force: false))
        {
            WriteObject(Wait(AnomalySettlementJob.RunAsync(Installation, plan, Cancel)));
        }
    }
}
