using System.Diagnostics;
using Microsoft.Data.Sqlite;
using StingBackup.Engine.Backup;
using StingBackup.Engine.Basics;
using StingBackup.Engine.Operations.Checks;
using StingBackup.Engine.Restore;
using StingBackup.Engine.Sources;
using StingBackup.Engine.Sources.Chroma;
using StingBackup.Engine.Sources.Sqlite;
using StingBackup.Engine.Targets.Chroma;
using StingBackup.Engine.Tests.Chroma.StandIn;
using StingBackup.Engine.Tests.Support;

namespace StingBackup.Engine.Tests.Chroma;

/// <summary>Chroma's folder as one unit, out and back.</summary>
public sealed class ChromaFolderTests : IAsyncLifetime, IAsyncDisposable
{
    private TestInstallation _test = null!;
    private readonly string _collection = Guid.NewGuid().ToString("D");
    private ChromaFolder _chroma = null!;

    public Task InitializeAsync()
    {
        _test = new TestInstallation();
        _test.Write("conf/config.yml", "a: 1"u8);
        _chroma = new ChromaFolder(Path.Combine(_test.Root, "chroma"));
        _chroma.AddCollection(_collection, "honey_jar_x");
        _chroma.AddTexts(500, 1);
        _chroma.Advance(_collection);
        _chroma.Save(_collection);
        return Task.CompletedTask;
    }

    public ValueTask DisposeAsync() => _test.DisposeAsync();

    Task IAsyncLifetime.DisposeAsync() => DisposeAsync().AsTask();

    private SqliteSnapshotOptions Options => new() { SpoolFolder = Path.Combine(_test.Root, "spool") };

    private Task<ChromaFolderCapture> TakeAsync(Action? whileCopying = null) => ChromaFolderCapture.TakeAsync(_chroma.Path, Options, default, whileCopying);

    private static byte[] Content(ChromaFolderCapture tree, string path)
    {
        var entry = tree.Scan((_, _) => ScanChoice.Include, _ => { }, default).Single(e => e.Path.ToString() == path);
        using var file = tree.Open(entry);
        var bytes = new byte[file.Stamp().Length];
        for (int done = 0, read; done < bytes.Length; done += read)
        {
            read = file.Read(done, bytes.AsSpan(done));
            Assert.True(read > 0);
        }
        return bytes;
    }

    private static List<StingException> Failures(ChromaFolderCapture tree)
    {
        var failures = new List<StingException>();
        _ = tree.Scan((_, _) => ScanChoice.Include, failures.Add, default).Count();
        return failures;
    }

    private async Task<RestoreResult> RestoreAsync(List<StingException>? errors = null, ConflictAction conflict = ConflictAction.Rename, string? destination = null)
    {
        var installation = _test.Open();
        var plan = await RestoreJob.PlanAsync(installation, new RestoreRequest { Scope = RestoreScope.Reserve, Classes = [DataClass.Physical], Conflict = conflict, Destination = destination }, default);
        return await TestInstallation.CompleteAsync<RestoreResult>(RestoreJob.RunAsync(installation, plan, default), errors);
    }

    private static Dictionary<string, string> Image(string folder) => Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories)
        .ToDictionary(f => Path.GetRelativePath(folder, f), f => Convert.ToHexString(System.Security.Cryptography.SHA256.HashData(File.ReadAllBytes(f))), StringComparer.Ordinal);

    private static object? Value(string database, string sql)
    {
        using var connection = new SqliteConnection($"Data Source={database};Pooling=False");
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        return command.ExecuteScalar();
    }

    [Fact]
    public async Task A_quiet_folder_is_taken_whole_and_without_doubt()
    {
        using var capture = await TakeAsync();
        Assert.Empty(capture.Doubts);
        Assert.Empty(Failures(capture));
        var segment = Path.GetFileName(_chroma.SegmentFolder(_collection));
        Assert.Equal([segment, $"{segment}/data_level0.bin", $"{segment}/header.bin", $"{segment}/index_metadata.pickle", $"{segment}/length.bin", $"{segment}/link_lists.bin", "chroma.sqlite3"],
            capture.Scan((_, _) => ScanChoice.Include, _ => { }, default).Select(e => e.Path.ToString()).OrderBy(p => p == "chroma.sqlite3").ThenBy(p => p, StringComparer.Ordinal));
        Assert.Equal(File.ReadAllBytes(Path.Combine(_chroma.SegmentFolder(_collection), "data_level0.bin")), Content(capture, $"{segment}/data_level0.bin"));
        Assert.Empty(Directory.EnumerateFileSystemEntries(Options.SpoolFolder));
    }

    [Fact]
    public async Task A_save_that_comes_in_between_is_noticed_and_all_is_taken_again()
    {
        var saves = 0;
        using var capture = await TakeAsync(() =>
        {
            if (saves++ == 0)
            {
                _chroma.Save(_collection);
            }
        });
        Assert.Equal(2, saves);
        Assert.Empty(capture.Doubts);
        var segment = Path.GetFileName(_chroma.SegmentFolder(_collection));
        Assert.Equal(File.ReadAllBytes(Path.Combine(_chroma.SegmentFolder(_collection), "data_level0.bin")), Content(capture, $"{segment}/data_level0.bin"));
    }

    [Fact]
    public async Task A_folder_that_never_rests_is_stored_and_reported()
    {
        using var capture = await TakeAsync(() => _chroma.Save(_collection));
        Assert.Contains("changed while it was copied", Assert.Single(capture.Doubts), StringComparison.Ordinal);
        Assert.Equal("ChromaFolderChanging", Assert.Single(Failures(capture)).ErrorId);
        Assert.NotEmpty(Content(capture, "chroma.sqlite3"));
    }

    [Fact]
    public async Task A_save_that_broke_off_is_reported()
    {
        await Task.Delay(20);
        _chroma.Save(_collection, breaksOff: true);
        using var capture = await TakeAsync();
        Assert.Contains("broke off", Assert.Single(capture.Doubts), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Files_that_the_database_knows_and_the_folder_lacks_are_reported()
    {
        Directory.Delete(_chroma.SegmentFolder(_collection), recursive: true);
        using var capture = await TakeAsync();
        Assert.Contains("has no files", Assert.Single(capture.Doubts), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_folder_that_is_no_Chroma_s_is_named()
    {
        _chroma.Run("DROP TABLE segments");
        Assert.Equal("ChromaSchemaUnknown", (await Assert.ThrowsAsync<StingException>(() => TakeAsync())).ErrorId);
        File.Delete(_chroma.Database);
        Assert.Equal("SqliteMissing", (await Assert.ThrowsAsync<StingException>(() => TakeAsync())).ErrorId);
    }

    [Fact]
    public async Task It_is_system_s_of_class_Physical_and_stays_out_of_archives()
    {
        ChromaSample.Use(_test, null, _chroma.Path);
        await _test.BackupAsync();
        using var catalog = new Catalog(_test.Installation);
        var items = await catalog.ItemsAsync("latest", null, null, null, recurse: true, default).Where(i => i.Path.StartsWith("chroma/", StringComparison.Ordinal)).ToListAsync();
        Assert.Equal(7, items.Count);
        Assert.All(items, i => Assert.Equal((DataClass.Physical, "system"), (i.DataClass, i.Subject)));

        var archive = await BackupJob.PlanAsync(_test.Installation, BackupType.Archive, null, due: false, default);
        Assert.DoesNotContain(DataClass.Physical, archive.Classes);
        Assert.Equal(Enum.GetValues<DataClass>().Length - 1, archive.Classes.Count);
        Assert.Equal("PhysicalNotArchived", (await Assert.ThrowsAsync<StingException>(() => BackupJob.PlanAsync(_test.Installation, BackupType.Archive, [DataClass.Physical], due: false, default).AsTask())).ErrorId);
    }

    [Fact]
    public async Task A_second_run_reads_nothing_and_few_changed_pages_store_little()
    {
        _chroma.AddTexts(60_000, 2);
        ChromaSample.Use(_test, null, _chroma.Path);
        var first = await _test.BackupAsync();
        var second = await _test.BackupAsync();
        Assert.Equal((0L, first.Items), (second.BytesNew, second.Items));
        _chroma.Run("UPDATE embedding_metadata SET string_value = 'another text of the same row' WHERE id % 6000 = 7");   // ten pages, all over the database
        var third = await _test.BackupAsync();
        Assert.True(third.BytesNew < first.BytesNew / 8, $"{third.BytesNew} of {first.BytesNew} bytes are new");
    }

    [Fact]
    public async Task It_comes_back_into_an_empty_folder_and_over_another_only_when_that_is_said()
    {
        ChromaSample.Use(_test, null, _chroma.Path);
        await _test.BackupAsync();
        var segment = Path.GetFileName(_chroma.SegmentFolder(_collection));
        var before = Image(_chroma.Path).Where(f => f.Key != "chroma.sqlite3").ToDictionary();
        _chroma.Run("DELETE FROM embedding_metadata");
        _chroma.Save(_collection);
        File.WriteAllText(Path.Combine(_chroma.Path, "later.txt"), "of a later Chroma");
        var error = await Assert.ThrowsAsync<StingException>(() => RestoreAsync());
        Assert.Equal("ChromaFolderNotEmpty", error.ErrorId);

        await RestoreAsync(conflict: ConflictAction.Overwrite);
        Assert.Equal(before, Image(_chroma.Path).Where(f => f.Key != "chroma.sqlite3").ToDictionary());   // as one unit: later.txt is gone
        Assert.Equal(500L, Value(_chroma.Database, "SELECT count(*) FROM embedding_metadata"));
        Assert.Equal("ok", Value(_chroma.Database, "PRAGMA integrity_check"));

        Directory.Delete(_chroma.Path, recursive: true);
        await RestoreAsync();
        Assert.Equal(before, Image(_chroma.Path).Where(f => f.Key != "chroma.sqlite3").ToDictionary());
        Assert.True(Directory.Exists(Path.Combine(_chroma.Path, segment)));
    }

    [Fact]
    public async Task A_whole_reserve_comes_back_without_it()
    {
        ChromaSample.Use(_test, null, _chroma.Path);
        await _test.BackupAsync();
        _chroma.Run("DELETE FROM embedding_metadata");
        File.Delete(Path.Combine(_test.ReserveRoot, "conf/config.yml"));
        var installation = _test.Open();
        var plan = await RestoreJob.PlanAsync(installation, new RestoreRequest { Scope = RestoreScope.Reserve }, default);
        Assert.DoesNotContain(plan.Points, p => p.DataClass == DataClass.Physical);
        Assert.Empty(plan.MissingClasses);
        await TestInstallation.CompleteAsync<RestoreResult>(RestoreJob.RunAsync(installation, plan, default));
        Assert.True(File.Exists(Path.Combine(_test.ReserveRoot, "conf/config.yml")));
        Assert.Equal(0L, Value(_chroma.Database, "SELECT count(*) FROM embedding_metadata"));
        var destination = Path.Combine(_test.Root, "restored");
        await RestoreAsync(destination: destination);
        Assert.Equal(500L, Value(Path.Combine(destination, "chroma", "chroma.sqlite3"), "SELECT count(*) FROM embedding_metadata"));
    }

    [Fact]
    public async Task While_a_process_holds_it_nothing_is_written()
    {
        if (!OperatingSystem.IsLinux())
        {
            return;
        }
        ChromaSample.Use(_test, null, _chroma.Path);
        await _test.BackupAsync();
        // It idles as Chroma does between two requests: it has the database open, and no lock on it.
        using var holder = Process.Start(new ProcessStartInfo("bash", ["-c", "exec 9<\"$0\"; echo open; read", _chroma.Database]) { RedirectStandardInput = true, RedirectStandardOutput = true })!;
        try
        {
            Assert.Equal("open", await holder.StandardOutput.ReadLineAsync());
            var before = Image(_chroma.Path);
            var error = await Assert.ThrowsAsync<StingException>(() => RestoreAsync(conflict: ConflictAction.Overwrite));
            Assert.Equal(("ChromaFolderInUse", FailureKind.Busy), (error.ErrorId, error.Kind));
            Assert.Contains($"process {holder.Id} (bash)", error.Message, StringComparison.Ordinal);
            Assert.Equal(before, Image(_chroma.Path));
        }
        finally
        {
            holder.StandardInput.Close();
            await holder.WaitForExitAsync();
        }
        FolderHolders.Require(_chroma.Path);
        await RestoreAsync(conflict: ConflictAction.Overwrite);
    }

    [Fact]
    public async Task What_cannot_come_back_whole_leaves_the_folder_as_it_was()
    {
        ChromaSample.Use(_test, null, _chroma.Path);
        await _test.BackupAsync();
        var before = Image(_chroma.Path);
        // The packs of data are gone.
        foreach (var pack in Directory.EnumerateFiles(Path.Combine(_test.RepositoryRoot, "data"), "*", SearchOption.AllDirectories))
        {
            File.Delete(pack);
        }
        var errors = new List<StingException>();
        await RestoreAsync(errors, ConflictAction.Overwrite);
        Assert.Equal("ChromaFolderNotWhole", errors[^1].ErrorId);
        Assert.Equal(before, Image(_chroma.Path));
    }

    [Fact]
    public async Task Single_files_come_back_to_a_folder_only()
    {
        ChromaSample.Use(_test, null, _chroma.Path);
        await _test.BackupAsync();
        var installation = _test.Open();
        var plan = await RestoreJob.PlanAsync(installation, new RestoreRequest { Scope = RestoreScope.File, Files = ["chroma/chroma.sqlite3"], Classes = [DataClass.Physical] }, default);
        var error = await Assert.ThrowsAsync<StingException>(() => TestInstallation.CompleteAsync<RestoreResult>(RestoreJob.RunAsync(installation, plan, default)));
        Assert.Equal("ChromaFolderNotWhole", error.ErrorId);
    }

    [Fact]
    public async Task It_comes_back_by_its_name_too()
    {
        ChromaSample.Use(_test, null, _chroma.Path);
        await _test.BackupAsync();
        Directory.Delete(_chroma.Path, recursive: true);
        var installation = _test.Open();
        var plan = await RestoreJob.PlanAsync(installation, new RestoreRequest { Scope = RestoreScope.File, Files = ["chroma"] }, default);
        await TestInstallation.CompleteAsync<RestoreResult>(RestoreJob.RunAsync(installation, plan, default));
        Assert.Equal(500L, Value(_chroma.Database, "SELECT count(*) FROM embedding_metadata"));
    }

    [Fact]
    public async Task The_doctor_sees_whether_folder_and_server_belong_together()
    {
        await using var server = await ChromaStandIn.StartAsync();
        ChromaSample.Use(_test, server.Address, _chroma.Path);
        async Task<List<string>> FindingsAsync()
        {
            var host = new Engine.Reserve.HostView();
            var examined = new Engine.Reserve.Configuration.ConfigurationLoader(host).Examine(Path.Combine(_test.Root, "sting-backup.yaml"));
            var context = new ProbeContext(examined, host, TimeProvider.System, new ProbeFacts());
            return await new Engine.Operations.Checks.ChromaCheck().RunAsync(context, default).Select(f => $"{f.Severity} {f.Key}: {f.Problem}").ToListAsync();
        }
        var sound = await FindingsAsync();
        Assert.Equal(2, sound.Count);
        Assert.All(sound, f => Assert.StartsWith("Information", f, StringComparison.Ordinal));
        server.Collections.Add(new StandInCollection("honey_jar_foreign"));
        Assert.Contains((await FindingsAsync()), f => f.StartsWith("Error chroma.path", StringComparison.Ordinal) && f.Contains("honey_jar_foreign", StringComparison.Ordinal));
        ChromaSample.Use(_test, null, _chroma.Path);
        Assert.Contains((await FindingsAsync()), f => f.StartsWith("Warning chroma.path", StringComparison.Ordinal));
    }

    [ChromaFact]
    public async Task A_real_server_that_is_being_written_to_starts_over_the_copy_with_all_that_was_there()
    {
        using var folder = new TempFolder();
        await using var server = await ChromaServer.StartAsync(folder["data"]);
        using var client = server.Client();
        var collection = await client.CreateAsync("honey_jar_live", null, null, default);
        for (var i = 0; i < 60; i++)
        {
            await client.WriteAsync(collection.Id, [.. Enumerable.Range(0, 50).Select(n => new Engine.Chroma.ChromaRecord($"{i}-{n}", ChromaSample.Vector(i * 50 + n, 64)) { Document = $"text {i} {n}" })], replace: false, default);
        }
        using var stop = new CancellationTokenSource();
        var written = 3000;
        var writer = Task.Run(async () =>
        {
            while (!stop.IsCancellationRequested)
            {
                await client.WriteAsync(collection.Id, [new Engine.Chroma.ChromaRecord($"live-{written}", ChromaSample.Vector(written, 64)) { Document = $"live {written}" }], replace: false, default);
                written++;
            }
        });
        using var capture = await ChromaFolderCapture.TakeAsync(server.Folder, Options, default);
        await stop.CancelAsync();
        await writer;
        Assert.Throws<StingException>(() => FolderHolders.Require(server.Folder));

        var copy = folder["copy"];
        foreach (var entry in capture.Scan((_, _) => ScanChoice.Include, _ => { }, default))
        {
            var path = Path.Combine(copy, entry.Path.ToString());
            if (entry.Kind == ItemKind.Directory)
            {
                Directory.CreateDirectory(path);
            }
            else
            {
                Directory.CreateDirectory(Path.GetDirectoryName(path)!);
                await File.WriteAllBytesAsync(path, Content(capture, entry.Path.ToString()));
            }
        }
        await using var second = await ChromaServer.StartAsync(copy);
        using var other = second.Client();
        var ids = await other.ReadIdsAsync(collection.Id, default);
        Assert.InRange(ids.Count, 3000, written);
        Assert.Equal(Enumerable.Range(0, 3000).Select(i => $"{i / 50}-{i % 50}"), ids.Take(3000));
        Assert.Equal(Enumerable.Range(3000, ids.Count - 3000).Select(i => $"live-{i}"), ids.Skip(3000));   // one moment: none is missing in between
        foreach (var page in ids.Chunk(50))
        {
            var records = await other.ReadAsync(collection.Id, page, default);
            Assert.Equal((await client.ReadAsync(collection.Id, page, default))!.Select(r => (r.Id, r.Document, string.Join(' ', r.Vector))), records!.Select(r => (r.Id, r.Document, string.Join(' ', r.Vector))));
        }
    }
}
