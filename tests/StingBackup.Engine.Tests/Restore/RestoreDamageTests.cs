using System.Security.Cryptography;
using StingBackup.Engine.Basics;
using StingBackup.Engine.Repository;
using StingBackup.Engine.Restore;
using StingBackup.Engine.Storage;
using StingBackup.Engine.Tests.Backup;

namespace StingBackup.Engine.Tests.Restore;

public sealed class RestoreDamageTests
{
    /// <summary>A repository in memory over a reserve with small files in bundles, and a long one.</summary>
    private static async Task<TestInstallation> ReserveAsync(MemoryObjectStore store, int more = 0)
    {
        var test = new TestInstallation(store);
        for (var i = 0; i < 30; i++)
        {
            test.Write($"users/{i % 3}/small {i:d3}", RandomNumberGenerator.GetBytes(9000));
        }
        for (var i = 0; i < more; i++)
        {
            test.Write($"users/1/more {i:d4}", RandomNumberGenerator.GetBytes(100));
        }
        test.Write("users/1/long.bin", RandomNumberGenerator.GetBytes(25_000_000));
        await test.BackupAsync();
        return test;
    }

    /// <summary>The same installation over other bytes.</summary>
    private static Installation Over(TestInstallation test, IObjectStore store)
    {
        var whole = test.Installation;
        return new Installation
        {
            Reserve = whole.Reserve, ReserveRoot = whole.ReserveRoot, Map = whole.Map, Store = store, Host = whole.Host, Writers = whole.Writers, UnlockAsync = whole.UnlockAsync,
            StateFolder = whole.StateFolder, CacheFolder = whole.CacheFolder, Threads = 2, ZstdLevel = 3, Zone = whole.Zone, Clock = whole.Clock,
        };
    }

    private static MemoryObjectStore Changed(MemoryObjectStore store, string name, Action<byte[]>? change)
    {
        var objects = store.Objects.ToDictionary(o => o.Key, o => o.Value);
        if (change is null)
        {
            objects.Remove(name);
        }
        else
        {
            var bytes = objects[name].ToArray();
            change(bytes);
            objects[name] = bytes;
        }
        return new MemoryObjectStore(objects);
    }

    private static async Task<(RestoreResult Result, List<StingException> Errors)> RestoreAsync(Installation installation, RestoreRequest request)
    {
        var errors = new List<StingException>();
        var plan = await RestoreJob.PlanAsync(installation, request, default);
        return (await TestInstallation.CompleteAsync<RestoreResult>(RestoreJob.RunAsync(installation, plan, default), errors), errors);
    }

    /// <summary>Every file's chunks, by path.</summary>
    private static async Task<Dictionary<string, List<ChunkPlace>>> PlacesAsync(TestInstallation test)
    {
        using var reading = await RepositoryReading.OpenAsync(test.Installation, default);
        var trees = await reading.Subjects.AllAsync(reading.Finder.All, default);
        var places = new Dictionary<string, List<ChunkPlace>>(StringComparer.Ordinal);
        await foreach (var (tree, entry) in new MergedTrees(reading.Walker, trees.Trees).WalkAsync(EntryPath.Root, true, null, default))
        {
            if (entry.Kind == ItemKind.File)
            {
                places.Add(entry.Path.ToString(), [.. (await reading.Walker.ReadExtentsAsync(tree.Row.Pseudonym, entry, default)).SelectMany(x => reading.View.Index.FindAll(x.Id))]);
            }
        }
        return places;
    }

    [Fact]
    public async Task A_flipped_byte_fails_exactly_the_files_of_its_chunk_by_name_and_the_rest_is_restored()
    {
        var store = new MemoryObjectStore();
        await using var test = await ReserveAsync(store);
        var before = FolderImage.Files(test.ReserveRoot);
        var places = await PlacesAsync(test);
        foreach (var victim in (string[])["users/0/small 003", "users/1/long.bin"])
        {
            var place = places[victim][^1];
            var damaged = Over(test, Changed(store, place.Segment.Pack.Name, b => b[place.Entry.Offset + place.Entry.StoredLength / 2] ^= 1));
            var hit = places.Where(p => p.Value.Any(c => c.Entry.Id == place.Entry.Id)).Select(p => p.Key).Order(StringComparer.Ordinal).ToArray();
            var folder = test.Folder("out " + Path.GetFileName(victim));
            var (result, errors) = await RestoreAsync(damaged, new RestoreRequest { Scope = RestoreScope.Reserve, Destination = folder });

            Assert.Equal(hit, errors.Select(e => e.Target!).Order(StringComparer.Ordinal));
            Assert.All(errors, e =>
            {
                Assert.Equal(("RestoreItemDamaged", FailureKind.Integrity), (e.ErrorId, e.Kind));
                Assert.Contains(place.Segment.Pack.Name, e.Message, StringComparison.Ordinal);
                Assert.NotEmpty(e.Remedy);
            });
            Assert.Equal((JobState.CompletedWithErrors, hit.LongLength), (result.State, result.Errors));
            Assert.Equal(before.Where(f => !hit.Contains(f.Key)), FolderImage.Files(folder));
        }
    }

    [Fact]
    public async Task A_missing_pack_fails_its_files_and_no_others()
    {
        var store = new MemoryObjectStore();
        await using var test = await ReserveAsync(store);
        var places = await PlacesAsync(test);
        var pack = places["users/1/long.bin"][0].Segment.Pack;
        var hit = places.Where(p => p.Value.Any(c => c.Segment.Pack == pack)).Select(p => p.Key).ToHashSet(StringComparer.Ordinal);
        var (result, errors) = await RestoreAsync(Over(test, Changed(store, pack.Name, null)), test.Everything());
        Assert.Equal(hit.Order(StringComparer.Ordinal), errors.Select(e => e.Target!).Order(StringComparer.Ordinal));
        Assert.Equal(places.Count - hit.Count, FolderImage.Files(test.Folder("out")).Count);
        Assert.Equal(hit.Count, result.Errors);
    }

    [Fact]
    public async Task A_damaged_tree_page_hides_its_items_and_says_between_which_paths()
    {
        var store = new MemoryObjectStore();
        await using var test = await ReserveAsync(store, more: 1200);
        var all = FolderImage.Files(test.ReserveRoot).Keys.ToList();
        // The second page of subject 1's tree. Keys say where pages end: how many there are, how large and in how many levels.
        TreeChild child;
        ChunkPlace leaf;
        using (var reading = await RepositoryReading.OpenAsync(test.Installation, default))
        {
            var tree = (await reading.Subjects.AllAsync(reading.Finder.All, default)).Trees.Single(t => t.Subject == "user#1");
            var page = await reading.Reader.ReadPageAsync(tree.Row.Pseudonym, tree.Row.Root, default);
            while (page.Table.Level > 1)
            {
                page = await reading.Reader.ReadPageAsync(tree.Row.Pseudonym, page.Children[0].Page, default);
            }
            child = page.Children[1];
            Assert.True(reading.View.Index.TryFind(child.Page, out leaf));
        }
        var (result, errors) = await RestoreAsync(Over(test, Changed(store, leaf.Segment.Pack.Name, b => b[leaf.Entry.Offset + leaf.Entry.StoredLength - 1] ^= 0x80)), test.Everything());
        var error = Assert.Single(errors);
        Assert.Equal("TreeDamaged", error.ErrorId);
        Assert.Contains("from 'users/1/", error.Message, StringComparison.Ordinal);
        Assert.Contains("user#1", error.Message, StringComparison.Ordinal);
        var restored = FolderImage.Files(test.Folder("out")).Keys.ToList();
        var lost = all.Except(restored).ToList();
        Assert.Equal(JobState.CompletedWithErrors, result.State);
        Assert.Equal(child.Items, lost.Count);
        Assert.All(lost, p => Assert.StartsWith("users/1/", p, StringComparison.Ordinal));
        Assert.Contains(lost[0], error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_subject_whose_key_is_gone_fails_by_its_pseudonym_and_the_others_come_back()
    {
        var store = new MemoryObjectStore();
        await using var test = await ReserveAsync(store);
        test.Keys.Forget("user#1");
        var (result, errors) = await RestoreAsync(test.Installation, test.Everything());
        Assert.Contains("SubjectUnreadable", errors.Select(e => e.ErrorId));
        Assert.Equal(12, result.Errors);   // ten small files, the long one, and the folder
        Assert.Equal(20, FolderImage.Files(test.Folder("out")).Count);
        var direct = await Assert.ThrowsAsync<StingException>(() =>
            RestoreJob.PlanAsync(test.Installation, new RestoreRequest { Scope = RestoreScope.User, Subject = "1", Destination = test.Folder("one") }, default).AsTask());
        Assert.Contains("could not be read", direct.Message, StringComparison.Ordinal);
    }

    /// <summary>Three runs, the point of one of them damaged; the runs' ids.</summary>
    private static async Task<(Installation Damaged, List<string> Ids)> DamagedPointAsync(TestInstallation test, MemoryObjectStore store, int sequence)
    {
        using var catalog = new Catalog(test.Installation);
        var ids = (await catalog.PointsAsync(new PointQuery(), default).ToListAsync()).Select(p => p.BackupId).Distinct().ToList();
        while (ids.Count < 3)
        {
            test.Write("users/0/new", RandomNumberGenerator.GetBytes(100));
            ids.Add((await test.BackupAsync()).BackupId!);
        }
        return (Over(test, Changed(store, PointRecord.NameOf(test.Keys.Writer, sequence), b => b[40] ^= 1)), ids);
    }

    private static string MomentOf(string id) => $"{id[7..11]}-{id[11..13]}-{id[13..15]} {id[16..18]}:{id[18..20]}:{id[20..22]}";

    [Fact]
    public async Task A_damaged_point_that_latest_or_a_date_may_mean_is_refused_by_name_and_the_state_before_it_is_given_only_by_its_id()
    {
        var store = new MemoryObjectStore();
        await using var test = await ReserveAsync(store);
        var (damaged, ids) = await DamagedPointAsync(test, store, 3);
        foreach (var request in (RestoreRequest[])[test.Everything(), test.Everything() with { Date = "latest" }, test.Everything() with { BackupId = "latest" }, test.Everything() with { Date = MomentOf(ids[2]) }])
        {
            var error = await Assert.ThrowsAsync<StingException>(() => RestoreJob.PlanAsync(damaged, request, default).AsTask());
            Assert.Equal(("PointDamaged", FailureKind.Integrity, PointRecord.NameOf(test.Keys.Writer, 3)), (error.ErrorId, error.Kind, error.Target));
            Assert.Contains(ids[1], error.Remedy, StringComparison.Ordinal);
        }
        var unknown = await Assert.ThrowsAsync<StingException>(() => RestoreJob.PlanAsync(damaged, test.Everything() with { BackupId = ids[2] }, default).AsTask());
        Assert.Equal("BackupNotFound", unknown.ErrorId);
        Assert.Contains(PointRecord.NameOf(test.Keys.Writer, 3), unknown.Message, StringComparison.Ordinal);
        var plan = await RestoreJob.PlanAsync(damaged, test.Everything() with { BackupId = ids[1] }, default);
        var warnings = new List<string>();
        await foreach (var jobEvent in RestoreJob.RunAsync(damaged, plan, default))
        {
            if (jobEvent is WarningEvent warning)
            {
                warnings.Add(warning.Message);
            }
        }
        Assert.Contains(PointRecord.NameOf(test.Keys.Writer, 3), Assert.Single(warnings), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_damaged_point_in_the_middle_hinders_only_dates_that_may_mean_it()
    {
        var store = new MemoryObjectStore();
        await using var test = await ReserveAsync(store);
        var (damaged, ids) = await DamagedPointAsync(test, store, 2);
        foreach (var date in (string?[])[null, "latest", MomentOf(ids[2])])
        {
            Assert.Equal([ids[2]], (await RestoreJob.PlanAsync(damaged, test.Everything() with { Date = date }, default)).Points.Select(p => p.BackupId).Distinct());
        }
        var error = await Assert.ThrowsAsync<StingException>(() => RestoreJob.PlanAsync(damaged, test.Everything() with { Date = MomentOf(ids[1]) }, default).AsTask());
        Assert.Equal("PointDamaged", error.ErrorId);
    }

    [Fact]
    public async Task A_repository_whose_only_point_is_damaged_says_so_and_not_that_it_is_empty()
    {
        var store = new MemoryObjectStore();
        await using var test = await ReserveAsync(store);
        var damaged = Over(test, Changed(store, PointRecord.NameOf(test.Keys.Writer, 1), b => b[40] ^= 1));
        var error = await Assert.ThrowsAsync<StingException>(() => RestoreJob.PlanAsync(damaged, test.Everything(), default).AsTask());
        Assert.Equal(("PointDamaged", PointRecord.NameOf(test.Keys.Writer, 1)), (error.ErrorId, error.Target));
    }

    [Fact]
    public async Task A_disk_that_fails_at_one_pack_costs_its_files_and_a_store_that_is_gone_ends_the_job()
    {
        var store = new MemoryObjectStore();
        await using var test = await ReserveAsync(store);
        var places = await PlacesAsync(test);
        var pack = places["users/1/long.bin"][^1].Segment.Pack.Name;
        var faulty = new FaultyStore(store);
        var installation = Over(test, faulty);
        var plan = await RestoreJob.PlanAsync(installation, test.Everything(), default);
        faulty.Before = (verb, name) =>
        {
            if (verb == "read" && name == pack)
            {
                throw new StingException("StoreFailed", FailureKind.Io, $"Could not read '{name}': input/output error.", name, "Check the disk.");
            }
        };
        var errors = new List<StingException>();
        var result = await TestInstallation.CompleteAsync<RestoreResult>(RestoreJob.RunAsync(installation, plan, default), errors);
        Assert.Equal(places.Count(p => p.Value.Any(c => c.Segment.Pack.Name == pack)), result.Errors);
        Assert.All(errors, e => Assert.Equal("RestoreItemFailed", e.ErrorId));

        faulty.Before = (_, name) => throw new StingException("StoreUnavailable", FailureKind.Io, "The store is not there.", name, "Mount it.");
        var gone = await Assert.ThrowsAsync<StingException>(() => TestInstallation.CompleteAsync<RestoreResult>(RestoreJob.RunAsync(installation, plan with { Destination = test.Folder("gone") }, default), errors));
        Assert.Equal("StoreUnavailable", gone.ErrorId);
        Assert.Empty(Directory.GetFiles(test.Folder("gone"), "*", SearchOption.AllDirectories));
    }
}
