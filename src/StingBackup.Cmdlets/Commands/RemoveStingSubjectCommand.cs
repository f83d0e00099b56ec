using System.Globalization;
using System.Management.Automation;
using StingBackup.Cmdlets.Abstractions;
using StingBackup.Cmdlets.Completers;
using StingBackup.Engine;
using StingBackup.Engine.Lifecycle;

namespace StingBackup.Cmdlets.Commands;

/// <summary>Asks for the erasure of one person, honey jar, or contributor to a jar from every backup.</summary>
[Cmdlet(VerbsCommon.Remove, "StingSubject", SupportsShouldProcess = true, ConfirmImpact = ConfirmImpact.High, DefaultParameterSetName = ByUser)]
[OutputType(typeof(Erasure), typeof(ErasurePlan))]
public sealed class RemoveStingSubjectCommand : SubjectCmdlet
{
    /// <summary>Leaves what the person brought into honey jars.</summary>
    [Parameter(ParameterSetName = ByUser, HelpMessage = "Leave what the person brought into honey jars, which else goes with him")]
    public SwitchParameter KeepContributions { get; set; }

    /// <summary>Why.</summary>
    [Parameter(HelpMessage = "The law or contract that asks for it; it stands in the certificate")]
    [ValidateNotNullOrEmpty]
    public string LegalBasis { get; set; } = "GDPR Article 17";

    /// <summary>The request's own name.</summary>
    [Parameter(ValueFromPipelineByPropertyName = true, HelpMessage = "What the request is called elsewhere, such as a ticket; it stands in the certificate")]
    [PSDefaultValue(Help = "None")]
    public string Reference { get; set; } = "";

    /// <summary>By which approval.</summary>
    [Parameter(HelpMessage = "The request whose approval is meant; without it the one of exactly this plan counts")]
    [ArgumentCompleter(typeof(ApprovalRequestCompleter))]
    [ValidateNotNullOrEmpty]
    public string? ApprovalId { get; set; }

    private protected override Caller Caller => base.Caller with { ApprovalId = ApprovalId };

    private protected override void Execute()
    {
        var (scope, subject) = Meant;
        var request = new ErasureRequest(scope, subject, LegalBasis, Reference, Actor.Here) { Contributor = Contributor, KeepContributions = KeepContributions };
        var plan = Wait(ErasureJob.PlanAsync(Installation, request, Cancel));
        var question = new Question(
            "Erase", $"Make every backup of '{plan.Subject}' unreadable for good, from {Display.Time(plan.DueTime)} on",
            [
                .. ContributionsOf(plan),
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

    /// <summary>What goes along, or could.</summary>
    private IEnumerable<string> ContributionsOf(ErasurePlan plan)
    {
        const int Shown = 10;
        if (!IsJar && KeepContributions)
        {
            yield return "What the person brought into honey jars stays (-KeepContributions).";
        }
        var others = plan.Contributions.Where(name => name != plan.Subject).ToList();
        if (others.Count > 0)
        {
            yield return string.Create(CultureInfo.InvariantCulture, $"With it go {others.Count:N0} {(IsJar ? "contributors' parts of the jar" : "contributions to honey jars (-KeepContributions leaves them)")}: {string.Join(", ", others.Take(Shown))}{(others.Count > Shown ? ", …" : "")}");
        }
    }
}
