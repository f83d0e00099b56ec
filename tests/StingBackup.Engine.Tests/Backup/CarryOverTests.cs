using StingBackup.Engine.Backup;
using StingBackup.Engine.Basics;
using StingBackup.Engine.Operations;
using StingBackup.Engine.Platform;
using StingBackup.Engine.Reserve;
using StingBackup.Engine.Restore;
using StingBackup.Engine.Sources;
using StingBackup.Engine.Targets;

namespace StingBackup.Engine.Tests.Backup;

/// <summary>A source fails that feeds a class together with others: what the others gave is captured, and no point looks whole that is not.</summary>
public sealed class CarryOverTests : IAsyncDisposable
{
    private readonly TestInstallation _test = new();
    private string? _failing;

    public CarryOverTests()
    {
        _test.Write("a.conf", "a 1"u8);
        _test.Write("zz.conf", "z 1"u8);
        Write("db", "x/rows.copy", "rows 1");
        Write("chroma", "jar.vectors", "vectors");
        _test.FurtherSources = [Source("db", DataClass.Settings, DataClass.Metadata), Source("chroma", DataClass.Embeddings)];
    }

    public ValueTask DisposeAsync() => _test.DisposeAsync();

    private string FolderOf(string at) => Path.Combine(_test.Root, $"source-{at}");

    private void Write(string at, string path, string text)
    {
        var full = Path.Combine(FolderOf(at), path);
        Directory.CreateDirectory(Path.GetDirectoryName(full)!);
        File.WriteAllText(full, text);
    }

    private ReserveSource Source(string at, params DataClass[] classes) => new()
    {
        Name = at, Location = FolderOf(at), Mount = EntryPath.Parse(at), Stage = CaptureStage.Databases, Classes = classes.ToHashSet(),
        Place = (path, _) => new Placement(false, path.ToString().EndsWith(".meta", StringComparison.Ordinal) ? DataClass.Metadata : classes[0], SubjectNames.System),
        OpenAsync = (_, _) => _failing == at ? throw new StingException("PostgresUnreachable", FailureKind.Io, $"{at} does not answer.", at, "Start it.") : ValueTask.FromResult(DirectorySource.Open(FolderOf(at))),
        OpenTarget = (_, _, _) => DirectoryRestoreTarget.Open(FolderOf(at)),
    };

    private async Task<(BackupResult Result, StingException Error)> FailingAsync(string at = "db")
    {
        _failing = at;
        var errors = new List<StingException>();
        var result = await _test.BackupAsync(errors: errors);
        _failing = null;
        return (result, Assert.Single(errors));
    }

    private async Task<string> RestoredAsync(string path)
    {
        var destination = Path.Combine(_test.Root, Path.GetRandomFileName());
        var plan = await RestoreJob.PlanAsync(_test.Installation, new RestoreRequest { Scope = RestoreScope.Reserve, Destination = destination }, default);
        await TestInstallation.CompleteAsync<RestoreResult>(RestoreJob.RunAsync(_test.Installation, plan, default));
        return await File.ReadAllTextAsync(Path.Combine(destination, path));
    }

    [Fact]
    public async Task What_other_sources_gave_is_of_now_and_the_rest_of_the_point_before_and_both_are_told()
    {
        var first = await _test.BackupAsync();
        _test.Write("a.conf", "a 2"u8);
        Write("db", "x/rows.copy", "rows 2");
        _test.Clock.Advance(TimeSpan.FromHours(1));
        var (second, error) = await FailingAsync();
        Assert.Contains(DataClass.Settings, second.Classes);
        Assert.Equal(new CarriedPart(DataClass.Settings, "db", first.BackupId!), Assert.Single(second.Carried));
        Assert.Equal(JobState.CompletedWithErrors, second.State);
        Assert.Contains($"Settings is still that of {first.BackupId}", error.Message, StringComparison.Ordinal);
        Assert.Contains("no restore point of Metadata", error.Message, StringComparison.Ordinal);   // which nothing else feeds
        Assert.Equal(("a 2", "rows 1"), (await RestoredAsync("a.conf"), await RestoredAsync("db/x/rows.copy")));

        using (var catalog = new Catalog(_test.Installation))
        {
            var point = await catalog.PointsAsync(new PointQuery { BackupId = second.BackupId, DataClass = DataClass.Settings }, default).SingleAsync();
            Assert.Equal((JobState.CompletedWithErrors, "db"), (point.State, Assert.Single(point.Carried).Source));
        }
        Assert.Contains((await StatusReader.ReadAsync(_test.Installation, default)).Warnings, w => w.Contains($"holds what db fed into it in {first.BackupId}", StringComparison.Ordinal));

        // It is due again at once, and whole when the source is back; until then it names the run that read the source, not the one before it.
        Assert.Contains(DataClass.Settings, (await BackupJob.PlanAsync(_test.Installation, BackupType.Incremental, null, due: true, default)).Classes);
        Assert.Equal(first.BackupId, Assert.Single((await FailingAsync()).Result.Carried).FromBackupId);
        var last = await _test.BackupAsync();
        Assert.Empty(last.Carried);
        Assert.Equal("rows 2", await RestoredAsync("db/x/rows.copy"));
        Assert.DoesNotContain(DataClass.Settings, (await BackupJob.PlanAsync(_test.Installation, BackupType.Incremental, null, due: true, default)).Classes);
    }

    [Fact]
    public async Task Without_a_point_before_the_class_waits()
    {
        var (result, error) = await FailingAsync();
        Assert.DoesNotContain(DataClass.Settings, result.Classes);
        Assert.Empty(result.Carried);
        Assert.Contains("Settings", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(true), InlineData(false)]
    public async Task Without_a_cache_that_is_proven_to_be_of_the_newest_point_the_class_waits(bool remove)
    {
        await _test.BackupAsync();
        var cache = _test.Installation.CachePath(DataClass.Settings);
        if (remove)
        {
            File.Delete(cache);
        }
        else
        {
            // As a run leaves it that was killed between its commit and its caches.
            var (kept, run) = (await File.ReadAllBytesAsync(cache), await File.ReadAllTextAsync(Path.ChangeExtension(cache, ".run")));
            Write("db", "x/rows.copy", "rows 2");
            await _test.BackupAsync();
            await File.WriteAllBytesAsync(cache, kept);
            await File.WriteAllTextAsync(Path.ChangeExtension(cache, ".run"), run);
        }
        var (result, _) = await FailingAsync();
        Assert.DoesNotContain(DataClass.Settings, result.Classes);
    }

    [Theory]
    [InlineData(null), InlineData(""), InlineData("one")]
    public async Task Without_the_number_of_the_run_that_its_cache_is_of_the_class_waits(string? number)
    {
        await _test.BackupAsync();
        var run = Path.ChangeExtension(_test.Installation.CachePath(DataClass.Settings), ".run");
        File.Delete(run);
        if (number is not null)
        {
            await File.WriteAllTextAsync(run, number);
        }
        var (result, _) = await FailingAsync();
        Assert.DoesNotContain(DataClass.Settings, result.Classes);
    }

    [Fact]
    public async Task What_is_carried_over_stands_in_path_order_among_what_is_new()
    {
        _test.Write("c.conf", "c"u8);
        Write("db", "a/first.copy", "first");
        Write("db", "z/last.copy", "last");
        await _test.BackupAsync();
        _test.Write("d.conf", "d"u8);
        var (second, _) = await FailingAsync();
        using var catalog = new Catalog(_test.Installation);
        var paths = await catalog.ItemsAsync(second.BackupId!, DataClass.Settings, null, null, recurse: true, default).Select(item => item.Path).ToListAsync();
        Assert.Equal(paths.Select(EntryPath.Parse).Order(), paths.Select(EntryPath.Parse));
        Assert.Contains("db/a/first.copy", paths);
        Assert.Contains("db/z/last.copy", paths);
        Assert.Contains("d.conf", paths);
    }

    [Fact]
    public async Task What_is_carried_over_stands_among_what_other_databases_gave()
    {
        _test.FurtherSources = [Source("aa", DataClass.Settings), Source("db", DataClass.Settings), Source("zz", DataClass.Settings)];
        Write("aa", "rows.copy", "a 1");
        Write("db", "y/rows.copy", "rows y");
        Write("zz", "rows.copy", "z 1");
        await _test.BackupAsync();
        Write("aa", "rows.copy", "a 2");
        Write("zz", "rows.copy", "z 2");
        var (second, _) = await FailingAsync();
        Assert.Equal("db", Assert.Single(second.Carried).Source);
        Assert.Equal(("a 2", "rows 1", "rows y", "z 2"), (await RestoredAsync("aa/rows.copy"), await RestoredAsync("db/x/rows.copy"), await RestoredAsync("db/y/rows.copy"), await RestoredAsync("zz/rows.copy")));
    }

    [Fact]
    public async Task Of_a_folder_that_fails_half_way_all_is_of_the_point_before()
    {
        Write("jars", "a.md", "a 1");
        Write("jars", "b.md", "b 1");
        var breaks = false;
        var jars = Source("jars", DataClass.Settings);
        _test.FurtherSources = [jars with { Stage = CaptureStage.Content, OpenAsync = (_, _) => ValueTask.FromResult<ISourceTree>(new BreakingTree(DirectorySource.Open(FolderOf("jars")), path => breaks && path == "b.md")) }, Source("db", DataClass.Settings)];
        await _test.BackupAsync();
        breaks = true;
        Write("jars", "a.md", "a 2");
        Write("jars", "b.md", "b 2, longer");
        var errors = new List<StingException>();
        var second = await _test.BackupAsync(BackupType.Full, errors);
        Assert.Equal(("jars", "VaultSealed"), (Assert.Single(second.Carried).Source, Assert.Single(errors).ErrorId));
        Assert.Equal(("a 1", "b 1", "rows 1"), (await RestoredAsync("jars/a.md"), await RestoredAsync("jars/b.md"), await RestoredAsync("db/x/rows.copy")));
    }

    [Fact]
    public async Task Nothing_of_whoever_has_no_keys_any_more_is_carried_over()
    {
        var db = Source("db", DataClass.Settings);
        _test.FurtherSources = [db with { Place = (path, _) => new Placement(false, DataClass.Settings, path.ToString().StartsWith("gone", StringComparison.Ordinal) ? "user:gone" : SubjectNames.System) }];
        Write("db", "gone.copy", "of somebody");
        await _test.BackupAsync();
        _test.Keys.Refused.Add("user:gone");
        _failing = "db";
        var second = await _test.BackupAsync(errors: []);
        using var catalog = new Catalog(_test.Installation);
        var paths = await catalog.ItemsAsync(second.BackupId!, DataClass.Settings, null, null, recurse: true, default).Select(item => item.Path).ToListAsync();
        Assert.Contains("db/x/rows.copy", paths);
        Assert.DoesNotContain("db/gone.copy", paths);
    }

    [Fact]
    public async Task A_class_that_nothing_else_feeds_waits()
    {
        await _test.BackupAsync();
        var (result, error) = await FailingAsync("chroma");
        Assert.DoesNotContain(DataClass.Embeddings, result.Classes);
        Assert.Empty(result.Carried);
        Assert.Contains("no restore point of Embeddings", error.Message, StringComparison.Ordinal);
        Assert.Contains(DataClass.Settings, result.Classes);
    }

    [Fact]
    public async Task A_source_that_has_never_given_anything_to_the_class_makes_it_wait()
    {
        _test.FurtherSources = [Source("chroma", DataClass.Embeddings)];
        await _test.BackupAsync();
        _test.FurtherSources = [Source("db", DataClass.Settings, DataClass.Metadata), Source("chroma", DataClass.Embeddings)];
        var installation = _test.Open();
        _failing = "db";
        var plan = await BackupJob.PlanAsync(installation, BackupType.Incremental, null, due: false, default);
        _test.Clock.Advance(TimeSpan.FromMinutes(1));
        var result = await TestInstallation.CompleteAsync<BackupResult>(BackupJob.RunAsync(installation, plan, default), []);
        Assert.DoesNotContain(DataClass.Settings, result.Classes);
    }

    /// <summary>Fails as a whole when a file is read.</summary>
    private sealed class BreakingTree(ISourceTree tree, Func<string, bool> breaks) : ISourceTree
    {
        public string Location => tree.Location;
        public IEnumerable<SourceEntry> Scan(Func<EntryPath, ItemKind, ScanChoice> choose, Action<StingException> failed, CancellationToken cancel) => tree.Scan(choose, failed, cancel);
        public ItemMetadata ReadMetadata(SourceEntry entry) => tree.ReadMetadata(entry);
        public int ReadSmall(SourceEntry entry, Span<byte> buffer, out FileStamp stamp) => breaks(entry.Path.ToString()) ? throw Sealed() : tree.ReadSmall(entry, buffer, out stamp);
        public ISourceFile Open(SourceEntry entry) => breaks(entry.Path.ToString()) ? throw Sealed() : tree.Open(entry);
        public void Dispose() => tree.Dispose();

        private static StingException Sealed() => new("VaultSealed", FailureKind.Io, "The Vault is sealed.", "vault", "Unseal it.");
    }
}
