using StingBackup.Engine.Lifecycle.Pruning;
using StingBackup.Engine.Storage;

namespace StingBackup.Engine.Tests.Tiering;

/// <summary>What no restore point needs goes from every tier, and a sync does not bring it back.</summary>
public sealed class TierPruneTests
{
    private static Task<PruneResult> PruneAsync(TierReserve reserve, Tier tier) => TestInstallation.CompleteAsync<PruneResult>(PruneJob.RunAsync(reserve.Open(), tier, default));

    private static async Task SweepAsync(TierReserve reserve, Tier tier)
    {
        await PruneAsync(reserve, tier);
        await PruneAsync(reserve, tier);
        reserve.Test.Clock.Advance(TimeSpan.FromHours(49));
        await PruneAsync(reserve, tier);
    }

    [Fact]
    public async Task What_expired_goes_from_both_tiers()
    {
        await using var reserve = new TierReserve(new DateTimeOffset(2026, 3, 1, 12, 0, 0, TimeSpan.Zero)) { ClassDays = 30 };
        reserve.Write("users/1/old.bin", 300_000);
        var first = await reserve.BackupAsync();
        reserve.Delete("users/1/old.bin");
        reserve.Write("users/1/new.bin", 200_000);
        reserve.Test.Clock.Advance(TimeSpan.FromDays(10));
        await reserve.BackupAsync();
        await reserve.SyncAsync();
        Assert.Equal(1, (await reserve.RetainAsync()).Tiers[0].Going.Packs);   // old.bin lies on the remote tier alone
        await reserve.SyncAsync();
        Assert.False((await PruneJob.PlanAsync(reserve.Open(), Tier.Remote, default)).HasWork);

        reserve.Test.Clock.Advance(TimeSpan.FromDays(25));
        Assert.True((await reserve.RetainAsync()).Dropped > 0);
        var gone = await Assert.ThrowsAsync<StingException>(() => reserve.RestoreAsync(first.BackupId));
        Assert.Equal("BackupNotFound", gone.ErrorId);
        Assert.Contains("retention let it go", gone.Message, StringComparison.Ordinal);
        // The local tier has decided, and the remote one does not know yet.
        Assert.Equal("TierBehind", (await Assert.ThrowsAsync<StingException>(async () => await PruneJob.PlanAsync(reserve.Open(), Tier.Remote, default))).ErrorId);
        await SweepAsync(reserve, Tier.Local);
        await reserve.SyncAsync();
        await SweepAsync(reserve, Tier.Remote);
        Assert.Equal(1, TierReserve.Count(reserve.LocalMemory, "data/"));
        Assert.Equal(1, TierReserve.Count(reserve.RemoteMemory, "data/"));
        Assert.Equal(0, TierReserve.Count(reserve.RemoteMemory, "gc/"));
        await reserve.SyncAsync();   // the sweep's audit records; and nothing that was swept
        Assert.Equal(1, TierReserve.Count(reserve.RemoteMemory, "data/"));
        Assert.Empty(await reserve.VerifyAloneAsync(reserve.RemoteMemory.Objects));
        Assert.Equal(reserve.Image(), await reserve.RestoreAsync());
    }

    /// <summary>What the remote tier gave up before the local one would come back with the next sync, and until then it would count as behind.</summary>
    [Fact]
    public async Task A_replaced_fragment_stays_as_long_as_the_local_tier_has_it()
    {
        await using var reserve = new TierReserve(new DateTimeOffset(2026, 3, 1, 12, 0, 0, TimeSpan.Zero)) { ClassDays = 30 };
        reserve.Write("users/1/old.bin", 300_000);
        await reserve.BackupAsync();
        reserve.Delete("users/1/old.bin");
        reserve.Write("users/1/new.bin", 200_000);
        reserve.Test.Clock.Advance(TimeSpan.FromDays(1));
        await reserve.BackupAsync();
        reserve.Test.Clock.Advance(TimeSpan.FromDays(31));
        Assert.True((await reserve.RetainAsync()).Dropped > 0);
        await PruneAsync(reserve, Tier.Local);
        await PruneAsync(reserve, Tier.Local);
        reserve.Test.Clock.Advance(TimeSpan.FromHours(49));
        // The sweep that deletes ends between the fragment that replaces and what it replaces.
        var replaced = new List<string>();
        reserve.Local.Before = (verb, name) =>
        {
            if (verb == "delete" && name.StartsWith("index/", StringComparison.Ordinal))
            {
                replaced.Add(name);
                throw new StingException("StoreUnavailable", FailureKind.Io, "the power went (test)", name, "None.");
            }
        };
        await Assert.ThrowsAsync<StingException>(() => PruneAsync(reserve, Tier.Local));
        reserve.Local.Before = (_, _) => { };
        Assert.True(reserve.LocalMemory.Objects.ContainsKey(Assert.Single(replaced)));

        await reserve.SyncAsync();
        await PruneAsync(reserve, Tier.Remote);
        Assert.True(reserve.RemoteMemory.Objects.ContainsKey(replaced[0]));
        await PruneAsync(reserve, Tier.Remote);   // it was refused as behind

        await PruneAsync(reserve, Tier.Local);
        await reserve.SyncAsync();
        await PruneAsync(reserve, Tier.Remote);
        Assert.False(reserve.LocalMemory.Objects.ContainsKey(replaced[0]) || reserve.RemoteMemory.Objects.ContainsKey(replaced[0]));
        Assert.Empty(await reserve.VerifyAloneAsync(reserve.RemoteMemory.Objects));
        Assert.Equal(reserve.Image(), await reserve.RestoreAsync());
    }

    [Fact]
    public async Task Packs_of_a_host_whose_local_tier_is_another_are_left()
    {
        await using var reserve = new TierReserve();
        reserve.Write("users/1/a.bin", 100_000);
        await reserve.BackupAsync();
        await reserve.SyncAsync();
        // The first half of another host's sync: packs, and no point yet.
        await using var other = new TierReserve();
        other.Write("users/9/b.bin", 100_000);
        await other.BackupAsync();
        var foreign = other.LocalMemory.Objects.First(o => o.Key.StartsWith("data/", StringComparison.Ordinal));
        await reserve.RemoteMemory.PutAsync(foreign.Key, foreign.Value, default);
        await SweepAsync(reserve, Tier.Remote);
        Assert.True(reserve.RemoteMemory.Objects.ContainsKey(foreign.Key));
    }

    [Fact]
    public async Task The_archive_is_not_swept()
    {
        await using var reserve = new TierReserve();
        Assert.Equal("TierNotSwept", (await Assert.ThrowsAsync<StingException>(async () => await PruneJob.PlanAsync(reserve.Open(), Tier.Archive, default))).ErrorId);
    }
}
