using StingBackup.Engine.Keeping;
using StingBackup.Engine.Repository;
using StingBackup.Engine.Reserve.Configuration;

namespace StingBackup.Engine.Tiering.Locks;

/// <summary>Until when what a data class of a restore point reaches is locked on a tier: whole days since 1970, UTC, at whose beginning the lock ends.</summary>
/// <param name="Point">The point.</param>
/// <param name="Part">The class.</param>
/// <param name="Pages">Its pages, and the point itself: as long as the point is kept for certain.</param>
/// <param name="Content">Its content: no longer than the tier keeps it.</param>
internal sealed record LockedPart(PointRecord Point, PointClass Part, int Pages, int Content);

/// <summary>
/// How long a tier locks. A lock says nothing that retention does not: it ends when the point may go, and where thinning may let it go earlier, then. Content that the next tier takes over is locked for the days of
/// this one. What stands longer than its time (the last copy, a legal hold, what retention has not come to) is locked anew for the shortest lock, sync by sync; captures of whole servers never, since none may outlive the promise
/// of erasure. A function of settings, points and a moment.
/// </summary>
internal sealed class LockRule(RetentionSettings settings, TimeZoneInfo zone, DateTimeOffset now, TimeSpan atLeast, int? tierDays)
{
    /// <summary>The day that a moment lies in: what is locked until a day's beginning is never locked for too long.</summary>
    public static int DayOf(DateTimeOffset time) => (int)Math.Clamp(Math.Floor((time - DateTimeOffset.UnixEpoch).TotalDays), 0, int.MaxValue / 2);

    /// <summary>The beginning of a day.</summary>
    public static DateTimeOffset TimeOf(int day) => DateTimeOffset.UnixEpoch.AddDays(day);

    /// <summary>Decides about every part that stands.</summary>
    public IReadOnlyList<LockedPart> Decide(IEnumerable<(PointRecord Point, PointClass Part)> parts)
    {
        var known = parts.ToDictionary(p => (p.Point.Writer.ToString(), p.Point.Sequence, p.Part.Class));
        var entries = new RetentionPlanner(settings, zone).Decide(known.Values.Select(p => new RetainedPart(p.Point, p.Part)), now, static _ => null);
        var decided = new List<LockedPart>();
        foreach (var entry in entries)
        {
            var (point, part) = known[(entry.Writer, entry.Sequence, entry.DataClass)];
            var pages = CertainEnd(entry);
            var content = tierDays is { } days && entry.Time.AddDays(days) is var over && over < pages ? over : pages;
            if (entry.DataClass != DataClass.Physical)
            {
                // While it stands, it is never without one.
                (pages, content) = (Later(pages, now + atLeast), Later(content, now + atLeast));
            }
            decided.Add(new LockedPart(point, part, DayOf(pages), DayOf(content)));
        }
        return decided;
    }

    /// <summary>Until when a restore point stays whatever comes after it.</summary>
    private DateTimeOffset CertainEnd(RetentionEntry entry)
    {
        if (settings.Thinning is not { } thinning || !RetentionPlanner.IsThinned(settings, entry.DataClass))
        {
            return entry.EndTime;
        }
        var certain = entry.Time.AddDays(thinning.AllDays);
        var reasons = entry.KeptBy.Split(", ");
        var (local, today) = (TimeZoneInfo.ConvertTime(entry.Time, zone).DateTime, TimeZoneInfo.ConvertTime(now, zone).DateTime);
        foreach (var period in ThinningPeriod.Of(thinning))
        {
            // The newest of a period that is over is its newest for ever, and stays until so many later ones have begun.
            var start = period.Start(local);
            if (reasons.Contains(period.Name) && period.After(start, 1) <= today)
            {
                var ends = period.After(start, period.Count);
                certain = Later(certain, new DateTimeOffset(ends, zone.GetUtcOffset(ends)));
            }
        }
        return certain < entry.EndTime ? certain : entry.EndTime;
    }

    private static DateTimeOffset Later(DateTimeOffset a, DateTimeOffset b) => a > b ? a : b;
}
