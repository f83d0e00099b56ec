using System.Management.Automation;
using StingBackup.Cmdlets.Abstractions;
using StingBackup.Cmdlets.Completers;

namespace StingBackup.Cmdlets.Commands;

/// <summary>Restores everything of one person.</summary>
[Cmdlet(VerbsData.Restore, "StingUser", SupportsShouldProcess = true, DefaultParameterSetName = ByDate)]
[OutputType(typeof(RestoreResult), typeof(RestorePlan))]
public sealed class RestoreStingUserCommand : RestoreCmdlet
{
    /// <summary>Who.</summary>
    [Parameter(Mandatory = true, Position = 0, HelpMessage = "The person: an e-mail address, an id, or the folder in users/")]
    [Alias("Email")]
    [ArgumentCompleter(typeof(UserCompleter))]
    [ValidateNotNullOrEmpty]
    public string User { get; set; } = null!;

    /// <summary>What he brought into honey jars too.</summary>
    [Parameter(HelpMessage = "Also what the person brought into honey jars; without it that comes back with the jars")]
    public SwitchParameter IncludeContributions { get; set; }

    private protected override RestoreRequest Request => new() { Scope = RestoreScope.User, Subject = User, WithContributions = IncludeContributions };
}
