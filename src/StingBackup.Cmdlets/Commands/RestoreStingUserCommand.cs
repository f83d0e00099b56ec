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

    private protected override RestoreRequest Request => new() { Scope = RestoreScope.User, Subject = User };
}
