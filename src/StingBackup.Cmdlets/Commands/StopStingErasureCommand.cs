using System.Management.Automation;
using StingBackup.Cmdlets.Abstractions;
using StingBackup.Cmdlets.Completers;
using StingBackup.Engine.Lifecycle;

namespace StingBackup.Cmdlets.Commands;

/// <summary>Stops an erasure that is not carried out yet.</summary>
[Cmdlet(VerbsLifecycle.Stop, "StingErasure", SupportsShouldProcess = true)]
[OutputType(typeof(Erasure))]
public sealed class StopStingErasureCommand : UnlockingCmdlet
{
    /// <summary>Which.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipelineByPropertyName = true, HelpMessage = "The erasure's id; Get-StingErasure lists them")]
    [ArgumentCompleter(typeof(ErasureCompleter))]
    [ValidateNotNullOrEmpty]
    public string Id { get; set; } = null!;

    private protected override void Execute()
    {
        var erasure = ErasureJob.Find(Installation, Id);
        var question = new Question("Stop the erasure", $"Stop the erasure of '{erasure.Subject}' that was asked for on {Display.Time(erasure.RequestedTime)}",
            [$"It is {erasure.State}, due {Display.Time(erasure.DueTime)}."], erasure, Destroys: false);
        if (Ask(question, force: false))
        {
            WriteObject(Wait(ErasureJob.StopAsync(Installation, Id, Actor.Here, Cancel)));
        }
    }
}
