using StingBackup.Engine.Platform;
using StingBackup.Engine.Repository;
using StingBackup.Engine.Reserve;

namespace StingBackup.Engine.Integrity;

/// <summary>Which parts of which points a request means.</summary>
internal static class PointSelection
{
    /// <summary>Chooses among points, oldest first; the answer is newest first.</summary>
    /// <exception cref="StingException"><c>BackupNotFound</c>, <c>DateNotUnderstood</c></exception>
    public static IReadOnlyList<PointPart> Choose(IReadOnlyList<StoredPoint> points, VerifyRequest request, TimeZoneInfo zone)
    {
        var parts = points.Where(p => p.Record is { IsVoid: false, IsLetGo: false }).Reverse().SelectMany(p => p.Record.Classes.Select(c => (Point: p.Record, Part: c))).ToList();
        // As PointFinder chooses: what was imported counts where there is nothing else.
        var own = parts.Where(p => !p.Point.IsImported).ToList();
        if (request.BackupId is { } id)
        {
            var name = id.Trim().Equals(PointInTime.Latest.Text, StringComparison.OrdinalIgnoreCase) ? (own.Count > 0 ? own : parts).FirstOrDefault().Point?.Name : id.Trim();
            parts = [.. parts.Where(p => p.Point.Name == name)];
        }
        if (request.Date is { } date)
        {
            var moment = PointInTime.Parse(date, zone);
            var until = parts.Where(p => moment.Covers(NanosecondTime.FromNs(p.Point.TimeNs, 0))).ToList();
            parts = until.Exists(p => !p.Point.IsImported) ? [.. until.Where(p => !p.Point.IsImported).DistinctBy(p => p.Part.Class)]
                : [.. until.Where(p => p.Point == until[0].Point)];
        }
        if (parts.Count == 0 && (request.BackupId ?? request.Date) is { } asked)
        {
            throw new StingException("BackupNotFound", FailureKind.NotFound, $"There is no restore point of {asked}.", asked,
                "Get-StingRestorePoint (sting-backup list) shows every restore point.");
        }
        return [.. parts.Select(p => PartOf(p.Point, p.Part))];
    }

    /// <summary>Parts that a tier of so many days holds: those younger than that, and the newest of each data class, so that the state of now is always whole there.</summary>
    /// <param name="points">Points, oldest first, less what retention let go.</param>
    /// <param name="days">The tier's days.</param>
    /// <param name="now">As of when.</param>
    public static IEnumerable<PointPart> Within(IEnumerable<StoredPoint> points, int days, DateTimeOffset now)
    {
        var parts = points.Where(p => p.Record is { IsVoid: false, IsLetGo: false }).SelectMany(p => p.Record.Classes.Select(c => (Point: p.Record, Part: c))).ToList();
        var newest = parts.GroupBy(p => p.Part.Class).Select(g => g.LastOrDefault(p => !p.Point.IsImported) is { Point: not null } own ? own : g.Last()).ToHashSet();
        return parts.Where(p => newest.Contains(p) || NanosecondTime.FromNs(p.Point.TimeNs, 0).AddDays(days) > now).Select(p => PartOf(p.Point, p.Part));
    }

    /// <summary>One class of a point, named for messages.</summary>
    public static PointPart PartOf(PointRecord point, PointClass part) => new(point.Name, point.ObjectName, part);

    /// <summary>One class of a point whose bytes are not as they were signed: called by its object's name unless its own name and time agree.</summary>
    public static PointPart PartOf(Fault fault, PointRecord guess, PointClass part)
    {
        var seconds = guess.TimeNs / 1_000_000_000;
        var agrees = BackupId.TryParse(guess.Name, out var id) && guess.OffsetMinutes is >= -840 and <= 840
            && seconds + 60L * guess.OffsetMinutes == new DateTimeOffset(id.Local, TimeSpan.Zero).ToUnixTimeSeconds();
        return new PointPart(agrees ? guess.Name : fault.Object, fault.Object, part);
    }
}
