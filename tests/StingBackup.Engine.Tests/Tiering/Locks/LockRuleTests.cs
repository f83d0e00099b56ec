using StingBackup.Engine.Platform;
using StingBackup.Engine.Repository;
using StingBackup.Engine.Reserve.Configuration;
using StingBackup.Engine.Tiering.Locks;

namespace StingBackup.Engine.Tests.Tiering.Locks;

/// <summary>The rule by itself: a lock never says what retention does not.</summary>
public sealed class LockRuleTests
{
    private static readonly DateTimeOffset Start = new(2026, 1, 1, 6, 0, 0, TimeSpan.Zero);
    private static readonly RetentionSettings Defaults = new(7, 30, 365, Settings.ClassDays.ToDictionary(c => c.Key, c => c.Value.Default));

    private static (PointRecord, PointClass) Part(DateTimeOffset time, DataClass dataClass) => (new PointRecord
    {
        Reserve = default, Writer = default, Sequence = (time.UtcTicks - Start.UtcTicks) / TimeSpan.TicksPerMinute, Previous = default, Name = $"backup_{time:yyyyMMdd_HHmmss}", TimeNs = NanosecondTime.ToNs(time), CompletedNs = NanosecondTime.ToNs(time),
    }, new PointClass(dataClass, [], 1, 1, 1, 0));

    private static IReadOnlyList<LockedPart> Decide(RetentionSettings settings, DateTimeOffset now, int? tierDays, params (PointRecord, PointClass)[] parts) =>
        new LockRule(settings, TimeZoneInfo.Utc, now, TimeSpan.FromDays(2), tierDays).Decide(parts);

    private static int Day(DateTimeOffset time) => LockRule.DayOf(time);

    [Theory]
    [InlineData(DataClass.UserFiles, 365, 30)]
    [InlineData(DataClass.Embeddings, 90, 30)]
    [InlineData(DataClass.AuditLogs, 1096, 30)]
    [InlineData(DataClass.TempFiles, 2, 2)]
    [InlineData(DataClass.Physical, 14, 14)]
    public void A_class_is_locked_for_its_days_and_its_content_no_longer_than_the_tier_keeps_it(DataClass dataClass, int pages, int content)
    {
        var alone = Assert.Single(Decide(Defaults, Start, null, Part(Start, dataClass)));
        Assert.Equal((Day(Start) + pages, Day(Start) + pages), (alone.Pages, alone.Content));
        var followed = Assert.Single(Decide(Defaults, Start, 30, Part(Start, dataClass)));
        Assert.Equal((Day(Start) + pages, Day(Start) + content), (followed.Pages, followed.Content));
        Assert.True(LockRule.TimeOf(alone.Pages) <= Start.AddDays(pages));
    }

    [Fact]
    public void What_stands_longer_than_its_time_is_locked_anew_each_time_and_captures_of_whole_servers_are_not()
    {
        var now = Start.AddYears(3);
        var parts = Decide(Defaults, now, 30, Part(Start, DataClass.UserFiles), Part(Start, DataClass.Physical));
        Assert.Equal((Day(now) + 2, Day(now) + 2), (parts.Single(p => p.Part.Class == DataClass.UserFiles) is var kept ? kept.Pages : 0, kept.Content));
        Assert.True(parts.Single(p => p.Part.Class == DataClass.Physical).Pages < Day(now));
    }

    [Fact]
    public void Where_points_are_thinned_out_a_lock_is_for_what_is_certain()
    {
        var settings = Defaults with { Thinning = new ThinningSettings(AllDays: 7, Hourly: 0, Daily: 0, Weekly: 0, Monthly: 3, Yearly: 0) };
        // The newest of January, which is over; two of March, the later of which may still be followed by another.
        var (january, early, late) = (Start.AddDays(30), new DateTimeOffset(2026, 3, 2, 6, 0, 0, TimeSpan.Zero), new DateTimeOffset(2026, 3, 20, 6, 0, 0, TimeSpan.Zero));
        var now = new DateTimeOffset(2026, 3, 21, 6, 0, 0, TimeSpan.Zero);
        var parts = Decide(settings, now, null, Part(january, DataClass.UserFiles), Part(early, DataClass.UserFiles), Part(late, DataClass.UserFiles));
        Assert.Equal(Day(new DateTimeOffset(2026, 4, 1, 0, 0, 0, TimeSpan.Zero)), parts[0].Pages);   // February, March and April may begin before it goes
        Assert.Equal(Day(now) + 2, parts[1].Pages);    // retention lets it go
        Assert.Equal(Day(late.AddDays(7)), parts[2].Pages);
        // It would not be thinned out: temporary files, whole servers.
        Assert.Equal(Day(late.AddDays(14)), Assert.Single(Decide(settings, now, null, Part(late, DataClass.Physical))).Pages);
        // Never beyond the class's own end.
        Assert.Equal(Day(now) + 2, Assert.Single(Decide(settings with { ClassDays = settings.ClassDays.ToDictionary(c => c.Key, _ => 49) }, now, null, Part(january, DataClass.UserFiles))).Pages);
    }
}
