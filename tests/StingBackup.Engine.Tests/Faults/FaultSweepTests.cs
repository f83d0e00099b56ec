using System.Globalization;
using System.Reflection;
using Xunit.Abstractions;

namespace StingBackup.Engine.Tests.Faults;

/// <summary>Calls to the store fail, one in each run of a verb: what showed a defect once and a draw here, all of them by <c>tests/soak/10-sweep.sh</c>.</summary>
public sealed class FaultSweepTests(ITestOutputHelper output)
{
    private const int Seed = 20261126;

    /// <summary>What showed a defect. The numbers of calls change as the engine does: all of their like are played.</summary>
    private static readonly (string Verb, string Call, FaultWay Way)[] Found =
    [
        ("full backup", "Local read points", FaultWay.Short),          // the chain looked forked
        ("sync", "Local read points", FaultWay.Short),                 // went to the remote tier as it was
        ("sync", "Local read format", FaultWay.Short),
        ("archive", "Local read meta", FaultWay.Short),                // a point entered without all its pages
        ("archive", "Local length meta", FaultWay.Fails),
        ("erase", "Local read ledger", FaultWay.Short),                // went to the remote tier as it was
        ("rotate Subject", "Local stage subjects", FaultWay.Fails),    // could not be ended
        ("enrol host", "Local stage subjects", FaultWay.Fails),        // lost a claim
        ("enrol approver", "Local put audit", FaultWay.Twice),         // told one deed twice
        ("update", "Local put format", FaultWay.Fails),                // left one slot of the format record empty
    ];

    /// <summary>What the sweep leaves out, and why. A method that is new stands here or among a verb's own.</summary>
    private static readonly Dictionary<string, string[]> LeftOut = new(StringComparer.Ordinal)
    {
        ["files of this host, and at most one record in the audit log, whose put is swept with other verbs"] =
        [
            "ApprovalDesk.DenyAsync", "ApprovalDesk.ListAsync", "ApprovalDesk.PlanDenial", "ApprovalDesk.PlanRevocation", "ApprovalDesk.RequestAgainAsync", "ApprovalDesk.RevokeAsync",
            "ApprovalInbox.RequestFile", "ApprovalInbox.TakeInAsync", "AnomalySettlementJob.PlanAsync", "AnomalySettlementJob.RunAsync", "ErasureFeed.ReadAsync", "ErasureJob.Find", "ErasureJob.List", "ErasureJob.PlanRun",
            "ErasureJob.StopAsync", "GuardedPlans.RequestAsync", "JobReader.List", "JobStop.Plan", "JobStop.RunAsync", "KeyEscrowJob.ExportAsync", "KeyEscrowJob.PlanExportAsync", "KeyEscrowJob.TestAsync", "KeyProtectionJob.PlanAsync",
            "KeyProtectionJob.PlanRewrapAsync", "KeyProtectionJob.RewrapAsync", "KeyProtectionJob.RunAsync", "LegalHolds.Find", "PortalJob.Plan", "PortalJob.RunAsync", "ReviewJob.PlanAsync", "ReviewJob.RunAsync",
            "SignInLinks.Make", "SignInLinks.MakeAsync", "SignInLinks.PlanAsync", "SpareOutlook.LookAsync", "TierIsolation.LockAsync", "TierIsolation.Plan", "TierIsolation.PlanUnlockAsync", "TierIsolation.UnlockAsync",
            "TierQuotaJob.PlanAsync", "TierQuotaJob.RunAsync",
        ],
        ["a plan of what is swept"] = ["ColdRecut.PlanAsync", "HostRegistry.PlanTopUp", "TierSyncJob.PlanAsync"],
        ["the same as a verb that is swept, of another kind"] = ["ApproverJobs.PlanUnregisterAsync", "ApproverJobs.UnregisterAsync", "DrillJob.DueAsync"],
        ["reads what status, verification and browsing read, and writes nothing to a store"] =
        [
            "AnomalyReader.ReadAsync", "CleanPointSearch.FindAsync", "CostForecaster.ReadAsync", "CostReader.ReadAsync", "CostReader.ReadSubjectsAsync", "DrillReader.ReadAsync", "DrillReader.SummaryAsync", "ForecastJob.RunAsync",
            "MetricsReader.ReadAsync", "ReportReader.ReadAsync", "StatusDetailReader.ReadAsync", "TargetReader.ReadAsync",
        ],
        ["needs a server of databases, of secrets, of vectors, or a store that thaws: has its own tests of failures"] =
        [
            "DatabaseRestoreJob.PlanAsync", "DatabaseRestoreJob.PlanRowsAsync", "DatabaseRestoreJob.RunAsync", "ErasureSync.PlanAsync", "ErasureSync.RunAsync", "RetrievalJob.GetAsync", "RetrievalJob.PlanAsync",
            "RetrievalJob.PlanPacksAsync", "RetrievalJob.RunAsync",
        ],
        ["needs old archives of STING; what it stores goes the way of a backup"] = ["LegacyImportJob.RunAsync", "LegacyImportPlanner.BeginAsync"],
        ["asks, carries jobs, or checks itself"] =
        [
            "Access.Allows", "Access.Require", "BackupWait.UntilFreeAsync", "ForecastJob.CheckAsync", "Guard.LookAsync", "Guard.RunAsync", "JobStream.RunAsync", "KeyAges.IsDue", "TierSyncJob.FurtherTiers",
        ],
    };

    [Fact]
    public void Every_way_into_the_engine_is_swept_or_left_out_for_a_reason()
    {
        var ways = typeof(Installation).Assembly.GetExportedTypes().SelectMany(type => type.GetMethods(BindingFlags.Static | BindingFlags.Public | BindingFlags.DeclaredOnly))
            .Where(method => method.GetParameters() is [{ ParameterType: var first }, ..] && first == typeof(Installation)).Select(method => $"{method.DeclaringType!.Name}.{method.Name}").Distinct();
        Assert.Equal(ways.Order(StringComparer.Ordinal), FaultVerbs.All.SelectMany(v => v.Methods).Concat(LeftOut.Values.SelectMany(m => m)).Distinct().Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Whatever_call_fails_the_verb_says_so_what_is_committed_stands_and_the_next_run_gets_there()
    {
        await using var worlds = new FaultWorlds();
        var (sweep, tally, random) = (new FaultSweep(worlds), new FaultTally(), new Random(Seed));
        foreach (var (name, call, way) in Found)
        {
            var cases = (await sweep.CasesAsync(FaultVerbs.All.Single(v => v.Name == name))).Where(c => c.Way == way && c.Call.ToString().StartsWith(call + "#", StringComparison.Ordinal)).ToList();
            Assert.True(cases.Count > 0, $"{name} makes no call '{call}' any more");
            foreach (var at in cases)
            {
                await sweep.PlayAsync(at, tally);
            }
        }
        var verbs = FaultVerbs.All.ToArray();
        random.Shuffle(verbs);
        foreach (var verb in verbs.Take(3))
        {
            var cases = (await sweep.CasesAsync(verb)).ToArray();
            random.Shuffle(cases);
            foreach (var at in cases.Take(3))
            {
                await sweep.PlayAsync(at, tally);
            }
        }
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"seed {Seed}: {tally}"));
        Assert.True(tally.Wrong.Count == 0, string.Join("\n\n", tally.Wrong));
    }
}
