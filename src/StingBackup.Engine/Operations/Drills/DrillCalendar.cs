using StingBackup.Engine.Platform;
using StingBackup.Engine.Repository;

namespace StingBackup.Engine.Operations.Drills;

/// <summary>When each kind of drill was held, and when it is due: a function of the evidence and of the first backup. Evidence of any host counts.</summary>
internal static class DrillCalendar
{
    /// <summary>How far back success counts: a quarter has at least one drill of each kind.</summary>
    public static readonly TimeSpan Window = TimeSpan.FromDays(92);

    public static async ValueTask<RecoveryTestSummary> ReadAsync(Installation installation, CancellationToken cancel)
    {
        var points = await RepositoryView.LoadPointsAsync(installation.Store, installation.Reserve, installation.Writers, cancel).ConfigureAwait(false);
        return await ReadAsync(installation, points, cancel).ConfigureAwait(false);
    }

    /// <summary>The same with restore points that are known.</summary>
    public static async ValueTask<RecoveryTestSummary> ReadAsync(Installation installation, IEnumerable<PointRecord> points, CancellationToken cancel)
    {
        var book = await DrillBook.LoadAsync(installation, cancel).ConfigureAwait(false);
        return Of(book, points.Where(p => !p.IsImported && !p.IsVoid).Select(p => (DateTimeOffset?)NanosecondTime.FromNs(p.TimeNs, 0)).Min(), installation.Tiers, installation.Zone, installation.Clock.GetUtcNow());
    }

    /// <summary>The summary.</summary>
    /// <param name="book">The evidence.</param>
    /// <param name="first">The first backup; null before it.</param>
    /// <param name="tiers">The tiers that there are.</param>
    /// <param name="zone">The zone of moments.</param>
    /// <param name="now">Now.</param>
    public static RecoveryTestSummary Of(DrillBook book, DateTimeOffset? first, IReadOnlyList<Tier> tiers, TimeZoneInfo zone, DateTimeOffset now)
    {
        var counted = book.All.Where(e => e.Counts).ToList();
        var recent = counted.Where(e => e.Time > now - Window).ToList();
        return new RecoveryTestSummary
        {
            Calendar = [.. DrillKind.All.Select(kind => Due(kind, [.. counted.Where(e => e.Record.Type == kind.Type)], first, tiers, zone, now))],
            Window = Window, Tests = recent.Count, Passed = recent.Count(e => e.Record.Verdict == RecoveryVerdict.Passed), Damaged = [.. book.Damaged.Select(e => e.Message)],
        };
    }

    private static RecoveryTestDue Due(DrillKind kind, List<DrillEvidence> held, DateTimeOffset? first, IReadOnlyList<Tier> tiers, TimeZoneInfo zone, DateTimeOffset now)
    {
        var last = held.LastOrDefault();
        var passed = held.FindLast(e => e.Record.Verdict == RecoveryVerdict.Passed);
        var impossible = tiers.Contains(kind.Tier) ? "" : $"There is no {kind.Tier} tier, which the strategy restores it from.";
        // A test that was never held is due a period after the first backup, as if that had been one: on the first day there is little to test.
        var next = impossible.Length > 0 ? null : (last?.Time ?? first) + kind.Every;
        return new RecoveryTestDue
        {
            Type = kind.Type, Every = kind.Every, Tier = kind.Tier, LastTime = last is null ? null : TimeZoneInfo.ConvertTime(last.Time, zone), LastVerdict = last?.Record.Verdict,
            LastPassedTime = passed is null ? null : TimeZoneInfo.ConvertTime(passed.Time, zone),
            LastReason = last is null ? "" : string.Join("; ", last.Record.Reasons), NextTime = next is { } due ? TimeZoneInfo.ConvertTime(due, zone) : null, IsOverdue = next + kind.Slack < now, Impossible = impossible,
        };
    }
}
