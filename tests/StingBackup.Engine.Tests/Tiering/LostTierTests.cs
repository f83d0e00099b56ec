using StingBackup.Engine.Operations;
using StingBackup.Engine.Tiering;

namespace StingBackup.Engine.Tests.Tiering;

/// <summary>The local tier is lost as a whole: what is read comes from the remote one, nothing is written, and a sync brings it back.</summary>
public sealed class LostTierTests
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Restores_go_on_and_a_sync_brings_it_back(bool folderToo)
    {
        await using var tiers = await ConfiguredTiers.MakeAsync();
        tiers.Write("users/1/a.bin", 200_000);
        tiers.Write("jars/7/doc.bin", 100_000);
        var first = (await tiers.BackupAsync()).BackupId;
        var then = tiers.Image();
        tiers.Write("users/1/b.bin", 150_000);
        await tiers.BackupAsync();
        var now = tiers.Image();
        var all = ConfiguredTiers.Names(tiers.Local);
        Assert.Equal(all, ConfiguredTiers.Names(tiers.Remote));   // at each commit

        Directory.Delete(tiers.Local, recursive: true);
        if (!folderToo)
        {
            Directory.CreateDirectory(tiers.Local);
        }
        Assert.Equal(now, await tiers.RestoreAsync());
        Assert.Equal(then, await tiers.RestoreAsync(first));
        await using (var installation = await tiers.OpenAsync())
        {
            Assert.True(installation.IsLocalTierLost);
            var warning = Assert.Single(installation.OpeningFaults);
            Assert.Equal("LocalTierLost", warning.ErrorId);
            Assert.Contains("Sync-StingTier -Tier Local", warning.Remedy, StringComparison.Ordinal);
            var status = await StatusReader.ReadAsync(installation, default);
            Assert.Equal((Health.Bad, 2L), (status.Health, status.Points));
        }
        tiers.Write("users/1/c.bin", 10_000);
        Assert.Equal("LocalTierLost", (await Assert.ThrowsAsync<StingException>(() => tiers.BackupAsync())).ErrorId);
        Assert.Equal("LocalTierLost", (await Assert.ThrowsAsync<StingException>(() => tiers.SyncAsync())).ErrorId);
        Assert.Equal(all, ConfiguredTiers.Names(tiers.Remote));

        if (folderToo)
        {
            // A missing folder may be a disk that is not mounted: nothing makes it.
            Assert.Equal("StoreUnavailable", (await Assert.ThrowsAsync<StingException>(() => tiers.SyncAsync(Tier.Local))).ErrorId);
            Directory.CreateDirectory(tiers.Local);
        }
        var back = await tiers.SyncAsync(Tier.Local);
        Assert.Equal((JobState.Completed, 2L), (back.State, back.Points));
        Assert.Equal(all, ConfiguredTiers.Names(tiers.Local));
        await using (var installation = await tiers.OpenAsync())
        {
            Assert.False(installation.IsLocalTierLost);
        }
        Assert.Empty(await tiers.VerifyAsync());
        var third = await tiers.BackupAsync();
        Assert.InRange(third.BytesNew, 10_000, 20_000);
        Assert.Equal(ConfiguredTiers.Names(tiers.Local), ConfiguredTiers.Names(tiers.Remote));   // before the records of a verification and a restore, which wait for the next sync
        Assert.Empty(await tiers.VerifyAsync());
        Assert.Equal(tiers.Image(), await tiers.RestoreAsync());
    }

    [Fact]
    public async Task A_local_tier_that_was_only_hit_gets_what_it_lacks()
    {
        await using var tiers = await ConfiguredTiers.MakeAsync();
        tiers.Write("users/1/a.bin", 200_000);
        await tiers.BackupAsync();
        var all = ConfiguredTiers.Names(tiers.Local);
        foreach (var hit in (string[])["data", "index"])
        {
            Directory.Delete(Path.Combine(tiers.Local, hit), recursive: true);
        }
        await tiers.SyncAsync(Tier.Local);
        Assert.Equal(all, ConfiguredTiers.Names(tiers.Local));
        Assert.Empty(await tiers.VerifyAsync());
    }

    [Fact]
    public async Task Without_any_tier_in_reach_it_is_said_of_both()
    {
        await using var tiers = await ConfiguredTiers.MakeAsync();
        await tiers.BackupAsync();
        Directory.Delete(tiers.Local, recursive: true);
        Directory.Delete(tiers.Remote, recursive: true);
        var error = await Assert.ThrowsAsync<StingException>(async () => await tiers.OpenAsync());
        Assert.Equal("StoreUnavailable", error.ErrorId);
        Assert.Contains(tiers.Remote, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_brought_back_tier_has_what_its_days_hold()
    {
        await using var tiers = await ConfiguredTiers.MakeAsync();
        tiers.Write("users/1/old.bin", 200_000);
        var first = (await tiers.BackupAsync()).BackupId;
        var then = tiers.Image();
        File.Delete(Path.Combine(tiers.Reserve, "users/1/old.bin"));
        tiers.Write("users/1/new.bin", 100_000);
        tiers.Clock.Advance(TimeSpan.FromDays(20));
        await tiers.BackupAsync();
        Directory.Delete(tiers.Local, recursive: true);
        Directory.CreateDirectory(tiers.Local);
        await using (var installation = await tiers.OpenAsync())
        {
            Assert.Equal(1, (await TierSyncJob.PlanAsync(installation, Tier.Local, default)).Packs.Packs - Directory.GetFiles(Path.Combine(tiers.Remote, "meta"), "*", SearchOption.AllDirectories).Length);
        }
        Assert.Empty(Directory.EnumerateFileSystemEntries(tiers.Local));   // a plan changes nothing
        await tiers.SyncAsync(Tier.Local);
        Assert.Single(Directory.GetFiles(Path.Combine(tiers.Local, "data"), "*", SearchOption.AllDirectories));
        Assert.Equal(tiers.Image(), await tiers.RestoreAsync());
        Assert.Equal(then, await tiers.RestoreAsync(first));   // through the remote tier
        Assert.Empty(await tiers.VerifyAsync());
    }
}
