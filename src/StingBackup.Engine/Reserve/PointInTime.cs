using System.Globalization;

namespace StingBackup.Engine.Reserve;

/// <summary>
/// What a person means by <c>-Date</c>: the state before a moment. A day means its last state in the configured zone, a moment the state then
/// (an offset in the text wins over the zone), <c>latest</c> the newest. Read alike in every culture.
/// </summary>
/// <remarks>
/// A second counts whole: a run named 14:30:00 began within that second. A clock time that a zone passes over (spring) means the moment of the jump;
/// one that it shows twice (autumn) the later of the two, as a day means its last state.
/// </remarks>
/// <param name="Before">The first moment that does not count, or null for <c>latest</c>.</param>
/// <param name="Text">What was written.</param>
public sealed record PointInTime(DateTimeOffset? Before, string Text)
{
    /// <summary>The newest state.</summary>
    public static PointInTime Latest { get; } = new(null, "latest");

    /// <summary>True when a run of this moment counts.</summary>
    public bool Covers(DateTimeOffset moment) => Before is null || moment < Before;

    /// <summary>Reads a text.</summary>
    /// <param name="text"><c>2024-01-15</c>, <c>2024-01-15 14:30</c>, <c>2024-01-15T14:30:00+01:00</c>, <c>latest</c>.</param>
    /// <param name="zone">The configured zone.</param>
    /// <exception cref="StingException"><c>DateNotUnderstood</c></exception>
    public static PointInTime Parse(string text, TimeZoneInfo zone)
    {
        ArgumentNullException.ThrowIfNull(text);
        ArgumentNullException.ThrowIfNull(zone);
        var trimmed = text.Trim();
        if (trimmed.Equals("latest", StringComparison.OrdinalIgnoreCase))
        {
            return Latest;
        }
        try
        {
            return TryRead(trimmed, zone) is { } before ? new PointInTime(before, trimmed) : throw NotUnderstood(text);
        }
        catch (ArgumentOutOfRangeException)
        {
            // The first or the last day of the calendar, moved over its edge by an offset.
            throw NotUnderstood(text);
        }
    }

    private static DateTimeOffset? TryRead(string text, TimeZoneInfo zone)
    {
        if (text.Length < 10 || !DateTime.TryParseExact(text.AsSpan(0, 10), "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out var day))
        {
            return null;
        }
        if (text.Length == 10)
        {
            return StartOf(day.AddDays(1), zone);
        }
        if (text[10] is not ('T' or 't' or ' '))
        {
            return null;
        }
        var rest = text.AsSpan(11).Trim(' ');
        TimeSpan? offset = null;
        var sign = rest.IndexOfAny('+', '-');
        if (rest.Length > 0 && rest[^1] is 'Z' or 'z')
        {
            offset = TimeSpan.Zero;
            rest = rest[..^1].TrimEnd(' ');
        }
        else if (sign >= 0)
        {
            offset = ReadOffset(rest[sign..]);
            if (offset is null)
            {
                return null;
            }
            rest = rest[..sign].TrimEnd(' ');
        }
        if (ReadTime(rest) is not { } time)
        {
            return null;
        }
        var local = day + time;
        return offset is { } fixedOffset ? new DateTimeOffset(local, fixedOffset).AddSeconds(1)
            : MomentsOf(local, zone) is [.., var last] ? last.AddSeconds(1)
            : JumpOver(local, zone);
    }

    private static TimeSpan? ReadTime(ReadOnlySpan<char> text)
    {
        foreach (var format in (string[])[@"hh\:mm", @"hh\:mm\:ss"])
        {
            if (TimeSpan.TryParseExact(text, format, CultureInfo.InvariantCulture, out var time))
            {
                return time;
            }
        }
        var dot = text.IndexOf('.');
        return dot == 8 && text.Length is > 9 and <= 16 && !text[9..].ContainsAnyExceptInRange('0', '9') && TimeSpan.TryParseExact(text[..8], @"hh\:mm\:ss", CultureInfo.InvariantCulture, out var whole)
            ? whole : null;
    }

    private static TimeSpan? ReadOffset(ReadOnlySpan<char> text)
    {
        var digits = text[1..];
        foreach (var format in (string[])[@"hh\:mm", "hhmm", "hh"])
        {
            if (TimeSpan.TryParseExact(digits, format, CultureInfo.InvariantCulture, out var offset))
            {
                return offset > TimeSpan.FromHours(14) ? null : text[0] == '-' ? -offset : offset;
            }
        }
        return null;
    }

    /// <summary>The first moment of a day: where the zone passes over midnight, the moment of the jump.</summary>
    private static DateTimeOffset StartOf(DateTime midnight, TimeZoneInfo zone)
    {
        return MomentsOf(midnight, zone) switch
        {
            [] => JumpOver(midnight, zone),
            [var only] => only,
            // Midnight comes twice. Where the hour after it repeats, the day began with the first; where the clock went back over midnight, the day before lasts until the second.
            [var first, .., var second] => TimeZoneInfo.ConvertTime(second.AddSeconds(-1), zone).DateTime < midnight ? second : first,
        };
    }

    /// <summary>
    /// The moments at which a zone's clock shows a time, earliest first: none in spring's gap, two in autumn. Asked of the zone's way from UTC alone, since
    /// .NET's way back (IsAmbiguousTime, GetUtcOffset of a local time) disagrees with it where a zone changed its base offset.
    /// </summary>
    private static List<DateTimeOffset> MomentsOf(DateTime local, TimeZoneInfo zone)
    {
        var utc = DateTime.SpecifyKind(local, DateTimeKind.Utc);
        return [.. new[] { -1, 0, 1 }.Select(days => zone.GetUtcOffset(utc.AddDays(days))).Distinct()
            .Select(offset => new DateTimeOffset(local, offset)).Where(moment => zone.GetUtcOffset(moment.UtcDateTime) == moment.Offset).Order()];
    }

    /// <summary>The moment at which a zone passes over a clock time.</summary>
    private static DateTimeOffset JumpOver(DateTime local, TimeZoneInfo zone)
    {
        // The jump lies between two moments that the offsets before and after it name; halve the span until one second is left.
        DateTime early = DateTime.SpecifyKind(local, DateTimeKind.Utc) - TimeSpan.FromDays(1), late = early + TimeSpan.FromDays(2);
        var offsetBefore = zone.GetUtcOffset(early);
        while (late - early > TimeSpan.FromSeconds(1))
        {
            var middle = early + (late - early) / 2;
            (early, late) = zone.GetUtcOffset(middle) == offsetBefore ? (middle, late) : (early, middle);
        }
        var jump = new DateTime(late.Ticks - late.Ticks % TimeSpan.TicksPerSecond, DateTimeKind.Utc);
        return TimeZoneInfo.ConvertTime(new DateTimeOffset(jump), zone);
    }

    private static StingException NotUnderstood(string text) =>
        new("DateNotUnderstood", FailureKind.InvalidArgument, $"'{text}' is not a date that can be understood.", text,
            "Write a day (2024-01-15), a moment (\"2024-01-15 14:30\", 2024-01-15T14:30:00+01:00, 2024-01-15T13:30:00Z), or latest.");
}
