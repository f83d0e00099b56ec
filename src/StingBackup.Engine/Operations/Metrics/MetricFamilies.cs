namespace StingBackup.Engine.Operations.Metrics;

/// <summary>A metric as monitoring systems know it: a name, what it means, and its values.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Help">What it means.</param>
/// <param name="Samples">Its values; none where nothing is known.</param>
internal sealed record MetricFamily(string Name, string Help, IReadOnlyList<MetricSample> Samples);

/// <summary>A value.</summary>
/// <param name="Label">What it is of: a label and its value; null where there is only one.</param>
/// <param name="Value">The value.</param>
internal readonly record struct MetricSample((string Name, string Value)? Label, double Value);

/// <summary>
/// The table of exported metrics. Moments are exported rather than ages where a figure grows by itself, so that a file which nobody renews does not show yesterday's age as today's.
/// </summary>
internal static class MetricFamilies
{
    private const string Prefix = "sting_backup_";

    /// <summary>The words of <see cref="MetricSample.Label"/> for runs.</summary>
    private const string StateLabel = "state";

    /// <summary>All of them, in the order in which they are written.</summary>
    public static IReadOnlyList<MetricFamily> Of(BackupMetrics m) =>
    [
        One("metrics_timestamp_seconds", "When these figures were taken.", Seconds(m.Time)),
        One("health", "How things stand: 0 good, 1 something needs a look, 2 bad.", (double)m.Health),
        Many("level", "How the strategy's metrics stand against their thresholds: 0 good, 1 warning, 2 critical; one without a value is left out.",
            from r in m.Ratings where r.Level != MetricLevel.Unknown select Sample("metric", r.Name, (double)r.Level)),
        Many("threshold_warning", "From which value on a metric of the strategy is a warning.", from r in m.Ratings select Sample("metric", r.Name, r.Warning)),
        Many("threshold_critical", "From which value on a metric of the strategy is critical.", from r in m.Ratings select Sample("metric", r.Name, r.Critical)),
        Many("runs", "Runs of the last seven days by how they ended.", Runs(m.Runs)),
        One("success_ratio", "Share of the runs of the last seven days in which every item could be read.", m.Runs.SuccessRate),
        One("consecutive_failures", "How many of this host's newest runs, one after the other, committed nothing.", m.ConsecutiveFailures),
        One("last_run_timestamp_seconds", "When the newest run that committed began.", m.LastRunTime is { } time ? Seconds(time) : null),
        One("last_run_duration_seconds", "How long it took.", m.LastDuration?.TotalSeconds),
        One("running_seconds", "How long the run that goes on has taken so far; 0 when none does.", m.RunningFor?.TotalSeconds ?? 0),
        Many("last_success_timestamp_seconds", "The newest restore point of a data class in which every item could be read; 0 where there is none.",
            from c in m.Classes select Sample("data_class", c.DataClass.ToString(), c.LastSuccess is { } at ? Seconds(at) : 0)),
        Many("rpo_seconds", "The time that may lie between two restore points of a data class.", from c in m.Classes select Sample("data_class", c.DataClass.ToString(), c.Target.TotalSeconds)),
        Many("storage_used_bytes", "Bytes in use: of the repository's disk, of the local tier's share, of the remote tier's quota.", from s in m.Storage select Sample("place", s.Place, s.Used)),
        Many("storage_limit_bytes", "Bytes that may be in use there.", from s in m.Storage select Sample("place", s.Place, s.Limit)),
        Many("storage_used_ratio", "Share in use there.", from s in m.Storage select Sample("place", s.Place, s.Share)),
        Many("replication_lag_seconds", "How long the oldest restore point that a further tier lacks has waited.", from r in m.Replication select Sample("tier", Lower(r.Tier), r.Lag.TotalSeconds)),
        Many("replication_max_lag_seconds", "How long one may.", from r in m.Replication where r.MaxLag is not null select Sample("tier", Lower(r.Tier), r.MaxLag!.Value.TotalSeconds)),
        Many("replication_waiting_points", "Restore points that a further tier lacks.", from r in m.Replication select Sample("tier", Lower(r.Tier), r.Points)),
        Many("replication_waiting_bytes", "Bytes that a further tier lacks.", from r in m.Replication select Sample("tier", Lower(r.Tier), r.Length)),
        One("wal_alarm", "How bad it is with the capture of the database server's log: 0 all is well; docs/operations.md tells the others.", m.Wal is { } alarm ? (double)alarm.Alarm : null),
        One("wal_lag_seconds", "How long the oldest byte of the log that is not durable here has waited.", m.Wal?.Lag?.TotalSeconds),
        One("wal_lag_bytes", "Bytes of the log that are not durable here.", m.Wal?.LagBytes),
        Many("integrity_oldest_check_timestamp_seconds", "When the pack of a tier was last read whole that waits longest.",
            from c in m.Checks where c.OldestCheck is not null select Sample("tier", Lower(c.Tier), Seconds(c.OldestCheck!.Value))),
        Many("integrity_packs", "Packs of a tier at its last verification.", from c in m.Checks select Sample("tier", Lower(c.Tier), c.Packs)),
        Many("integrity_unchecked_packs", "Packs of a tier that were never read whole.", from c in m.Checks select Sample("tier", Lower(c.Tier), c.NeverChecked)),
        One("damaged_objects", "Objects that are known to be damaged or missing: by the last verifications, or by this look, which reads no pack.", Math.Max(m.DamagedObjects, m.Damage.Sum(d => d.Objects))),
        One("healed_objects", "Objects that were damaged or missing in the last seven days and were taken from another tier or put right by their own parity.", m.HealedObjects),
        One("anomaly_score", "The highest score, 0 to 100, of what runs found suspicious and nobody has settled; 0 where nothing is.", m.Anomaly?.Score),
        One("anomaly_subjects", "Subjects that runs found suspicious and nobody has settled.", m.Anomaly?.Subjects),
        Many("key_created_timestamp_seconds", "Since when a kind of key is in force; on the host that has the keys.", from k in m.Keys select Sample("kind", k.Kind.ToString(), Seconds(k.CreatedTime))),
        Many("key_max_age_seconds", "The age at which it should be renewed.", from k in m.Keys where k.MaxAge is not null select Sample("kind", k.Kind.ToString(), k.MaxAge!.Value.TotalSeconds)),
        One("recovery_tests", "Restore drills of the last 92 days that count.", m.RecoveryTests),
        One("recovery_test_success", "Share of them that passed.", m.Recovery?.SuccessRate),
        Many("recovery_test_last_timestamp_seconds", "When a restore drill of a kind was held last; 0 for never.",
            from d in m.Recovery?.Calendar ?? [] select Sample("type", d.Type.ToString(), d.LastTime is { } time ? Seconds(time) : 0)),
        Many("recovery_test_last_passed", "Whether that passed: 1 or 0.", from d in m.Recovery?.Calendar ?? [] where d.LastVerdict is not null select Sample("type", d.Type.ToString(), d.LastVerdict == RecoveryVerdict.Passed ? 1 : 0)),
        Many("recovery_test_last_success_timestamp_seconds", "When a restore drill of a kind passed last; 0 for never.",
            from d in m.Recovery?.Calendar ?? [] select Sample("type", d.Type.ToString(), d.LastPassedTime is { } time ? Seconds(time) : 0)),
        Many("recovery_test_interval_seconds", "How often the strategy wants a restore drill of a kind; none where the tier that it restores from is not there.",
            from d in m.Recovery?.Calendar ?? [] where d.Impossible.Length == 0 select Sample("type", d.Type.ToString(), d.Every.TotalSeconds)),
        Many("recovery_test_due_timestamp_seconds", "When the next one is due; none where the tier that it restores from is not there.",
            from d in m.Recovery?.Calendar ?? [] where d.NextTime is not null select Sample("type", d.Type.ToString(), Seconds(d.NextTime!.Value))),
        One("restore_points", "Restore points that there are.", m.Points),
        One("store_bytes", "Bytes of the local tier.", m.StoreLength),
        One("deduplication_ratio", "File bytes of all restore points for each byte of content that is kept once.", m.DeduplicationRatio),
        One("compression_ratio", "Bytes of content for each byte that it takes.", m.CompressionRatio),
        One("warnings", "Warnings of the status.", m.Warnings.Count),
    ];

    private static IEnumerable<MetricSample> Runs(ReportedRuns runs) =>
        [Sample(StateLabel, "completed", runs.Completed), Sample(StateLabel, "with_errors", runs.WithErrors), Sample(StateLabel, "failed", runs.Failed)];

    private static MetricFamily One(string name, string help, double? value) => new(Prefix + name, help, value is { } known ? [new MetricSample(null, known)] : []);

    private static MetricFamily Many(string name, string help, IEnumerable<MetricSample> samples) => new(Prefix + name, help, [.. samples]);

    private static MetricSample Sample(string label, string name, double value) => new((label, name), value);

    private static double Seconds(DateTimeOffset time) => time.ToUnixTimeMilliseconds() / 1000.0;

    private static string Lower(Tier tier) => tier.ToString().ToLowerInvariant();
}
