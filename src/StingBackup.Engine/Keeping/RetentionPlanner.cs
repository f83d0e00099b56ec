using System.Globalization;
using StingBackup.Engine.Reserve.Configuration;

namespace StingBackup.Engine.Keeping;

/// <summary>
/// Which restore points go and which stay: a function of the settings, the points and a moment, and of nothing else. A data class is kept for its days; the newest copies stay in any case; in between,
/// thinning keeps the newest of each hour, day, week, month or year that has one.
/// </summary>
internal sealed class RetentionPlanner(RetentionSettings settings, TimeZoneInfo zone)
{
    /// <summary>Decides about every part, oldest first.</summary>
    /// <param name="parts">Parts that stand, in any order.</param>
    /// <param name="now">As of when.</param>
    /// <param name="heldBy">What keeps a part that would go, for people; null when nothing does.</param>
    public IReadOnlyList<RetentionEntry> Decide(IEnumerable<RetainedPart> parts, DateTimeOffset now, Func<RetainedPart, string?> heldBy)
    {
        var entries = new List<RetentionEntry>();
        foreach (var ofClass in parts.GroupBy(part => part.Part.Class))
        {
            // Newest first; what was imported counts as older than all of the reserve's own, as it does in a restore.
            var newestFirst = ofClass.OrderBy(part => part.Point.IsImported).ThenByDescending(part => part.Point.TimeNs).ThenByDescending(part => part.Point.Sequence).ToList();
            var thinning = IsThinned(settings, ofClass.Key) ? new Thinning(settings.Thinning!, zone, now) : null;
            for (var i = 0; i < newestFirst.Count; i++)
            {
                entries.Add(Decide(newestFirst[i], rank: i, thinning, now, heldBy));
            }
        }
        return [.. entries.OrderBy(entry => entry.Time.UtcTicks).ThenBy(entry => entry.Sequence).ThenBy(entry => entry.DataClass)];
    }

    private RetentionEntry Decide(RetainedPart part, int rank, Thinning? thinning, DateTimeOffset now, Func<RetainedPart, string?> heldBy)
    {
        var ends = part.Time.AddDays(settings.ClassDays[part.Part.Class]);
        // Asked of each, newest first, since a bucket belongs to the first that falls into it.
        var reason = thinning is null ? "" : thinning.Keeps(part.Time);
        RetentionReason? goes = ends <= now ? RetentionReason.Expired : reason is null ? RetentionReason.Thinned : null;
        var kept = goes is null ? reason!
            : rank < settings.MinimumCopies && part.Part.Class != DataClass.Physical ? string.Create(CultureInfo.InvariantCulture, $"newest {settings.MinimumCopies}")
            : heldBy(part);
        return new RetentionEntry
        {
            BackupId = part.Point.Name, DataClass = part.Part.Class, Time = part.Time, Goes = kept is null, Reason = kept is null ? goes : null, EndTime = ends, KeptBy = kept ?? "",
            Items = part.Part.Items, Length = part.Part.Length, Writer = part.Point.Writer.ToString(), Sequence = part.Point.Sequence,
        };
    }

    /// <summary>Physical captures and the log that joins them are one stretch of time; temporary files live shorter than any bucket.</summary>
    public static bool IsThinned(RetentionSettings settings, DataClass dataClass) => settings.Thinning is not null && dataClass is not (DataClass.Physical or DataClass.TempFiles);
}
