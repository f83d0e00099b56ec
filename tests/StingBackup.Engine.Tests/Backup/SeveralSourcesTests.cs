using System.Text;
using StingBackup.Engine.Backup;
using StingBackup.Engine.Basics;
using StingBackup.Engine.Operations.Verification;
using StingBackup.Engine.Platform;
using StingBackup.Engine.Reserve;
using StingBackup.Engine.Reserve.Configuration;
using StingBackup.Engine.Restore;
using StingBackup.Engine.Sources;
using StingBackup.Engine.Targets;
using StingBackup.Engine.Tests.Restore;

namespace StingBackup.Engine.Tests.Backup;

/// <summary>A reserve of several sources: one run, one cut, and what happens when one of them fails.</summary>
public sealed class SeveralSourcesTests
{
    private static ReserveSource Folder(TestInstallation test, string at, DataClass dataClass, CaptureStage stage = CaptureStage.Content, Func<ISourceTree, ISourceTree>? wrap = null)
    {
        var folder = Path.Combine(test.Root, $"source-{at}");
        Directory.CreateDirectory(folder);
        return new ReserveSource
        {
            Name = $"source {at}", Location = folder, Mount = EntryPath.Parse(at), Stage = stage, Classes = new HashSet<DataClass> { dataClass },
            Place = (_, _) => new Placement(false, dataClass, SubjectNames.System),
            OpenAsync = (_, _) => ValueTask.FromResult((wrap ?? (t => t))(DirectorySource.Open(folder))), OpenTarget = (_, _, _) => DirectoryRestoreTarget.Open(folder),
        };
    }

    private static void Write(TestInstallation test, string at, string path, string text)
    {
        var full = Path.Combine(test.Root, $"source-{at}", path);
        Directory.CreateDirectory(Path.GetDirectoryName(full)!);
        File.WriteAllText(full, text);
    }

    private static async Task<List<string>> PathsAsync(TestInstallation test, string id)
    {
        using var catalog = new Catalog(test.Installation);
        return await catalog.ItemsAsync(id, null, null, null, recurse: true, default).Select(i => i.Path).ToListAsync();
    }

    private static TestInstallation Make(Func<TestInstallation, IReadOnlyList<ReserveSource>> sources)
    {
        var test = new TestInstallation();
        test.FurtherSources = sources(test);
        test.Write("a.conf", "a"u8);
        test.Write("zz.conf", "z"u8);
        test.Write("users/7/letter.txt", "dear"u8);
        return test;
    }

    [Fact]
    public async Task All_sources_stand_in_one_tree_in_path_order_and_come_back()
    {
        await using var test = Make(t => [Folder(t, "jars", DataClass.HoneyJars), Folder(t, "db", DataClass.Settings, CaptureStage.Databases)]);
        Write(test, "jars", "j1/doc.md", "# jar");
        Write(test, "db", "rows.copy", "1\t2\n");
        var first = await test.BackupAsync();
        Assert.Equal(4 + 1, first.ItemsRead);
        var second = await test.BackupAsync();
        Assert.Equal((0L, 0L, first.Items), (second.ItemsRead, second.BytesNew, second.Items));

        var destination = Path.Combine(test.Root, "restored");
        await RestoreAsync(test, destination);
        Assert.Equal("1\t2\n", await File.ReadAllTextAsync(Path.Combine(destination, "db/rows.copy")));
        Assert.Equal("# jar", await File.ReadAllTextAsync(Path.Combine(destination, "jars/j1/doc.md")));
        Assert.Equal("z", await File.ReadAllTextAsync(Path.Combine(destination, "zz.conf")));
    }

    [Fact]
    public async Task A_restore_in_place_gives_each_source_its_own_back()
    {
        await using var test = Make(t => [Folder(t, "jars", DataClass.HoneyJars), Folder(t, "db", DataClass.Settings, CaptureStage.Databases)]);
        Write(test, "jars", "j1/doc.md", "# jar");
        Write(test, "db", "rows.copy", "1\t2\n");
        await test.BackupAsync();
        File.Delete(Path.Combine(test.Root, "source-jars/j1/doc.md"));
        File.Delete(Path.Combine(test.Root, "source-db/rows.copy"));
        File.Delete(Path.Combine(test.ReserveRoot, "a.conf"));
        var result = await RestoreAsync(test, null);
        Assert.Equal(4, result.ItemsRestored);   // and the time of the folder j1
        Assert.Equal("# jar", await File.ReadAllTextAsync(Path.Combine(test.Root, "source-jars/j1/doc.md")));
        Assert.Equal("1\t2\n", await File.ReadAllTextAsync(Path.Combine(test.Root, "source-db/rows.copy")));
        Assert.False(Directory.Exists(Path.Combine(test.ReserveRoot, "jars")));
        Assert.False(Directory.Exists(Path.Combine(test.ReserveRoot, "db")));
    }

    [Fact]
    public async Task Databases_are_captured_when_all_files_have_been_read()
    {
        TestInstallation? made = null;
        long filesRead = -1;
        await using var test = made = Make(t =>
        {
            var source = Folder(t, "db", DataClass.Metadata, CaptureStage.Databases);
            return [source with
            {
                OpenAsync = (output, cancel) =>
                {
                    filesRead = output.Progress.Items;
                    return source.OpenAsync(output, cancel);
                },
            }];
        });
        await test.BackupAsync();
        Assert.Equal(5, filesRead);   // a.conf, users, users/7, letter.txt, zz.conf
    }

    [Theory]
    [InlineData("opening")]
    [InlineData("scanning")]
    [InlineData("reading")]
    public async Task A_source_that_fails_takes_its_classes_along_and_no_others(string when)
    {
        var fails = false;
        await using var test = Make(t => [Folder(t, "jars", DataClass.HoneyJars, wrap: tree => fails ? when == "opening" ? throw Sealed() : new Failing(tree, when == "scanning") : tree)]);
        Write(test, "jars", "j1/doc.md", "# jar");
        var whole = await test.BackupAsync();
        fails = true;
        Write(test, "jars", "j1/doc.md", "# a new text");
        test.Write("users/7/letter.txt", "another"u8);
        var errors = new List<StingException>();
        var partial = await test.BackupAsync(BackupType.Full, errors);
        var error = Assert.Single(errors);
        Assert.Equal("VaultSealed", error.ErrorId);
        Assert.Contains("no restore point of HoneyJars", error.Message, StringComparison.Ordinal);
        Assert.Equal((JobState.CompletedWithErrors, false), (partial.State, partial.Classes.Contains(DataClass.HoneyJars)));
        Assert.Contains(DataClass.UserFiles, partial.Classes);

        // The newest state has the jar as it was, and the letter as it is.
        var destination = Path.Combine(test.Root, "restored");
        await RestoreAsync(test, destination);
        Assert.Equal("# jar", await File.ReadAllTextAsync(Path.Combine(destination, "jars/j1/doc.md")));
        Assert.Equal("another", await File.ReadAllTextAsync(Path.Combine(destination, "users/7/letter.txt")));

        fails = false;
        var mended = await test.BackupAsync();
        Assert.Contains(DataClass.HoneyJars, mended.Classes);
        Assert.Equal(whole.Classes, mended.Classes);
        Assert.Equal(1, mended.ItemsRead);
    }

    [Fact]
    public async Task A_run_all_of_whose_sources_fail_commits_nothing()
    {
        await using var test = Make(t => [Folder(t, "db", DataClass.Metadata, CaptureStage.Databases, _ => throw Sealed())]);
        var error = await Assert.ThrowsAsync<StingException>(() => test.BackupAsync(classes: [DataClass.Metadata]));
        Assert.Equal("VaultSealed", error.ErrorId);
        using var catalog = new Catalog(test.Installation);
        Assert.Empty(await catalog.PointsAsync(new PointQuery(), default).ToListAsync());
    }

    [Fact]
    public async Task What_feeds_only_classes_that_are_lost_is_not_read()
    {
        var opened = 0;
        await using var test = Make(t =>
        {
            var database = Folder(t, "db", DataClass.Metadata, CaptureStage.Databases);
            return [Folder(t, "rows", DataClass.Metadata, wrap: _ => throw Sealed()), database with
            {
                OpenAsync = (output, cancel) =>
                {
                    opened++;
                    return database.OpenAsync(output, cancel);
                },
            }];
        });
        var errors = new List<StingException>();
        await test.BackupAsync(errors: errors);
        Assert.Equal((1, 0), (errors.Count, opened));
    }

    [Fact]
    public async Task A_state_without_rows_proves_no_reference_and_says_so()
    {
        await using var test = Make(_ => []);
        await test.BackupAsync();
        var warnings = await VerifyJob.RunAsync(test.Installation, new VerifyRequest { Level = IntegrityLevel.References }, default).OfType<WarningEvent>().Select(w => w.Message).ToListAsync();
        Assert.Contains("nothing is proved", Assert.Single(warnings), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_folder_where_another_source_stands_is_reported()
    {
        await using var test = Make(t => [Folder(t, "jars", DataClass.HoneyJars)]);
        test.Write("jars/hidden/x", "x"u8);
        var errors = new List<StingException>();
        await test.BackupAsync(errors: errors);
        Assert.Equal("SourceShadowed", Assert.Single(errors).ErrorId);
    }

    [Fact]
    public async Task Items_of_a_later_stage_are_sorted_in_among_the_first()
    {
        await using var test = Make(t => [Folder(t, "jars", DataClass.Settings), Folder(t, "db", DataClass.Settings, CaptureStage.Databases), Folder(t, "zzz", DataClass.Settings, CaptureStage.Databases)]);
        for (var i = 0; i < 1200; i++)
        {
            Write(test, i % 3 == 0 ? "db" : i % 3 == 1 ? "zzz" : "jars", $"{i:d4}", $"{i}");
        }
        var result = await test.BackupAsync();
        var paths = await PathsAsync(test, result.BackupId!);
        Assert.Equal(paths.Select(EntryPath.Parse).Order(), paths.Select(EntryPath.Parse));
        Assert.Equal(1200 + 5, paths.Count);
        test.Write("b.conf", "b"u8);
        Write(test, "db", "0003x", "new");
        Assert.Equal(2, (await test.BackupAsync()).ItemsRead);
    }

    [Fact]
    public async Task Only_what_is_due_runs()
    {
        await using var test = Make(_ => []);
        var all = await BackupJob.PlanAsync(test.Installation, BackupType.Incremental, null, due: true, default);
        Assert.Equal(ScheduleSettings.Priority.Default, all.Classes);
        await TestInstallation.CompleteAsync<BackupResult>(BackupJob.RunAsync(test.Installation, all, default));

        test.Clock.Advance(TimeSpan.FromMinutes(5));
        var soon = await BackupJob.PlanAsync(test.Installation, BackupType.Incremental, null, due: true, default);
        Assert.Equal([DataClass.Metadata], soon.Classes);   // in real time: each run takes it
        var files = await BackupJob.PlanAsync(test.Installation, BackupType.Incremental, [DataClass.UserFiles], due: true, default);
        Assert.Empty(files.Classes);
        Assert.Equal(test.Clock.GetUtcNow() + TimeSpan.FromMinutes(8.5), files.NextDueTime);   // a tenth of the interval is a timer's

        test.Clock.Advance(TimeSpan.FromMinutes(9));
        var tick = await BackupJob.PlanAsync(test.Installation, BackupType.Incremental, null, due: true, default);
        Assert.Equal([DataClass.UserFiles, DataClass.HoneyJars, DataClass.Metadata, DataClass.Physical], tick.Classes);
        var result = await TestInstallation.CompleteAsync<BackupResult>(BackupJob.RunAsync(test.Installation, tick, default));
        Assert.Equal(tick.Classes.Order(), result.Classes);

        test.Clock.Advance(TimeSpan.FromMinutes(45));
        var hour = await BackupJob.PlanAsync(test.Installation, BackupType.Incremental, null, due: true, default);
        Assert.Equal([DataClass.UserFiles, DataClass.HoneyJars, DataClass.Metadata, DataClass.Embeddings, DataClass.Reports, DataClass.TempFiles, DataClass.Settings, DataClass.Physical], hour.Classes);
    }

    [Fact]
    public async Task Secrets_come_back_with_an_approval_only()
    {
        await using var test = new TestInstallation { Settings = new ReserveSettings { Path = "/", Rules = [new ClassRule("env/**", DataClass.Secrets, null)] } };
        test.Write("env/app.env", Encoding.UTF8.GetBytes("KEY=secret"));
        test.Write("a.conf", "a"u8);
        await test.BackupAsync();
        foreach (var request in (RestoreRequest[])[
            new RestoreRequest { Scope = RestoreScope.Reserve, Classes = [DataClass.Secrets], Destination = Path.Combine(test.Root, "r") },
            new RestoreRequest { Scope = RestoreScope.File, Files = ["app.env"], Destination = Path.Combine(test.Root, "r") }])
        {
            var secret = await RestoreJob.PlanAsync(test.Installation, request, default);
            Assert.Equal((ApprovalState.NotRequested, 0), (secret.Approval, secret.WithheldClasses.Count));
            var error = await Assert.ThrowsAsync<StingException>(() => TestInstallation.CompleteAsync<RestoreResult>(RestoreJob.RunAsync(test.Installation, secret, default)));
            Assert.Equal(("ApprovalRequired", FailureKind.Refused), (error.ErrorId, error.Kind));
            Assert.False(Directory.Exists(Path.Combine(test.Root, "r")));
        }
        var plan = await RestoreJob.PlanAsync(test.Installation, new RestoreRequest { Scope = RestoreScope.Reserve, Destination = Path.Combine(test.Root, "r") }, default);
        Assert.Equal([DataClass.Secrets], plan.WithheldClasses);
        Assert.Null(plan.Approval);
        await TestInstallation.CompleteAsync<RestoreResult>(RestoreJob.RunAsync(test.Installation, plan, default));
        Assert.True(File.Exists(Path.Combine(test.Root, "r/a.conf")));
        Assert.False(File.Exists(Path.Combine(test.Root, "r/env/app.env")));
    }

    private static async Task<RestoreResult> RestoreAsync(TestInstallation test, string? destination)
    {
        var plan = await RestoreJob.PlanAsync(test.Installation, new RestoreRequest { Scope = RestoreScope.Reserve, Destination = destination }, default);
        return await TestInstallation.CompleteAsync<RestoreResult>(RestoreJob.RunAsync(test.Installation, plan, default));
    }

    private static StingException Sealed() => new("VaultSealed", FailureKind.Io, "The Vault is sealed.", "vault", "Unseal it.");

    /// <summary>Fails as a whole when it is scanned, or when its first file is read.</summary>
    private sealed class Failing(ISourceTree tree, bool onScan) : ISourceTree
    {
        public string Location => tree.Location;
        public IEnumerable<SourceEntry> Scan(Func<EntryPath, ItemKind, ScanChoice> choose, Action<StingException> failed, CancellationToken cancel) =>
            onScan ? throw Sealed() : tree.Scan(choose, failed, cancel);
        public ItemMetadata ReadMetadata(SourceEntry entry) => tree.ReadMetadata(entry);
        public int ReadSmall(SourceEntry entry, Span<byte> buffer, out FileStamp stamp) => throw Sealed();
        public ISourceFile Open(SourceEntry entry) => throw Sealed();
        public void Dispose() => tree.Dispose();
    }
}
