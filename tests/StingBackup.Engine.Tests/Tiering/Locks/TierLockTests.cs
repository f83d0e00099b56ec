using StingBackup.Engine.Governance;
using StingBackup.Engine.Integrity;
using StingBackup.Engine.Lifecycle;
using StingBackup.Engine.Lifecycle.Pruning;
using StingBackup.Engine.Repository;
using StingBackup.Engine.Tests.Integrity;
using StingBackup.Engine.Tests.Storage.Locks;
using StingBackup.Engine.Tiering;

namespace StingBackup.Engine.Tests.Tiering.Locks;

/// <summary>A tier that locks: for as long as restore points need it and no longer, extended by each sync, swept when the locks have ended, and deaf to whoever has its credentials.</summary>
public sealed class TierLockTests
{
    [Fact]
    public async Task A_sync_locks_what_restore_points_reach_until_they_may_go()
    {
        await using var reserve = new LockedReserve();
        reserve.Write("users/1/a.bin", 300_000);
        await reserve.BackupAsync();
        var made = reserve.Now;
        var done = await reserve.SyncAsync();
        var end = LockedReserve.Day(made.AddDays(100));
        Assert.Equal((TierLockMode.Compliance, end, 0), (done.Locks!.Mode, done.Locks.LatestEnd, done.Locks.Shadowed.Count));
        Assert.Equal(reserve.Remote.Keys.Count(LockedNamesOf), done.Locks.Objects);
        foreach (var name in reserve.Remote.Keys)
        {
            Assert.Equal(LockedNamesOf(name) ? end : default, reserve.Remote.Of(name)[0].Until);
        }
        var status = await TierStatusReader.ReadAsync(reserve.Open(), Tier.Remote, default);
        Assert.Equal((TierLockMode.Compliance, done.Locks.Objects, end, end), (status.Locks!.Mode, status.Locks.Objects, status.Locks.EarliestEnd, status.Locks.LatestEnd));
        var plan = await TierSyncJob.PlanAsync(reserve.Open(), Tier.Remote, default);
        Assert.Equal((false, 0L, null), (plan.HasWork, plan.Locks!.Extending.Count, plan.Locks.Until));

        static bool LockedNamesOf(string name) => Engine.Storage.LockedNames.Covers(name);
    }

    [Fact]
    public async Task Locks_are_extended_while_a_newer_point_needs_the_object_and_never_shortened()
    {
        await using var reserve = new LockedReserve();
        reserve.Write("users/1/kept.bin", 300_000);
        await reserve.BackupAsync();
        await reserve.SyncAsync();
        var first = LockedReserve.Ends(reserve.Remote, "data/");
        reserve.Delete("users/1/kept.bin");
        reserve.Write("users/1/other.bin", 200_000);
        reserve.Advance(20);
        await reserve.BackupAsync();
        reserve.Write("users/1/third.bin", 200_000);
        reserve.Advance(20);
        await reserve.BackupAsync();
        var made = reserve.Now;
        var waits = await TierSyncJob.PlanAsync(reserve.Open(), Tier.Remote, default);
        var before = reserve.Remote.Extensions;
        await reserve.SyncAsync();
        Assert.True(reserve.Remote.Extensions > before);
        Assert.True(waits.HasWork);
        var ends = LockedReserve.Ends(reserve.Remote, "data/");
        // kept.bin is in the first point alone: its lock stays; other.bin is in the newest one.
        Assert.Equal(first.Single().Value, ends[first.Single().Key]);
        Assert.All(ends.Where(e => !first.ContainsKey(e.Key)), e => Assert.Equal(LockedReserve.Day(made.AddDays(100)), e.Value));
        // A setting that is shorter by now takes nothing back; nothing is asked of the bucket for it.
        reserve.ClassDays = 50;
        before = reserve.Remote.Extensions;
        await reserve.SyncAsync();
        Assert.Equal(before, reserve.Remote.Extensions);
        Assert.Equal(ends, LockedReserve.Ends(reserve.Remote, "data/"));
    }

    [Fact]
    public async Task What_this_host_remembers_of_locks_can_be_lost()
    {
        await using var reserve = new LockedReserve();
        reserve.Write("users/1/a.bin", 100_000);
        await reserve.BackupAsync();
        await reserve.SyncAsync();
        var (ends, before) = (LockedReserve.Ends(reserve.Remote, ""), reserve.Remote.Extensions);
        var noted = Directory.GetFiles(reserve.Open().MemoryOf(Tier.Remote).Folder, "*.locks");
        File.Delete(Assert.Single(noted));
        Assert.True((await TierSyncJob.PlanAsync(reserve.Open(), Tier.Remote, default)).Locks!.Extending.Count > 0);
        await reserve.SyncAsync();
        Assert.Equal(before, reserve.Remote.Extensions);
        Assert.Equal(ends, LockedReserve.Ends(reserve.Remote, ""));
        Assert.Equal(0, (await TierSyncJob.PlanAsync(reserve.Open(), Tier.Remote, default)).Locks!.Extending.Count);
    }

    [Fact]
    public async Task A_backup_locks_at_commit_and_leaves_extensions_to_twice_a_day()
    {
        await using var reserve = new LockedReserve { SyncsAtCommit = true };
        reserve.Write("users/1/a.bin", 100_000);
        await reserve.BackupAsync();
        var first = reserve.Remote.Extensions;
        Assert.True(first > 0);
        reserve.Write("users/1/b.bin", 100_000);
        await reserve.BackupAsync();
        Assert.Equal(first, reserve.Remote.Extensions);
        Assert.All(LockedReserve.Ends(reserve.Remote, "data/"), e => Assert.True(e.Value >= reserve.Now.AddDays(1.9)));
        reserve.Advance(0.6);
        await reserve.BackupAsync();
        Assert.True(reserve.Remote.Extensions > first);
        Assert.All(LockedReserve.Ends(reserve.Remote, "data/"), e => Assert.True(e.Value >= reserve.Now.AddDays(98)));
    }

    [Fact]
    public async Task Captures_of_whole_servers_lie_in_packs_of_their_own_and_are_locked_no_longer_than_they_may_be_kept()
    {
        await using var reserve = new LockedReserve();
        reserve.Write("whole/base.tar", 200_000);
        reserve.Write("users/1/a.bin", 200_000);
        await reserve.BackupAsync();
        var made = reserve.Now;
        Assert.Equal(2, reserve.Local.Objects.Keys.Count(k => k.StartsWith("data/", StringComparison.Ordinal)));
        await reserve.SyncAsync();
        DateTimeOffset[] expected = [LockedReserve.Day(made.AddDays(14)), LockedReserve.Day(made.AddDays(100))];
        Assert.Equal(expected, LockedReserve.Ends(reserve.Remote, "data/").Values.Order());
        // It is the newest, it is not let go yet, and the promise is over: it is locked no more.
        reserve.Advance(13.9);
        await reserve.SyncAsync();
        Assert.Equal(expected[0], LockedReserve.Ends(reserve.Remote, "data/").Values.Min());
        Assert.True(reserve.Now <= made.AddDays(14));
        Assert.All(Residuals.Of(reserve.Open(), await ViewAsync(reserve), reserve.Now).Where(r => r.What.Contains("ciphertext", StringComparison.Ordinal)), r => Assert.Contains("object lock (compliance)", r.What, StringComparison.Ordinal));
        Assert.Equal(LockedReserve.Day(made.AddDays(100)), Assert.Single(Residuals.Of(reserve.Open(), await ViewAsync(reserve), reserve.Now), r => r.What.Contains("Remote", StringComparison.Ordinal)).EndTime);
        // One that was stored just now is locked for the shortest lock, which may be later than its end: the certificate says so.
        Assert.Equal(reserve.Now + LockedReserve.AtLeast, Assert.Single(Residuals.Of(reserve.Open(), await ViewAsync(reserve), reserve.Now), r => r.What.Contains("Physical", StringComparison.Ordinal)).EndTime);
    }

    private static ValueTask<RepositoryView> ViewAsync(LockedReserve reserve) => RepositoryView.LoadAsync(reserve.Local, reserve.Open().Reserve, reserve.Open().Writers, default);

    [Fact]
    public async Task What_is_locked_is_skipped_by_a_sweep_counted_and_gone_when_its_lock_has_ended()
    {
        await using var reserve = new LockedReserve();
        reserve.Write("users/1/old.bin", 300_000);
        await reserve.BackupAsync();
        reserve.Delete("users/1/old.bin");
        reserve.Write("users/1/new.bin", 100_000);
        reserve.Advance(1);
        await reserve.BackupAsync();
        await reserve.SyncAsync();
        var old = LockedReserve.Ends(reserve.Remote, "data/").MinBy(e => e.Value);
        // Settings got shorter: retention and the sweep of the local tier follow them at once.
        reserve.ClassDays = 5;
        reserve.Advance(5.5);
        Assert.True((await reserve.RetainAsync()).Dropped > 0);
        await reserve.SweepAsync(Tier.Local);
        await reserve.SyncAsync();
        var swept = await reserve.SweepAsync(Tier.Remote);
        Assert.True(swept.Locked.Packs > 0);
        Assert.Equal((0L, old.Value), (swept.Deleted.Packs, swept.LockedUntil));
        Assert.Empty(swept.Certificates);
        Assert.Equal(0, reserve.Remote.Refusals);   // nobody asked for what would be refused
        Assert.Contains(reserve.Remote.Keys, k => k.StartsWith("gc/", StringComparison.Ordinal));
        var plan = await PruneJob.PlanAsync(reserve.Open(), Tier.Remote, default);
        Assert.Equal((old.Value, true), (plan.LockedUntil, plan.Locked.Packs > 0));

        reserve.Advance(100);
        reserve.ClassDays = 400;   // what stands stays
        await reserve.SyncAsync();
        var gone = await reserve.PruneAsync(Tier.Remote);
        Assert.True(gone.Deleted.Packs > 0);
        Assert.Equal((0L, null), (gone.Locked.Packs, gone.LockedUntil));
        Assert.Empty(reserve.Remote.Of(old.Key));   // no marker, no version
        Assert.DoesNotContain(reserve.Remote.Keys, k => k.StartsWith("gc/", StringComparison.Ordinal));
        await reserve.SyncAsync();
        await using var alone = new LockingMemoryStore(reserve.Remote, TierLockMode.Compliance, LockedReserve.AtLeast);
        Assert.Empty((await Verify.RunAsync(reserve.Open(alone), new VerifyRequest { Level = IntegrityLevel.Data })).Faults);
    }

    [Fact]
    public async Task A_deletion_that_the_bucket_refuses_is_told_and_audited_and_fails_no_job()
    {
        await using var reserve = new LockedReserve(withArchive: true);
        reserve.Write("users/1/old.bin", 300_000);
        await reserve.BackupAsync();
        reserve.Delete("users/1/old.bin");
        reserve.Write("users/1/new.bin", 100_000);
        reserve.Advance(8);
        await reserve.BackupAsync();
        reserve.Advance(8);
        await reserve.SyncAsync();
        await reserve.SyncAsync(Tier.Archive);
        reserve.Advance(30);
        await reserve.BackupAsync();
        reserve.Before = (verb, name) =>
        {
            if (verb == "delete" && name.StartsWith("data/", StringComparison.Ordinal))
            {
                throw new StingException("StoreAccessDenied", FailureKind.PermissionDenied, $"Could not delete the object '{name}': it answers 403 AccessDenied.", name, "Allow it.");
            }
        };
        var (keys, warned) = (reserve.Remote.Keys, reserve.Warnings.Count);
        var remote = Assert.Single((await reserve.RetainAsync()).Tiers, t => t.Tier == Tier.Remote);
        Assert.Equal(0, remote.Going.Packs);
        Assert.Equal(keys, reserve.Remote.Keys);
        Assert.Contains(reserve.Warnings.Skip(warned), w => w.Contains("refused to delete 1 objects", StringComparison.Ordinal));
        Assert.Contains(await AuditReader.ReadAsync(reserve.Open(), default), e => e.Command == "Invoke-StingRetention" && e.Outcome.StartsWith("Remote: refused to delete 1 objects, the first 'data/", StringComparison.Ordinal));
        // What is refused today goes by a later run.
        reserve.Before = (_, _) => { };
        Assert.Equal(1, Assert.Single((await reserve.RetainAsync()).Tiers, t => t.Tier == Tier.Remote).Going.Packs);
    }

    [Fact]
    public async Task A_rewrite_of_packs_keeps_captures_of_whole_servers_apart()
    {
        await using var reserve = new LockedReserve { PhysicalDays = 5, ClassDays = 5 };
        foreach (var path in (string[])["whole/gone.tar", "whole/kept.tar", "users/1/gone.bin", "users/1/kept.bin"])
        {
            reserve.Write(path, 200_000);
        }
        await reserve.BackupAsync();
        reserve.Delete("whole/gone.tar");
        reserve.Delete("users/1/gone.bin");
        reserve.Advance(1);
        await reserve.BackupAsync();
        reserve.Advance(4.5);
        Assert.True((await reserve.RetainAsync()).Dropped > 0);
        var content = reserve.Local.Objects.Keys.Where(k => k.StartsWith("data/", StringComparison.Ordinal)).ToHashSet(StringComparer.Ordinal);
        Assert.True((await reserve.PruneAsync(Tier.Local)).Rewritten.Packs >= 2);
        Assert.Equal(2, reserve.Local.Objects.Keys.Count(k => k.StartsWith("data/", StringComparison.Ordinal) && !content.Contains(k)));   // one of each, and none with both
        await reserve.SyncAsync();
        Assert.All(LockedReserve.Ends(reserve.Remote, "data/"), end => Assert.True(end.Value > reserve.Now));
    }

    [Fact]
    public async Task A_fragment_of_the_index_stays_as_long_as_one_that_it_replaces()
    {
        await using var reserve = new LockedReserve();
        reserve.Write("users/1/a.bin", 100_000);
        await reserve.BackupAsync();
        reserve.Write("users/1/b.bin", 100_000);
        reserve.Advance(1);
        await reserve.BackupAsync();
        await reserve.SyncAsync();
        // Two merges, one after the other; the first fragments were locked under longer settings than the merge between.
        var (installation, view) = (reserve.Open(), await ViewAsync(reserve));
        var first = view.Index.Fragments.Select(f => f.Name).ToList();
        reserve.ClassDays = 10;
        for (var merge = 0; merge < 2; merge++)
        {
            view = await ViewAsync(reserve);
            var draft = new IndexDraft();
            draft.Replaced.AddRange(view.Index.Fragments.Select(f => f.Name));
            foreach (var pack in view.Index.Packs)
            {
                var tables = PackReader.ReadFooter(pack, await Engine.Storage.ObjectStoreExtensions.ReadAllAsync(reserve.Local, pack.Name, default), installation.Reserve);
                draft.Add(tables, tables.Entries, vouched: true);
            }
            foreach (var fragment in draft.Encode(installation.Reserve, installation.IdentityOf(2 + merge)))
            {
                await reserve.Local.PutAsync(fragment.Name, fragment.Bytes, default);
            }
            await reserve.SyncAsync();
            foreach (var name in draft.Replaced)
            {
                await reserve.Local.DeleteAsync(name, default);
            }
        }
        var between = reserve.Remote.Keys.Where(k => k.StartsWith("index/", StringComparison.Ordinal) && !first.Contains(k) && !reserve.Local.Objects.ContainsKey(k)).Single();
        Assert.True(reserve.Remote.Of(between)[0].Until < reserve.Remote.Of(first[0])[0].Until);
        reserve.ClassDays = 400;   // what stands stays
        reserve.Advance((reserve.Remote.Of(between)[0].Until - reserve.Now).TotalDays + 1);
        await reserve.BackupAsync();
        await reserve.SyncAsync();
        await reserve.PruneAsync(Tier.Remote);
        Assert.All(first.Append(between), name => Assert.NotEmpty(reserve.Remote.Of(name)));
        reserve.Advance(100);
        await reserve.BackupAsync();
        await reserve.SyncAsync();
        await reserve.PruneAsync(Tier.Remote);
        Assert.All(first.Append(between), name => Assert.Empty(reserve.Remote.Of(name)));
    }

    [Fact]
    public async Task Content_that_the_archive_takes_over_is_locked_for_the_days_of_the_tier_and_pages_for_their_whole_life()
    {
        await using var reserve = new LockedReserve(withArchive: true);
        reserve.Write("users/1/old.bin", 300_000);
        reserve.Write("whole/base.tar", 100_000);
        await reserve.BackupAsync();
        var made = reserve.Now;
        reserve.Delete("users/1/old.bin");
        reserve.Write("users/1/new.bin", 200_000);
        reserve.Advance(8);
        await reserve.BackupAsync();
        var newer = reserve.Now;
        await reserve.SyncAsync();
        await reserve.SyncAsync(Tier.Archive);
        DateTimeOffset[] content = [LockedReserve.Day(made.AddDays(30)), LockedReserve.Day(newer.AddDays(30))];
        Assert.Subset(new HashSet<DateTimeOffset>(content) { LockedReserve.Day(newer.AddDays(14)), LockedReserve.Day(made.AddDays(14)) }, LockedReserve.Ends(reserve.Remote, "data/").Values.ToHashSet());
        Assert.All(content, end => Assert.Contains(end, LockedReserve.Ends(reserve.Remote, "data/").Values));
        Assert.Contains(LockedReserve.Day(newer.AddDays(100)), LockedReserve.Ends(reserve.Remote, "meta/").Values);
        // The archive holds the first point alone: cold packs, pages, its index are locked as long as that is kept.
        var (cold, all) = (LockedReserve.Ends(reserve.Archive, "data/"), LockedReserve.Ends(reserve.Archive, ""));
        Assert.NotEmpty(cold);
        Assert.All(cold.Concat(all.Where(e => e.Key.StartsWith("index/", StringComparison.Ordinal) || e.Key.StartsWith("points/", StringComparison.Ordinal))), e => Assert.Equal(LockedReserve.Day(made.AddDays(100)), e.Value));

        // On its day the content may go from the remote tier, and nothing holds it.
        reserve.Advance(23);
        Assert.Equal(1, Assert.Single((await reserve.RetainAsync()).Tiers, t => t.Tier == Tier.Remote).Going.Packs);
        Assert.Equal(0, reserve.Remote.Refusals);
    }

    [Fact]
    public async Task Cold_packs_stay_while_they_are_locked()
    {
        await using var reserve = new LockedReserve(withArchive: true);
        reserve.Write("users/1/old.bin", 300_000);
        await reserve.BackupAsync();
        reserve.Delete("users/1/old.bin");
        reserve.Advance(8);
        await reserve.BackupAsync();
        reserve.Advance(8);
        await reserve.BackupAsync();
        await reserve.SyncAsync();
        await reserve.SyncAsync(Tier.Archive);
        var cold = LockedReserve.Ends(reserve.Archive, "data/").Single();
        reserve.ClassDays = 20;
        reserve.Advance(6);
        Assert.True((await reserve.RetainAsync()).Dropped > 0);
        await reserve.SyncAsync(Tier.Archive);   // sees it unreached
        reserve.Advance(3);
        await reserve.SyncAsync(Tier.Archive);
        Assert.NotEmpty(reserve.Archive.Of(cold.Key));
        Assert.Equal(0, reserve.Archive.Refusals);
        reserve.ClassDays = 400;
        Assert.True(reserve.Now < cold.Value);
        reserve.Advance((cold.Value - reserve.Now).TotalDays + 1);
        await reserve.SyncAsync(Tier.Archive);
        Assert.Empty(reserve.Archive.Of(cold.Key));
    }

    [Fact]
    public async Task A_thief_with_the_buckets_credentials_and_the_host_destroys_nothing()
    {
        await using var reserve = new LockedReserve();
        reserve.Write("users/1/a.bin", 300_000);
        reserve.Write("jars/7/doc.pdf", 200_000);
        await reserve.BackupAsync();
        await reserve.SyncAsync();
        var image = reserve.Image();
        var attacked = reserve.Remote.Keys.Where(Engine.Storage.LockedNames.Covers).ToList();
        foreach (var key in attacked)
        {
            Assert.All(reserve.Remote.Of(key), version => Assert.False(reserve.Remote.TryDelete(key, version)));
            reserve.Remote.Put(key, [1, 2, 3]);
            reserve.Remote.Hide(key);
        }
        var done = await reserve.SyncAsync();
        Assert.Equal(0, done.Packs.Packs);
        Assert.Equal(attacked, done.Locks!.Shadowed);
        var warning = Assert.Single(reserve.Warnings, w => w.Contains("written over or hidden", StringComparison.Ordinal));
        Assert.Contains($"{attacked.Count} locked objects", warning, StringComparison.Ordinal);
        // Told by each sync, audited once.
        await reserve.SyncAsync();
        Assert.Equal(2, reserve.Warnings.Count(w => w.Contains("written over or hidden", StringComparison.Ordinal)));
        Assert.Single(await AuditReader.ReadAsync(reserve.Open(), default), e => e.Outcome.StartsWith($"Remote: {attacked.Count} locked objects written over or hidden", StringComparison.Ordinal));

        // The local tier is lost with the host: what is restored comes from the bucket alone.
        await using var alone = new LockingMemoryStore(reserve.Remote, TierLockMode.Compliance, LockedReserve.AtLeast);
        Assert.Equal(image, await reserve.RestoreAsync(reserve.Open(alone)));
        Assert.Empty((await Verify.RunAsync(reserve.Open(alone), new VerifyRequest { Level = IntegrityLevel.Data })).Faults);
    }

    [Fact]
    public async Task A_bucket_that_cannot_lock_gets_nothing()
    {
        await using var reserve = new LockedReserve();
        reserve.Write("users/1/a.bin", 100_000);
        await reserve.BackupAsync();
        reserve.Remote.CanLock = false;
        Assert.Equal("ObjectLockUnavailable", (await Assert.ThrowsAsync<StingException>(async () => await TierSyncJob.PlanAsync(reserve.Open(), Tier.Remote, default))).ErrorId);
        Assert.Equal("ObjectLockUnavailable", (await Assert.ThrowsAsync<StingException>(async () => await reserve.SyncAsync())).ErrorId);
        Assert.Empty(reserve.Remote.Keys);
    }
}
