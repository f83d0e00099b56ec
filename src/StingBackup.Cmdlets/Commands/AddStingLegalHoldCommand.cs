using System.Management.Automation;
using StingBackup.Cmdlets.Abstractions;
using StingBackup.Cmdlets.Completers;
using StingBackup.Engine.Lifecycle;

namespace StingBackup.Cmdlets.Commands;

/// <summary>Sets a legal hold: the subject cannot be erased while it stands.</summary>
[Cmdlet(VerbsCommon.Add, "StingLegalHold", SupportsShouldProcess = true, DefaultParameterSetName = ByUser)]
[OutputType(typeof(LegalHold), typeof(LegalHoldPlan))]
public sealed class AddStingLegalHoldCommand : UnlockingCmdlet
{
    private const string ByUser = "User";
    private const string ByJar = "HoneyJar";

    /// <summary>Who.</summary>
    [Parameter(Mandatory = true, Position = 0, ParameterSetName = ByUser, HelpMessage = "The person: an e-mail address, an id, or the folder in users/")]
    [Alias("Email")]
    [ArgumentCompleter(typeof(UserCompleter))]
    [ValidateNotNullOrEmpty]
    public string User { get; set; } = null!;

    /// <summary>Which honey jar.</summary>
    [Parameter(Mandatory = true, ParameterSetName = ByJar, HelpMessage = "The honey jar: its id, or the folder in jars/")]
    [ArgumentCompleter(typeof(JarCompleter))]
    [ValidateNotNullOrEmpty]
    public string HoneyJar { get; set; } = null!;

    /// <summary>Why.</summary>
    [Parameter(Mandatory = true, HelpMessage = "Why it must be kept, such as the case; whoever asks for an erasure is told")]
    [ValidateNotNullOrEmpty]
    public string Reason { get; set; } = null!;

    private protected override void Execute()
    {
        var (scope, subject) = ParameterSetName == ByJar ? (RestoreScope.HoneyJar, HoneyJar) : (RestoreScope.User, User);
        var plan = Wait(LegalHolds.PlanAsync(Installation, scope, subject, Reason, Cancel));
        var question = new Question("Set a legal hold", $"Keep '{plan.Subject}' from being erased: {plan.Reason}", [], plan, Destroys: false);
        if (Ask(question, force: false))
        {
            WriteObject(Wait(LegalHolds.AddAsync(Installation, plan, Actor.Here, Cancel)));
        }
    }
}
