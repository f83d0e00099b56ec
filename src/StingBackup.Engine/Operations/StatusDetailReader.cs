using Cronos;
using StingBackup.Engine.Backup;
using StingBackup.Engine.Operations.Alerts;
using StingBackup.Engine.Operations.Drills;
using StingBackup.Engine.Operations.Metrics;
using StingBackup.Engine.Operations.Reports;
using StingBackup.Engine.Repository;
using StingBackup.Engine.Reserve.Configuration;

namespace StingBackup.Engine.Operations;

/// <summary>Adds to a status what the screen for people shows. Opens no further tier, asks for no key, changes nothing.</summary>
public static class StatusDetailReader
{
    /// <summary>Drills of so many days count.</summary>
    private static readonly TimeSpan DrillWindow = TimeSpan.FromDays(90);

    /// <summary>Reads the status with its details.</summary>
    /// <exception cref="StingException"><c>StoreUnavailable</c></exception>
    public static async ValueTask<BackupStatus> ReadAsync(Installation installation, CancellationToken cancel)
    {
        var status = await StatusReader.ReadAsync(installation, cancel).ConfigureAwait(false);
        var points = (await RepositoryView.LoadPointsAsync(installation.Store, installation.Reserve, installation.Writers, cancel).ConfigureAwait(false)).Where(p => !p.IsVoid).ToList();
        var details = new StatusDetails
        {
            Health = status.Health, Classes = ClassesOf(installation, status, points), Tiers = await TiersOfAsync(installation, status, cancel).ConfigureAwait(false), Alerts = AlertsOf(installation),
            Keys = [.. MetricsReader.KeysOf(installation, status.Time).Select(key => KeyOf(key, status.Time))], Timers = TimersOf(installation, status.Time),
            Drills = await RecordedDrills.SumAsync(installation, status.Time - DrillWindow, status.Time, cancel).ConfigureAwait(false),
        };
        return status with { Details = details with { Health = HealthOf(details) } };
    }

    private static Health HealthOf(StatusDetails details) =>
        details.Health == Health.Bad ? Health.Bad
        : details.Health == Health.Warning || details.Classes.Any(c => c.IsLate) || details.Tiers.Any(t => t.IsLate || t.Problem.Length > 0) || details.Alerts.Count > 0 || details.Keys.Any(k => k.IsDue) || details.Drills is { } drills && drills.Succeeded < drills.Count
        ? Health.Warning : Health.Good;

    private static ClassOutlook[] ClassesOf(Installation installation, BackupStatus status, List<PointRecord> points)
    {
        var schedule = DueClasses.ScheduleNow(installation);
        var due = DueClasses.Next(schedule, points);
        return [.. status.Classes.Select(c =>
        {
            var target = schedule[c.DataClass] is { Ticks: > 0 } interval ? interval : ClassHistory.TargetOf(c.DataClass, installation.Configuration);
            var age = c.LastSuccess is { } time ? status.Time - time : (TimeSpan?)null;
            var from = due[c.DataClass] is { } at && at > status.Time ? at : status.Time;
            return new ClassOutlook(c.DataClass, c.LastSuccess, age, target, InZone(NextOf(installation, ScheduledTask.Incremental, from) ?? from, installation), age is null || age > ClassHistory.Allowed(target));
        })];
    }

    private static async ValueTask<TierOutlook[]> TiersOfAsync(Installation installation, BackupStatus status, CancellationToken cancel)
    {
        var lags = (await MetricsReader.ReplicationOfAsync(installation, cancel).ConfigureAwait(false)).ToDictionary(r => r.Tier);
        return [.. installation.Tiers.Select(tier =>
        {
            var note = tier == Tier.Local ? null : installation.MemoryOf(tier).ReadNote();
            var lag = lags.GetValueOrDefault(tier);
            return new TierOutlook
            {
                Tier = tier, Location = installation.LocationOf(tier), Length = note is null ? status.StoreLength : note.Length,
                Limit = tier switch { Tier.Local => installation.LocalLimit, Tier.Remote => installation.RemoteQuota, _ => null },
                WaitingPoints = lag?.Points ?? 0, WaitingLength = lag?.Length ?? 0, Lag = lag?.Lag ?? TimeSpan.Zero, IsLate = lag?.Lag > lag?.MaxLag, Problem = note?.Failure ?? "",
            };
        })];
    }

    private static StingAlert[] AlertsOf(Installation installation) =>
        installation.Configuration is { } configuration ? [.. new AlertCenter(configuration, installation.Clock).Read().Where(a => a.State != AlertState.Resolved)] : [];

    private static KeyOutlook KeyOf(KeyMetric key, DateTimeOffset now)
    {
        var due = key.CreatedTime + key.MaxAge;
        return new KeyOutlook(key.Kind, key.CreatedTime, due, due <= now);
    }

    private static TimerOutlook[] TimersOf(Installation installation, DateTimeOffset now) =>
    [
        .. Enum.GetValues<ScheduledTask>().Where(task => task != ScheduledTask.Sync || installation.FurtherTiers.Count > 0).Select(task => (Task: task, Time: NextOf(installation, task, now)))
            .Where(timer => timer.Time is not null).Select(timer => new TimerOutlook(timer.Task, InZone(timer.Time!.Value, installation))).OrderBy(timer => timer.NextTime),
    ];

    private static DateTimeOffset? NextOf(Installation installation, ScheduledTask task, DateTimeOffset from) =>
        installation.Configuration?.Timers.GetValueOrDefault(task) is { } at && at != TimerText.Never ? CronExpression.Parse(at).GetNextOccurrence(from, installation.Zone, inclusive: true) : null;

    private static DateTimeOffset InZone(DateTimeOffset time, Installation installation) => TimeZoneInfo.ConvertTime(time, installation.Zone);
}
