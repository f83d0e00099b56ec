using StingBackup.Engine.Basics;
using StingBackup.Engine.Platform;
using StingBackup.Engine.Reserve.Configuration;
using StingBackup.Engine.Sources;

namespace StingBackup.Engine.Tests.Backup;

/// <summary>Which class goes first in a run, and temporary files that are too old for one.</summary>
public sealed class PriorityAndAgeTests
{
    private static readonly ReserveSettings Rules = new()
    {
        Path = "/", Rules = [new("b/**", DataClass.AuditLogs, null), new("temp/**", DataClass.TempFiles, null)],
    };

    [Fact]
    public async Task What_waits_is_read_by_priority_and_not_by_path()
    {
        await using var test = new TestInstallation { Settings = Rules, Threads = 1 };
        test.Write("a.conf", "first by path"u8);
        test.Write("b/audit.log", "log"u8);
        test.Write("c.conf", "c"u8);
        test.Write("users/7/letter.txt", "dear"u8);
        OrderedSource? source = null;
        test.WrapSource = tree => source = new OrderedSource(tree);
        await test.BackupAsync();
        // Whatever was taken before the others were found, these waited.
        Assert.Equal(["users/7/letter.txt", "c.conf", "b/audit.log"], source!.Read.Where(p => p != "a.conf"));
    }

    [Fact]
    public void Groups_of_one_rank_keep_their_order()
    {
        using var queue = new WorkQueue<object, string>(groups: 8, parts: 1);
        foreach (var (group, rank) in new[] { ("b1", 1), ("c1", 2), ("a1", 0), ("b2", 1), ("a2", 0) })
        {
            queue.Add(group, default, rank);
        }
        Assert.Equal(["a1", "a2", "b1", "b2", "c1"], Enumerable.Range(0, 5).Select(_ => queue.TryTake(out var _, out var group, default) ? group! : ""));
    }

    [Fact]
    public async Task A_plan_tells_its_classes_in_the_order_of_priority()
    {
        await using var test = new TestInstallation { Priority = ScheduleSettings.OrderOf([DataClass.Reports, DataClass.HoneyJars]) };
        var plan = await Engine.Backup.BackupJob.PlanAsync(test.Installation, BackupType.Full, null, due: false, default);
        Assert.Equal([DataClass.Reports, DataClass.HoneyJars, DataClass.UserFiles], plan.Classes.Take(3));
        Assert.Equal(Enum.GetValues<DataClass>(), plan.Classes.Order());
    }

    [Fact]
    public async Task Temporary_files_past_their_age_are_left_out_and_told()
    {
        await using var test = new TestInstallation { Settings = Rules, TempFilesAge = TimeSpan.FromHours(48) };
        test.Write("temp/7/old.bin", "old"u8);
        // However old its date is: it came just now.
        File.SetLastWriteTimeUtc(test.Write("temp/7/moved here.bin", "m"u8), new DateTime(2001, 1, 1, 0, 0, 0, DateTimeKind.Utc));
        test.Write("users/7/old too.txt", "no temporary file"u8);
        var first = await test.BackupAsync();
        Assert.Empty(first.LeftOut);

        test.Clock.Advance(TimeSpan.FromHours(47));
        Assert.Empty((await test.BackupAsync()).LeftOut);

        test.Clock.Advance(TimeSpan.FromHours(1));
        File.SetLastWriteTimeUtc(test.Write("temp/7/new.bin", "new"u8), test.Clock.GetUtcNow().UtcDateTime);
        var later = await test.BackupAsync();
        var left = Assert.Single(later.LeftOut);
        Assert.Equal((DataClass.TempFiles, 2L), (left.DataClass, left.Items));
        Assert.Contains("reserve.temp_files_age", left.Reason, StringComparison.Ordinal);
        Assert.Equal(JobState.Completed, later.State);
        using var catalog = new Engine.Restore.Catalog(test.Installation);
        Assert.Equal(["temp/7/new.bin"], await catalog.ItemsAsync("latest", DataClass.TempFiles, null, "temp/7", recurse: true, default).Select(i => i.Path).ToListAsync());
        Assert.Equal(2, await catalog.ItemsAsync(first.BackupId!, DataClass.TempFiles, null, "temp/7", recurse: true, default).CountAsync());
    }

    [Fact]
    public async Task Without_an_age_none_is_left_out()
    {
        await using var test = new TestInstallation { Settings = Rules };
        test.Write("temp/7/old.bin", "old"u8);
        test.Clock.Advance(TimeSpan.FromDays(400));
        Assert.Empty((await test.BackupAsync()).LeftOut);
    }

    /// <summary>Tells in which order files are read; the first one is held until the scan has ended.</summary>
    private sealed class OrderedSource(ISourceTree inner) : ISourceTree
    {
        private readonly ManualResetEventSlim _scanned = new();

        public List<string> Read { get; } = [];
        public string Location => inner.Location;

        public IEnumerable<SourceEntry> Scan(Func<EntryPath, ItemKind, ScanChoice> choose, Action<StingException> failed, CancellationToken cancel)
        {
            foreach (var entry in inner.Scan(choose, failed, cancel))
            {
                yield return entry;
            }
            // The last bundle is handed on right after this; on a busy machine that may be a while.
            _ = Task.Delay(1000, cancel).ContinueWith(_ => _scanned.Set(), TaskScheduler.Default);
        }

        public ItemMetadata ReadMetadata(SourceEntry entry) => inner.ReadMetadata(entry);

        public int ReadSmall(SourceEntry entry, Span<byte> buffer, out FileStamp stamp)
        {
            _scanned.Wait(TimeSpan.FromSeconds(30));
            Read.Add(entry.Path.ToString());
            return inner.ReadSmall(entry, buffer, out stamp);
        }

        public ISourceFile Open(SourceEntry entry) => inner.Open(entry);

        public void Dispose()
        {
            inner.Dispose();
            _scanned.Dispose();
        }
    }
}
