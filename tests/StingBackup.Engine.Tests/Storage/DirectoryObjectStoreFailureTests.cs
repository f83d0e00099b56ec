using StingBackup.Engine.Storage;
using StingBackup.Engine.Tests.Support;

namespace StingBackup.Engine.Tests.Storage;

/// <summary>The disk refuses. Each scenario runs in a process of its own whose system calls strace makes fail.</summary>
public sealed class DirectoryObjectStoreFailureTests : IDisposable
{
    private const string Traced = "trace=fsync,syncfs,pwrite64,pread64,mkdir,link,renameat2";   // only what is traced can be made to fail
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [StraceFact]
    public async Task A_put_whose_file_cannot_be_synced_fails_and_stores_nothing()
    {
        var lines = await RunAsync(["-e", "inject=fsync:error=EIO"], "put:data/a", "length:data/a");
        Assert.StartsWith("put:data/a StoreFailed Could not make the object 'data/a' durable", lines[0], StringComparison.Ordinal);
        Assert.Contains("nput/output error", lines[0], StringComparison.Ordinal);
        Assert.Equal("length:data/a none", lines[1]);
        await StandsAsync();
    }

    [StraceFact]
    public async Task A_barrier_whose_files_cannot_be_synced_fails_and_stores_none_of_them()
    {
        var lines = await RunAsync(["-e", "inject=fsync:error=EIO"], "stage:a", "stage:b", "barrier", "length:a", "length:b", "barrier", "length:a");
        Assert.StartsWith("barrier StoreFailed Could not make the object", lines[2], StringComparison.Ordinal);
        Assert.Equal(["length:a none", "length:b none"], lines[3..5]);
        // Both were told of, or went with the one that was; the next barrier does not bring them in unsynced.
        Assert.Equal("length:a none", lines[6]);
        await StandsAsync();
    }

    [StraceFact]
    public async Task An_early_sync_that_fails_is_told_by_the_barrier()
    {
        string[] names = [.. Enumerable.Range(0, 40).Select(i => $"data/{i:d2}")];
        var lines = await RunAsync(["-e", "inject=fsync:error=EIO"], [.. names.Select(n => $"stage:{n}"), "barrier", .. names.Select(n => $"length:{n}")]);
        Assert.All(lines[..40], line => Assert.EndsWith(" done", line, StringComparison.Ordinal));
        Assert.StartsWith("barrier StoreFailed", lines[40], StringComparison.Ordinal);
        Assert.All(lines[41..], line => Assert.EndsWith(" none", line, StringComparison.Ordinal));
    }

    [StraceFact]
    public async Task A_folder_that_cannot_be_synced_fails_the_put_and_every_write_after_it()
    {
        Directory.CreateDirectory(_folder["data"]);
        var lines = await RunAsync(["-P", _folder["data"], "-e", "inject=fsync:error=EIO:when=1"], "put:data/a", "put:b", "stage:c", "barrier");
        Assert.StartsWith("put:data/a StoreFailed", lines[0], StringComparison.Ordinal);
        Assert.All(lines[1..], line => Assert.Contains(" StoreFailed Could not", line, StringComparison.Ordinal));
        Assert.Contains("An earlier write could not be made durable", lines[1], StringComparison.Ordinal);
        // The staging folder stays, as the sign that names here may not be durable; the next to open makes them so and removes it.
        Assert.Single(Directory.EnumerateDirectories(_folder["~staging"]));
        await DirectoryObjectStore.Open(_folder.Path).DisposeAsync();
        Assert.Empty(Directory.EnumerateDirectories(_folder["~staging"]));
    }

    [StraceFact]
    public async Task A_barrier_syncs_each_changed_folder_once_and_every_file()
    {
        var trace = _folder["trace"];
        Directory.CreateDirectory(_folder["store"]);
        await ChildProgram.RunAsync(["strace", "-f", "-y", "-o", trace, "-e", "trace=fsync,link,syncfs"],
            "store", _folder["store"], "stage:d/1", "stage:d/2", "stage:e/3", "barrier");
        var synced = (await File.ReadAllLinesAsync(trace)).Where(line => line.Contains("fsync(", StringComparison.Ordinal)).ToList();
        Assert.Equal(3, synced.Count(line => line.Contains("~staging", StringComparison.Ordinal)));
        foreach (var folder in new[] { "/store>", "/store/d>", "/store/e>" })
        {
            Assert.Single(synced, line => line.Contains(folder, StringComparison.Ordinal));
        }
        Assert.Equal(6, synced.Count);
        var calls = await File.ReadAllTextAsync(trace);
        Assert.True(calls.IndexOf("link(", StringComparison.Ordinal) > calls.LastIndexOf("~staging", calls.IndexOf("link(", StringComparison.Ordinal), StringComparison.Ordinal));
    }

    [StraceFact]
    public async Task A_full_disk_is_named()
    {
        var lines = await RunAsync(["-e", "inject=pwrite64:error=ENOSPC"], "put:a", "stage:b", "length:a");
        Assert.StartsWith("put:a StoreFull", lines[0], StringComparison.Ordinal);
        Assert.StartsWith("stage:b StoreFull", lines[1], StringComparison.Ordinal);
        Assert.Equal("length:a none", lines[2]);
        Assert.StartsWith("put:a StoreFull", (await RunAsync(["-e", "inject=fsync:error=ENOSPC"], "put:a"))[0], StringComparison.Ordinal);
        Assert.StartsWith("put:a StoreFull", (await RunAsync(["-e", "inject=pwrite64:error=EDQUOT"], "put:a"))[0], StringComparison.Ordinal);
        await StandsAsync();
    }

    [StraceFact]
    public async Task A_missing_right_is_named()
    {
        foreach (var error in new[] { "EACCES", "EPERM", "EROFS" })
        {
            var lines = await RunAsync(["-e", $"inject=mkdir:error={error}"], "put:a", "length:a");
            Assert.StartsWith("put:a StoreAccessDenied", lines[0], StringComparison.Ordinal);
            Assert.Equal("length:a none", lines[1]);
        }
    }

    [StraceFact]
    public async Task Where_links_are_not_possible_renaming_without_replacing_serves()
    {
        var lines = await RunAsync(["-e", "inject=link:error=EPERM"], "put:a", "put:a", "stage:b", "stage:b", "barrier", "read:b");
        Assert.Equal(["put:a True", "put:a False", "stage:b done", "stage:b done", "barrier done", "read:b 1000"], lines);
        lines = await RunAsync(["-e", "inject=link:error=EPERM", "-e", "inject=renameat2:error=EINVAL"], "put:c", "length:c");
        Assert.StartsWith("put:c StoreFailed", lines[0], StringComparison.Ordinal);
        Assert.Equal("length:c none", lines[1]);
    }

    [StraceFact]
    public async Task A_read_error_is_told_and_names_the_object()
    {
        await using (var store = DirectoryObjectStore.Open(_folder.Path))
        {
            await store.PutAsync("data/a", new byte[10], default);
        }
        var lines = await RunAsync(["-P", Path.Combine(_folder["data"], "a"), "-e", "inject=pread64:error=EIO"], "read:data/a");
        Assert.StartsWith("read:data/a StoreFailed Could not read the object 'data/a'", lines[0], StringComparison.Ordinal);
    }

    [StraceFact]
    public async Task Who_removes_a_dead_process_syncs_first_what_it_may_have_linked()
    {
        using (var child = ChildProgram.Start([], "store", _folder.Path, "put:a", "wait"))
        {
            await child.StandardOutput.ReadLineAsync();
            child.Kill();
            await child.WaitForExitAsync();
        }
        await RunAsync(["-e", "inject=syncfs:error=EIO"], "length:a");
        Assert.Single(Directory.EnumerateDirectories(_folder["~staging"]));   // not synced: not removed
        await RunAsync([], "length:a");
        Assert.Empty(Directory.EnumerateDirectories(_folder["~staging"]));
    }

    // After a failure the store works, and nothing is left in staging.
    private async Task StandsAsync()
    {
        await using var store = DirectoryObjectStore.Open(_folder.Path);
        Assert.Empty(Directory.EnumerateDirectories(_folder["~staging"]));
        Assert.True(await store.PutAsync("after", new byte[1], default));
        await store.DeleteAsync("after", default);
    }

    private Task<string[]> RunAsync(string[] inject, params string[] steps) =>
        ChildProgram.RunAsync(["strace", "-f", "-qq", "-o", "/dev/null", "-e", Traced, .. inject], ["store", _folder.Path, .. steps]);
}
