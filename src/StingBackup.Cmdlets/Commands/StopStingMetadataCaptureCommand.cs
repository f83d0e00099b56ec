using System.Management.Automation;
using StingBackup.Cmdlets.Abstractions;
using StingBackup.Engine.Capture;

namespace StingBackup.Cmdlets.Commands;

/// <summary>Ends the capture of this host, and takes back what the server was told.</summary>
[Cmdlet(VerbsLifecycle.Stop, "StingMetadataCapture", SupportsShouldProcess = true)]
[OutputType(typeof(CaptureStatus), typeof(CaptureStopPlan))]
public sealed class StopStingMetadataCaptureCommand : ConfiguredCmdlet
{
    private protected override void Execute()
    {
        var configuration = Examine().Require();
        var plan = MetadataCapture.PlanStop(configuration, TimeProvider.System);
        var question = new Question("Stop the capture", $"Stop capturing the write-ahead log of {plan.Server}, and take back what it was told",
            [plan.IsRunning ? "The capture runs, and is ended first." : "No capture runs on this host.", .. plan.Statements, $"The spool {plan.SpoolDirectory} stays."], plan, Destroys: false);
        if (Ask(question, force: false))
        {
            WriteObject(Wait(MetadataCapture.StopAsync(configuration, TimeProvider.System, Cancel)));
        }
    }
}
