using System.Globalization;
using StingBackup.Engine.Reserve;

namespace StingBackup.Engine.Tests.Reserve;

public sealed class PointInTimeTests
{
    private static DateTimeOffset Before(string text, string zone = "UTC") => PointInTime.Parse(text, TimeZoneInfo.FindSystemTimeZoneById(zone)).Before!.Value;

    private static DateTimeOffset Utc(string text) => DateTimeOffset.Parse(text + "Z", CultureInfo.InvariantCulture);

    [Theory]
    [InlineData("2024-01-15", "UTC", "2024-01-16T00:00:00")]
    [InlineData(" 2024-01-15 ", "UTC", "2024-01-16T00:00:00")]
    [InlineData("2024-01-15", "Europe/Berlin", "2024-01-15T23:00:00")]
    [InlineData("2024-02-29", "America/New_York", "2024-03-01T05:00:00")]
    [InlineData("2024-01-15 14:30", "Europe/Berlin", "2024-01-15T13:30:01")]
    [InlineData("2024-01-15T14:30:05", "Europe/Berlin", "2024-01-15T13:30:06")]
    [InlineData("2024-01-15T14:30:05.999", "UTC", "2024-01-15T14:30:06")]
    [InlineData("2024-01-15T14:30:00Z", "Europe/Berlin", "2024-01-15T14:30:01")]
    [InlineData("2024-01-15 14:30 z", "Europe/Berlin", "2024-01-15T14:30:01")]
    [InlineData("2024-01-15T14:30:00+05:30", "Europe/Berlin", "2024-01-15T09:00:01")]
    [InlineData("2024-01-15T14:30-0800", "Europe/Berlin", "2024-01-15T22:30:01")]
    [InlineData("2024-01-15 14:30 +02", "Europe/Berlin", "2024-01-15T12:30:01")]
    public void A_text_means_the_state_before_a_moment(string text, string zone, string utc) => Assert.Equal(Utc(utc), Before(text, zone));

    [Fact]
    public void Latest_covers_everything()
    {
        Assert.True(PointInTime.Parse("Latest", TimeZoneInfo.Utc).Covers(DateTimeOffset.MaxValue));
        Assert.Null(PointInTime.Latest.Before);
    }

    [Fact]
    public void A_day_covers_its_last_moment_and_not_the_next_days_first()
    {
        var day = PointInTime.Parse("2024-01-15", TimeZoneInfo.Utc);
        Assert.True(day.Covers(Utc("2024-01-15T23:59:59.9999999")));
        Assert.False(day.Covers(Utc("2024-01-16T00:00:00")));
    }

    [Fact]
    public void A_moment_covers_the_run_that_is_named_by_it()
    {
        var zone = TimeZoneInfo.FindSystemTimeZoneById("Europe/Berlin");
        var began = new DateTimeOffset(2024, 7, 1, 14, 30, 0, TimeSpan.FromHours(2)).AddMilliseconds(640);
        Assert.Equal("backup_20240701_143000", BackupId.Format(began, zone));
        Assert.True(PointInTime.Parse("2024-07-01 14:30", zone).Covers(began));
        Assert.False(PointInTime.Parse("2024-07-01 14:29:59", zone).Covers(began));
    }

    [Theory]
    // Berlin jumps from 02:00 to 03:00 on 2024-03-31, at 01:00 UTC.
    [InlineData("2024-03-31 02:30", "Europe/Berlin", "2024-03-31T01:00:00")]
    [InlineData("2024-03-31 01:59:59", "Europe/Berlin", "2024-03-31T01:00:00")]
    [InlineData("2024-03-31 03:00", "Europe/Berlin", "2024-03-31T01:00:01")]
    // Cairo jumps over midnight into 2024-04-26, at 22:00 UTC of the day before.
    [InlineData("2024-04-25", "Africa/Cairo", "2024-04-25T22:00:00")]
    // Samoa left out the whole of 2011-12-30.
    [InlineData("2011-12-29", "Pacific/Apia", "2011-12-30T10:00:00")]
    [InlineData("2011-12-30", "Pacific/Apia", "2011-12-30T10:00:00")]
    public void A_time_that_the_clock_passes_over_means_the_jump(string text, string zone, string utc) => Assert.Equal(Utc(utc), Before(text, zone));

    [Theory]
    // Berlin shows 02:00 to 03:00 twice on 2024-10-27.
    [InlineData("2024-10-27 02:30", "Europe/Berlin", "2024-10-27T01:30:01")]
    [InlineData("2024-10-27 01:59:59", "Europe/Berlin", "2024-10-27T00:00:00")]
    [InlineData("2024-10-27 02:30+02:00", "Europe/Berlin", "2024-10-27T00:30:01")]
    [InlineData("2024-10-27", "Europe/Berlin", "2024-10-27T23:00:00")]
    // Havana goes back from 01:00 to 00:00 on 2024-11-03: that day begins with its first midnight, 04:00 UTC.
    [InlineData("2024-11-02", "America/Havana", "2024-11-03T04:00:00")]
    // St. John's went back from 00:01 to 23:01 in 2010: the day before lasted until the second midnight, 03:30 UTC.
    [InlineData("2010-11-06", "America/St_Johns", "2010-11-07T03:30:00")]
    public void A_time_that_the_clock_shows_twice_means_the_later_one(string text, string zone, string utc) => Assert.Equal(Utc(utc), Before(text, zone));

    [Theory]
    [InlineData("")]
    [InlineData("yesterday")]
    [InlineData("15.01.2024")]
    [InlineData("01/15/2024")]
    [InlineData("2024-1-5")]
    [InlineData("2024-02-30")]
    [InlineData("2024-01-15x")]
    [InlineData("2024-01-15T")]
    [InlineData("2024-01-15T25:00")]
    [InlineData("2024-01-15T14:30+15:00")]
    [InlineData("2024-01-15T14:30+1")]
    [InlineData("2024-01-15T14:30:00.")]
    [InlineData("2024-01-15T14:30:00,5")]
    [InlineData("２０２４-01-15")]
    [InlineData("9999-12-31")]
    [InlineData("9999-12-31T23:59:59Z")]
    public void What_is_no_date_is_answered_with_examples(string text)
    {
        var error = Assert.Throws<StingException>(() => PointInTime.Parse(text, TimeZoneInfo.Utc));
        Assert.Equal(("DateNotUnderstood", FailureKind.InvalidArgument), (error.ErrorId, error.Kind));
        Assert.Contains("2024-01-15", error.Remedy, StringComparison.Ordinal);
        Assert.Contains("latest", error.Remedy, StringComparison.Ordinal);
    }

    [Fact]
    public void Every_moment_covers_itself_in_every_zone()
    {
        var zones = TimeZoneInfo.GetSystemTimeZones().ToArray();
        var moments = CsCheck.Gen.Long[Utc("1990-01-01T00:00:00").ToUnixTimeSeconds(), Utc("2037-01-01T00:00:00").ToUnixTimeSeconds()];
        CsCheck.Check.Sample(CsCheck.Gen.Select(moments, CsCheck.Gen.OneOfConst(zones)), (seconds, zone) =>
        {
            var moment = DateTimeOffset.FromUnixTimeSeconds(seconds);
            var local = TimeZoneInfo.ConvertTime(moment, zone);
            var asClock = PointInTime.Parse(local.ToString("yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture), zone);
            var asDay = PointInTime.Parse(local.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture), zone);
            var theDayBefore = PointInTime.Parse(local.AddDays(-1).ToString("yyyy-MM-dd", CultureInfo.InvariantCulture), zone);
            return asClock.Covers(moment) && asDay.Covers(moment) && (!theDayBefore.Covers(moment) || zone.IsAmbiguousTime(local.DateTime));
        }, iter: 20_000);
    }
}
