using System.Security.Cryptography;
using System.Text;
using StingBackup.Engine.Restore;
using StingBackup.Engine.Storage;
using StingBackup.Engine.Tests.Support;

namespace StingBackup.Engine.Tests.Restore;

public sealed class CatalogTests
{
    private static void Write(TestInstallation test, string path, string content) => test.Write(path, Encoding.UTF8.GetBytes(content));

    [Fact]
    public async Task Points_are_told_oldest_first_and_by_what_is_asked_and_need_no_key()
    {
        await using var test = new TestInstallation();
        Write(test, "users/7/a", "1");
        var first = await test.BackupAsync(classes: [DataClass.UserFiles, DataClass.HoneyJars]);
        Write(test, "jars/j/b", "1");
        var second = await test.BackupAsync(BackupType.Full);
        var locked = Locked(test);
        using var catalog = new Catalog(locked);
        async Task<string[]> Ask(PointQuery query) => [.. (await catalog.PointsAsync(query, default).ToListAsync()).Select(p => $"{p.BackupId} {p.DataClass}")];

        var all = await catalog.PointsAsync(new PointQuery(), default).ToListAsync();
        Assert.Equal(12, all.Count);
        Assert.Equal(all.OrderBy(p => p.Time).ThenBy(p => p.DataClass), all);
        var users = all.First(p => p.DataClass == DataClass.UserFiles);
        Assert.Equal((first.BackupId, BackupType.Incremental, JobState.Completed, 1L, 2L, 1L, 0L, Tier.Local, 1L), (users.BackupId, users.Type, users.State, users.Subjects, users.Items, users.Length, users.Errors, users.Tier, users.Sequence));
        Assert.Equal((first.StartedTime, test.Keys.Writer.ToString()), (users.Time, users.Writer));

        Assert.Equal([$"{first.BackupId} UserFiles", $"{second.BackupId} UserFiles"], await Ask(new PointQuery { DataClass = DataClass.UserFiles }));
        Assert.Equal(10, (await Ask(new PointQuery { BackupId = second.BackupId })).Length);
        Assert.Equal(10, (await Ask(new PointQuery { From = second.StartedTime })).Length);
        Assert.Equal(2, (await Ask(new PointQuery { To = first.StartedTime })).Length);
        Assert.Equal([$"{second.BackupId} HoneyJars"], await Ask(new PointQuery { DataClass = DataClass.HoneyJars, Latest = true }));
        Assert.Equal(10, (await Ask(new PointQuery { Latest = true })).Length);
        await Assert.ThrowsAsync<StingException>(() => Ask(new PointQuery { BackupId = "backup_20000101_000000" }));
    }

    [Fact]
    public async Task Points_of_a_subject_are_those_that_hold_something_of_it()
    {
        await using var test = new TestInstallation();
        Write(test, "users/7/a", "1");
        var first = await test.BackupAsync();
        Write(test, "jars/j/b", "1");
        var second = await test.BackupAsync();
        Directory.Delete(test.Folder("reserve/users/7"), true);
        await test.BackupAsync();
        using var catalog = new Catalog(test.Installation);
        Assert.Equal([first.BackupId, second.BackupId], (await catalog.PointsAsync(new PointQuery { Subject = "7" }, default).ToListAsync()).Select(p => p.BackupId));
        Assert.Equal([second.BackupId], (await catalog.PointsAsync(new PointQuery { Subject = "7", Latest = true }, default).ToListAsync()).Select(p => p.BackupId));
        Assert.Equal(2, (await catalog.PointsAsync(new PointQuery { Subject = "jar:j" }, default).ToListAsync()).Count);
        await Assert.ThrowsAsync<StingException>(() => catalog.PointsAsync(new PointQuery { Subject = "nobody" }, default).ToListAsync());
    }

    [Fact]
    public async Task Items_are_listed_by_folder_or_in_depth_in_path_order_over_all_subjects()
    {
        await using var test = new TestInstallation();
        Write(test, "users/7/docs/a.txt", "1");
        Write(test, "users/7/docs/sub/deep.txt", "1");
        Write(test, "users/7.5/b.txt", "22");
        Write(test, "jars/j/c.md", "333");
        Write(test, "settings.json", "{}");
        var backup = await test.BackupAsync();
        using var catalog = new Catalog(test.Installation);
        async Task<string[]> List(string? path, bool recurse, string? subject = null, DataClass? dataClass = null) =>
            [.. (await catalog.ItemsAsync(backup.BackupId!, dataClass, subject, path, recurse, default).ToListAsync()).Select(i => i.Path)];

        Assert.Equal(["jars", "settings.json", "users"], await List(null, false));
        Assert.Equal(["jars", "jars/j", "jars/j/c.md", "settings.json", "users", "users/7", "users/7/docs", "users/7/docs/a.txt", "users/7/docs/sub", "users/7/docs/sub/deep.txt", "users/7.5", "users/7.5/b.txt"],
            await List(null, true));
        Assert.Equal(["users/7", "users/7.5"], await List("users", false));
        Assert.Equal(["users/7/docs/a.txt", "users/7/docs/sub"], await List("/users/7/docs/", false));
        Assert.Equal(["users/7/docs/a.txt", "users/7/docs/sub", "users/7/docs/sub/deep.txt"], await List("users/7/docs", true));
        Assert.Equal(["users/7/docs/a.txt"], await List("users/7/docs/a.txt", false));
        Assert.Equal(["users/7/docs"], await List(null, false, subject: "7"));
        Assert.Equal(["users/7", "users/7.5"], await List(null, false, dataClass: DataClass.UserFiles));
        Assert.Equal("ItemNotFound", (await Assert.ThrowsAsync<StingException>(() => List("users/8", false))).ErrorId);

        var item = Assert.Single(await catalog.ItemsAsync(backup.BackupId!, null, "jar:j", "jars/j/c.md", false, default).ToListAsync());
        Assert.Equal((backup.BackupId, DataClass.HoneyJars, "jar:j", "c.md", ItemKind.File, 3L), (item.BackupId, item.DataClass, item.Subject, item.Name, item.Kind, item.Length));
        Assert.Equal(File.GetLastWriteTimeUtc(test.Folder("reserve/jars/j/c.md")), item.ModifiedTime.UtcDateTime);
    }

    [Fact]
    public async Task A_folder_listing_reads_few_pages_of_a_large_tree()
    {
        var store = new CountingStore(new MemoryObjectStore());
        await using var test = new TestInstallation(store) { Keys = new TestKeys { HasFixedIds = true } };
        for (var i = 0; i < 4000; i++)
        {
            Write(test, $"users/7/{(i < 3 ? "" : $"d{i % 2}/")}file {i:d5}", "");
        }
        var backup = await test.BackupAsync();
        using var catalog = new Catalog(test.Installation);
        store.Reads = 0;
        Assert.Equal(5, (await catalog.ItemsAsync(backup.BackupId!, DataClass.UserFiles, "7", null, false, default).ToListAsync()).Count);
        var listing = store.Reads;
        store.Reads = 0;
        Assert.Equal(4002, (await catalog.ItemsAsync(backup.BackupId!, DataClass.UserFiles, "7", null, true, default).ToListAsync()).Count);
        Assert.True(listing * 3 < store.Reads, $"{listing} reads for a folder, {store.Reads} for all");
    }

    [Fact]
    public async Task Every_version_of_a_file_is_found_with_the_points_that_hold_it()
    {
        await using var test = new TestInstallation();
        Write(test, "users/7/docs/plan.txt", "one");
        Write(test, "users/8/plan.txt", "another's");
        var runs = new List<BackupResult> { await test.BackupAsync() };                       // 0: one
        runs.Add(await test.BackupAsync());                                                    // 1: one, unchanged
        Write(test, "users/7/neighbour.txt", "changes the bundle");
        runs.Add(await test.BackupAsync(BackupType.Full));                                     // 2: one, in another bundle
        Write(test, "users/7/docs/plan.txt", "two");
        runs.Add(await test.BackupAsync());                                                    // 3: two
        File.Delete(test.Folder("reserve/users/7/docs/plan.txt"));
        runs.Add(await test.BackupAsync());                                                    // 4: none
        var file = test.Write("users/7/docs/plan.txt", "two"u8);
        runs.Add(await test.BackupAsync());                                                    // 5: two again
        File.SetLastWriteTimeUtc(file, new DateTime(2020, 1, 1, 0, 0, 0, DateTimeKind.Utc));
        runs.Add(await test.BackupAsync());                                                    // 6: two, another time
        using var catalog = new Catalog(test.Installation);

        var versions = await catalog.FindAsync("plan.txt", "7", new PointQuery(), default).ToListAsync();
        Assert.Equal(
            [(runs[0].StartedTime, runs[2].StartedTime, 3), (runs[3].StartedTime, runs[3].StartedTime, 1), (runs[5].StartedTime, runs[5].StartedTime, 1), (runs[6].StartedTime, runs[6].StartedTime, 1)],
            versions.Select(v => (v.FirstSeen, v.LastSeen, v.Points)));
        Assert.Equal([runs[2].BackupId, runs[3].BackupId, runs[5].BackupId, runs[6].BackupId], versions.Select(v => v.BackupId));
        Assert.All(versions, v => Assert.Equal(("users/7/docs/plan.txt", "user#7"), (v.Path, v.Subject)));

        Assert.Equal(5, (await catalog.FindAsync("plan.txt", null, new PointQuery(), default).ToListAsync()).Count);
        Assert.Equal(4, (await catalog.FindAsync("docs/plan.txt", "7", new PointQuery(), default).ToListAsync()).Count);
        Assert.Equal(4, (await catalog.FindAsync("users/7/**/*.t?t", null, new PointQuery { Subject = "7" }, default).ToListAsync()).Count(v => v.Name == "plan.txt"));
        Assert.Equal(4, (await catalog.FindAsync("/users/7/docs/plan.txt", null, new PointQuery(), default).ToListAsync()).Count);
        Assert.Equal(["users/7/docs"], (await catalog.FindAsync("docs", "7", new PointQuery(), default).ToListAsync()).Select(v => v.Path).Distinct());
        Assert.Empty(await catalog.FindAsync("PLAN.txt", "7", new PointQuery(), default).ToListAsync());
        Assert.Equal(1, (await catalog.FindAsync("plan.txt", "7", new PointQuery { To = runs[1].StartedTime }, default).ToListAsync()).Single() is { Points: 2 } ? 1 : 0);
        Assert.Equal(2020, Assert.Single(await catalog.FindAsync("plan.txt", "7", new PointQuery { Latest = true }, default).ToListAsync()).ModifiedTime.Year);
    }

    [Fact]
    public async Task A_search_reads_pages_that_points_share_once()
    {
        var store = new CountingStore(new MemoryObjectStore());
        await using var test = new TestInstallation(store) { Keys = new TestKeys { HasFixedIds = true } };
        for (var i = 0; i < 1500; i++)
        {
            Write(test, $"users/7/file {i:d4}", "");
        }
        await test.BackupAsync();
        async Task<long> Reads()
        {
            using var catalog = new Catalog(test.Installation);
            store.Reads = 0;
            Assert.Single(await catalog.FindAsync("file 0007", "7", new PointQuery { DataClass = DataClass.UserFiles }, default).ToListAsync());
            return store.Reads;
        }
        var one = await Reads();
        for (var i = 0; i < 4; i++)
        {
            Write(test, $"users/7/new {i}", "");
            await test.BackupAsync();
        }
        var five = await Reads();
        Assert.True(five < 3 * one, $"{one} reads over one point, {five} over five");
    }

    [Fact]
    public async Task Two_runs_are_compared_by_content_and_attributes()
    {
        await using var test = new TestInstallation();
        var random = RandomNumberGenerator.GetBytes(3_000_000);
        foreach (var i in Enumerable.Range(0, 300))
        {
            Write(test, $"users/7/same {i:d3}", $"content {i}");
        }
        Write(test, "users/7/edited", "before");
        var big = test.Write("users/7/big", random);
        var touched = test.Write("users/7/touched", "same"u8);
        Write(test, "users/7/removed", "x");
        Write(test, "users/9/all", "y");
        Write(test, "settings.json", "{}");
        var first = await test.BackupAsync();
        Write(test, "users/7/edited", "after!");
        random[2_000_000] ^= 1;
        await File.WriteAllBytesAsync(big, random);
        File.SetLastWriteTimeUtc(touched, new DateTime(2020, 1, 1, 0, 0, 0, DateTimeKind.Utc));
        File.Delete(test.Folder("reserve/users/7/removed"));
        Write(test, "users/7/added", "new");
        Directory.Delete(test.Folder("reserve/users/9"), true);
        Write(test, "jars/j/doc", "z");
        var second = await test.BackupAsync(BackupType.Full);
        using var catalog = new Catalog(test.Installation);
        async Task<List<RestorePointDifference>> Compare(string from, string to, DataClass? dataClass = null, string? subject = null, string? path = null) =>
            await catalog.CompareAsync(from, to, dataClass, subject, path, default).ToListAsync();

        var files = (await Compare(first.BackupId!, second.BackupId!)).Where(d => d.Kind == ItemKind.File).Select(d => $"{d.Change} {d.Path}").ToArray();
        Assert.Equal(["Added users/7/added", "Modified users/7/big", "Modified users/7/edited", "Removed users/7/removed", "Attributes users/7/touched", "Removed users/9/all", "Added jars/j/doc"], files);
        var back = await Compare(second.BackupId!, first.BackupId!, DataClass.UserFiles, "7", "users/7/edited");
        Assert.Equal((DifferenceKind.Modified, "user#7", 6L, 6L), (Assert.Single(back).Change, back[0].Subject, back[0].OldLength, back[0].NewLength));
        Assert.True(back[0].OldTime > back[0].NewTime);
        Assert.Empty(await Compare(first.BackupId!, first.BackupId!));
        var added = Assert.Single(await Compare(first.BackupId!, second.BackupId!, path: "users/7/added"));
        Assert.Equal((DifferenceKind.Added, null, 3L, null), (added.Change, added.OldLength, added.NewLength, added.OldTime));
    }

    [Fact]
    public async Task A_run_of_one_class_is_compared_as_the_state_that_it_made()
    {
        await using var test = new TestInstallation();
        Write(test, "users/7/a", "1");
        Write(test, "jars/j/b", "1");
        var first = await test.BackupAsync();
        Write(test, "users/7/a", "22");
        var second = await test.BackupAsync(classes: [DataClass.UserFiles]);
        using var catalog = new Catalog(test.Installation);
        Assert.Equal(["users/7/a"], (await catalog.CompareAsync(first.BackupId!, second.BackupId!, null, null, null, default).ToListAsync()).Select(d => d.Path));
        Assert.Contains(await catalog.ItemsAsync(second.BackupId!, null, null, null, true, default).ToListAsync(), i => i.Path == "jars/j/b" && i.BackupId == first.BackupId);
    }

    [Fact]
    public async Task Damage_is_told_where_somebody_listens_and_else_thrown()
    {
        var store = new MemoryObjectStore();
        await using var test = new TestInstallation(store);
        Write(test, "users/7/a", "1");
        Write(test, "users/8/b", "1");
        var backup = await test.BackupAsync();
        test.Keys.Forget("user#8");
        var damage = new List<StingException>();
        using (var catalog = new Catalog(test.Installation, damage.Add))
        {
            Assert.Equal(["users/7/a"], (await catalog.ItemsAsync(backup.BackupId!, DataClass.UserFiles, null, null, true, default).ToListAsync()).Where(i => i.Kind == ItemKind.File).Select(i => i.Path));
            Assert.Equal("SubjectUnreadable", Assert.Single(damage).ErrorId);
            Assert.Single(await catalog.FindAsync("a", null, new PointQuery(), default).ToListAsync());
        }
        using var strict = new Catalog(test.Installation);
        await Assert.ThrowsAsync<StingException>(() => strict.ItemsAsync(backup.BackupId!, DataClass.UserFiles, null, null, true, default).ToListAsync());
    }

    /// <summary>The installation of a host that cannot unlock keys.</summary>
    private static Installation Locked(TestInstallation test)
    {
        var whole = test.Installation;
        return new Installation
        {
            Reserve = whole.Reserve, ReserveRoot = whole.ReserveRoot, Map = whole.Map, Store = whole.Store, Host = whole.Host, Writers = whole.Writers,
            UnlockAsync = _ => throw new InvalidOperationException("Nothing here needs a key."),
            StateFolder = whole.StateFolder, CacheFolder = whole.CacheFolder, Threads = 2, ZstdLevel = 3, Zone = whole.Zone, Clock = whole.Clock,
        };
    }

    /// <summary>Counts reads.</summary>
    private sealed class CountingStore(IObjectStore inner) : IObjectStore
    {
        private long _reads;

        public long Reads { get => Interlocked.Read(ref _reads); set => Interlocked.Exchange(ref _reads, value); }
        public string Location => inner.Location;
        public ValueTask<bool> PutAsync(string name, ReadOnlyMemory<byte> content, CancellationToken cancel) => inner.PutAsync(name, content, cancel);
        public ValueTask StageAsync(string name, ReadOnlyMemory<byte> content, CancellationToken cancel) => inner.StageAsync(name, content, cancel);
        public ValueTask BarrierAsync(CancellationToken cancel) => inner.BarrierAsync(cancel);
        public ValueTask<long?> GetLengthAsync(string name, CancellationToken cancel) => inner.GetLengthAsync(name, cancel);
        public IAsyncEnumerable<ObjectInfo> ListAsync(string prefix, CancellationToken cancel) => inner.ListAsync(prefix, cancel);
        public ValueTask<bool> DeleteAsync(string name, CancellationToken cancel) => inner.DeleteAsync(name, cancel);
        public ValueTask DisposeAsync() => inner.DisposeAsync();

        public ValueTask<int> ReadAsync(string name, long offset, Memory<byte> buffer, CancellationToken cancel)
        {
            Interlocked.Increment(ref _reads);
            return inner.ReadAsync(name, offset, buffer, cancel);
        }
    }
}
