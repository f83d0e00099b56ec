using StingBackup.Engine.Backup;
using StingBackup.Engine.Capture;
using StingBackup.Engine.Governance;
using StingBackup.Engine.Integrity;
using StingBackup.Engine.Lifecycle;
using StingBackup.Engine.Operations.Drills;
using StingBackup.Engine.Operations.Reports;
using StingBackup.Engine.Platform;
using StingBackup.Engine.Repository;
using StingBackup.Engine.Sources.PostgreSql.Wal;
using StingBackup.Engine.Tiering;

namespace StingBackup.Engine.Operations.Metrics;

/// <summary>Takes the figures that monitoring and alerts go by, from the status, the restore points and what this host has noted. Opens no further tier, reads no pack, asks for no key, changes nothing.</summary>
public static class MetricsReader
{
    /// <summary>How far back runs count: a week shows what is going wrong, and forgets what was put right.</summary>
    public static readonly TimeSpan Window = TimeSpan.FromDays(7);

    /// <summary>Takes them. Damaged objects are counted, not thrown.</summary>
    /// <exception cref="StingException"><c>StoreUnavailable</c></exception>
    public static async ValueTask<BackupMetrics> ReadAsync(Installation installation, CancellationToken cancel)
    {
        Access.Require(installation, "Export-StingMetric");
        var status = await StatusReader.ReadAsync(installation, cancel).ConfigureAwait(false);
        var points = (await RepositoryView.LoadPointsAsync(installation.Store, installation.Reserve, installation.Writers, cancel).ConfigureAwait(false)).Where(p => !p.IsImported).ToList();
        var now = status.Time;
        var tally = RunTally.Read(installation);
        var isDead = status.LastRun is { State: JobState.Failed, BackupId: null } last && !points.Exists(p => p.Sequence == last.Sequence && p.Writer.ToString() == last.Writer);
        var running = status.LastRun is { State: null } open && open.Writer == installation.Host?.Writer.ToString() ? now - open.StartedTime : (TimeSpan?)null;
        var runs = RunsOf(installation, points, tally, isDead, now);
        var newest = points.Where(p => !p.IsVoid).MaxBy(p => p.TimeNs);
        var duration = newest is null ? (TimeSpan?)null : TimeSpan.FromTicks(Math.Max(0, newest.CompletedNs - newest.TimeNs) / 100);
        var storage = StorageOf(installation, status);
        var recovery = await DrillCalendar.ReadAsync(installation, points, cancel).ConfigureAwait(false);
        return new BackupMetrics
        {
            Time = now, ReserveId = status.ReserveId, Repository = status.Repository, Health = status.Health,
            Ratings =
            [
                MetricThresholds.SuccessRate(runs.SuccessRate), MetricThresholds.Duration(duration > (running ?? TimeSpan.Zero) ? duration : running ?? duration),
                MetricThresholds.Storage(storage.Count == 0 ? null : storage.Max(s => s.Share)), MetricThresholds.RecoveryTests(recovery.SuccessRate),
            ],
            Window = Window, Runs = runs, ConsecutiveFailures = Math.Max(tally.Failures(running is not null || installation.IsBackupRunning()), TrailingVoids(points, installation) + (isDead ? 1 : 0)), LastFailure = tally.LastFailure,
            LastRunTime = newest is null ? null : StatusReader.TimeOf(newest), LastDuration = duration, RunningFor = running,
            Classes = [.. status.Classes.Select(c => new ClassMetric(c.DataClass, c.LastSuccess, c.LastSuccess is { } time ? now - time : null, ClassHistory.TargetOf(c.DataClass, installation.Configuration)))],
            Storage = storage.ToArray(), Replication = await ReplicationOfAsync(installation, cancel).ConfigureAwait(false), Wal = await WalOfAsync(installation, cancel).ConfigureAwait(false), Checks = status.Checks,
            Damage = DamageOf(installation), DamagedObjects = status.Damage.Count, JournalMissed = installation.Journal is null ? 0 : Changes.JournalView.Of(installation.StateFolder).Missed, HealedObjects = installation.Tiers.Sum(tier => Healed(installation, tier, now - Window)), Keys = KeysOf(installation, now), RecoveryTests = recovery.Tests, Recovery = recovery, Anomaly = AnomalyOf(installation, points),
            Points = status.Points, StoreLength = status.StoreLength, DeduplicationRatio = status.DeduplicationRatio, CompressionRatio = status.CompressionRatio, Warnings = status.Warnings,
        };
    }

    /// <summary>All runs of the window: those with a restore point or a void one, one that died just now, and those that failed before the repository knew of them.</summary>
    private static ReportedRuns RunsOf(Installation installation, List<PointRecord> points, RunTally tally, bool isDead, DateTimeOffset now)
    {
        var sum = ReportReader.SumOf(ReportReader.RunsOf(points, installation, now - Window, now.AddTicks(1)));
        var unseen = tally.Unannounced.LongCount(time => time >= now - Window) + (isDead ? 1 : 0);
        return sum with { Total = sum.Total + unseen, Failed = sum.Failed + unseen };
    }

    /// <summary>This host's newest runs that were given up, since the last that committed.</summary>
    private static long TrailingVoids(List<PointRecord> points, Installation installation) =>
        points.Where(p => p.Writer == installation.Host?.Writer).OrderByDescending(p => p.Sequence).TakeWhile(p => p.IsVoid).LongCount();

    private static List<StorageMetric> StorageOf(Installation installation, BackupStatus status)
    {
        var places = new List<StorageMetric>();
        if (status is { RoomFree: { } free, RoomTotal: { } total and > 0 })
        {
            places.Add(new StorageMetric("disk", total - free, total));
        }
        if (installation.LocalLimit is { } limit and > 0)
        {
            places.Add(new StorageMetric("local", status.StoreLength, limit));
        }
        if (installation.FurtherTiers.ContainsKey(Tier.Remote) && installation.MemoryOf(Tier.Remote).ReadNote().Length is { } length)
        {
            places.Add(new StorageMetric("remote", length, installation.RemoteQuota));
        }
        return places;
    }

    internal static async ValueTask<ReplicationMetric[]> ReplicationOfAsync(Installation installation, CancellationToken cancel)
    {
        var tiers = new List<ReplicationMetric>();
        foreach (var tier in installation.FurtherTiers.Keys.Order())
        {
            if (await TierBacklogReader.ReadAsync(installation, tier, cancel).ConfigureAwait(false) is { } waiting)
            {
                tiers.Add(new ReplicationMetric(tier, waiting.Points, waiting.Objects.Length, TierStatusReader.LagOf(waiting, installation), tier == Tier.Remote ? installation.RemoteLag : null));
            }
        }
        return [.. tiers];
    }

    private static async ValueTask<WalMetric?> WalOfAsync(Installation installation, CancellationToken cancel)
    {
        if (installation.Configuration is not { } configuration || CapturePlaces.TryOf(configuration) is not { } places)
        {
            return null;
        }
        var capture = await new CaptureStatusReader(places, installation.Clock).ReadAsync(cancel).ConfigureAwait(false);
        return new WalMetric(capture.State, capture.Alarm, capture.Message, capture.Lag, capture.LagBytes);
    }

    private static AnomalyMetric? AnomalyOf(Installation installation, List<PointRecord> points)
    {
        if (!installation.Guarding.IsOn)
        {
            return null;
        }
        var open = Guardian.AnomalyBook.Of(installation, points).Open;
        return open.Count == 0 ? new AnomalyMetric(0, 0, AnomalyReasons.None, "", null)
            : new AnomalyMetric(open.Count, open.Max(o => o.Score), open.Aggregate(AnomalyReasons.None, (all, o) => all | o.Reasons), open.Select(o => o.Points[^1]).MaxBy(p => p.TimeNs)!.Name,
                TimeZoneInfo.ConvertTime(NanosecondTime.FromNs(open.Min(o => o.SinceNs), 0), installation.Zone));
    }

    private static DamageMetric[] DamageOf(Installation installation) =>
        [.. installation.Tiers.Select(tier => FaultNote.Read(installation, tier) is { } note ? new DamageMetric(tier, TimeZoneInfo.ConvertTime(note.Time, installation.Zone), note.Objects, note.First) : null).OfType<DamageMetric>()];

    private static long Healed(Installation installation, Tier tier, DateTimeOffset since) => HealJournal.Read(installation, tier, since).Select(e => e.Object).Distinct(StringComparer.Ordinal).LongCount();

    internal static KeyMetric[] KeysOf(Installation installation, DateTimeOffset now)
    {
        TimeSpan? most = installation.Configuration?.Keys.RotateDays is > 0 and var days ? TimeSpan.FromDays(days) : null;
        return installation.Keys is { } keys ? [.. KeyAges.Of(keys).Select(key => new KeyMetric(key.Kind, key.Since, now - key.Since, most))] : [];
    }
}
