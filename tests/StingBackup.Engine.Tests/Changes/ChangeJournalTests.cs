using System.Runtime.Versioning;
using StingBackup.Engine.Basics;
using StingBackup.Engine.Changes;
using StingBackup.Engine.Platform;
using StingBackup.Engine.Sources;
using StingBackup.Engine.Targets;
using StingBackup.Engine.Tests.Support;

namespace StingBackup.Engine.Tests.Changes;

[SupportedOSPlatform("linux")]
public sealed class ChangeJournalTests
{
    /// <summary>Rounds of the property; the soak gives more.</summary>
    private static readonly int s_rounds = int.TryParse(Environment.GetEnvironmentVariable("STING_SOAK_ROUNDS"), out var rounds) ? rounds : 6;
    private static readonly int s_seed = int.TryParse(Environment.GetEnvironmentVariable("STING_SOAK_SEED"), out var seed) ? seed : 11;

    private static void Fill(TestInstallation test)
    {
        for (var i = 0; i < 60; i++)
        {
            test.Write($"users/{i % 5}/d{i % 3}/f{i}.txt", System.Text.Encoding.UTF8.GetBytes($"content {i}"));
        }
    }

    /// <summary>Trees of several pages.</summary>
    private static void FillPages(TestInstallation test)
    {
        for (var i = 0; i < 1800; i++)
        {
            test.Write($"users/{i % 3}/d{i % 7}/e{i % 11}/f{i}.txt", System.Text.Encoding.UTF8.GetBytes($"content {i}"));
        }
    }

    private static WatchedReserve Watched(string method) => new() { Open = WatchedReserve.Method(method) };

    /// <summary>Fanotify is for root.</summary>
    /// <summary>What this account may use here: fanotify needs a right that containers often lack, even for root.</summary>
    public static TheoryData<string> Methods => HasFanotify() ? ["fanotify", "inotify"] : ["inotify"];

    private static bool HasFanotify()
    {
        using var folder = new TempFolder();
        try
        {
            using var reader = WatchedReserve.Method("fanotify")([Directory.CreateDirectory(Path.Combine(folder.Path, "root")).FullName], Directory.CreateDirectory(Path.Combine(folder.Path, "asks")).FullName);
            return true;
        }
        catch (ChangeGapException)
        {
            return false;
        }
    }

    [LinuxTheory]
    [MemberData(nameof(Methods))]
    public async Task Whatever_happens_to_files_a_run_by_the_journal_makes_the_tree_of_a_full_scan(string method)
    {
        await using var watched = Watched(method);
        FillPages(watched.Test);
        await watched.WatchAsync();
        await watched.BackupAsync();
        Assert.False(watched.WentByJournal);
        var outside = Directory.CreateDirectory(Path.Combine(watched.Test.Root, "outside")).FullName;
        var deeds = new RandomDeeds(watched.Test.ReserveRoot, outside, s_seed, linksLeave: method == "fanotify");
        var byJournal = 0;
        for (var round = 0; round < s_rounds; round++)
        {
            List<string> done = [.. Enumerable.Range(0, 12).Select(_ => deeds.Do())];
            await watched.BackupAndProveAsync($"seed {s_seed}, round {round}:\n{string.Join('\n', done)}\n");
            byJournal += watched.WentByJournal ? 1 : 0;
            // A kernel that is short of memory ends a journal; everything is scanned then, and said so, also before the next one begins.
            Assert.True(watched.WentByJournal || watched.Note.Contains("began anew", StringComparison.Ordinal) || watched.Note.Contains("the watcher of changes cannot tell: ", StringComparison.Ordinal), watched.Note);
        }
        Assert.True(byJournal > s_rounds / 2, $"{byJournal} of {s_rounds} rounds went by the journal: {string.Join('\n', watched.Said)}");
    }

    [LinuxTheory]
    [MemberData(nameof(Methods))]
    public async Task What_happens_while_a_run_reads_is_in_the_next(string method)
    {
        await using var watched = Watched(method);
        Fill(watched.Test);
        await watched.WatchAsync();
        await watched.BackupAsync();
        var deeds = new RandomDeeds(watched.Test.ReserveRoot, watched.Test.Root, s_seed + 1, linksLeave: false);
        for (var round = 0; round < 3; round++)
        {
            using var stop = new CancellationTokenSource();
            var doing = Task.Run(() =>
            {
                while (!stop.IsCancellationRequested)
                {
                    deeds.Do();
                }
            });
            var errors = new List<StingException>();   // of files that went while they were read
            await watched.BackupAsync(errors: errors);
            await stop.CancelAsync();
            await doing;
        }
        await watched.BackupAndProveAsync("after deeds during runs");
    }

    [LinuxFact]
    public async Task Beside_databases_pages_go_on_too_and_what_the_databases_give_stands_among_them()
    {
        var test = new TestInstallation { Journal = new ChangeJournalOptions(TimeSpan.FromDays(365), "as it is") };
        string Rows(string at) => Directory.CreateDirectory(Path.Combine(test.Root, $"source-{at}")).FullName;
        // Of the same person and class as the files.
        ReserveSource Database(string at) => new()
        {
            Name = at, Location = Rows(at), Mount = EntryPath.Parse(at), Stage = CaptureStage.Databases, Classes = new HashSet<DataClass> { DataClass.UserFiles },
            Place = (_, _) => test.Installation.Map.Classify(EntryPath.Parse("users/1/row"), ItemKind.File),
            OpenAsync = (_, _) => ValueTask.FromResult(DirectorySource.Open(Rows(at))), OpenTarget = (_, _, _) => DirectoryRestoreTarget.Open(Rows(at)),
        };
        test.FurtherSources = [Database("db"), Database("users/1/d3"), Database("zdb")];
        await using var watched = new WatchedReserve { Test = test, Open = WatchedReserve.Method("inotify") };
        FillPages(test);
        Directory.Delete(Path.Combine(test.ReserveRoot, "users/1/d3"), recursive: true);
        await watched.WatchAsync();
        for (var round = 0; round < 4; round++)
        {
            foreach (var at in (string[])["db", "users/1/d3", "zdb"])
            {
                File.WriteAllText(Path.Combine(Rows(at), $"row{round % 3}"), $"{round}");
            }
            test.Write($"users/{round % 2}/d1/e1/new{round}", [(byte)round]);
            await watched.BackupAndProveAsync($"round {round}");
            Assert.True(watched.WentByJournal == round > 0, watched.Note);
        }
    }

    [LinuxFact]
    public async Task Only_what_the_journal_tells_is_looked_at()
    {
        await using var watched = Watched("inotify");
        Fill(watched.Test);
        await watched.WatchAsync();
        await watched.BackupAsync();
        // Behind the watcher's back: another reserve's watcher could not know either.
        watched.Test.Write("users/1/d1/new.txt", [1, 2, 3]);
        var result = await watched.BackupAsync();
        Assert.Equal((1L, true), (result.ItemsRead, watched.WentByJournal));
        Assert.Contains("1 folders", watched.Note, StringComparison.Ordinal);
        result = await watched.BackupAsync();
        Assert.Equal((0L, true), (result.ItemsRead, watched.WentByJournal));
        Assert.Contains("tells of 0 folders", watched.Note, StringComparison.Ordinal);
    }

    [LinuxFact]
    public async Task Without_a_watcher_everything_is_scanned_and_the_run_says_why()
    {
        await using var watched = Watched("inotify");
        Fill(watched.Test);
        await watched.BackupAsync();
        Assert.Contains("no watcher of changes runs", watched.Note, StringComparison.Ordinal);
        Assert.Contains(watched.Warnings, w => w.Contains("no watcher of changes runs", StringComparison.Ordinal));
        await watched.WatchAsync();
        await watched.BackupAsync();
        Assert.Contains("no earlier scan", watched.Note, StringComparison.Ordinal);
        await watched.BackupAsync();
        Assert.True(watched.WentByJournal, watched.Note);
        // A watcher that was away saw nothing of what happened meanwhile.
        await watched.EndAsync();
        watched.Test.Write("users/1/d1/missed.txt", [1]);
        await watched.WatchAsync();
        var result = await watched.BackupAsync();
        Assert.Contains("began anew", watched.Note, StringComparison.Ordinal);
        Assert.Equal(1, result.ItemsRead);
    }

    [LinuxFact]
    public async Task Another_configuration_scans_everything_once()
    {
        await using var watched = Watched("inotify");
        Fill(watched.Test);
        await watched.WatchAsync();
        await watched.BackupAsync();
        watched.Test.Journal = watched.Test.Journal! with { Settings = "another" };
        var other = watched.Test.Open();
        await watched.BackupAsync(installation: other);
        Assert.Contains("configuration or the users map changed", watched.Note, StringComparison.Ordinal);
        await watched.BackupAsync(installation: other);
        Assert.True(watched.WentByJournal, watched.Note);
    }

    [LinuxFact]
    public async Task When_it_is_time_an_incremental_run_scans_everything()
    {
        await using var watched = Watched("inotify");
        watched.Test.Journal = watched.Test.Journal! with { FullScanEvery = TimeSpan.FromMinutes(3) };
        Fill(watched.Test);
        await watched.WatchAsync();
        var notes = new List<bool>();
        for (var i = 0; i < 6; i++)
        {
            await watched.BackupAsync();
            notes.Add(watched.WentByJournal);
        }
        Assert.Equal([false, true, true, false, true, true], notes);
    }

    [LinuxTheory]
    [InlineData(BackupType.Full)]
    [InlineData(BackupType.Incremental)]
    public async Task A_change_that_was_not_told_is_found_by_the_full_scan_and_ends_the_trust(BackupType type)
    {
        await using var watched = Watched("inotify");
        Fill(watched.Test);
        await watched.WatchAsync();
        await watched.BackupAsync();
        Lie(watched, "users/2/d2/f2.txt");
        var result = await watched.BackupAsync();
        Assert.Equal((0L, true), (result.ItemsRead, watched.WentByJournal));   // the lie is believed, until the proof
        watched.Test.Journal = watched.Test.Journal! with { FullScanEvery = TimeSpan.FromSeconds(1) };
        await watched.BackupAsync(type, watched.Test.Open());
        Assert.Contains(watched.Warnings, w => w.Contains("had not told, 'users/2/d2/f2.txt'", StringComparison.Ordinal));
        Assert.NotNull(StateFile.Read<JournalDistrust>(watched.Places.DistrustFile));
        await watched.BackupAsync();
        Assert.Contains("not trusted any more", watched.Note, StringComparison.Ordinal);
        await watched.EndAsync();
        await watched.WatchAsync();
        await watched.BackupAsync();
        await watched.BackupAsync();
        Assert.True(watched.WentByJournal, watched.Note);
    }

    /// <summary>Changes a file, and takes what was told of it out of the journal.</summary>
    private static void Lie(WatchedReserve watched, string path)
    {
        var journal = new ChangeJournal(Path.Combine(watched.Test.Root, "state"), watched.Test.Installation.WatchedFolders);
        var before = journal.Ask().Moment!;
        watched.Test.Write(path, "another content"u8);
        var after = journal.Ask().Moment!;
        Assert.True(after.Position > before.Position);
        var log = watched.Places.LogFile(after.Generation);
        var bytes = File.ReadAllBytes(log);
        for (var at = (int)before.Position; at < after.Position;)
        {
            // Of a folder that is not there: nothing to visit.
            var length = BitConverter.ToUInt16(bytes, at + 2);
            bytes.AsSpan(at + 4, length).Fill((byte)'x');
            at += 4 + length;
        }
        using var file = new FileStream(log, FileMode.Open, FileAccess.Write, FileShare.ReadWrite);
        file.Write(bytes);
    }

    [LinuxFact]
    public async Task A_full_run_beside_a_true_journal_raises_no_alarm()
    {
        await using var watched = Watched("inotify");
        Fill(watched.Test);
        await watched.WatchAsync();
        await watched.BackupAsync();
        var deeds = new RandomDeeds(watched.Test.ReserveRoot, watched.Test.Root, s_seed, linksLeave: false);
        for (var i = 0; i < 2; i++)
        {
            for (var n = 0; n < 20; n++)
            {
                deeds.Do();
            }
            await watched.BackupAsync(BackupType.Full);
            Assert.Empty(watched.Warnings);
        }
        await watched.BackupAsync();
        Assert.True(watched.WentByJournal, watched.Note);
    }

    [LinuxFact]
    public async Task More_than_a_journal_keeps_begins_another()
    {
        await using var watched = new WatchedReserve { Open = WatchedReserve.Method("inotify"), MostBytes = 400 };
        Fill(watched.Test);
        await watched.WatchAsync();
        await watched.BackupAsync();
        for (var i = 0; i < 40; i++)
        {
            watched.Test.Write($"users/{i}/many/more.txt", [1]);
        }
        await WatchedReserve.UntilAsync(() => { lock (watched.Said) { return watched.Said.Count > 0; } });
        Assert.Contains("more changed than a journal keeps", watched.Said[0], StringComparison.Ordinal);
        await WatchedReserve.UntilAsync(() => StateFile.Read<WatcherStatus>(watched.Places.StatusFile)?.Generation is not null);
        var result = await watched.BackupAsync();
        Assert.Equal((40L, false), (result.ItemsRead, watched.WentByJournal));
        Assert.Contains("more changed than a journal keeps", watched.Note, StringComparison.Ordinal);
    }

    [LinuxFact]
    public async Task A_cache_that_lost_a_part_costs_a_full_scan_and_no_file()
    {
        await using var watched = Watched("inotify");
        Fill(watched.Test);
        await watched.WatchAsync();
        var before = await watched.BackupAsync();
        var cache = watched.Test.Installation.CachePath(DataClass.UserFiles);
        var whole = File.ReadAllBytes(cache);
        File.WriteAllBytes(cache, whole.AsSpan(0, whole.Length - 1));
        var result = await watched.BackupAsync();
        Assert.Contains("is not the one that the last scan left", watched.Note, StringComparison.Ordinal);
        Assert.InRange(result.ItemsRead, 1, 60);   // what stands before the part that is missing is known
        // Of the same length, and turned: that is found when it is read, and no restore point is made of the rest.
        whole = File.ReadAllBytes(cache);
        whole[^20] ^= 1;
        File.WriteAllBytes(cache, whole);
        var failure = await Assert.ThrowsAsync<StingException>(() => watched.BackupAsync());
        Assert.Equal("CacheNotReadable", failure.ErrorId);
        result = await watched.BackupAsync();
        Assert.False(watched.WentByJournal);
        Assert.InRange(result.ItemsRead, 1, 60);
        Assert.Equal(before.Items, result.Items);
    }

    [LinuxFact]
    public async Task A_reserve_that_stands_elsewhere_by_now_is_not_taken_for_the_one_that_is_watched()
    {
        await using var watched = new WatchedReserve();   // fanotify sees no end of it, so that the run must
        Fill(watched.Test);
        await watched.WatchAsync();
        await watched.BackupAsync();
        Directory.Move(watched.Test.ReserveRoot, watched.Test.ReserveRoot + ".old");
        Directory.CreateDirectory(watched.Test.ReserveRoot);
        watched.Test.Write("users/1/only.txt", [1]);
        var result = await watched.BackupAsync();
        Assert.False(watched.WentByJournal);
        Assert.Equal(1, result.ItemsRead);
    }

    [LinuxTheory]
    [MemberData(nameof(Methods))]
    public void What_the_kernel_could_not_keep_ends_the_journal(string method)
    {
        using var folder = new TempFolder();
        var (root, asks) = (Directory.CreateDirectory(Path.Combine(folder.Path, "root")).FullName, Directory.CreateDirectory(Path.Combine(folder.Path, "asks")).FullName);
        using var reader = WatchedReserve.Method(method)([root], asks);
        var limit = int.Parse(File.ReadAllText(method == "inotify" ? "/proc/sys/fs/inotify/max_queued_events" : "/proc/sys/fs/fanotify/max_queued_events"), System.Globalization.CultureInfo.InvariantCulture);
        for (var i = 0; i <= limit / 2; i++)   // each file is more than two events
        {
            File.WriteAllBytes(Path.Combine(root, $"{i}"), [1]);
        }
        var sink = new Told();
        var gap = Assert.Throws<ChangeGapException>((Action)(() =>
        {
            for (var i = 0; i < 1000; i++)
            {
                reader.Read(sink, 100);
            }
        }));
        Assert.Contains("more changed at once", gap.Message, StringComparison.Ordinal);
    }

    [LinuxTheory]
    [MemberData(nameof(Methods))]
    public void A_folder_that_is_new_is_told_with_all_beneath_it_and_so_is_what_happens_in_it_later(string method)
    {
        using var folder = new TempFolder();
        var (root, asks) = (Directory.CreateDirectory(Path.Combine(folder.Path, "root")).FullName, Directory.CreateDirectory(Path.Combine(folder.Path, "asks")).FullName);
        using var reader = WatchedReserve.Method(method)([root], asks);
        Directory.CreateDirectory(Path.Combine(root, "a/b/c"));
        Directory.CreateDirectory(Path.Combine(folder.Path, "elsewhere"));
        var sink = new Told();
        reader.Read(sink, 1000);
        Assert.Contains("tree a", sink.All);
        Directory.Move(Path.Combine(root, "a/b"), Path.Combine(root, "moved"));
        reader.Read(sink, 1000);
        Assert.Contains("tree moved", sink.All);
        Assert.Contains("tree a/b", sink.All);
        sink.All.Clear();
        File.WriteAllText(Path.Combine(root, "moved/c/deep"), "x");
        File.WriteAllText(Path.Combine(folder.Path, "elsewhere/outside"), "x");
        File.WriteAllBytes(Path.Combine(asks, Guid.NewGuid().ToString("n")), []);
        reader.Read(sink, 1000);
        Assert.Equal(["folder moved/c", "asked"], sink.All.Distinct());
    }

    private sealed class Told : IChangeSink
    {
        public List<string> All { get; } = [];
        public void Folder(int root, EntryPath folder) => All.Add($"folder {folder}");
        public void Tree(int root, EntryPath item) => All.Add($"tree {item}");
        public void Names(ulong inode) => All.Add("names");
        public void Asked(string ask) => All.Add("asked");
    }

    [LinuxFact]
    public void Only_local_file_systems_are_watched_and_only_without_others_in_them()
    {
        var proc = Assert.Throws<ChangeGapException>(() => ChangeReaders.Open(["/proc"], "/tmp"));
        Assert.Contains("may change past this host's kernel", proc.Message, StringComparison.Ordinal);
        Assert.Contains("is mounted below", Assert.Throws<ChangeGapException>(() => MountsAround.Of(["/"])).Message, StringComparison.Ordinal);
        Assert.NotEmpty(MountsAround.Of([Path.GetTempPath()]));
    }
}
