using StingBackup.Engine.Basics;
using StingBackup.Engine.Lifecycle.Pruning;
using StingBackup.Engine.Repository;
using StingBackup.Engine.Reserve.Configuration;
using StingBackup.Engine.Storage;
using StingBackup.Engine.Tiering;

namespace StingBackup.Engine.Tests.Tiering;

/// <summary>Replication: the far side gets what the local tier has, in the order of writing, and nothing counts that it has not shown.</summary>
public sealed class TierSyncTests
{
    private static async Task<TierReserve> TwoRunsAsync()
    {
        var reserve = new TierReserve();
        reserve.Write("users/1/a.bin", 300_000);
        reserve.Write("users/2/b.bin", 200_000);
        await reserve.BackupAsync();
        reserve.Write("users/1/c.bin", 100_000);
        await reserve.BackupAsync();
        return reserve;
    }

    [Fact]
    public async Task Everything_gets_there_in_the_order_of_writing_and_a_second_sync_has_nothing_to_do()
    {
        await using var reserve = await TwoRunsAsync();
        var stored = new List<string>();
        reserve.Remote.Before = (verb, name) =>
        {
            if (verb is "put" or "stage" or "barrier")
            {
                lock (stored)
                {
                    stored.Add(verb == "barrier" ? "(barrier)" : name);
                }
            }
        };
        var plan = await TierSyncJob.PlanAsync(reserve.Open(), Tier.Remote, default);
        Assert.Empty(stored);
        Assert.Equal((Tier.Local, 2L, true), (plan.Source, plan.Points, plan.HasWork));
        var result = await reserve.SyncAsync();
        Assert.Equal((JobState.Completed, 2L, plan.Packs, plan.Others.Length), (result.State, result.Points, result.Packs, result.Others.Length));
        Assert.Equal(default, result.Waiting);
        Assert.Equal(TierReserve.Replicated(reserve.LocalMemory), TierReserve.Replicated(reserve.RemoteMemory));
        Assert.All(TierReserve.Replicated(reserve.LocalMemory), name => Assert.True(reserve.LocalMemory.Objects[name].Span.SequenceEqual(reserve.RemoteMemory.Objects[name].Span)));
        Assert.Equal(0, TierReserve.Count(reserve.RemoteMemory, "sessions/"));
        int Last(string prefix) => stored.FindLastIndex(n => n.StartsWith(prefix, StringComparison.Ordinal));
        int First(string prefix) => stored.FindIndex(n => n.StartsWith(prefix, StringComparison.Ordinal));
        Assert.True(Last("data/") < Last("(barrier)") && Last("meta/") < Last("(barrier)"));
        Assert.True(Last("(barrier)") < First("index/") && Last("index/") < First("points/"));
        Assert.Equal(stored.Where(n => n.StartsWith("points/", StringComparison.Ordinal)).Order(StringComparer.Ordinal), stored.Where(n => n.StartsWith("points/", StringComparison.Ordinal)));
        Assert.Empty(await reserve.VerifyAloneAsync(reserve.RemoteMemory.Objects));

        stored.Clear();
        Assert.False((await TierSyncJob.PlanAsync(reserve.Open(), Tier.Remote, default)).HasWork);
        Assert.Equal(0, (await reserve.SyncAsync()).Points);
        Assert.DoesNotContain(stored, n => n != "(barrier)");
    }

    public static TheoryData<string, string, int> Deaths => new() { { "stage", "meta/", 1 }, { "stage", "data/", 1 }, { "stage", "data/", 2 }, { "barrier", "", 1 }, { "put", "index/", 1 }, { "put", "index/", 2 }, { "put", "points/", 1 }, { "put", "points/", 2 } };

    [Theory]
    [MemberData(nameof(Deaths))]
    public async Task A_sync_that_dies_anywhere_leaves_whole_points_and_the_next_goes_on(string verb, string prefix, int nth)
    {
        await using var reserve = await TwoRunsAsync();
        var met = 0;
        reserve.Remote.Before = (v, name) =>
        {
            if (v == verb && name.StartsWith(prefix, StringComparison.Ordinal) && Interlocked.Increment(ref met) >= nth)
            {
                throw TierReserve.Gone;
            }
        };
        var error = await Assert.ThrowsAsync<StingException>(() => reserve.SyncAsync());
        Assert.Equal("TierUnavailable", error.ErrorId);
        Assert.Contains("wait on the local tier", error.Message, StringComparison.Ordinal);
        var there = TierReserve.Count(reserve.RemoteMemory, "points/");
        Assert.Equal(prefix == "points/" ? nth - 1 : 0, there);
        if (there > 0)
        {
            Assert.Empty(await reserve.VerifyAloneAsync(reserve.RemoteMemory.Objects));
        }
        var before = reserve.RemoteMemory.Objects.Keys.ToHashSet();
        var again = new List<string>();
        reserve.Remote.Before = (v, name) =>
        {
            if (v is "put" or "stage")
            {
                lock (again)
                {
                    again.Add(name);
                }
            }
        };
        await reserve.SyncAsync();
        Assert.DoesNotContain(again, before.Contains);   // what was confirmed is not sent twice
        Assert.Equal(TierReserve.Replicated(reserve.LocalMemory), TierReserve.Replicated(reserve.RemoteMemory));
        Assert.Empty(await reserve.VerifyAloneAsync(reserve.RemoteMemory.Objects));
    }

    [Fact]
    public async Task A_remote_tier_that_is_away_for_days_fails_no_backup_and_what_waits_is_told_and_comes_after()
    {
        await using var reserve = new TierReserve { SyncsAtCommit = true };
        reserve.Write("users/1/a.bin", 50_000);
        await reserve.BackupAsync();
        Assert.Equal(1, TierReserve.Count(reserve.RemoteMemory, "points/"));   // at the commit
        reserve.Away = TierReserve.Gone;
        for (var day = 1; day <= 3; day++)
        {
            reserve.Test.Clock.Advance(TimeSpan.FromDays(1));
            reserve.Write($"users/1/day-{day}.bin", 50_000);
            var warnings = new List<string>();
            var result = await reserve.BackupAsync(warnings: warnings);
            Assert.Equal(JobState.Completed, result.State);
            Assert.Contains($"{day} restore points (", Assert.Single(warnings), StringComparison.Ordinal);
        }
        var status = await TierStatusReader.ReadAsync(reserve.Open(), Tier.Remote, default);
        Assert.False(status.IsReachable);
        Assert.True(status.IsLate);
        Assert.Equal(3, status.Waiting!.Value.Points);
        Assert.InRange(status.Waiting.Value.Objects.Length, 150_000, 400_000);
        Assert.InRange(status.Lag, TimeSpan.FromDays(2), TimeSpan.FromDays(2.1));
        var error = await Assert.ThrowsAsync<StingException>(async () => await TierSyncJob.PlanAsync(reserve.Open(), Tier.Remote, default));
        Assert.Equal("TierUnavailable", error.ErrorId);
        Assert.Contains("3 restore points", error.Message, StringComparison.Ordinal);

        reserve.Away = null;
        Assert.Equal(3, (await reserve.SyncAsync()).Points);
        Assert.Empty(await reserve.VerifyAloneAsync(reserve.RemoteMemory.Objects));
        status = await TierStatusReader.ReadAsync(reserve.Open(), Tier.Remote, default);
        Assert.Equal((true, false, TimeSpan.Zero, 4L, default(TierBacklog)), (status.IsReachable, status.IsLate, status.Lag, status.Points, status.Waiting!.Value));
        Assert.Equal(reserve.Test.Clock.GetUtcNow(), status.LastSyncTime);
    }

    [Fact]
    public async Task A_backup_that_commits_while_a_sync_runs_waits_for_the_next_one()
    {
        await using var reserve = await TwoRunsAsync();
        var ran = false;
        reserve.Remote.Before = (verb, _) =>
        {
            if (verb == "barrier" && !ran)
            {
                ran = true;
                reserve.Write("users/3/late.bin", 80_000);
                reserve.BackupAsync().GetAwaiter().GetResult();
            }
        };
        Assert.Equal(2, (await reserve.SyncAsync()).Points);
        Assert.Empty(await reserve.VerifyAloneAsync(reserve.RemoteMemory.Objects));
        Assert.Equal(1, (await reserve.SyncAsync()).Points);
        Assert.Empty(await reserve.VerifyAloneAsync(reserve.RemoteMemory.Objects));
    }

    [Fact]
    public async Task Two_syncs_at_once_are_one()
    {
        await using var reserve = await TwoRunsAsync();
        StingException? second = null;
        reserve.Remote.Before = (verb, _) =>
        {
            if (verb == "barrier")
            {
                second ??= Assert.ThrowsAsync<StingException>(() => reserve.SyncAsync()).GetAwaiter().GetResult();
            }
        };
        await reserve.SyncAsync();
        Assert.Equal("SyncRunning", second?.ErrorId);
    }

    [Fact]
    public async Task Damage_of_the_local_tier_does_not_reach_the_remote_one_and_what_needs_it_waits()
    {
        await using var reserve = new TierReserve();
        reserve.Write("users/1/a.bin", 300_000);
        await reserve.BackupAsync();
        var hit = reserve.LocalMemory.Objects.Keys.Single(n => n.StartsWith("data/", StringComparison.Ordinal));
        reserve.Delete("users/1/a.bin");
        reserve.Write("users/1/b.bin", 100_000);
        await reserve.BackupAsync();
        var bytes = reserve.LocalMemory.Objects[hit].ToArray();
        bytes[1000] ^= 1;
        await reserve.LocalMemory.DeleteAsync(hit, default);
        await reserve.LocalMemory.PutAsync(hit, bytes, default);
        var errors = new List<StingException>();
        var result = await reserve.SyncAsync(errors: errors);
        Assert.Equal((JobState.CompletedWithErrors, 1L, 1L), (result.State, result.Points, result.Waiting.Points));
        Assert.Equal(["ObjectDamaged", "PointWaits"], errors.Select(e => e.ErrorId).Order());
        Assert.False(reserve.RemoteMemory.Objects.ContainsKey(hit));
    }

    /// <summary>Found by the fault sweep: "backup and sync, Local read index, Fails".</summary>
    [Fact]
    public async Task A_restore_point_waits_for_the_fragment_that_names_its_packs()
    {
        await using var reserve = new TierReserve();
        reserve.Write("users/1/a.bin", 30_000);
        await reserve.BackupAsync();
        await reserve.SyncAsync();
        reserve.Write("users/1/b.bin", 30_000);
        await reserve.BackupAsync();
        var fragment = reserve.LocalMemory.Objects.Keys.Single(n => n.StartsWith("index/", StringComparison.Ordinal) && !reserve.RemoteMemory.Objects.ContainsKey(n));
        var reads = 0;
        reserve.Local.Before = (verb, name) =>
        {
            // The first time it is read for the view of what there is, the second time to be copied.
            if (verb == "read" && name == fragment && ++reads == 2)
            {
                throw new StingException("StoreFailed", FailureKind.Io, $"Could not read the object '{name}': input/output error.", name, "Look into the system's log.");
            }
        };
        var errors = new List<StingException>();
        var result = await reserve.SyncAsync(errors: errors);
        Assert.Equal((JobState.CompletedWithErrors, 0L, 1L), (result.State, result.Points, result.Waiting.Points));
        Assert.Equal(["PointWaits", "StoreFailed"], errors.Select(e => e.ErrorId).Order());
        Assert.Contains(fragment, errors.Single(e => e.ErrorId == "PointWaits").Message, StringComparison.Ordinal);
        Assert.Empty(await reserve.VerifyAloneAsync(reserve.RemoteMemory.Objects));
        Assert.Equal((1L, 0L), await reserve.SyncAsync() is var again ? (again.Points, again.Waiting.Points) : default);
        Assert.Empty(await reserve.VerifyAloneAsync(reserve.RemoteMemory.Objects));
    }

    [Fact]
    public async Task A_store_that_lies_is_not_believed()
    {
        await using var reserve = await TwoRunsAsync();
        var lies = new LyingStore(reserve.RemoteMemory);
        reserve.Remote = new Backup.FaultyStore(lies);
        lies.Swallows = name => name.StartsWith("data/", StringComparison.Ordinal);
        Assert.Equal("StoreUnconfirmed", (await Assert.ThrowsAsync<StingException>(() => reserve.SyncAsync())).ErrorId);
        Assert.Equal(0, TierReserve.Count(reserve.RemoteMemory, "points/"));
        lies.Swallows = _ => false;
        lies.Truncates = name => name.StartsWith("data/", StringComparison.Ordinal);
        Assert.Equal("StoreUnconfirmed", (await Assert.ThrowsAsync<StingException>(() => reserve.SyncAsync())).ErrorId);
        // What it cut short stands under the pack's name: it is told by its length, and written anew.
        lies.Truncates = _ => false;
        var warnings = new List<string>();
        Assert.Equal(2, (await reserve.SyncAsync(warnings: warnings)).Points);
        Assert.Contains(warnings, w => w.Contains("another length", StringComparison.Ordinal));
        Assert.Empty(await reserve.VerifyAloneAsync(reserve.RemoteMemory.Objects));
        // A stale listing costs work, nothing else.
        reserve.Write("users/1/more.bin", 50_000);
        await reserve.BackupAsync();
        lies.Stale = new Dictionary<string, ReadOnlyMemory<byte>>();
        Assert.Equal(3, (await reserve.SyncAsync()).Points);
        lies.Stale = null;
        Assert.Empty(await reserve.VerifyAloneAsync(reserve.RemoteMemory.Objects));
        Assert.Equal(TierReserve.Replicated(reserve.LocalMemory), TierReserve.Replicated(reserve.RemoteMemory));
    }

    [Fact]
    public async Task One_name_for_two_things_is_told_and_nothing_is_overwritten()
    {
        await using var reserve = await TwoRunsAsync();
        await reserve.SyncAsync();
        // A disk that was thought lost: here the chain went on from its first point in another way.
        var second = reserve.RemoteMemory.Objects.Keys.Where(n => n.StartsWith("points/", StringComparison.Ordinal)).Max(StringComparer.Ordinal)!;
        var other = reserve.RemoteMemory.Objects[second].ToArray();
        other[^1] ^= 1;
        await reserve.RemoteMemory.DeleteAsync(second, default);
        await reserve.RemoteMemory.PutAsync(second, other, default);
        var errors = new List<StingException>();
        await reserve.SyncAsync(errors: errors);
        Assert.Equal(("TierConflict", second), (Assert.Single(errors).ErrorId, errors[0].Target));
        Assert.Equal(other, reserve.RemoteMemory.Objects[second].ToArray());
    }

    [Fact]
    public async Task Uploads_stop_at_the_quota_and_say_so()
    {
        await using var reserve = await TwoRunsAsync();
        reserve.Quota = 400_000;
        var error = await Assert.ThrowsAsync<StingException>(() => reserve.SyncAsync());
        Assert.Equal("RemoteQuotaReached", error.ErrorId);
        Assert.Contains("2 restore points", error.Message, StringComparison.Ordinal);
        Assert.Equal(0, TierReserve.Count(reserve.RemoteMemory, "points/"));
        reserve.Quota = 4_000_000;
        Assert.Equal(2, (await reserve.SyncAsync()).Points);
    }

    [Fact]
    public async Task A_lost_remote_tier_is_filled_anew()
    {
        await using var reserve = await TwoRunsAsync();
        await reserve.SyncAsync();
        reserve.RemoteMemory = new MemoryObjectStore();
        reserve.Remote = new Backup.FaultyStore(reserve.RemoteMemory);
        Assert.Equal(2, (await reserve.SyncAsync()).Points);
        Assert.Empty(await reserve.VerifyAloneAsync(reserve.RemoteMemory.Objects));
    }

    /// <summary>A line that breaks in the middle of a long sync: what was sent until then can be restored.</summary>
    [Fact]
    public async Task A_restore_point_is_there_as_soon_as_its_own_packs_are()
    {
        await using var reserve = new TierReserve();
        for (var run = 0; run < 4; run++)
        {
            reserve.Write($"users/{run}/file.bin", 300_000);
            await reserve.BackupAsync();
        }
        var installation = reserve.Open();
        var left = 3;   // packs of content
        reserve.Remote.Before = (verb, name) =>
        {
            if (verb == "stage" && name.StartsWith("data/", StringComparison.Ordinal) && Interlocked.Decrement(ref left) < 0)
            {
                throw TierReserve.Gone;
            }
        };
        var sync = JobStream.RunAsync(installation.Clock, async (output, token) => await new TierSyncRun(installation, await TierRoute.ToAsync(installation, Tier.Remote, token), output) { BatchLength = 250_000 }.RunAsync(token), default);
        await Assert.ThrowsAsync<StingException>(() => TestInstallation.CompleteAsync<TierSyncResult>(sync));
        var there = TierReserve.Replicated(reserve.RemoteMemory).Where(n => n.StartsWith("points/", StringComparison.Ordinal)).ToList();
        Assert.Equal(TierReserve.Replicated(reserve.LocalMemory).Where(n => n.StartsWith("points/", StringComparison.Ordinal)).Take(3), there);
        Assert.Empty(await reserve.VerifyAloneAsync(reserve.RemoteMemory.Objects));
        reserve.Remote.Before = (_, _) => { };
        await reserve.SyncAsync();
        Assert.Equal(TierReserve.Replicated(reserve.LocalMemory), TierReserve.Replicated(reserve.RemoteMemory));
    }

    /// <summary>What a sweep moved lies in packs that are younger than the restore points that need them.</summary>
    [Fact]
    public async Task A_restore_point_waits_for_what_was_moved_after_it()
    {
        await using var reserve = new TierReserve(new DateTimeOffset(2026, 3, 1, 12, 0, 0, TimeSpan.Zero)) { ClassDays = 30 };
        reserve.Write("users/1/kept.bin", 200_000);
        reserve.Write("users/1/gone.bin", 300_000);
        await reserve.BackupAsync();
        reserve.Delete("users/1/gone.bin");
        for (var run = 0; run < 3; run++)
        {
            reserve.Test.Clock.Advance(TimeSpan.FromDays(15));
            reserve.Write($"users/2/file{run}.bin", 300_000);
            await reserve.BackupAsync();
        }
        await reserve.RetainAsync();
        for (var sweep = 0; sweep < 3; sweep++)
        {
            await TestInstallation.CompleteAsync<PruneResult>(PruneJob.RunAsync(reserve.Open(), default));
            reserve.Test.Clock.Advance(TimeSpan.FromHours(49));
        }
        var installation = reserve.Open();
        for (var dead = 1; ; dead++)
        {
            var left = dead;
            reserve.Remote.Before = (verb, _) =>
            {
                if (verb == "stage" && Interlocked.Decrement(ref left) < 0)
                {
                    throw TierReserve.Gone;
                }
            };
            try
            {
                await TestInstallation.CompleteAsync<TierSyncResult>(JobStream.RunAsync(installation.Clock, async (output, token) => await new TierSyncRun(installation, await TierRoute.ToAsync(installation, Tier.Remote, token), output) { BatchLength = 100_000 }.RunAsync(token), default));
                Assert.InRange(dead, 3, 20);
                break;
            }
            catch (StingException)
            {
                // Whatever is there is whole; then all that got there goes, and the next attempt gets one pack further.
                var points = TierReserve.Count(reserve.RemoteMemory, "points/");
                Assert.True(points == 0 || (await reserve.VerifyAloneAsync(reserve.RemoteMemory.Objects)).All(f => f.Object.StartsWith("audit/", StringComparison.Ordinal)));
                foreach (var name in reserve.RemoteMemory.Objects.Keys)
                {
                    await reserve.RemoteMemory.DeleteAsync(name, default);
                }
            }
        }
    }

    [Fact]
    public void Among_writers_user_data_goes_first_and_no_chain_gets_a_gap()
    {
        WaitingPoint Point(byte writer, long sequence, int minute, params DataClass[] classes)
        {
            var id = new Id16(Enumerable.Repeat(writer, 16).ToArray());
            return new WaitingPoint(PointRecord.NameOf(id, sequence), new PointRecord
            {
                Reserve = id, Writer = id, Sequence = sequence, Previous = default, TimeNs = minute, CompletedNs = minute, Classes = [.. classes.Select(c => new PointClass(c, [], 0, 0, 0, 0))], IsVoid = classes.Length == 0,
            });
        }
        WaitingPoint[] points = [Point(1, 1, 10, DataClass.AuditLogs), Point(1, 2, 20, DataClass.UserFiles, DataClass.Settings), Point(2, 5, 15, DataClass.Embeddings), Point(2, 6, 30), Point(2, 7, 40, DataClass.UserFiles), Point(3, 1, 50, DataClass.UserFiles)];
        string[] expected = [points[5].Name, points[2].Name, points[3].Name, points[4].Name, points[0].Name, points[1].Name];
        Assert.Equal(expected, TierWaves.Order(points, ScheduleSettings.Priority.Default).Select(p => p.Name));
    }
}
