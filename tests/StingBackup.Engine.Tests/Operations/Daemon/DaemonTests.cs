using System.Net;
using System.Net.Sockets;
using StingBackup.Engine.Backup;
using StingBackup.Engine.Operations.Daemon;
using StingBackup.Engine.Platform;
using StingBackup.Engine.Reserve.Configuration;

namespace StingBackup.Engine.Tests.Operations.Daemon;

/// <summary>A daemon on a clock that runs ahead: nothing is missed, whatever fails.</summary>
public sealed class DaemonTests
{
    private static readonly TimeZoneInfo Berlin = TimeZoneInfo.FindSystemTimeZoneById("Europe/Berlin");

    /// <summary>Five hours around the night's work; tests/soak/6-daemon.sh runs a whole day.</summary>
    private static readonly bool IsSoak = Environment.GetEnvironmentVariable("STING_SOAK") == "1";

    // The clocks go forward in the night to the Sunday: two o'clock does not come.
    private static readonly DateTimeOffset Night = new(2026, 3, 29, 0, 55, 0, TimeSpan.Zero);
    private static readonly DateTimeOffset Saturday = Night - (IsSoak ? TimeSpan.FromHours(13.9) : TimeSpan.FromHours(2.9));

    [Fact]
    public async Task A_day_and_a_night_with_failures_misses_nothing_and_leaves_nothing_behind()
    {
        using var site = new DaemonSite(Saturday, "Europe/Berlin");
        var away = site.Reserve + ".away";
        var broken = (From: Saturday.AddHours(1), To: Saturday.AddHours(1.5));
        var gone = (From: Night, To: Night.AddMinutes(18));   // over two o'clock, full and archive run
        var count = 0;
        var memory = new List<long>();
        site.At = now =>
        {
            if (IsSoak && (now - Saturday).TotalHours > memory.Count)
            {
                memory.Add(GC.GetTotalMemory(forceFullCollection: true));   // what lives, once an hour
            }
            var isAway = (now >= broken.From && now < broken.To) || (now >= gone.From && now < gone.To);
            if (isAway && Directory.Exists(site.Reserve))
            {
                Directory.Move(site.Reserve, away);
            }
            else if (!isAway && Directory.Exists(away))
            {
                Directory.Move(away, site.Reserve);
            }
            if (!isAway && count++ % 8 == 0)
            {
                File.WriteAllText(Path.Combine(site.Reserve, "users", "1", "a.txt"), $"version {count}");
            }
        };
        var runs = await site.RunAsync(Saturday.AddHours(IsSoak ? 24 : 5));
        var byTask = runs.ToLookup(r => r.Task);
        var done = runs.Where(r => r.State == JobState.Completed).ToLookup(r => r.Task);

        // Each once, at its time or as soon as the reserve was back; two o'clock that does not come is three o'clock.
        Assert.Equal([gone.To], done[ScheduledTask.Full].Select(r => Later(r.StartedTime, gone.To)));
        Assert.Equal([gone.To], done[ScheduledTask.Archive].Select(r => Later(r.StartedTime, gone.To)));
        Assert.Contains(byTask[ScheduledTask.Full], r => r.State == JobState.Failed && r.Message.Length > 0);
        Assert.Single(done[ScheduledTask.Verify]);
        Assert.Single(done[ScheduledTask.Cleanup]);

        // Every quarter of an hour was tried: the times between two looks are never longer.
        var ticks = byTask[ScheduledTask.Incremental].Select(r => r.StartedTime).Order().ToList();
        Assert.All(ticks.Zip(ticks.Skip(1)), pair => Assert.True(pair.Second - pair.First <= TimeSpan.FromMinutes(17), $"{pair}"));
        Assert.True(ticks.Count >= (IsSoak ? 95 : 19), $"{ticks.Count}");

        // And no class waited longer than it may: an hour in peak hours, a quarter else, but for the time that the reserve was away and the minutes of a retry.
        var users = (await site.PointsAsync()).Where(p => p.Classes.Any(c => c.Class == DataClass.UserFiles)).Select(p => NanosecondTime.FromNs(p.TimeNs, 0)).ToList();
        Assert.All(users.Zip(users.Skip(1)), pair =>
        {
            var hour = TimeZoneInfo.ConvertTime(pair.Second.AddMinutes(-1), Berlin).Hour;
            var may = hour is >= 8 and < 18 ? TimeSpan.FromHours(1) : TimeSpan.FromMinutes(15);
            var lost = Overlap(pair, broken) + Overlap(pair, gone);
            var isAfter = new[] { broken.To, gone.To }.Any(to => pair.First >= to && pair.First < to.AddMinutes(30));   // a retry came between two ticks
            Assert.True(pair.Second - pair.First <= may + TimeSpan.FromMinutes(2) + (lost > TimeSpan.Zero || isAfter ? lost + TimeSpan.FromMinutes(15) : TimeSpan.Zero), $"{pair}, {lost}");
        });
        Assert.InRange(users.Count, IsSoak ? 50 : 14, IsSoak ? 80 : 25);

        // Nothing of a task stays behind it.
        Assert.True(site.Openings >= ticks.Count);
        GC.Collect();
        GC.WaitForPendingFinalizers();
        GC.Collect();
        Assert.InRange(site.StillOpen, 0, 3);
        // And memory is flat: what the test's own list of runs takes is far below that. The middle one of seven hours, since some are looked at in the midst of a run.
        Assert.True(!IsSoak || (memory.Count >= 20 && Middle(memory.TakeLast(7)) < Middle(memory.Skip(3).Take(7)) + (2 << 20)), string.Join(' ', memory.Select(m => m >> 10)));
    }

    private static long Middle(IEnumerable<long> seven) => seven.Order().ElementAt(3);

    [Fact]
    public async Task What_was_due_while_no_daemon_ran_is_made_up_for_once()
    {
        using var site = new DaemonSite(new DateTimeOffset(2026, 5, 1, 20, 0, 0, TimeSpan.Zero), "UTC", "timers: incremental: 0 * * * *");
        var first = await site.RunAsync(site.Clock.GetUtcNow().AddHours(28));
        Assert.Single(first, r => r.Task == ScheduledTask.Full);
        site.Clock.Advance(TimeSpan.FromDays(3));
        var runs = await site.RunAsync(site.Clock.GetUtcNow().AddMinutes(30));
        // Three nights were missed: one full run makes up for them. The archive run of Sunday was missed too.
        Assert.Equal([ScheduledTask.Full, ScheduledTask.Archive, ScheduledTask.Incremental], runs.Select(r => r.Task).Where(t => t is ScheduledTask.Full or ScheduledTask.Archive or ScheduledTask.Incremental));
        Assert.Single(runs, r => r.Task == ScheduledTask.Cleanup && r.State == JobState.Completed);
        Assert.All(runs.Where(r => r.Task == ScheduledTask.Full), r => Assert.True(r.DueTime < r.StartedTime.AddDays(-2)));
    }

    [Fact]
    public async Task Metrics_are_given_on_the_loopback_address_and_one_daemon_is_enough()
    {
        var port = FreePorts.Next();
        using var site = new DaemonSite(new DateTimeOffset(2026, 5, 1, 20, 0, 0, TimeSpan.Zero), "UTC", $"metrics: port: {port}") ;
        using var http = new HttpClient();
        var seen = "";
        site.At = _ =>
        {
            if (seen.Length == 0)
            {
                seen = http.GetStringAsync($"http://127.0.0.1:{port}/metrics").GetAwaiter().GetResult();
                Assert.Equal(HttpStatusCode.NotFound, http.GetAsync($"http://127.0.0.1:{port}/").GetAwaiter().GetResult().StatusCode);
                var second = Assert.Throws<StingException>(() => Drain(BackupDaemon.RunAsync(site.Configuration, new DaemonHost(site.OpenAsync, site.Clock), default)));
                Assert.Equal("DaemonRunning", second.ErrorId);
            }
        };
        await site.RunAsync(site.Clock.GetUtcNow().AddMinutes(40));
        Assert.Contains("\nsting_backup_consecutive_failures 0\n", seen, StringComparison.Ordinal);
        await Assert.ThrowsAsync<HttpRequestException>(() => http.GetStringAsync($"http://127.0.0.1:{port}/metrics"));
        using var other = new TcpListener(IPAddress.Loopback, port);
        other.Start();
        Assert.Equal("MetricsPortTaken", Assert.Throws<StingException>(() => Drain(BackupDaemon.RunAsync(site.Configuration, new DaemonHost(site.OpenAsync, site.Clock), default))).ErrorId);
    }

    [Fact]
    public void A_task_that_fails_is_tried_again_soon_and_at_its_next_time_at_the_latest()
    {
        var now = new DateTimeOffset(2026, 5, 1, 2, 0, 0, TimeSpan.Zero);
        var clock = new TaskClock(ScheduledTask.Incremental, "*/15 * * * *", TimeZoneInfo.Utc, null, now);
        Assert.Equal(now.AddMinutes(15), clock.Due);
        var waits = new List<double>();
        for (var at = clock.Due; waits.Count < 6; at = clock.Due)
        {
            clock.Failed(at);
            waits.Add((clock.Due - at).TotalMinutes);
        }
        Assert.Equal([1, 2, 4, 8, 15, 15], waits);
        clock.Succeeded(now.AddMinutes(61));
        Assert.Equal(now.AddMinutes(75), clock.Due);
        // Missed since yesterday: due at once.
        Assert.True(new TaskClock(ScheduledTask.Full, "0 2 * * *", TimeZoneInfo.Utc, now.AddDays(-1).AddMinutes(1), now.AddHours(3)).Due < now.AddHours(3));
    }

    [Theory]
    [InlineData("08:00-18:00", 7, false)]
    [InlineData("08:00-18:00", 8, true)]
    [InlineData("08:00-18:00", 17, true)]
    [InlineData("08:00-18:00", 18, false)]
    [InlineData("22:00-06:00", 23, true)]
    [InlineData("22:00-06:00", 5, true)]
    [InlineData("22:00-06:00", 6, false)]
    [InlineData("none", 12, false)]
    public void Peak_hours_are_hours_of_the_day(string text, int hour, bool within)
    {
        Assert.True(PeakHours.TryParse(text, out var hours));
        Assert.Equal(within, hours.Contains(new DateTimeOffset(2026, 5, 1, hour, 59, 0, TimeSpan.Zero)));
        Assert.Equal(text, hours.ToString());
    }

    [Theory]
    [InlineData("8-18")]
    [InlineData("08:30-18:00")]
    [InlineData("08:00-08:00")]
    [InlineData("")]
    public void Other_texts_are_no_peak_hours(string text) => Assert.False(PeakHours.TryParse(text, out _));

    [Fact]
    public async Task In_peak_hours_a_class_is_due_hourly_at_most()
    {
        using var site = new DaemonSite(new DateTimeOffset(2026, 5, 4, 7, 45, 0, TimeSpan.Zero), "UTC");
        var before = await DueAsync();
        site.Clock.Advance(TimeSpan.FromMinutes(20));
        var within = await DueAsync();
        Assert.Equal((TimeSpan.FromMinutes(15), TimeSpan.Zero, TimeSpan.FromDays(1)), (before[DataClass.UserFiles], before[DataClass.Metadata], before[DataClass.AuditLogs]));
        Assert.Equal((TimeSpan.FromHours(1), TimeSpan.FromHours(1), TimeSpan.FromDays(1)), (within[DataClass.UserFiles], within[DataClass.Metadata], within[DataClass.AuditLogs]));

        async Task<IReadOnlyDictionary<DataClass, TimeSpan>> DueAsync()
        {
            await using var installation = await site.OpenAsync(default);
            return DueClasses.ScheduleNow(installation);
        }
    }

    private static DateTimeOffset Later(DateTimeOffset time, DateTimeOffset from) => time >= from && time < from.AddMinutes(20) ? from : time;

    private static TimeSpan Overlap((DateTimeOffset First, DateTimeOffset Second) pair, (DateTimeOffset From, DateTimeOffset To) away)
    {
        var (from, to) = (pair.First > away.From ? pair.First : away.From, pair.Second < away.To ? pair.Second : away.To);
        return to > from ? to - from : TimeSpan.Zero;
    }

    private static void Drain(IAsyncEnumerable<JobEvent> events)
    {
        foreach (var _ in events.ToBlockingEnumerable())
        {
            // What it tells is of no interest.
        }
    }
}
