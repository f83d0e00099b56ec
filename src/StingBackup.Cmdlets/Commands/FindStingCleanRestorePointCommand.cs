using System.Management.Automation;
using StingBackup.Cmdlets.Abstractions;
using StingBackup.Cmdlets.Completers;
using StingBackup.Engine.Restore.Clean;

namespace StingBackup.Cmdlets.Commands;

/// <summary>Finds of each subject the last restore point from before it was damaged.</summary>
[Cmdlet(VerbsCommon.Find, "StingCleanRestorePoint", DefaultParameterSetName = ByUser)]
[OutputType(typeof(CleanRestorePoint))]
public sealed class FindStingCleanRestorePointCommand : UnlockingCmdlet
{
    private const string ByUser = "User", ByJar = "HoneyJar", OfAll = "All";

    /// <summary>Who.</summary>
    [Parameter(Mandatory = true, Position = 0, ParameterSetName = ByUser, HelpMessage = "The person: an e-mail address, an id, or the folder in users/")]
    [Alias("Email")]
    [ArgumentCompleter(typeof(UserCompleter))]
    [ValidateNotNullOrEmpty]
    public string? User { get; set; }

    /// <summary>Which honey jar.</summary>
    [Parameter(Mandatory = true, ParameterSetName = ByJar, HelpMessage = "The honey jar: its id, or the folder in jars/")]
    [ArgumentCompleter(typeof(JarCompleter))]
    [ValidateNotNullOrEmpty]
    public string? HoneyJar { get; set; }

    /// <summary>Everybody.</summary>
    [Parameter(Mandatory = true, ParameterSetName = OfAll, HelpMessage = "Every subject of the reserve; the suspect ones come first")]
    public SwitchParameter All { get; set; }

    /// <summary>Only this data class.</summary>
    [Parameter(HelpMessage = "Only this data class")]
    [PSDefaultValue(Help = "All")]
    public DataClass? DataClass { get; set; }

    private protected override void Execute()
    {
        var scope = User is not null ? RestoreScope.User : HoneyJar is not null ? RestoreScope.HoneyJar : RestoreScope.Reserve;
        EmitWithDamage(CleanPointSearch.FindAsync(Installation, scope, User ?? HoneyJar, DataClass, Cancel));
    }
}
