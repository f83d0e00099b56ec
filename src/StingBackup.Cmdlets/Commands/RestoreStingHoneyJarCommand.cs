using System.Management.Automation;
using StingBackup.Cmdlets.Abstractions;
using StingBackup.Cmdlets.Completers;

namespace StingBackup.Cmdlets.Commands;

/// <summary>Restores everything of one honey jar, what others contributed to it included.</summary>
[Cmdlet(VerbsData.Restore, "StingHoneyJar", SupportsShouldProcess = true, DefaultParameterSetName = ByDate)]
[OutputType(typeof(RestoreResult), typeof(RestorePlan))]
public sealed class RestoreStingHoneyJarCommand : RestoreCmdlet
{
    /// <summary>Which.</summary>
    [Parameter(Mandatory = true, Position = 0, HelpMessage = "The honey jar's id, which is its folder's name in jars/")]
    [Alias("HoneyJar")]
    [ArgumentCompleter(typeof(JarCompleter))]
    [ValidateNotNullOrEmpty]
    public string Id { get; set; } = null!;

    private protected override RestoreRequest Request => new() { Scope = RestoreScope.HoneyJar, Subject = Id };
}
