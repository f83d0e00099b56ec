using System.Security.Cryptography;
using StingBackup.Engine.Tiering;

namespace StingBackup.Engine.Tests.Tiering.Cold;

/// <summary>Sync-StingTier fills the archive: small objects as they are, restore points that are old enough with all that they reach, and nothing else.</summary>
public sealed class ArchiveSyncTests
{
    private static async Task<ArchivedReserve> FilledAsync()
    {
        var reserve = new ArchivedReserve();
        reserve.Test.Write("users/1/first.bin", RandomNumberGenerator.GetBytes(400_000));
        reserve.Test.Write("whole/capture.bin", RandomNumberGenerator.GetBytes(100_000));   // class Physical, which never enters
        await reserve.Test.BackupAsync();
        reserve.Advance(4);
        reserve.Test.Write("users/1/second.bin", RandomNumberGenerator.GetBytes(300_000));
        await reserve.Test.BackupAsync();
        reserve.Advance(4);   // the first is a week old
        return reserve;
    }

    private static Task<TierSyncResult> SyncAsync(ArchivedReserve reserve, List<StingException>? errors = null) =>
        TestInstallation.CompleteAsync<TierSyncResult>(TierSyncJob.RunAsync(reserve.Open(), Tier.Archive, default), errors);

    [Fact]
    public async Task What_is_old_enough_enters_once_and_no_page_of_what_is_not()
    {
        await using var reserve = await FilledAsync();
        var plan = await TierSyncJob.PlanAsync(reserve.Open(), Tier.Archive, default);
        Assert.Equal((1L, true, 0L), (plan.Points, plan.HasWork, plan.Missing));
        Assert.Empty(ArchivedReserve.Names(reserve.Archive, ""));
        var done = await SyncAsync(reserve);
        Assert.Equal((JobState.Completed, 1L), (done.State, done.Points));
        Assert.Single(ArchivedReserve.Names(reserve.Archive, "points/"));
        var packs = ArchivedReserve.Names(reserve.Archive, "data/").Concat(ArchivedReserve.Names(reserve.Archive, "meta/")).ToList();
        Assert.Equal((packs.Count, packs.Sum(name => (long)reserve.Archive.Objects[name].Length)), ((int)done.Packs.Packs, done.Packs.Length));
        // The young run's pages stay where they are until it is old enough.
        Assert.True(ArchivedReserve.Names(reserve.Archive, "meta/").Count < ArchivedReserve.Names(reserve.Local, "meta/").Count);
        var before = reserve.Archive.Objects.Count;
        var again = await SyncAsync(reserve);
        Assert.Equal((0L, 0L), (again.Points, again.Packs.Packs));
        Assert.Equal(before, reserve.Archive.Objects.Count);
    }

    [Fact]
    public async Task What_the_local_tier_let_go_is_not_missed_there()
    {
        await using var reserve = await FilledAsync();
        await SyncAsync(reserve);
        reserve.LoseLocalData();
        var plan = await TierSyncJob.PlanAsync(reserve.Open(), Tier.Archive, default);
        Assert.Equal((0L, 0L), (plan.Points, plan.Missing));
        Assert.Equal(JobState.Completed, (await SyncAsync(reserve)).State);
    }
}
