using System.Globalization;
using System.Text;
using StingBackup.Engine.Keeping;
using StingBackup.Engine.Platform;
using StingBackup.Engine.Repository;
using StingBackup.Engine.Reserve.Configuration;
using StingBackup.Engine.Tests.Support;

namespace StingBackup.Engine.Tests.Keeping;

public sealed class RetentionPlannerTests
{
    private static readonly DateTimeOffset Start = new(2024, 1, 1, 2, 0, 0, TimeSpan.Zero);
    private static readonly RetentionSettings Defaults = new(7, 30, 365, Settings.ClassDays.ToDictionary(c => c.Key, c => c.Value.Default));
    private static readonly TimeZoneInfo Berlin = TimeZoneInfo.FindSystemTimeZoneById("Europe/Berlin");

    private static RetainedPart Part(DateTimeOffset time, DataClass dataClass = DataClass.UserFiles, bool imported = false) => new(
        new PointRecord
        {
            Reserve = default, Writer = default, Sequence = (time.UtcTicks - Start.UtcTicks) / TimeSpan.TicksPerMinute, Previous = default, Name = $"backup_{time:yyyyMMdd_HHmmss}", TimeNs = NanosecondTime.ToNs(time), CompletedNs = NanosecondTime.ToNs(time),
            Origin = imported ? new PointOrigin("sting_backup_x.tar.gz", default) : null,
        }, new PointClass(dataClass, [], 1, 1, 1, 0));

    private static IEnumerable<DateTimeOffset> Every(TimeSpan step, int count) => Enumerable.Range(0, count).Select(i => Start + i * step);

    private static IReadOnlyList<RetentionEntry> Decide(RetentionSettings settings, IEnumerable<RetainedPart> parts, DateTimeOffset now, TimeZoneInfo? zone = null) =>
        new RetentionPlanner(settings, zone ?? TimeZoneInfo.Utc).Decide(parts, now, _ => null);

    [Theory]
    [InlineData(DataClass.UserFiles, 365)]
    [InlineData(DataClass.Embeddings, 90)]
    [InlineData(DataClass.AuditLogs, 1096)]
    [InlineData(DataClass.TempFiles, 2)]
    [InlineData(DataClass.Physical, 14)]
    public void A_data_class_is_kept_for_the_days_of_the_strategys_table(DataClass dataClass, int days)
    {
        var parts = new[] { Part(Start, dataClass), Part(Start.AddDays(days), dataClass) };
        Assert.DoesNotContain(Decide(Defaults, parts, Start.AddDays(days).AddTicks(-1)), e => e.Goes);
        var at = Decide(Defaults, parts, Start.AddDays(days));
        Assert.Equal((true, RetentionReason.Expired, Start.AddDays(days)), (at[0].Goes, at[0].Reason, at[0].EndTime));
        Assert.False(at[1].Goes);
    }

    [Fact]
    public void The_newest_copies_stay_however_old_they_are_and_physical_captures_do_not()
    {
        var settings = Defaults with { MinimumCopies = 2 };
        var entries = Decide(settings, Every(TimeSpan.FromDays(1), 5).SelectMany(t => new[] { Part(t), Part(t, DataClass.Physical) }), Start.AddYears(9));
        Assert.Equal([Start.AddDays(3), Start.AddDays(4)], entries.Where(e => !e.Goes).Select(e => e.Time));
        Assert.All(entries.Where(e => !e.Goes), e => Assert.Equal((DataClass.UserFiles, "newest 2"), (e.DataClass, e.KeptBy)));
    }

    [Fact]
    public void An_imported_point_is_never_the_newest_copy_while_there_is_one_of_the_reserve()
    {
        var entries = Decide(Defaults, [Part(Start), Part(Start.AddDays(100), imported: true)], Start.AddYears(9));
        Assert.Equal([false, true], entries.Select(e => e.Goes));
        Assert.False(Assert.Single(Decide(Defaults, [Part(Start, imported: true)], Start.AddYears(9))).Goes);
    }

    [Fact]
    public void What_a_hold_keeps_stays_and_says_why()
    {
        var planner = new RetentionPlanner(Defaults, TimeZoneInfo.Utc);
        var entries = planner.Decide(Every(TimeSpan.FromDays(1), 3).Select(t => Part(t)), Start.AddYears(2), part => part.Time == Start ? "legal hold 17" : null);
        Assert.Equal(["legal hold 17", "", "newest 1"], entries.Select(e => e.KeptBy));
        Assert.Equal([false, true, false], entries.Select(e => e.Goes));
        Assert.Null(entries[0].Reason);
    }

    [Fact]
    public void Without_thinning_nothing_goes_before_its_days()
    {
        Assert.DoesNotContain(Decide(Defaults, Every(TimeSpan.FromMinutes(15), 4 * 24 * 30).Select(t => Part(t)), Start.AddDays(30)), e => e.Goes);
    }

    /// <summary>Three years of a run each hour, let go each day: what stands on some days, by data class, against a file that people can read.</summary>
    [Fact]
    public void Three_simulated_years_leave_what_the_golden_file_says()
    {
        var settings = Defaults with { Thinning = new ThinningSettings(AllDays: 2, Hourly: 72, Daily: 14, Weekly: 8, Monthly: 12, Yearly: 3), ClassDays = Defaults.ClassDays.ToDictionary(c => c.Key, c => c.Key == DataClass.Reports ? 2192 : c.Value) };
        var planner = new RetentionPlanner(settings, Berlin);
        var standing = new List<RetainedPart>();
        var text = new StringBuilder();
        for (var day = 0; day < 3 * 365; day++)
        {
            for (var hour = 0; hour < 24; hour += 6)
            {
                var time = Start.AddDays(day).AddHours(hour);
                standing.AddRange([Part(time), Part(time, DataClass.Reports), Part(time, DataClass.TempFiles), Part(time, DataClass.Physical)]);
            }
            var now = Start.AddDays(day + 1);
            var going = planner.Decide(standing, now, _ => null).Where(e => e.Goes).Select(e => (e.Sequence, e.DataClass)).ToHashSet();
            standing.RemoveAll(p => going.Contains((p.Point.Sequence, p.Part.Class)));
            if (day % 90 == 89)
            {
                foreach (var of in standing.GroupBy(p => p.Part.Class).OrderBy(g => g.Key))
                {
                    text.Append(CultureInfo.InvariantCulture, $"day {day + 1,4} {of.Key,-9} {of.Count(),3}: {string.Join(' ', of.Select(p => p.Time.ToString("yyMMdd.HH", CultureInfo.InvariantCulture)))}\n");
                }
            }
        }
        Golden.Check("tests/fixtures/retention/three-years.txt", text.ToString());
    }

    /// <summary>A property over random schedules: whatever is let go day by day, each bucket keeps what a decision about all points at once would have kept of its newest ones.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Letting_go_day_by_day_never_loses_the_newest_of_a_day(int seed)
    {
        var random = new Random(seed);
        var settings = Defaults with { Thinning = new ThinningSettings(AllDays: 1, Hourly: 0, Daily: 10, Weekly: 0, Monthly: 0, Yearly: 0) };
        var planner = new RetentionPlanner(settings, Berlin);
        var standing = new List<RetainedPart>();
        var all = new List<RetainedPart>();
        var now = Start;
        for (var i = 0; i < 400; i++)
        {
            now += TimeSpan.FromMinutes(random.Next(10, 700));
            standing.Add(Part(now));
            all.Add(Part(now));
            var going = planner.Decide(standing, now, _ => null).Where(e => e.Goes).Select(e => e.Sequence).ToHashSet();
            standing.RemoveAll(p => going.Contains(p.Point.Sequence));
            var days = all.GroupBy(p => TimeZoneInfo.ConvertTime(p.Time, Berlin).Date).OrderByDescending(g => g.Key).Take(10).Select(g => g.Max(p => p.Point.Sequence));
            Assert.Subset(standing.Select(p => p.Point.Sequence).ToHashSet(), days.ToHashSet());
        }
        Assert.InRange(standing.Count, 10, 30);
    }
}
