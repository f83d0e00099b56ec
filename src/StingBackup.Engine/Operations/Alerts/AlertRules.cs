using System.Globalization;

namespace StingBackup.Engine.Operations.Alerts;

/// <summary>Something that is wrong now.</summary>
/// <param name="Rule">The rule.</param>
/// <param name="Subject">What it is about, where the rule has several.</param>
/// <param name="Severity">How much it matters.</param>
/// <param name="Summary">What is wrong.</param>
/// <param name="Action">What to do.</param>
internal sealed record AlertFinding(string Rule, string Subject, AlertSeverity Severity, string Summary, string Action);

/// <summary>The strategy's rules, and those of staleness: a function of the metrics, the same figures that are exported.</summary>
internal static class AlertRules
{
    /// <summary>A rate of fewer runs says little: two failures in a row have a rule of their own.</summary>
    private const int RunsForRate = 20;

    /// <summary>The same of drills; a quarter has about twenty, and one that fails is told by itself.</summary>
    private const int DrillsForRate = 10;

    private static readonly TimeSpan SlackOfClass = TimeSpan.FromHours(1), VerifyWithin = TimeSpan.FromDays(90);

    /// <summary>All that is wrong.</summary>
    public static IReadOnlyList<AlertFinding> Of(BackupMetrics metrics) =>
    [
        .. Runs(metrics), .. Storage(metrics), .. Damage(metrics), .. Stale(metrics),
        .. from tier in metrics.Replication where tier.Lag > tier.MaxLag
           select new AlertFinding("ReplicationLate", tier.Tier.ToString(), AlertSeverity.Warning, Text($"The {tier.Tier} tier lags by {Display.Duration(tier.Lag)}: {tier.Points:N0} restore points wait for it."), "Run Sync-StingTier (sting-backup sync); it tells what keeps it."),
        .. Wal(metrics),
        .. metrics.Anomaly is { Subjects: > 0 } found
            ? [new AlertFinding("Ransomware", "", AlertSeverity.Page, Text($"{found.BackupId} and what was before it look like ransomware or mass damage of {found.Subjects:N0} subjects since {Display.Time(found.SinceTime!.Value)} ({found.Reasons}; score {found.Score})."),
                "Isolate the sources. Get-StingAnomaly tells whom and why, Find-StingCleanRestorePoint the last clean points, which are kept; Restore-StingReserve -CleanPoint restores from them; Confirm-StingAnomaly where all is well.")]
            : Array.Empty<AlertFinding>(),
        .. from key in metrics.Keys where key.Age > key.MaxAge
           select new AlertFinding("KeyOld", key.Kind.ToString(), AlertSeverity.Warning, Text($"{key.Kind} is {key.Age.Days:N0} days old, and keys.rotate_days is {key.MaxAge!.Value.Days:N0}."), $"Run Update-StingKey -Kind {key.Kind}."),
        .. metrics.JournalMissed > 0
            ? [new AlertFinding("JournalMissedChange", "", AlertSeverity.Warning, Text($"A full scan found {metrics.JournalMissed:N0} items that changed and that the journal of changes had not told. They are backed up; each run scans everything until the daemon is started anew."),
                "Find out who changes files past this host's kernel. journal.enabled: false where that is meant; else start the daemon anew.")]
            : Array.Empty<AlertFinding>(),
        .. Drills(metrics),
    ];

    /// <summary>There are no metrics: the installation could not even be opened.</summary>
    public static AlertFinding Unreadable(StingException failure) => new("BackupsUnreadable", "", AlertSeverity.Page, $"How backups stand cannot be told: {failure.Message}", failure.Remedy);

    private static IEnumerable<AlertFinding> Runs(BackupMetrics m)
    {
        if (m.ConsecutiveFailures >= 2)
        {
            yield return new("BackupFailed", "", AlertSeverity.Page, Text($"{m.ConsecutiveFailures:N0} backups in a row committed nothing.{(m.LastFailure.Length > 0 ? $" The last: {m.LastFailure}" : "")}"), "Get-StingBackupLog -Level Error tells why; what they stored is used by the next run.");
        }
        if (m.Ratings.First(r => r.Name == "backup_duration") is { Level: MetricLevel.Warning or MetricLevel.Critical } slow)
        {
            yield return new("BackupSlow", "", SeverityOf(slow), $"A backup takes {Display.Duration(TimeSpan.FromSeconds(slow.Value!.Value))}.", "Investigate: Get-StingBackupLog, the load of source and disk.");
        }
        if (m.Ratings.First(r => r.Name == "backup_success_rate") is { Level: MetricLevel.Warning or MetricLevel.Critical } rate && m.Runs.Total >= RunsForRate)
        {
            yield return new("SuccessRateLow", "", SeverityOf(rate), Text($"{100 * rate.Value!.Value:0.#} % of {m.Runs.Total:N0} runs in {m.Window.TotalDays:0} days were whole."), "Get-StingBackupReport names each run and what it could not read.");
        }
    }

    private static IEnumerable<AlertFinding> Storage(BackupMetrics m) => from place in m.Storage where place.Share > 0.80
        select new AlertFinding("StorageFull", place.Place, place.Share > 0.90 ? AlertSeverity.Critical : AlertSeverity.Warning, Text($"{NameOf(place.Place)} is {100 * place.Share:0.#} % full: {Display.Length(place.Used)} of {Display.Length(place.Limit)}."),
            "Expand storage, or let restore points go: Get-StingRetentionPlan, Optimize-StingRepository.");

    private static IEnumerable<AlertFinding> Damage(BackupMetrics m)
    {
        foreach (var damage in m.Damage)
        {
            yield return new("Corruption", damage.Tier.ToString(), AlertSeverity.Page, Text($"{damage.Objects:N0} objects of the {damage.Tier} tier are damaged or missing; one is '{damage.First}'."),
                "Recover at once: Test-StingBackupIntegrity names what is hit, Repair-StingRepository fetches it from another tier, a full run stores again what the reserve still holds.");
        }
        if (m.DamagedObjects > 0 && !m.Damage.Any(d => d.Tier == Tier.Local))
        {
            yield return new("Corruption", nameof(Tier.Local), AlertSeverity.Page, Text($"{m.DamagedObjects:N0} objects of the backups are damaged or missing."), "Recover at once: Test-StingBackupIntegrity names what is hit, Repair-StingRepository puts it right.");
        }
        if (m.HealedObjects > 0)
        {
            yield return new("ObjectsHealed", "", AlertSeverity.Warning, Text($"{m.HealedObjects:N0} objects had to come from another tier, or out of their own parity, in the last seven days."), "Find out what damages or removes objects there.");
        }
    }

    private static IEnumerable<AlertFinding> Stale(BackupMetrics m)
    {
        foreach (var c in m.Classes.Where(c => c.Age is not { } age || age > (2 * c.Target) + SlackOfClass))
        {
            yield return new("BackupStale", c.DataClass.ToString(), AlertSeverity.Critical, c.Age is { } age ? $"{c.DataClass} was last backed up whole {Display.Duration(age)} ago; it should be every {Display.Interval(c.Target)}." : $"{c.DataClass} was never backed up whole.",
                "See that runs are scheduled, and what they could not read: Get-StingBackupStatus, Get-StingBackupLog.");
        }
        foreach (var check in m.Checks.Where(c => c.OldestAge > VerifyWithin))
        {
            yield return new("Unverified", check.Tier.ToString(), AlertSeverity.Warning, $"Packs of the {check.Tier} tier were not read whole for {Display.Duration(check.OldestAge!.Value)}.", "Run Test-StingBackupIntegrity -Level Packs -OlderThan 30d, a little every night.");
        }
    }

    private static IEnumerable<AlertFinding> Wal(BackupMetrics m) => m.Wal is { Alarm: not CaptureAlarm.None } wal
        ? [new("LogCapture", "", wal.Alarm switch { CaptureAlarm.Stalled or CaptureAlarm.Lost => AlertSeverity.Page, CaptureAlarm.Behind => AlertSeverity.Warning, _ => AlertSeverity.Critical },
            $"The capture of the database's log: {wal.Alarm}. {wal.Message}", "Get-StingMetadataCapture (sting-backup capture-status) tells more.")] : [];

    private static IEnumerable<AlertFinding> Drills(BackupMetrics m)
    {
        foreach (var drill in m.Recovery?.Calendar ?? [])
        {
            if (drill.LastVerdict == RecoveryVerdict.Failed)
            {
                yield return new("RecoveryTestFailed", drill.Type.ToString(), AlertSeverity.Critical, $"The last test of recovery {drill.Type} failed on {Display.Time(drill.LastTime!.Value.ToUniversalTime())} UTC: {drill.LastReason}.",
                    $"Find out why before it is needed: Get-StingRecoveryTest -Type {drill.Type}; Test-StingRecovery -Type {drill.Type} again ends this when it passes.");
            }
            if (drill.IsOverdue)
            {
                yield return new("RecoveryTestOverdue", drill.Type.ToString(), AlertSeverity.Warning, $"The test of recovery {drill.Type} {(drill.LastTime is { } last ? $"was held last on {Display.Time(last.ToUniversalTime())} UTC" : "was never held")}; it should be every {Display.Interval(drill.Every)}.",
                    $"Run Test-StingRecovery -Type {drill.Type} (sting-backup test-restore), or schedule it: timers.drill.");
            }
        }
        if (m.RecoveryTests >= DrillsForRate && m.Ratings.First(r => r.Name == "recovery_test_success") is { Level: MetricLevel.Warning or MetricLevel.Critical } rate)
        {
            yield return new("RecoveryTestsFail", "", SeverityOf(rate), Text($"{100 * rate.Value!.Value:0.#} % of {m.RecoveryTests:N0} tests of recovery in the last quarter passed."), "Get-StingRecoveryTest shows each with its reasons.");
        }
    }

    private static AlertSeverity SeverityOf(MetricRating rating) => rating.Level == MetricLevel.Critical ? AlertSeverity.Critical : AlertSeverity.Warning;

    private static string NameOf(string place) => place switch { "disk" => "The repository's disk", "local" => "The local tier's share of its disk", _ => "The remote tier's quota" };

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
