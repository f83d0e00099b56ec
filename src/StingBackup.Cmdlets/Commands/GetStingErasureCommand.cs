using System.Management.Automation;
using StingBackup.Cmdlets.Abstractions;
using StingBackup.Engine.Lifecycle;

namespace StingBackup.Cmdlets.Commands;

/// <summary>Requests for erasure, and what became of them.</summary>
[Cmdlet(VerbsCommon.Get, "StingErasure")]
[OutputType(typeof(Erasure))]
public sealed class GetStingErasureCommand : InstallationCmdlet
{
    /// <summary>Only in these states.</summary>
    [Parameter(Position = 0, HelpMessage = "Only erasures in these states; without it all")]
    [PSDefaultValue(Help = "All")]
    public ErasureState[] State { get; set; } = [];

    private protected override void Execute()
    {
        foreach (var erasure in ErasureJob.List(Installation).Where(erasure => State.Length == 0 || State.Contains(erasure.State)))
        {
            WriteObject(erasure);
        }
    }
}
