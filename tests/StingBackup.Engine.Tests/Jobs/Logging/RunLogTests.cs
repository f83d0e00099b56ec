using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;
using StingBackup.Engine.Jobs.Logging;
using StingBackup.Engine.Reserve.Configuration;
using StingBackup.Engine.Tests.Support;

namespace StingBackup.Engine.Tests.Jobs.Logging;

public sealed class RunLogTests : IDisposable
{
    private static readonly DateTimeOffset Start = new(2024, 1, 15, 2, 0, 0, TimeSpan.Zero);

    private readonly TempFolder _folder = new();
    private readonly FakeTimeProvider _clock = new(Start);
    private readonly LogSettings _settings;

    public RunLogTests() => _settings = new LogSettings(_folder["log"], LogDetail.Information, 90, 100, 1_000_000, 10_000_000);

    public void Dispose() => _folder.Dispose();

    private string[] Names() => Directory.GetFiles(_settings.Directory).Select(f => Path.GetFileName(f).Replace($"-{Environment.ProcessId}", "-PID", StringComparison.Ordinal)).Order(StringComparer.Ordinal).ToArray();

    [Fact]
    public void What_is_logged_reads_back()
    {
        using (var log = RunLog.Begin(_settings, "incremental", _clock))
        using (var factory = log.CreateFactory())
        {
            var logger = factory.CreateLogger("Backup");
            logger.LogInformation("Read {Files} files of {Path} at {When}, {Share}", 12345, "/r/ü", Start, 0.5);
            _clock.Advance(TimeSpan.FromMilliseconds(1500));
            log.SetBackupId("backup_20240115_020000");
            logger.LogError(new StingException("SourceItemUnreadable", FailureKind.PermissionDenied, "No.", "/r/a", "Ask."), "Could not read {Item}", "/r/a");
            logger.LogDebug("too little");
        }
        Assert.Equal(["backup_20240115_020000-20240115T020000Z-PID.jsonl"], Names());
        var entries = LogReader.Read(_settings.Directory, "backup_20240115_020000").ToArray();
        Assert.Equal(2, entries.Length);
        Assert.Equal((Start, LogEntryLevel.Information, "incremental", null, "Backup", 1), (entries[0].Time, entries[0].Level, entries[0].Command, entries[0].BackupId, entries[0].Category, entries[0].Line));
        Assert.Equal("Read 12345 files of /r/ü at 01/15/2024 02:00:00 +00:00, 0.5", entries[0].Message);
        Assert.Equal(["12345", "/r/ü", "2024-01-15T02:00:00.0000000+00:00", "0.5"], ((string[])["Files", "Path", "When", "Share"]).Select(k => entries[0].Properties[k]));
        Assert.Equal((Start.AddMilliseconds(1500), LogEntryLevel.Error, "backup_20240115_020000"), (entries[1].Time, entries[1].Level, entries[1].BackupId));
        Assert.Equal(("SourceItemUnreadable", "/r/a", "Ask."), (entries[1].ErrorId, entries[1].Target, entries[1].Remedy));
        Assert.Contains("StingException: No.", entries[1].Detail, StringComparison.Ordinal);
    }

    [Fact]
    public void Jobs_that_begin_in_one_second_have_a_log_each()
    {
        for (var i = 0; i < 3; i++)
        {
            using var log = RunLog.Begin(_settings, "restore", _clock);
        }
        Assert.Equal(["restore-20240115T020000Z-PID.jsonl", "restore-20240115T020001Z-PID.jsonl", "restore-20240115T020002Z-PID.jsonl"], Names());
    }

    [Fact]
    public void No_secret_reaches_the_file()
    {
        string[] planted = ["hunter2-in-message", "hunter2-as-property", "hunter2-in-exception", "hunter2-known", "hunter2-in-url", "hunter2-in-target", "hunter2-in-remedy", "hunter2-inner"];
        using (var log = RunLog.Begin(_settings, "verify", _clock))
        using (var factory = log.CreateFactory())
        {
            log.Secrets.Know("hunter2-known");
            var logger = factory.CreateLogger("Keys");
            logger.LogInformation("password={Text}", "hunter2-in-message");
            logger.LogInformation("opened with {Passphrase} and {Bytes}", "hunter2-as-property", "hunter2"u8.ToArray());
            logger.LogError(new StingException("X", FailureKind.Io, "token: hunter2-in-exception", "https://a:hunter2-in-target@h", "set secret=hunter2-in-remedy",
                new InvalidOperationException("api_key=hunter2-inner")), "failed");
            logger.LogWarning("someone typed hunter2-known as a path; {Url}", "s3://id:hunter2-in-url@bucket");
            using var secure = new System.Security.SecureString();
            secure.AppendChar('h');
            logger.LogWarning("{Secure} {Memory}", secure, new ReadOnlyMemory<byte>([1, 2, 3]));
        }
        var text = File.ReadAllText(Assert.Single(Directory.GetFiles(_settings.Directory)));
        Assert.All(planted, secret => Assert.DoesNotContain(secret, text, StringComparison.Ordinal));
        Assert.DoesNotContain("hunter2", text, StringComparison.Ordinal);
        Assert.Contains("(7 bytes)", text, StringComparison.Ordinal);
        Assert.Equal(5, LogReader.Read(_settings.Directory).Count());
    }

    [Fact]
    public void Only_the_owner_and_the_group_may_read_it()
    {
        using var log = RunLog.Begin(_settings, "full", _clock);
        if (!OperatingSystem.IsWindows())
        {
            Assert.Equal(UnixFileMode.None, File.GetUnixFileMode(log.File) & ~(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead));
            Assert.Equal(UnixFileMode.None, File.GetUnixFileMode(_settings.Directory) & (UnixFileMode.OtherRead | UnixFileMode.OtherWrite | UnixFileMode.OtherExecute | UnixFileMode.GroupWrite));
        }
    }

    [Fact]
    public void A_line_is_there_as_soon_as_it_is_written()
    {
        using var log = RunLog.Begin(_settings, "full", _clock);
        log.CreateLogger("x").LogInformation("now");
        Assert.Equal("now", Assert.Single(LogReader.Read(_settings.Directory)).Message);
    }

    [Fact]
    public void A_log_that_grows_goes_on_in_further_files_and_keeps_its_run()
    {
        using (var log = RunLog.Begin(_settings with { MaxFileSize = 600 }, "full", _clock))
        {
            var logger = log.CreateLogger("x");
            for (var i = 0; i < 5; i++)
            {
                logger.LogInformation("{Number} {Filler}", i, new string('y', 80));
            }
            log.SetBackupId("backup_20240115_020000_2");
            for (var i = 5; i < 12; i++)
            {
                logger.LogInformation("{Number} {Filler}", i, new string('y', 80));
            }
        }
        Assert.True(Names().Length >= 4);
        Assert.Contains("backup_20240115_020000_2-20240115T020000Z-PID.jsonl", Names());
        Assert.Contains("backup_20240115_020000_2-20240115T020000Z-PID.2.jsonl", Names());
        Assert.All(Directory.GetFiles(_settings.Directory), f => Assert.InRange(new FileInfo(f).Length, 1, 600));
        Assert.Equal(Enumerable.Range(0, 12).Select(i => $"{i}"), LogReader.Read(_settings.Directory, "backup_20240115_020000_2").Select(e => e.Properties["Number"]));
        Assert.Throws<StingException>(() => LogReader.Read(_settings.Directory, "backup_20240115_020000").Count());
    }

    [Fact]
    public void A_name_that_is_taken_is_kept_and_the_run_is_found_all_the_same()
    {
        using (var log = RunLog.Begin(_settings, "full", _clock))
        {
            File.WriteAllText(_folder[$"log/backup_20240115_020000-20240115T020000Z-{Environment.ProcessId}.jsonl"], "");
            log.SetBackupId("backup_20240115_020000");
            log.CreateLogger("x").LogInformation("still here");
        }
        Assert.Equal(["full-20240115T020000Z-PID.jsonl"], Names().Where(n => n.StartsWith("full", StringComparison.Ordinal)));
        var entries = LogReader.Read(_settings.Directory, "backup_20240115_020000").ToArray();
        Assert.Equal([LogEntryLevel.Warning, LogEntryLevel.Information], entries.Select(e => e.Level));
    }

    [Fact]
    public void Threads_write_whole_lines()
    {
        using (var log = RunLog.Begin(_settings, "full", _clock))
        {
            var logger = log.CreateLogger("x");
            Parallel.For(0, 500, i => logger.LogInformation("{Number} {Filler}", i, new string('z', i % 90)));
        }
        Assert.Equal(Enumerable.Range(0, 500), LogReader.Read(_settings.Directory).Select(e => int.Parse(e.Properties["Number"], System.Globalization.CultureInfo.InvariantCulture)).Order());
    }

    [Fact]
    public void Old_logs_go_by_age_then_by_count_then_by_room_and_other_files_stay()
    {
        Directory.CreateDirectory(_settings.Directory);
        string Old(int days, int bytes, string label = "full")
        {
            var path = _folder["log/" + new LogFileName(label, Start.AddDays(-days), 7, 1)];
            File.WriteAllBytes(path, new byte[bytes]);
            return Path.GetFileName(path);
        }
        var aged = Old(91, 1);
        var (first, second, third, fourth) = (Old(50, 10), Old(40, 3000), Old(30, 3000, "backup_20231216_020000"), Old(20, 100));
        File.WriteAllText(_folder["log/notes.jsonl"], "mine");
        File.WriteAllText(_folder["log/full-20230101T000000Z-1.txt"], "mine");
        RunLog.Begin(_settings, "a", _clock).Dispose();
        Assert.DoesNotContain(aged, Names());
        Assert.Contains(first, Names());
        _clock.Advance(TimeSpan.FromSeconds(1));
        RunLog.Begin(_settings with { KeepFiles = 4 }, "b", _clock).Dispose();   // five are there: the oldest goes
        Assert.DoesNotContain(first, Names());
        Assert.Contains(second, Names());
        _clock.Advance(TimeSpan.FromSeconds(1));
        RunLog.Begin(_settings with { MaxTotalSize = 3500 }, "c", _clock).Dispose();
        Assert.DoesNotContain(second, Names());
        Assert.All((string[])[third, fourth, "notes.jsonl", "full-20230101T000000Z-1.txt"], name => Assert.Contains(name, Names()));
    }

    [Fact]
    public void A_folder_that_cannot_be_written_is_named()
    {
        File.WriteAllText(_folder["log"], "a file");
        var error = Assert.Throws<StingException>(() => RunLog.Begin(_settings, "full", _clock));
        Assert.Equal(("LogNotWritable", _settings.Directory), (error.ErrorId, error.Target));
        Assert.Throws<ArgumentException>(() => RunLog.Begin(_settings, "../x", _clock));
    }

    [Fact]
    public void A_failing_disk_stops_the_log_and_not_the_run()
    {
        if (!OperatingSystem.IsLinux() || !File.Exists("/dev/full"))
        {
            return;
        }
        using var log = RunLog.Begin(_settings with { MaxFileSize = 1 }, "full", _clock);
        log.CreateLogger("x").LogInformation("one");
        Assert.Null(log.Failure);
        // The next part's name leads to a device that is always full.
        File.CreateSymbolicLink(log.File.Replace(".jsonl", ".2.jsonl", StringComparison.Ordinal), "/dev/full");
        log.CreateLogger("x").LogInformation("two");
        log.CreateLogger("x").LogInformation("three");
        Assert.NotNull(log.Failure);
        Assert.Equal(["one"], LogReader.Read(_settings.Directory).Take(1).Select(e => e.Message));
    }

    [Fact]
    public void After_its_end_a_log_takes_nothing_more()
    {
        var log = RunLog.Begin(_settings, "full", _clock);
        var logger = log.CreateLogger("x");
        log.Dispose();
        logger.LogInformation("late");
        Assert.Null(log.Failure);
        Assert.Empty(LogReader.Read(_settings.Directory));
    }

    [Theory]
    [InlineData("de-DE")]
    [InlineData("tr-TR")]
    [InlineData("th-TH")]
    public void A_log_is_the_same_in_every_language(string culture)
    {
        using var _ = new WithCulture(culture);
        using (var log = RunLog.Begin(_settings, "incremental", _clock))
        {
            log.CreateLogger("I").LogInformation("{Share} {When}", 1234.5, Start);
        }
        Assert.Equal(["incremental-20240115T020000Z-PID.jsonl"], Names());
        var entry = Assert.Single(LogReader.Read(_settings.Directory));
        Assert.Equal(("1234.5", Start), (entry.Properties["Share"], entry.Time));
    }
}
