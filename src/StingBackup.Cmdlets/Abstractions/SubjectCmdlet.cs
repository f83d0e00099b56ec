using System.Management.Automation;
using StingBackup.Cmdlets.Completers;

namespace StingBackup.Cmdlets.Abstractions;

/// <summary>What erasures and legal holds share: whose data is meant, a person's, a honey jar's, or one contributor's within a jar.</summary>
public abstract class SubjectCmdlet : UnlockingCmdlet
{
    private protected const string ByUser = "User";
    private protected const string ByJar = "HoneyJar";

    private protected SubjectCmdlet()
    {
    }

    /// <summary>Who.</summary>
    [Parameter(Mandatory = true, Position = 0, ParameterSetName = ByUser, ValueFromPipelineByPropertyName = true, HelpMessage = "The person: an e-mail address, an id, or the folder in users/")]
    [Alias("Email")]
    [ArgumentCompleter(typeof(UserCompleter))]
    [ValidateNotNullOrEmpty]
    public string User { get; set; } = null!;

    /// <summary>Which honey jar.</summary>
    [Parameter(Mandatory = true, ParameterSetName = ByJar, HelpMessage = "The honey jar: its id, or the folder in jars/")]
    [ArgumentCompleter(typeof(JarCompleter))]
    [ValidateNotNullOrEmpty]
    public string HoneyJar { get; set; } = null!;

    /// <summary>Of the jar only this person's.</summary>
    [Parameter(ParameterSetName = ByJar, HelpMessage = "Only what this person brought into the jar: an e-mail address, an id, or the folder in users/")]
    [PSDefaultValue(Help = "The whole jar, all contributors included")]
    [ArgumentCompleter(typeof(UserCompleter))]
    [ValidateNotNullOrEmpty]
    public string? Contributor { get; set; }

    /// <summary>Whether a jar is meant.</summary>
    private protected bool IsJar => ParameterSetName == ByJar;

    private protected (RestoreScope Scope, string Subject) Meant => IsJar ? (RestoreScope.HoneyJar, HoneyJar) : (RestoreScope.User, User);
}
