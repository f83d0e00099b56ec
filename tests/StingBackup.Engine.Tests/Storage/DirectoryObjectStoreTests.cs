using System.Runtime.Versioning;
using StingBackup.Engine.Storage;
using StingBackup.Engine.Tests.Support;

namespace StingBackup.Engine.Tests.Storage;

public sealed class DirectoryObjectStoreTests : ObjectStoreConformance, IDisposable
{
    private readonly TempFolder _folder = new();

    protected override ValueTask<IObjectStore> CreateAsync() => ValueTask.FromResult<IObjectStore>(DirectoryObjectStore.Open(_folder.Path));

    protected override async ValueTask<IObjectStore> ReopenAsync(IObjectStore store)
    {
        await store.DisposeAsync();
        return DirectoryObjectStore.Open(_folder.Path);
    }

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_missing_folder_is_an_unavailable_store()
    {
        var error = Assert.Throws<StingException>(() => DirectoryObjectStore.Open(_folder["nowhere"]));
        Assert.Equal("StoreUnavailable", error.ErrorId);

        await using var store = DirectoryObjectStore.Create(_folder["store"]);
        await store.PutAsync("a", Bytes(1), default);
        await store.StageAsync("b", Bytes(1), default);
        Directory.Delete(_folder["store"], recursive: true);
        await FailsAsync("StoreUnavailable", async () => await store.GetLengthAsync("a", default));
        await FailsAsync("StoreUnavailable", async () => await store.ReadAsync("a", 0, new byte[1], default));
        await FailsAsync("StoreUnavailable", async () => await store.PutAsync("c", Bytes(1), default));
        await FailsAsync("StoreUnavailable", async () => await store.StageAsync("c", Bytes(1), default));
        await FailsAsync("StoreUnavailable", async () => await store.BarrierAsync(default));
        await FailsAsync("StoreUnavailable", async () => await store.DeleteAsync("a", default));
        await FailsAsync("StoreUnavailable", async () => await store.ListAsync("", default).GetAsyncEnumerator().MoveNextAsync());
    }

    [Fact]
    public async Task Create_makes_missing_parents_and_opens_what_stands_there()
    {
        var root = Path.Combine(_folder["a"], "b", "c");
        await using (var store = DirectoryObjectStore.Create(root))
        {
            Assert.Equal(root, store.Location);
            await store.PutAsync("x", Bytes(1), default);
        }
        await using var again = DirectoryObjectStore.Create(root + Path.DirectorySeparatorChar);
        Assert.Equal(1, await again.GetLengthAsync("x", default));
        Assert.Equal(root, again.Location);
    }

    [Fact]
    public async Task A_file_where_the_folder_should_be_is_refused()
    {
        await File.WriteAllTextAsync(_folder["file"], "");
        Assert.Equal("StoreUnavailable", Assert.Throws<StingException>(() => DirectoryObjectStore.Open(_folder["file"])).ErrorId);
        Assert.Equal("StoreFailed", Assert.Throws<StingException>(() => DirectoryObjectStore.Create(_folder["file"])).ErrorId);
    }

    [Fact]
    public async Task A_name_cannot_be_an_object_and_a_folder_of_objects()
    {
        await Store.PutAsync("a/b", Bytes(1), default);
        await FailsAsync("NameNotAllowed", async () => await Store.PutAsync("a", Bytes(1), default));
        await FailsAsync("StoreFailed", async () => await Store.PutAsync("a/b/c", Bytes(1), default));
        await Store.StageAsync("a", Bytes(1), default);
        await Store.StageAsync("c", Bytes(1), default);
        await FailsAsync("NameNotAllowed", async () => await Store.BarrierAsync(default));
        await Store.BarrierAsync(default);   // the one that cannot be stored is gone, the others are not
        Assert.Equal(["a/b", "c"], await NamesAsync(""));
    }

    [Fact]
    public async Task Files_of_other_programs_are_passed_over()
    {
        await Store.PutAsync("data/x", Bytes(1), default);
        Directory.CreateDirectory(_folder["lost+found"]);
        await File.WriteAllTextAsync(_folder["README.TXT"], "");
        await File.WriteAllTextAsync(Path.Combine(_folder["data"], "Notes of an admin"), "");
        Assert.Equal(["data/x"], await NamesAsync(""));
    }

    [UnixFact]
    [UnsupportedOSPlatform("windows")]
    public async Task Files_are_0640_and_folders_0750()
    {
        await Store.StageAsync("data/ab/x", Bytes(1), default);
        await Store.BarrierAsync(default);
        Assert.Equal(Convert.ToInt32("640", 8), (int)File.GetUnixFileMode(Path.Combine(_folder["data"], "ab", "x")));
        Assert.Equal(Convert.ToInt32("750", 8), (int)File.GetUnixFileMode(_folder["data"]));
        Assert.Equal(Convert.ToInt32("750", 8), (int)File.GetUnixFileMode(Path.Combine(_folder["data"], "ab")));
    }

    [Fact]
    public async Task Closing_leaves_no_staging_behind()
    {
        await Store.StageAsync("a", Bytes(1), default);
        Assert.Single(Staging());
        await ReopenAsync();
        Assert.Empty(Staging());
    }

    [Fact]
    public async Task A_store_that_is_only_read_writes_nothing()
    {
        await using (var other = DirectoryObjectStore.Open(_folder.Path))
        {
            await other.ListAsync("", default).GetAsyncEnumerator().MoveNextAsync();
            await other.GetLengthAsync("a", default);
        }
        Assert.Empty(Directory.EnumerateFileSystemEntries(_folder.Path));
    }

    [Fact]
    public async Task The_staging_of_a_living_store_is_left_alone()
    {
        await Store.StageAsync("a", Bytes(9), default);
        await using (var other = DirectoryObjectStore.Open(_folder.Path))
        {
            await other.StageAsync("b", Bytes(9), default);
            Assert.Equal(2, Staging().Count());
            await other.BarrierAsync(default);
        }
        await Store.BarrierAsync(default);
        Assert.Equal(["a", "b"], await NamesAsync(""));
    }

    [Fact]
    public async Task What_a_killed_process_staged_is_removed_by_the_next_that_opens()
    {
        using (var child = ChildProgram.Start([], "store", _folder.Path, "put:kept", "stage:lost", "wait"))
        {
            Assert.Equal("put:kept True", await child.StandardOutput.ReadLineAsync());
            Assert.Equal("stage:lost done", await child.StandardOutput.ReadLineAsync());
            await using (DirectoryObjectStore.Open(_folder.Path))
            {
                Assert.Single(Staging());   // it lives
            }
            child.Kill();
            await child.WaitForExitAsync();
        }
        Assert.Single(Staging());
        await ReopenAsync();
        Assert.Empty(Staging());
        Assert.Equal(["kept"], await NamesAsync(""));
    }

    [Fact]
    public async Task More_objects_than_open_files_can_be_read_at_once()
    {
        foreach (var i in Enumerable.Range(0, 200))
        {
            await Store.StageAsync($"data/{i}", Bytes(100 + i), default);
        }
        await Store.BarrierAsync(default);
        var sizes = await Task.WhenAll(Enumerable.Range(0, 8).Select(worker => Task.Run(async () =>
        {
            long sum = 0;
            for (var i = 0; i < 200; i++)
            {
                sum += await Store.ReadAsync($"data/{(i * (worker + 1)) % 200}", 50, new byte[1000], default);
            }
            return sum;
        })));
        Assert.All(sizes, sum => Assert.True(sum > 0));
        Assert.Equal(Enumerable.Range(0, 200).Sum(i => 50L + i), sizes[0]);
        Assert.InRange(OpenFilesBelow(), 0, 64);
    }

    [Fact]
    public async Task Reading_an_object_again_allocates_nothing()
    {
        await Store.PutAsync("a", Bytes(1000), default);
        var buffer = new byte[100];
        await Store.ReadAsync("a", 0, buffer, default);
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 100; i++)
        {
            var read = Store.ReadAsync("a", i, buffer, default);
            Assert.True(read.IsCompletedSuccessfully);
        }
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 100);
    }

    [UnixFact]
    public async Task After_a_folder_could_not_be_synced_nothing_is_written_any_more_and_what_is_there_is_read()
    {
        await Store.PutAsync("data/ab/x", Bytes(10), default);
        await Store.PutAsync("kept", Bytes(10), default);
        await using (var other = DirectoryObjectStore.Open(_folder.Path))
        {
            await other.StageAsync("theirs", Bytes(1), default);   // where others write, what was listed is synced too: it may be theirs
            await NamesAsync("");
            Directory.Delete(Path.Combine(_folder["data"], "ab"), recursive: true);
            await Store.StageAsync("own", Bytes(1), default);
            await FailsAsync("StoreUnavailable", async () => await Store.BarrierAsync(default));
            await FailsAsync("StoreFailed", async () => await Store.PutAsync("later", Bytes(1), default));
            await FailsAsync("StoreFailed", async () => await Store.StageAsync("later", Bytes(1), default));
            await FailsAsync("StoreFailed", async () => await Store.BarrierAsync(default));
            await FailsAsync("StoreFailed", async () => await ((IReplacingStore)Store).ReplaceAsync("kept", Bytes(1), default));
            Assert.Equal(10, await Store.ReadAsync("kept", 0, new byte[20], default));
            await Store.DisposeAsync();
            Assert.Equal(2, Staging().Count());   // its own stays, as the sign that names here may not be durable
        }
        await ReopenAsync();
        Assert.Empty(Staging());
        Assert.True(await Store.PutAsync("later", Bytes(1), default));
    }

    [Fact]
    public async Task An_object_is_replaced_in_one_step_also_for_who_has_it_open()
    {
        await Store.PutAsync("data/x", Bytes(10), default);
        await Store.ReadAsync("data/x", 0, new byte[10], default);
        var content = Bytes(7);
        await ((IReplacingStore)Store).ReplaceAsync("data/x", content, default);
        Assert.Equal(content, await Store.ReadAllAsync("data/x", default));
        await ((IReplacingStore)Store).ReplaceAsync("data/new", Bytes(3), default);
        Assert.Equal(3, await Store.GetLengthAsync("data/new", default));
    }

    [UnixFact]
    public async Task Staging_of_dead_processes_goes_unless_another_sweeps_and_what_cannot_be_removed_stays()
    {
        var all = _folder["~staging"];
        foreach (var dead in (string[])["dead1", "dead2", "half", "stuck"])
        {
            Directory.CreateDirectory(Path.Combine(all, dead));
            await File.WriteAllTextAsync(Path.Combine(all, dead, "1"), "");
            if (dead != "half")
            {
                await File.WriteAllTextAsync(Path.Combine(all, dead, "lock"), "");
            }
        }
        Directory.CreateDirectory(Path.Combine(all, "stuck", "folder"));   // which no staging has
        using (Engine.Platform.FileLock.TryAcquire(Path.Combine(all, "lock"), out _))
        {
            await DirectoryObjectStore.Open(_folder.Path).DisposeAsync();
            Assert.Equal(4, Staging().Count());
        }
        await DirectoryObjectStore.Open(_folder.Path).DisposeAsync();
        Assert.Equal([Path.Combine(all, "stuck")], Staging());
        Directory.Delete(Path.Combine(all, "stuck", "folder"));
        await ReopenAsync();
        Assert.Empty(Staging());
    }

    [UnixFact]
    public async Task Leftovers_that_cannot_be_looked_at_keep_nobody_from_reading()
    {
        await Store.PutAsync("a", Bytes(1), default);
        await Store.DisposeAsync();
        Directory.CreateDirectory(Path.Combine(_folder["~staging"], "dead"));
        File.Delete(Path.Combine(_folder["~staging"], "lock"));
        Directory.CreateDirectory(Path.Combine(_folder["~staging"], "lock"));   // no file: nobody can lock it
        await using var store = DirectoryObjectStore.Open(_folder.Path);
        Assert.Equal(1, await store.GetLengthAsync("a", default));
        await FailsAsync("StoreFailed", async () => await store.PutAsync("b", Bytes(1), default));
    }

    [UnixFact]
    public async Task Who_stages_waits_for_whoever_sweeps()
    {
        Directory.CreateDirectory(_folder["~staging"]);
        Task staged;
        using (Engine.Platform.FileLock.TryAcquire(Path.Combine(_folder["~staging"], "lock"), out _))
        {
            staged = Task.Run(async () => await Store.StageAsync("a", Bytes(1), default));
            await Task.Delay(30);
            Assert.False(staged.IsCompleted);
        }
        await staged;
        await Store.BarrierAsync(default);
        Assert.Equal(["a"], await NamesAsync(""));
    }

    [Fact]
    public async Task Staging_that_cannot_be_removed_fails_no_closing()
    {
        await Store.StageAsync("a", Bytes(1), default);
        var folder = Path.Combine(Assert.Single(Staging()), "folder");
        Directory.CreateDirectory(folder);
        await Store.DisposeAsync();
        Directory.Delete(folder);
        await ReopenAsync();
        Assert.Empty(Staging());
    }

    private IEnumerable<string> Staging() =>
        Directory.Exists(_folder["~staging"]) ? Directory.EnumerateDirectories(_folder["~staging"]) : [];

    private int OpenFilesBelow() => !OperatingSystem.IsLinux() ? 0 : Directory.EnumerateFiles("/proc/self/fd")
        .Count(file => new FileInfo(file).LinkTarget?.StartsWith(_folder["data"], StringComparison.Ordinal) == true);
}
