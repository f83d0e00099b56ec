using StingBackup.Engine.Platform;
using StingBackup.Engine.Repository;
using StingBackup.Engine.Reserve.Configuration;

namespace StingBackup.Engine.Backup;

/// <summary>Which data classes are due: those whose newest restore point is as old as their schedule allows.</summary>
internal static class DueClasses
{
    /// <summary>
    /// A timer's ticks are never exact. A class that a tick finds a moment short of its time is due, or it would wait for the whole of another tick.
    /// </summary>
    private static readonly TimeSpan MostSlack = TimeSpan.FromMinutes(2);

    /// <summary>How far apart the points of a class are in peak hours, at least.</summary>
    private static readonly TimeSpan PeakInterval = TimeSpan.FromHours(1);

    /// <summary>When each class is due next; a moment that has passed, or null for one without a point, means now.</summary>
    /// <param name="schedule">How often each class is backed up.</param>
    /// <param name="points">The points there are.</param>
    public static IReadOnlyDictionary<DataClass, DateTimeOffset?> Next(IReadOnlyDictionary<DataClass, TimeSpan> schedule, IEnumerable<PointRecord> points)
    {
        var newest = new Dictionary<DataClass, long>();
        foreach (var point in points.Where(p => !p.IsImported))   // an old archive is no backup of today, however new
        {
            // One that holds an older part of a source that failed waits for that source, not for its time.
            foreach (var part in point.Classes.Where(c => !point.Carried.Any(carry => carry.Class == c.Class)))
            {
                newest[part.Class] = Math.Max(newest.GetValueOrDefault(part.Class, long.MinValue), point.TimeNs);
            }
        }
        return schedule.ToDictionary(s => s.Key, s => newest.TryGetValue(s.Key, out var last)
            ? NanosecondTime.FromNs(last, 0) + s.Value - Slack(s.Value) : (DateTimeOffset?)null);
    }

    /// <summary>The schedule as it counts now: in peak hours a class is taken hourly at most.</summary>
    public static IReadOnlyDictionary<DataClass, TimeSpan> ScheduleNow(Installation installation)
    {
        var schedule = ScheduleOf(installation);
        return installation.Configuration?.PeakHours.Contains(TimeZoneInfo.ConvertTime(installation.Clock.GetUtcNow(), installation.Zone)) == true
            ? schedule.ToDictionary(s => s.Key, s => s.Value < PeakInterval ? PeakInterval : s.Value) : schedule;
    }

    private static TimeSpan Slack(TimeSpan interval) => TimeSpan.FromTicks(Math.Min(interval.Ticks / 10, MostSlack.Ticks));

    /// <summary>The schedule of an installation; the strategy's where it has no configuration.</summary>
    public static IReadOnlyDictionary<DataClass, TimeSpan> ScheduleOf(Installation installation) =>
        installation.Configuration?.Schedule ?? ScheduleSettings.ClassIntervals.ToDictionary(c => c.Key, c => c.Value.Default);
}
