using System.Globalization;
using System.Management.Automation;
using StingBackup.Cmdlets.Abstractions;
using StingBackup.Engine.Capture;

namespace StingBackup.Cmdlets.Commands;

/// <summary>Receives a database server's write-ahead log as a synchronous standby, so that no acknowledged commit is lost.</summary>
[Cmdlet(VerbsLifecycle.Start, "StingMetadataCapture", SupportsShouldProcess = true)]
[OutputType(typeof(CaptureStatus), typeof(CapturePlan))]
public sealed class StartStingMetadataCaptureCommand : ConfiguredCmdlet
{
    /// <summary>Runs in the background.</summary>
    [Parameter(HelpMessage = "Run in the background of this session, and output the job; a service manager keeps it running better")]
    public SwitchParameter AsJob { get; set; }

    private protected override void Execute()
    {
        var configuration = Examine().Require();
        var plan = Wait(MetadataCapture.PlanAsync(configuration, Cancel));
        var details = plan.Steps.Select(s => string.Create(CultureInfo.InvariantCulture, $"{(s.ByHand ? "By hand" : s.When)}: {s.What}: {s.Statement}{(s.NeedsRestart ? " (restart the server)" : "")}")).Concat(plan.Notices).ToList();
        var question = new Question("Capture", $"Receive the write-ahead log of {plan.Server} into {plan.SpoolDirectory}; when it stalls: {plan.WhenStalled}", details, plan, Destroys: false);
        if (Ask(question, force: false))
        {
            RunJob(MetadataCapture.RunAsync(configuration, plan, TimeProvider.System, AsJob ? CancellationToken.None : Cancel), AsJob, passThru: false);
        }
    }
}
