using System.Globalization;

namespace StingBackup.Engine.Operations.Reports;

/// <summary>A calendar month in a zone: from its first moment to that of the next, however many hours that is.</summary>
public sealed record ReportMonth
{
    private ReportMonth(int year, int month, TimeZoneInfo zone)
    {
        Name = string.Create(CultureInfo.InvariantCulture, $"{year:d4}-{month:d2}");
        From = First(year, month, zone);
        End = month == 12 ? First(year + 1, 1, zone) : First(year, month + 1, zone);
    }

    /// <summary>The month as <c>yyyy-MM</c>.</summary>
    public string Name { get; }
    /// <summary>Its first moment.</summary>
    public DateTimeOffset From { get; }
    /// <summary>The first moment after it.</summary>
    public DateTimeOffset End { get; }

    /// <summary>Reads <c>yyyy-MM</c>; null and empty stand for the month that <paramref name="now"/> is in.</summary>
    /// <exception cref="StingException"><c>MonthNotUnderstood</c>, <c>MonthNotBegun</c></exception>
    public static ReportMonth Parse(string? text, TimeZoneInfo zone, DateTimeOffset now)
    {
        ArgumentNullException.ThrowIfNull(zone);
        var here = TimeZoneInfo.ConvertTime(now, zone);
        if (string.IsNullOrEmpty(text))
        {
            return new ReportMonth(here.Year, here.Month, zone);
        }
        if (!DateTime.TryParseExact(text, "yyyy-MM", CultureInfo.InvariantCulture, DateTimeStyles.None, out var month) || month.Year is < 1970 or > 9000)
        {
            throw new StingException("MonthNotUnderstood", FailureKind.InvalidArgument, $"'{text}' is no month.", text, "Write year and month: 2024-01.");
        }
        var parsed = new ReportMonth(month.Year, month.Month, zone);
        return parsed.From <= now ? parsed
            : throw new StingException("MonthNotBegun", FailureKind.InvalidArgument, $"{text} has not begun.", text, string.Create(CultureInfo.InvariantCulture, $"Name {here:yyyy-MM} or a month before it."));
    }

    private static DateTimeOffset First(int year, int month, TimeZoneInfo zone)
    {
        var local = new DateTime(year, month, 1);
        while (zone.IsInvalidTime(local))
        {
            local = local.AddMinutes(15);   // some zones spring forward at midnight
        }
        return new DateTimeOffset(local, zone.GetUtcOffset(local));
    }
}
