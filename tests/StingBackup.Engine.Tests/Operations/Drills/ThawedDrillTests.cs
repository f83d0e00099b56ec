using StingBackup.Engine.Operations.Drills;
using StingBackup.Engine.Storage;
using StingBackup.Engine.Tests.Storage.S3;
using StingBackup.Engine.Tests.Tiering.Cold;

namespace StingBackup.Engine.Tests.Operations.Drills;

/// <summary>The complete system out of a storage class for archives, in front of the real S3 server: thawing is part of the recovery's time.</summary>
public sealed class ThawedDrillTests
{
    [CephFact]
    public async Task Thawing_is_planned_waited_for_and_counted_and_the_next_drill_asks_for_nothing()
    {
        await using var glacier = new Glacier("GLACIER");
        await using var reserve = await DrilledReserve.MakeAsync(archive: glacier.OpenAsync);
        var plan = await DrillJob.PlanAsync(reserve.Test.Open(), new RecoveryTestRequest { Type = RecoveryTestType.Full, Seed = 5 }, default);
        Assert.Equal((Tier.Archive, true, TimeSpan.FromHours(5)), (plan.Tier, plan.ToThaw.Packs > 0, plan.Thawing?.To));
        Assert.Empty(glacier.Proxy.Asked);   // a plan asks for nothing

        var test = await DrillAsync(reserve, plan);
        Assert.True(test.Passed, string.Join("; ", test.Reasons));
        Assert.InRange(test.ThawTime, TimeSpan.FromHours(5), TimeSpan.FromHours(6));
        Assert.Equal(test.RestoreTime + test.ThawTime, test.ReachedTime);
        Assert.Equal(TimeSpan.FromHours(24), test.TargetTime);
        Assert.All(test.Checks, c => Assert.Equal(c.Compared, c.Equal));
        Assert.Equal(plan.ToThaw.Packs, glacier.Proxy.Asked.Count(a => a.Status == 202));

        // Copies stay for days: what is thawed is read as it is.
        plan = await DrillJob.PlanAsync(reserve.Test.Open(), plan.Request, default);
        Assert.Equal(0, plan.ToThaw.Packs);
        var again = await TestInstallation.CompleteAsync<RecoveryTest>(DrillJob.RunAsync(reserve.Test.Open(), plan, default));
        Assert.Equal((true, TimeSpan.Zero), (again.Passed, again.ThawTime));
    }

    [CephFact]
    public async Task Thawing_for_longer_than_the_objective_fails_it()
    {
        await using var glacier = new Glacier("DEEP_ARCHIVE");
        await using var reserve = await DrilledReserve.MakeAsync(archive: glacier.OpenAsync);
        var plan = await DrillJob.PlanAsync(reserve.Test.Open(), new RecoveryTestRequest { Type = RecoveryTestType.Full, Seed = 5, Speed = RetrievalSpeed.Bulk }, default);
        Assert.Equal(TimeSpan.FromHours(48), plan.Thawing?.To);
        var test = await DrillAsync(reserve, plan);
        Assert.Equal(RecoveryVerdict.Failed, test.Verdict);
        Assert.StartsWith("SlowerThanTarget", Assert.Single(test.Reasons), StringComparison.Ordinal);
        Assert.All(test.Checks, c => Assert.Equal(c.Compared, c.Equal));   // all of it is right, and too late
        Assert.Equal((RecoveryVerdict.Failed, null), (await reserve.SummaryAsync()).Calendar.Where(d => d.Type == RecoveryTestType.Full).Select(d => (d.LastVerdict!.Value, d.LastPassedTime)).Single());
    }

    /// <summary>Holds a drill; an hour passes at each look whether packs are thawed, and none while it restores.</summary>
    private static async Task<RecoveryTest> DrillAsync(DrilledReserve reserve, RecoveryTestPlan plan)
    {
        var drill = TestInstallation.CompleteAsync<RecoveryTest>(DrillJob.RunAsync(reserve.Test.Open(), plan, default), []);
        await reserve.Test.Clock.RunAsync(drill, TimeSpan.FromHours(1));
        return await drill;
    }

    /// <summary>The archive, on the clock of the reserve that opens it.</summary>
    private sealed class Glacier(string storageClass) : IAsyncDisposable
    {
        private GlacierFixture? _fixture;

        public Fixtures.Ceph.GlacierProxy Proxy => _fixture!.Proxy;

        public async Task<IObjectStore> OpenAsync(TimeProvider clock) => await (_fixture = await GlacierFixture.StartAsync(clock, storageClass)).OpenAsync();

        public ValueTask DisposeAsync() => _fixture?.DisposeAsync() ?? ValueTask.CompletedTask;
    }
}
