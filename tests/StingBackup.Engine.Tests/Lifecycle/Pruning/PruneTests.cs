using System.Security.Cryptography;
using StingBackup.Engine.Lifecycle.Pruning;
using StingBackup.Engine.Lifecycle.Retention;
using StingBackup.Engine.Repository;

namespace StingBackup.Engine.Tests.Lifecycle.Pruning;

public sealed class PruneTests
{
    private static readonly TimeSpan Grace = TimeSpan.FromHours(48);

    /// <summary>Two points a year apart with nothing in common but one file.</summary>
    private static async Task<(byte[] Kept, byte[] Gone)> TwoYearsAsync(TwoHosts hosts)
    {
        byte[] kept = RandomNumberGenerator.GetBytes(400_000), gone = RandomNumberGenerator.GetBytes(3_000_000);
        hosts.Write(true, "users/1/kept.bin", kept);
        hosts.Write(true, "users/1/gone.bin", gone);
        await hosts.BackupAsync(first: true);
        File.Delete(Path.Combine(hosts.Reserve(true), "users/1/gone.bin"));
        hosts.Test.Clock.Advance(TimeSpan.FromDays(370));
        hosts.Write(true, "users/1/new.bin", RandomNumberGenerator.GetBytes(100_000));
        await hosts.BackupAsync(first: true);
        return (kept, gone);
    }

    [Fact]
    public async Task What_no_point_reaches_goes_after_the_readers_time_and_everything_that_stands_opens()
    {
        await using var hosts = new TwoHosts();
        await TwoYearsAsync(hosts);
        var before = hosts.PackBytes;
        var plan = await RetentionJob.PlanAsync(hosts.Open(first: true), null, default);
        Assert.All(plan.Going, e => Assert.Equal(RetentionReason.Expired, e.Reason));
        Assert.Equal(plan.Going.Count(), (await hosts.LetGoAsync()).Dropped);
        var view = await RepositoryView.LoadAsync(hosts.Store, hosts.Test.Keys.Reserve, hosts.Open(true).Writers, default);
        Assert.DoesNotContain(view.Backups.First().Record.Classes, c => c.Class == DataClass.UserFiles);
        Assert.Contains(view.Backups.Last().Record.Classes, c => c.Class == DataClass.UserFiles);

        var seen = await PruneJob.PlanAsync(hosts.Open(true), default);
        Assert.True(seen is { HasWork: true, Wasteful.Packs: > 0, Due.Packs: 0 });
        var marked = await hosts.PruneAsync();
        Assert.Equal((seen.Unreached.Packs + seen.Wasteful.Packs, 0L), (marked.Marked.Packs, marked.Deleted.Packs));
        await hosts.VerifyAsync();
        // The next sweep condemns, and nothing goes before readers have had their time.
        Assert.Equal(0, (await hosts.PruneAsync()).Deleted.Packs);
        hosts.Test.Clock.Advance(Grace - TimeSpan.FromSeconds(1));
        Assert.Equal(0, (await hosts.PruneAsync()).Deleted.Packs);
        hosts.Test.Clock.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(marked.Marked, (await PruneJob.PlanAsync(hosts.Open(true), default)).Due);
        var swept = await hosts.PruneAsync();
        Assert.Equal(marked.Marked, swept.Deleted);
        Assert.InRange(hosts.PackBytes, 500_000, before - 2_900_000);
        Assert.Empty(hosts.Names("gc/"));
        await hosts.VerifyAsync();
        Assert.False((await PruneJob.PlanAsync(hosts.Open(true), default)).HasWork);
        // And the next backup stores nothing again.
        Assert.Equal(0, (await hosts.BackupAsync(first: true)).BytesNew);
        await hosts.VerifyAsync();
    }

    [Fact]
    public async Task A_pack_that_a_sweep_copied_to_and_that_is_gone_or_changed_keeps_the_one_that_it_was_copied_from()
    {
        foreach (var isGone in (bool[])[true, false])
        {
            await using var hosts = new TwoHosts();
            await TwoYearsAsync(hosts);
            await hosts.LetGoAsync();
            var before = hosts.Names("data/");
            Assert.True(await hosts.PruneAsync() is { Rewritten.Packs: > 0 });
            var copy = hosts.Names("data/").Except(before).First();
            var bytes = hosts.Memory.Objects[copy].ToArray();
            await hosts.Memory.DeleteAsync(copy, default);
            if (!isGone)
            {
                bytes[^1] ^= 1;
                await hosts.Memory.PutAsync(copy, bytes, default);
            }
            var refused = await Assert.ThrowsAsync<StingException>(() => hosts.PruneAsync());
            Assert.Equal(FailureKind.Integrity, refused.Kind);
            Assert.Empty(before.Except(hosts.Names("data/")));
        }
    }

    /// <summary>A drop that is gone from the store brings its points back, whoever took it.</summary>
    [Theory]
    [InlineData(1), InlineData(2)]
    public async Task What_a_point_reaches_again_before_it_goes_stays_and_is_told_where_it_was_condemned(int sweeps)
    {
        await using var hosts = new TwoHosts();
        await TwoYearsAsync(hosts);
        await hosts.LetGoAsync();
        var marked = 0L;
        for (var i = 0; i < sweeps; i++)
        {
            marked += (await hosts.PruneAsync()).Marked.Packs;
            hosts.Test.Clock.Advance(Grace);
        }
        foreach (var drop in hosts.Names("drops/"))
        {
            await hosts.Memory.DeleteAsync(drop, default);
        }
        var events = await PruneJob.RunAsync(hosts.Open(true), default).ToListAsync();
        var swept = Assert.IsType<PruneResult>(events.OfType<CompletedEvent>().Single().Result);
        Assert.InRange(swept.Spared, 1, marked);
        Assert.Equal(sweeps > 1, events.OfType<WarningEvent>().Any(warning => warning.Message.Contains("are reached by a restore point again", StringComparison.Ordinal)));
        await hosts.VerifyAsync();
    }

    [Fact]
    public async Task A_wasteful_pack_that_is_damaged_is_told_and_stays_as_it_is()
    {
        await using var hosts = new TwoHosts();
        await TwoYearsAsync(hosts);
        await hosts.LetGoAsync();
        foreach (var pack in hosts.Names("data/"))
        {
            var bytes = hosts.Memory.Objects[pack].ToArray();
            bytes[bytes.Length / 2] ^= 1;
            await hosts.Memory.DeleteAsync(pack, default);
            await hosts.Memory.PutAsync(pack, bytes, default);
        }
        var (before, errors) = (hosts.Names("data/"), new List<StingException>());
        await TestInstallation.CompleteAsync<PruneResult>(PruneJob.RunAsync(hosts.Open(first: true), default), errors);
        Assert.All(errors, error => Assert.Equal(FailureKind.Integrity, error.Kind));
        Assert.NotEmpty(errors);
        Assert.Equal(before, hosts.Names("data/"));
    }

    [Fact]
    public async Task What_is_no_session_and_no_pack_of_any_run_is_passed_over()
    {
        await using var hosts = new TwoHosts();
        await TwoYearsAsync(hosts);
        await hosts.LetGoAsync();
        string[] strangers = [$"data/00/{new string('0', 64)}", "sessions/strange"];
        foreach (var name in strangers)
        {
            await hosts.Memory.PutAsync(name, new byte[10], default);
        }
        for (var i = 0; i < 4; i++)
        {
            await hosts.PruneAsync();
            hosts.Test.Clock.Advance(Grace);
        }
        Assert.Empty(hosts.Names("gc/"));
        Assert.All(strangers, name => Assert.Contains(name, hosts.Memory.Objects.Keys));
    }

    [Fact]
    public async Task A_session_that_began_before_the_mark_keeps_what_it_uses()
    {
        await using var hosts = new TwoHosts();
        var content = RandomNumberGenerator.GetBytes(2_000_000);
        hosts.Write(false, "users/9/a.bin", content);
        await hosts.BackupAsync(first: false);
        hosts.Test.Clock.Advance(TimeSpan.FromDays(370));
        File.Delete(Path.Combine(hosts.Reserve(false), "users/9/a.bin"));
        await hosts.BackupAsync(first: false);
        hosts.Write(false, "users/9/a.bin", content);   // it comes back, and its chunks are still there
        var gate = new TaskCompletionSource();
        hosts.Gate = gate.Task;
        var running = Task.Run(() => hosts.BackupAsync(first: false));
        while (hosts.Names("sessions/").Count < 3)
        {
            await Task.Delay(5);
        }
        await hosts.LetGoAsync();
        Assert.True((await hosts.PruneAsync()).Marked.Packs > 0);
        hosts.Test.Clock.Advance(TimeSpan.FromDays(30));
        var waiting = await hosts.PruneAsync();
        Assert.True(waiting is { Deleted.Packs: 0, Waiting.Packs: > 0 });
        var plan = await PruneJob.PlanAsync(hosts.Open(true), default);
        Assert.Contains(hosts.SecondWriter.ToString(), Assert.Single(plan.Marks).WaitsFor, StringComparison.Ordinal);
        gate.SetResult();
        Assert.Equal(0, (await running).BytesNew);
        Assert.True((await hosts.PruneAsync()).Spared > 0);
        hosts.Test.Clock.Advance(Grace);
        await hosts.PruneAsync();
        hosts.Test.Clock.Advance(Grace);
        await hosts.PruneAsync();
        await hosts.VerifyAsync();
    }

    [Fact]
    public async Task A_session_that_begins_after_the_mark_stores_again_what_it_needs_of_it()
    {
        await using var hosts = new TwoHosts();
        var (_, gone) = await TwoYearsAsync(hosts);
        await hosts.LetGoAsync();
        await hosts.PruneAsync();
        hosts.Write(true, "users/1/gone.bin", gone);
        Assert.InRange((await hosts.BackupAsync(first: true)).BytesNew, gone.Length, long.MaxValue);
        for (var i = 0; i < 6; i++)
        {
            hosts.Test.Clock.Advance(Grace);
            await hosts.PruneAsync();
        }
        Assert.Empty(hosts.Names("gc/"));
        await hosts.VerifyAsync();
    }

    /// <summary>Killed before each of its writes and deletions, again and again: what stands always opens, and the sweeps after it finish.</summary>
    [Fact]
    public async Task A_sweep_that_is_killed_anywhere_is_gone_on_with()
    {
        for (var at = 0; ; at++)
        {
            await using var hosts = new TwoHosts();
            await TwoYearsAsync(hosts);
            await hosts.LetGoAsync();
            var (left, killed, where) = (at, false, "");
            hosts.Store.Before = (verb, name) =>
            {
                if (verb is "put" or "stage" or "barrier" or "delete" && (killed || left-- == 0))
                {
                    killed = true;
                    where = $"{verb} {name}";
                    throw new StingException("StoreUnavailable", FailureKind.Io, "Killed.", name, "None.");
                }
            };
            for (var i = 0; i < 4 && !killed; i++)
            {
                try
                {
                    await hosts.PruneAsync();
                }
                catch (StingException e) when (e.ErrorId == "StoreUnavailable")
                {
                }
                hosts.Test.Clock.Advance(Grace);
            }
            hosts.Store.Before = (_, _) => { };
            await hosts.VerifyAsync();
            var deleted = 0L;
            for (var i = 0; i < 5; i++)
            {
                try
                {
                    deleted += (await hosts.PruneAsync()).Deleted.Packs;
                }
                catch (StingException e)
                {
                    Assert.Fail($"{at} {i} {where}: {e.Message}");
                }
                hosts.Test.Clock.Advance(Grace);
            }
            Assert.Empty(hosts.Names("gc/"));
            Assert.False((await PruneJob.PlanAsync(hosts.Open(true), default)).HasWork);
            await hosts.VerifyAsync();
            Assert.InRange(hosts.PackBytes, 500_000, 800_000);
            if (!killed)
            {
                Assert.InRange(at, 12, 60);
                return;
            }
        }
    }

    /// <summary>Of two sweeps side by side the slower writes a step of a mark that the other has removed meanwhile.</summary>
    [Fact]
    public async Task Steps_of_a_mark_that_is_gone_do_not_stand_for_ever()
    {
        await using var hosts = new TwoHosts();
        await TwoYearsAsync(hosts);
        await hosts.LetGoAsync();
        await hosts.PruneAsync();
        await hosts.PruneAsync();
        var late = hosts.Memory.Objects.Where(o => o.Key.StartsWith("gc/", StringComparison.Ordinal) && !o.Key.EndsWith("/1", StringComparison.Ordinal)).ToList();
        Assert.Equal(2, late.Count);   // the sessions, and what is condemned
        hosts.Test.Clock.Advance(Grace);
        Assert.True((await hosts.PruneAsync()).Deleted.Packs > 0);
        Assert.Empty(hosts.Names("gc/"));
        foreach (var (name, bytes) in late)
        {
            await hosts.Memory.PutAsync(name, bytes, default);
        }
        Assert.Equal(0, (await hosts.PruneAsync()).Deleted.Packs);
        Assert.Empty(hosts.Names("gc/"));
        await hosts.VerifyAsync();
    }

    [Fact]
    public async Task A_host_that_only_writes_lets_nothing_go_and_sweeps_nothing()
    {
        await using var hosts = new TwoHosts();
        hosts.Write(false, "users/9/a.bin", RandomNumberGenerator.GetBytes(1000));
        await hosts.BackupAsync(first: false);
        var refused = await Assert.ThrowsAsync<StingException>(() => hosts.PruneAsync(first: false));
        Assert.Equal(("NotAllowedToMaintain", FailureKind.Refused), (refused.ErrorId, refused.Kind));
        var second = hosts.Open(first: false);
        hosts.Test.Clock.Advance(TimeSpan.FromDays(3000));
        var plan = await RetentionJob.PlanAsync(second, null, default);
        refused = await Assert.ThrowsAsync<StingException>(() => TestInstallation.CompleteAsync<RetentionResult>(RetentionJob.RunAsync(second, plan, default)));
        Assert.Equal("NotAllowedToMaintain", refused.ErrorId);

        // Nor does it help to write the objects by hand: nobody believes them, and a verify names them.
        var point = (await RepositoryView.LoadAsync(hosts.Store, second.Reserve, second.Writers, default)).Backups.Single().Record;
        var drop = new DropRecord { Reserve = second.Reserve, Writer = second.Writer, Sequence = 1, TimeNs = 0, Parts = [.. point.Classes.Select(c => new DroppedPart(point.Writer, point.Sequence, c.Class, RetentionReason.Expired, 0))] }.ToBytes(second.Signer);
        await hosts.Store.PutAsync(DropRecord.NameOf(drop), drop, default);
        var view = await RepositoryView.LoadAsync(hosts.Store, second.Reserve, second.Writers, default);
        Assert.Single(view.Backups);
        Assert.Equal(DropRecord.NameOf(drop), Assert.Single(view.Damage).Target);
        var faults = (await Integrity.Verify.RunAsync(hosts.Open(true), new VerifyRequest { Level = IntegrityLevel.Structure })).Faults;
        Assert.Contains("may write backups and let nothing go", Assert.Single(faults).Problem, StringComparison.Ordinal);
        Assert.Equal("PruneUnsafe", (await Assert.ThrowsAsync<StingException>(() => hosts.PruneAsync())).ErrorId);
    }

    [Fact]
    public async Task Nothing_is_swept_while_something_is_missing()
    {
        await using var hosts = new TwoHosts();
        await TwoYearsAsync(hosts);
        await hosts.LetGoAsync();
        var index = hosts.Names("index/")[0];
        await hosts.Memory.DeleteAsync(index, default);
        Assert.Equal("PruneUnsafe", (await Assert.ThrowsAsync<StingException>(() => hosts.PruneAsync())).ErrorId);
        Assert.Empty(hosts.Names("gc/"));
    }

    [Theory]
    [InlineData(1), InlineData(2)]
    public async Task Nothing_is_swept_while_something_is_damaged_and_how_much_is_told(int damaged)
    {
        await using var hosts = new TwoHosts();
        await TwoYearsAsync(hosts);
        await hosts.LetGoAsync();
        foreach (var fragment in hosts.Names("index/").Take(damaged))
        {
            var bytes = hosts.Memory.Objects[fragment].ToArray();
            bytes[^1] ^= 1;
            await hosts.Memory.DeleteAsync(fragment, default);
            await hosts.Memory.PutAsync(fragment, bytes, default);
        }
        var refused = await Assert.ThrowsAsync<StingException>(() => hosts.PruneAsync());
        Assert.Equal(("PruneUnsafe", damaged > 1), (refused.ErrorId, refused.Message.EndsWith(" And 1 more.", StringComparison.Ordinal)));
        Assert.DoesNotContain(" 0 more", refused.Message, StringComparison.Ordinal);
        Assert.Empty(hosts.Names("gc/"));
    }

    [Theory]
    [InlineData(64, 0)]
    [InlineData(65, 33)]
    [InlineData(500, 468)]
    public void Of_small_packs_the_smallest_are_joined(int count, int joined)
    {
        int[] lengths = [.. Enumerable.Range(1, count)];
        Random.Shared.Shuffle(lengths);
        Assert.Equal(Enumerable.Range(1, joined), PruneDecision.ToJoin(lengths, length => length).Order());
    }

    [Fact]
    public async Task Many_small_packs_and_fragments_are_joined()
    {
        await using var hosts = new TwoHosts();
        for (var i = 0; i < 70; i++)
        {
            hosts.Write(true, $"users/{i % 3}/f{i}.bin", RandomNumberGenerator.GetBytes(2000));
            await hosts.BackupAsync(first: true);
        }
        var (packs, fragments, sessions) = (hosts.Names("data/").Count, hosts.Names("index/").Count, hosts.Names("sessions/").Count);
        Assert.True(packs >= 70 && fragments >= 70 && sessions >= 70);
        for (var i = 0; i < 4; i++)
        {
            await hosts.PruneAsync();
            hosts.Test.Clock.Advance(Grace);
        }
        Assert.InRange(hosts.Names("data/").Count, 32, 34);   // the smallest, until half as many are left
        Assert.InRange(hosts.Names("index/").Count, 1, 4);
        Assert.Single(hosts.Names("sessions/"));
        await hosts.VerifyAsync();
        Assert.Equal(0, (await hosts.BackupAsync(first: true, BackupType.Full)).BytesNew);
    }
}
