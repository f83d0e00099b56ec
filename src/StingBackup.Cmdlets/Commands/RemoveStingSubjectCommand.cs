using System.Globalization;
using System.Management.Automation;
using StingBackup.Cmdlets.Abstractions;
using StingBackup.Cmdlets.Completers;
using StingBackup.Engine.Lifecycle;

namespace StingBackup.Cmdlets.Commands;

/// <summary>Asks for the erasure of one person or honey jar from every backup.</summary>
[Cmdlet(VerbsCommon.Remove, "StingSubject", SupportsShouldProcess = true, ConfirmImpact = ConfirmImpact.High, DefaultParameterSetName = ByUser)]
[OutputType(typeof(Erasure), typeof(ErasurePlan))]
public sealed class RemoveStingSubjectCommand : UnlockingCmdlet
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
    [Parameter(HelpMessage = "The law or contract that asks for it; it stands in the certificate")]
    [ValidateNotNullOrEmpty]
    public string LegalBasis { get; set; } = "GDPR Article 17";

    /// <summary>The request's own name.</summary>
    [Parameter(HelpMessage = "What the request is called elsewhere, such as a ticket; it stands in the certificate")]
    [PSDefaultValue(Help = "None")]
    public string Reference { get; set; } = "";

    private protected override void Execute()
    {
        var request = new ErasureRequest(ParameterSetName == ByJar ? RestoreScope.HoneyJar : RestoreScope.User, ParameterSetName == ByJar ? HoneyJar : User, LegalBasis, Reference, Actor.Here);
        var plan = Wait(ErasureJob.PlanAsync(Installation, request, Cancel));
        var question = new Question(
            "Erase", $"Make every backup of '{plan.Subject}' unreadable for good, from {Display.Time(plan.DueTime)} on",
            [
                .. plan.Hits.Select(hit => string.Create(CultureInfo.InvariantCulture, $"{hit.Tier}, {hit.DataClass}: {hit.Points:N0} restore points, {hit.Items:N0} items, {Display.Length(hit.Length)}")),
                string.Create(CultureInfo.InvariantCulture, $"{plan.Packs:N0} packs hold {Display.Length(plan.StoredBytes)} of it; none is rewritten."),
                .. plan.Residuals.Select(copy => $"Stays {(copy.EndTime is { } end ? $"until {Display.Time(end)}" : "until it is dropped")}: {copy.What}."),
                "Until it is carried out Stop-StingErasure stops it; after that nothing brings it back.",
            ],
            plan, Destroys: false);
        if (Ask(question, force: false))
        {
            WriteObject(Wait(new ValueTask<Erasure>(ErasureJob.RequestAsync(Installation, plan, Cancel))));
        }
    }
}
