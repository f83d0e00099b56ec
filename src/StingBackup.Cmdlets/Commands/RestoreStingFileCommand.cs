using System.Management.Automation;
using StingBackup.Cmdlets.Abstractions;
using StingBackup.Cmdlets.Completers;

namespace StingBackup.Cmdlets.Commands;

/// <summary>Restores single files and folders, by name, path or pattern.</summary>
[Cmdlet(VerbsData.Restore, "StingFile", SupportsShouldProcess = true, DefaultParameterSetName = ByDate)]
[OutputType(typeof(RestoreResult), typeof(RestorePlan))]
public sealed class RestoreStingFileCommand : RestoreCmdlet
{
    /// <summary>Names, paths or patterns.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipelineByPropertyName = true, HelpMessage = "Names found in any folder, paths within the reserve or the person's folder, or patterns")]
    [Alias("Path")]
    [SupportsWildcards]
    [ValidateNotNullOrEmpty]
    public string[] File { get; set; } = null!;

    /// <summary>Whose.</summary>
    [Parameter(Position = 1, ValueFromPipelineByPropertyName = true, HelpMessage = "Whose files: an e-mail address, an id, a honey jar; without it anybody's")]
    [Alias("Subject", "Email")]
    [ArgumentCompleter(typeof(SubjectCompleter))]
    [ValidateNotNullOrEmpty]
    public string? User { get; set; }

    private protected override RestoreRequest Request => new() { Scope = RestoreScope.File, Subject = User, Files = File };
}
