using StingBackup.Engine.Backup;
using StingBackup.Engine.Repository;

namespace StingBackup.Engine.Tests.Tiering;

/// <summary>A clock that is wrong, and a disk that is full: nothing is lost, nothing counts that is not there, and what is the latest stays the latest.</summary>
public sealed class ClockAndRoomTests
{
    private static readonly DateTimeOffset Start = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);
    private static readonly StingException Full = new("StoreFull", FailureKind.ResourceExhausted, "No room is left on the disk of the repository.", "/repository", "Make room.");

    /// <summary>Hours that the clock is ahead during the first run, or behind during the second: the two differ by as much, and nobody can tell them apart.</summary>
    [Theory]
    [InlineData(1), InlineData(24 * 400)]
    public async Task A_clock_that_goes_back_leaves_the_latest_run_the_latest(int hours)
    {
        await using var reserve = new TierReserve(Start.AddHours(hours));
        reserve.Write("users/1/a.bin", 100_000);
        var first = await reserve.BackupAsync();
        await reserve.SyncAsync();
        reserve.Test.Clock.AdjustTime(Start);
        reserve.Write("users/1/a.bin", 120_000);
        // Nothing waits for the moment that the first one was dated with.
        Assert.Contains(DataClass.UserFiles, (await BackupJob.PlanAsync(reserve.Open(), BackupType.Incremental, null, due: true, default)).Classes);
        var warnings = new List<string>();
        var second = await reserve.BackupAsync(warnings: warnings);
        Assert.Contains("clock", Assert.Single(warnings), StringComparison.Ordinal);
        Assert.True(string.CompareOrdinal(first.BackupId, second.BackupId) < 0);
        Assert.Equal(reserve.Image(), await reserve.RestoreAsync("latest"));
        await reserve.SyncAsync();
        Assert.Equal(TierReserve.Replicated(reserve.LocalMemory), TierReserve.Replicated(reserve.RemoteMemory));
        // The local tier may let go of what is old, and never of the latest.
        await reserve.RetainAsync();
        Assert.Empty((await BackupJob.PlanAsync(reserve.Open(), BackupType.Incremental, [DataClass.Embeddings], due: true, default)).Classes.Except([DataClass.Embeddings]));
        var then = new List<string>();
        reserve.Test.Clock.AdjustTime(Start.AddHours(hours + 1));
        await reserve.BackupAsync(warnings: then);
        Assert.Empty(then);
        Assert.Equal(reserve.Image(), await reserve.RestoreAsync("latest"));
        await reserve.SyncAsync();
        Assert.Empty(await reserve.VerifyAloneAsync(reserve.RemoteMemory.Objects));
    }

    [Fact]
    public async Task Hosts_whose_clocks_differ_by_an_hour_keep_both_chains_whole()
    {
        await using var hosts = new Lifecycle.Pruning.TwoHosts();
        hosts.Write(true, "users/1/a.bin", new byte[50_000]);
        hosts.Write(false, "users/9/b.bin", new byte[60_000]);
        foreach (var first in (bool[])[true, false, true, false])
        {
            // The first host is an hour ahead of the second.
            hosts.Test.Clock.AdjustTime(hosts.Test.Clock.GetUtcNow() + (first ? TimeSpan.FromHours(1) : TimeSpan.FromHours(-1)) + TimeSpan.FromMinutes(15));
            Assert.Equal(JobState.Completed, (await hosts.BackupAsync(first)).State);
        }
        var view = await RepositoryView.LoadAsync(hosts.Store, hosts.Test.Keys.Reserve, hosts.Open(true).Writers, default);
        foreach (var chain in view.Points.GroupBy(p => p.Record.Writer))
        {
            Assert.Equal(chain.OrderBy(p => p.Record.Sequence).Select(p => p.Record.TimeNs), chain.Select(p => p.Record.TimeNs).Order());
        }
        await hosts.VerifyAsync();
    }

    [Theory]
    [InlineData("stage"), InlineData("put")]
    public async Task A_full_local_disk_commits_nothing_and_the_next_run_uses_what_arrived(string verb)
    {
        await using var reserve = new TierReserve();
        reserve.Write("users/1/a.bin", 100_000);
        var kept = (await reserve.BackupAsync()).BackupId;
        var then = reserve.Image();
        reserve.Write("users/2/b.bin", 300_000);
        reserve.Local.Before = (does, name) =>
        {
            if (does == verb && (verb == "stage" || name.StartsWith("points/", StringComparison.Ordinal)))
            {
                throw Full;
            }
        };
        Assert.Equal("StoreFull", (await Assert.ThrowsAsync<StingException>(() => reserve.BackupAsync())).ErrorId);
        reserve.Local.Before = (_, _) => { };
        Assert.Equal(1, TierReserve.Count(reserve.LocalMemory, "points/"));
        Assert.Equal(then, await reserve.RestoreAsync(kept));
        var again = await reserve.BackupAsync();
        Assert.Equal(JobState.Completed, again.State);
        Assert.True(verb == "stage" || again.BytesNew < 100_000);   // the packs had arrived
        Assert.Equal(reserve.Image(), await reserve.RestoreAsync());
        Assert.Empty(await reserve.VerifyAloneAsync(reserve.LocalMemory.Objects));
    }

    [Fact]
    public async Task A_full_disk_of_the_next_tier_fails_no_backup_and_says_what_waits()
    {
        await using var reserve = new TierReserve { SyncsAtCommit = true };
        reserve.Write("users/1/a.bin", 100_000);
        await reserve.BackupAsync();
        reserve.Remote.Before = (does, _) =>
        {
            if (does is "stage" or "put")
            {
                throw Full;
            }
        };
        reserve.Write("users/2/b.bin", 300_000);
        var warnings = new List<string>();
        Assert.Equal(JobState.Completed, (await reserve.BackupAsync(warnings: warnings)).State);
        Assert.Contains("1 restore points", Assert.Single(warnings), StringComparison.Ordinal);
        var error = await Assert.ThrowsAsync<StingException>(() => reserve.SyncAsync());
        Assert.Equal("StoreFull", error.ErrorId);
        Assert.Contains("wait on the local tier", error.Message, StringComparison.Ordinal);
        Assert.Equal(1, TierReserve.Count(reserve.RemoteMemory, "points/"));
        Assert.DoesNotContain(await reserve.VerifyAloneAsync(reserve.RemoteMemory.Objects), f => !f.Object.StartsWith("audit/", StringComparison.Ordinal));
        reserve.Remote.Before = (_, _) => { };
        Assert.Equal(1, (await reserve.SyncAsync()).Points);
        Assert.Equal(TierReserve.Replicated(reserve.LocalMemory), TierReserve.Replicated(reserve.RemoteMemory));
    }
}
