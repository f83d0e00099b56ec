using System.Management.Automation;
using StingBackup.Cmdlets.Abstractions;
using StingBackup.Engine.Lifecycle;

namespace StingBackup.Cmdlets.Commands;

/// <summary>Requests for deletion that people made in STING, and what backups know of them.</summary>
[Cmdlet(VerbsCommon.Get, "StingErasureRequest")]
[OutputType(typeof(DeletionRequest))]
public sealed class GetStingErasureRequestCommand : InstallationCmdlet
{
    /// <summary>Only in these states.</summary>
    [Parameter(Position = 0, HelpMessage = "Only requests in these states, such as New; without it all")]
    [PSDefaultValue(Help = "All")]
    public DeletionRequestState[] State { get; set; } = [];

    private protected override void Execute()
    {
        foreach (var request in Wait(ErasureFeed.ReadAsync(Installation, Cancel)).Where(request => State.Length == 0 || State.Contains(request.State)))
        {
            WriteObject(request);
        }
    }
}
