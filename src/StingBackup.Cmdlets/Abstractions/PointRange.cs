using System.Globalization;
using StingBackup.Engine.Reserve;

namespace StingBackup.Cmdlets.Abstractions;

/// <summary>From when and until when, as people write it: a day as a whole, or a moment; in the configured time zone unless an offset is given.</summary>
internal static class PointRange
{
    /// <summary>The first moment that counts: a day's beginning, or the moment itself. Null for null.</summary>
    /// <exception cref="StingException"><c>DateNotUnderstood</c></exception>
    public static DateTimeOffset? First(string? text, TimeZoneInfo zone)
    {
        if (text is null)
        {
            return null;
        }
        // A day begins where the day before it ends, whatever the clocks do that night.
        return DateOnly.TryParseExact(text.Trim(), "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out var day) && day > DateOnly.MinValue
            ? PointInTime.Parse(day.AddDays(-1).ToString("yyyy-MM-dd", CultureInfo.InvariantCulture), zone).Before
            : PointInTime.Parse(text, zone).Before?.AddSeconds(-1);
    }

    /// <summary>The last moment that counts: a day's end, or the moment itself. Null for null and for <c>latest</c>.</summary>
    /// <exception cref="StingException"><c>DateNotUnderstood</c></exception>
    public static DateTimeOffset? Last(string? text, TimeZoneInfo zone) => text is null ? null : PointInTime.Parse(text, zone).Before?.AddTicks(-1);
}
