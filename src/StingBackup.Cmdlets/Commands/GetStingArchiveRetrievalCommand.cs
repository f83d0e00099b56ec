using System.Management.Automation;
using StingBackup.Cmdlets.Abstractions;
using StingBackup.Cmdlets.Completers;
using StingBackup.Engine.Restore.Thawing;

namespace StingBackup.Cmdlets.Commands;

/// <summary>Shows how retrievals from the archive tier stand that this host has asked for.</summary>
[Cmdlet(VerbsCommon.Get, "StingArchiveRetrieval")]
[OutputType(typeof(ArchiveRetrieval))]
public sealed class GetStingArchiveRetrievalCommand : InstallationCmdlet
{
    /// <summary>Which.</summary>
    [Parameter(Position = 0, ValueFromPipelineByPropertyName = true, HelpMessage = "The retrieval's id; without it all that this host remembers")]
    [ArgumentCompleter(typeof(RetrievalCompleter))]
    [ValidateNotNullOrEmpty]
    public string? Id { get; set; }

    private protected override void Execute()
    {
        foreach (var retrieval in RetrievalJob.GetAsync(Installation, Id, Cancel).ToBlockingEnumerable(Cancel))
        {
            WriteObject(retrieval);
        }
    }
}
