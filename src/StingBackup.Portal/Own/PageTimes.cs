using System.Globalization;
using Microsoft.AspNetCore.Html;
using Microsoft.AspNetCore.Mvc.Rendering;

namespace StingBackup.Portal.Own;

/// <summary>Moments as people read them, in the zone that the configuration names; the machine's form stands beside it.</summary>
internal sealed class PageTimes(PortalContext portal)
{
    public TimeZoneInfo Zone => portal.Configuration.TimeZone;

    public DateTimeOffset Now => TimeZoneInfo.ConvertTime(portal.Clock.GetUtcNow(), Zone);

    public DateOnly Today => DateOnly.FromDateTime(Now.DateTime);

    public DateOnly DayOf(DateTimeOffset time) => DateOnly.FromDateTime(TimeZoneInfo.ConvertTime(time, Zone).DateTime);

    /// <summary>The first moment of a day.</summary>
    public DateTimeOffset StartOf(DateOnly day)
    {
        var local = day.ToDateTime(TimeOnly.MinValue);
        // A day that begins with the hour that the clocks pass over begins after it.
        while (Zone.IsInvalidTime(local))
        {
            local = local.AddMinutes(15);
        }
        return new DateTimeOffset(local, Zone.GetUtcOffset(local));
    }

    public IHtmlContent Moment(DateTimeOffset time) => Tag(time, "d MMMM yyyy, HH:mm");

    public IHtmlContent Hour(DateTimeOffset time) => Tag(time, "HH:mm");

    public string Text(DateTimeOffset time) => TimeZoneInfo.ConvertTime(time, Zone).ToString("d MMMM yyyy, HH:mm", CultureInfo.InvariantCulture);

    public static string Text(DateOnly day) => day.ToString("dddd, d MMMM yyyy", CultureInfo.InvariantCulture);

    public static string Month(DateOnly month) => month.ToString("MMMM yyyy", CultureInfo.InvariantCulture);

    public static string Number(long value) => value.ToString("N0", CultureInfo.InvariantCulture);

    private TagBuilder Tag(DateTimeOffset time, string format)
    {
        var local = TimeZoneInfo.ConvertTime(time, Zone);
        var tag = new TagBuilder("time");
        tag.Attributes["datetime"] = local.ToString("yyyy-MM-dd'T'HH:mm:sszzz", CultureInfo.InvariantCulture);
        tag.InnerHtml.Append(local.ToString(format, CultureInfo.InvariantCulture));
        return tag;
    }
}
