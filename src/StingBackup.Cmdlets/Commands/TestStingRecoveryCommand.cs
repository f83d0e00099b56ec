using System.Globalization;
using System.Management.Automation;
using StingBackup.Cmdlets.Abstractions;
using StingBackup.Engine.Operations.Drills;

namespace StingBackup.Cmdlets.Commands;

/// <summary>Holds a test of recovery (a drill): what chance draws is restored into a place of its own, compared, measured and removed; the evidence is kept signed.</summary>
[Cmdlet(VerbsDiagnostic.Test, "StingRecovery", SupportsShouldProcess = true, DefaultParameterSetName = ByType)]
[OutputType(typeof(RecoveryTest), typeof(RecoveryTestPlan))]
public sealed class TestStingRecoveryCommand : UnlockingCmdlet
{
    private const string ByType = "Type", ByCalendar = "Due";

    /// <summary>What comes back.</summary>
    [Parameter(Position = 0, ParameterSetName = ByType, ValueFromPipelineByPropertyName = true, HelpMessage = "File: random files; User: one person; HoneyJar: one jar, from a full run; Full: the complete system")]
    [PSDefaultValue(Help = "File")]
    public RecoveryTestType Type { get; set; } = RecoveryTestType.File;

    /// <summary>What the calendar wants.</summary>
    [Parameter(Mandatory = true, ParameterSetName = ByCalendar, HelpMessage = "Hold the tests that are due by the strategy's calendar, each once; none where none is")]
    public SwitchParameter Due { get; set; }

    /// <summary>Draws the same again.</summary>
    [Parameter(ParameterSetName = ByType, ValueFromPipelineByPropertyName = true, HelpMessage = "Decides what is drawn: the seed of an earlier test draws the same from the same restore points")]
    [PSDefaultValue(Help = "A new one by chance")]
    [ValidateRange(0, long.MaxValue)]
    public long? Seed { get; set; }

    /// <summary>From which tier.</summary>
    [Parameter(ParameterSetName = ByType, HelpMessage = "Restore from this tier, and no other. One that the strategy does not name is no evidence")]
    [PSDefaultValue(Help = "The one that the strategy names: File Local, User Remote, HoneyJar Local, Full Archive")]
    public Tier? Tier { get; set; }

    /// <summary>How many files.</summary>
    [Parameter(HelpMessage = "How many files a test of the type File restores")]
    [PSDefaultValue(Help = "10")]
    [ValidateRange(1, 1000)]
    public int Count { get; set; } = 10;

    /// <summary>How fast the archive is thawed.</summary>
    [Parameter(HelpMessage = "How fast packs of the archive tier are thawed: Bulk, Standard or Expedited. It is part of the recovery's time")]
    [PSDefaultValue(Help = "Standard")]
    public RetrievalSpeed Speed { get; set; } = RetrievalSpeed.Standard;

    /// <summary>Runs in the background.</summary>
    [Parameter(HelpMessage = "Run in the background, and output the job")]
    public SwitchParameter AsJob { get; set; }

    private protected override void Execute()
    {
        var types = Due ? Wait(DueAsync()) : [Type];
        if (types.Count == 0)
        {
            WriteVerbose("No test of recovery is due.");
        }
        foreach (var type in types)
        {
            var plan = Wait(DrillJob.PlanAsync(Installation, new RecoveryTestRequest { Type = type, Seed = Seed, Tier = Tier, Files = Count, Speed = Speed }, Cancel));
            if (Ask(Put(plan), force: false))
            {
                RunJob((installation, cancel) => DrillJob.RunAsync(installation, plan, cancel), AsJob, passThru: false);
            }
        }
    }

    private async ValueTask<IReadOnlyList<RecoveryTestType>> DueAsync() => await DrillJob.DueAsync(Installation, Cancel).ConfigureAwait(false);

    private static Question Put(RecoveryTestPlan plan)
    {
        string Count(long number, string noun) => string.Create(CultureInfo.InvariantCulture, $"{number:N0} {noun}{(number == 1 ? "" : "s")}");
        var details = new List<string>
        {
            $"From: {string.Join(", ", plan.BackupIds)}, of the {plan.Tier} tier alone{(plan.Tier == plan.NamedTier ? "" : $"; the strategy names the {plan.NamedTier} tier, so that this is no evidence")}",
            $"Reads: {Count(plan.Packs, "pack")}, {Display.Length(plan.PackBytes)}",
            $"To: {plan.Destination}, which is removed at the end",
            $"May take {Display.Duration(plan.TargetTime)} by the strategy; the test ends after {Display.Duration(plan.LongestTime)}",
        };
        if (plan.Thawing is { } thaw)
        {
            details.Add(string.Create(CultureInfo.InvariantCulture, $"Thaws: {plan.ToThaw.Packs:N0} packs at speed {thaw.Speed}, {Display.Duration(thaw.From)} to {Display.Duration(thaw.To)}, about {thaw.Cost:0.00} {thaw.Currency}{(thaw.NeedsApproval ? ", which takes an approval" : "")}"));
        }
        details.AddRange(plan.Chosen.Take(10).Select(c => $"  {c}"));
        details.AddRange(plan.Notes);
        return new Question("Test of recovery", $"Restore {Count(plan.Files, "file")} ({Display.Length(plan.Length)}) to compare and remove them: {plan.Type}, seed {plan.Seed.ToString(CultureInfo.InvariantCulture)}", details, plan, Destroys: false);
    }
}
