using StingBackup.Engine.Repository;
using StingBackup.Engine.Reserve.Configuration;

namespace StingBackup.Engine.Operations.Reports;

/// <summary>How far apart a data class's restore points lay in a stretch of time. Points that retention let go since count: they were there.</summary>
internal static class ClassHistory
{
    /// <summary>A class that every run takes is held to this.</summary>
    private static readonly TimeSpan EveryRun = TimeSpan.FromMinutes(15);

    /// <summary>What may lie between two points of a class.</summary>
    public static TimeSpan TargetOf(DataClass dataClass, StingConfiguration? configuration)
    {
        var interval = configuration is null ? ScheduleSettings.ClassIntervals[dataClass].Default : configuration.Schedule[dataClass];
        return interval > TimeSpan.Zero ? interval : EveryRun;
    }

    /// <summary>From which age on a class is late: runs are never exact, so a tenth more is allowed, a minute at least.</summary>
    public static TimeSpan Allowed(TimeSpan target) => target + TimeSpan.FromTicks(Math.Max(TimeSpan.TicksPerMinute, target.Ticks / 10));

    /// <summary>One class in a month; null where it had no point yet.</summary>
    /// <param name="dataClass">The class.</param>
    /// <param name="points">Every point that is no import, by time.</param>
    /// <param name="from">Where the month begins.</param>
    /// <param name="to">Where it ends, or now.</param>
    /// <param name="target">The objective.</param>
    public static ReportedClass? Of(DataClass dataClass, IEnumerable<PointRecord> points, DateTimeOffset from, DateTimeOffset to, TimeSpan target)
    {
        var parts = points.Where(p => StatusReader.TimeOf(p) < to).SelectMany(p => p.Classes.Where(c => c.Class == dataClass).Select(c => (Time: StatusReader.TimeOf(p), Part: c))).ToList();
        if (parts.Count == 0)
        {
            return null;
        }
        var inMonth = parts.Where(p => p.Time >= from).ToList();
        var whole = parts.Where(p => p.Part.Errors == 0).Select(p => p.Time).ToList();
        var gaps = GapsOf(whole, from, to);
        var allowed = Allowed(target);
        var last = parts[^1].Part;
        return new ReportedClass
        {
            DataClass = dataClass, Points = inMonth.LongCount(p => p.Part.Errors == 0), PointsWithErrors = inMonth.LongCount(p => p.Part.Errors > 0), Subjects = last.Subjects, Items = last.Items, Length = last.Length,
            TargetRpo = target, ReachedRpo = gaps.Count == 0 ? null : gaps.Max(), Misses = gaps.LongCount(gap => gap > allowed),
        };
    }

    /// <summary>Every stretch between two whole points that reaches into the month, its part before the month included: that is what would have been lost. Before the first point of all there was nothing to lose.</summary>
    private static List<TimeSpan> GapsOf(List<DateTimeOffset> whole, DateTimeOffset from, DateTimeOffset to)
    {
        var gaps = new List<TimeSpan>();
        for (var i = 0; i < whole.Count; i++)
        {
            var next = i + 1 < whole.Count ? whole[i + 1] : to;
            if (next >= from)
            {
                gaps.Add(next - whole[i]);
            }
        }
        return gaps;
    }
}
