using System.Globalization;
using System.Management.Automation;
using StingBackup.Cmdlets.Abstractions;
using StingBackup.Cmdlets.Completers;
using StingBackup.Engine;
using StingBackup.Engine.Lifecycle;

namespace StingBackup.Cmdlets.Commands;

/// <summary>Renews keys: the one that wraps all others, subjects', the epoch's secret, this host's signing key, or the key role's. No pack is touched.</summary>
[Cmdlet(VerbsData.Update, "StingKey", SupportsShouldProcess = true, DefaultParameterSetName = All)]
[OutputType(typeof(KeyRotationResult), typeof(KeyRotationPlan))]
public sealed class UpdateStingKeyCommand : UnlockingCmdlet
{
    private const string All = "All";
    private const string ByUser = "User";
    private const string ByJar = "HoneyJar";

    /// <summary>Which keys.</summary>
    [Parameter(Mandatory = true, Position = 0, HelpMessage = "The key that wraps all others, those of subjects, the epoch's secret, this host's signing key, or the key role's")]
    public KeyRotationKind Kind { get; set; }

    /// <summary>Whose.</summary>
    [Parameter(Mandatory = true, ParameterSetName = ByUser, HelpMessage = "One person's key, with -Kind Subject: an e-mail address, an id, or the folder in users/")]
    [Alias("Email")]
    [ArgumentCompleter(typeof(UserCompleter))]
    [ValidateNotNullOrEmpty]
    public string User { get; set; } = null!;

    /// <summary>Which honey jar's.</summary>
    [Parameter(Mandatory = true, ParameterSetName = ByJar, HelpMessage = "One honey jar's key, with -Kind Subject: its id, or the folder in jars/")]
    [ArgumentCompleter(typeof(JarCompleter))]
    [ValidateNotNullOrEmpty]
    public string HoneyJar { get; set; } = null!;

    /// <summary>Only when it is time.</summary>
    [Parameter(ParameterSetName = All, HelpMessage = "Does nothing before the keys are keys.rotate_days old; for a schedule that runs every day")]
    public SwitchParameter Due { get; set; }

    /// <summary>Other ids too.</summary>
    [Parameter(HelpMessage = "With -Kind Subject: a new writer secret too, so that what the subjects have is read and stored again under other ids")]
    public SwitchParameter NewWriterSecret { get; set; }

    /// <summary>By which approval.</summary>
    [Parameter(HelpMessage = "The request whose approval is meant; without it the one of exactly this plan counts")]
    [ArgumentCompleter(typeof(ApprovalRequestCompleter))]
    [ValidateNotNullOrEmpty]
    public string? ApprovalId { get; set; }

    private protected override Caller Caller => base.Caller with { ApprovalId = ApprovalId };

    private protected override void Execute()
    {
        if (Due && NewWriterSecret)
        {
            throw new StingException("RotationUnfit", FailureKind.InvalidArgument, "A new writer secret makes everything be stored again: no schedule gives one.", nameof(NewWriterSecret), "Leave out -Due, or -NewWriterSecret.");
        }
        var request = (ParameterSetName switch
        {
            ByUser => new KeyRotationRequest(Kind, RestoreScope.User, User),
            ByJar => new KeyRotationRequest(Kind, RestoreScope.HoneyJar, HoneyJar),
            _ => new KeyRotationRequest(Kind),
        }) with { NewWriterSecret = NewWriterSecret };
        var plan = Wait(KeyRotationJob.PlanAsync(Installation, request, Cancel));
        if (Due && !KeyAges.IsDue(Installation, plan))
        {
            WriteVerbose($"Not due: the keys are in force since {(plan.SinceTime is { } since ? Display.Time(since) : "a time that is not known")}.");
            return;
        }
        var question = new Question(
            "Renew keys", plan.Subject is null ? $"Renew keys of kind {plan.Kind}" : $"Renew the key of '{plan.Subject}'",
            [
                .. plan.Changes, .. plan.Stays.Select(what => $"Stays: {what}"), string.Create(CultureInfo.InvariantCulture, $"{plan.Replicas.Count} replicas and {plan.EpochPlaces.Count} epoch places are written."),
                plan.NeedsApproval ? "A second identity must approve it." : "It needs no approval.",
            ], plan, Destroys: false);
        if (Ask(question, force: false))
        {
            RunJob((installation, cancel) => KeyRotationJob.RunAsync(installation, plan, cancel), asJob: false, passThru: false);
        }
    }
}
