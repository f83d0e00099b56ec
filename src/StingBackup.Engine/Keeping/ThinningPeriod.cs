using StingBackup.Engine.Reserve.Configuration;

namespace StingBackup.Engine.Keeping;

/// <summary>Periods of which the newest restore point stays.</summary>
/// <param name="Name">What it is called as a reason.</param>
/// <param name="Count">How many periods that have a restore point count.</param>
/// <param name="Start">The beginning of the period that a local time lies in.</param>
/// <param name="After">The beginning of the n-th period after one that begins then.</param>
internal sealed record ThinningPeriod(string Name, int Count, Func<DateTime, DateTime> Start, Func<DateTime, int, DateTime> After)
{
    /// <summary>The periods of settings.</summary>
    public static IReadOnlyList<ThinningPeriod> Of(ThinningSettings settings) =>
    [
        new("hourly", settings.Hourly, time => time.Date.AddHours(time.Hour), (start, n) => start.AddHours(n)), new("daily", settings.Daily, time => time.Date, (start, n) => start.AddDays(n)),
        new("weekly", settings.Weekly, time => time.Date.AddDays(-(((int)time.DayOfWeek + 6) % 7)), (start, n) => start.AddDays(7 * n)),
        new("monthly", settings.Monthly, time => new DateTime(time.Year, time.Month, 1), (start, n) => start.AddMonths(n)), new("yearly", settings.Yearly, time => new DateTime(time.Year, 1, 1), (start, n) => start.AddYears(n)),
    ];
}
