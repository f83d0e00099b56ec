namespace StingBackup;

/// <summary>How a figure stands against its thresholds. The numbers are those of the exported metrics.</summary>
public enum MetricLevel
{
    /// <summary>As it should be.</summary>
    Good,
    /// <summary>Past the threshold of a warning.</summary>
    Warning,
    /// <summary>Past the critical threshold.</summary>
    Critical,
    /// <summary>There is nothing to judge by yet.</summary>
    Unknown,
}

/// <summary>One of the strategy's metrics with its thresholds. Shares are 0 to 1, durations are seconds.</summary>
/// <param name="Name">The strategy's name: <c>backup_success_rate</c>, <c>backup_duration</c>, <c>storage_usage</c>, <c>recovery_test_success</c>.</param>
/// <param name="Value">The figure; null where there is none yet.</param>
/// <param name="Warning">From here on it is a warning.</param>
/// <param name="Critical">From here on it is critical.</param>
public sealed record MetricRating(string Name, double? Value, double Warning, double Critical)
{
    /// <summary>How it stands. A rate that should be high is bad below its thresholds, everything else above them.</summary>
    public MetricLevel Level => Value is not { } value ? MetricLevel.Unknown
        : Warning > Critical ? value < Critical ? MetricLevel.Critical : value < Warning ? MetricLevel.Warning : MetricLevel.Good
        : value > Critical ? MetricLevel.Critical : value > Warning ? MetricLevel.Warning : MetricLevel.Good;

    /// <inheritdoc/>
    public override string ToString() => string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{Name} {Level}{(Value is { } value ? $" ({value:0.###})" : "")}");
}

/// <summary>How a data class stands.</summary>
/// <param name="DataClass">The data class.</param>
/// <param name="LastSuccess">Its newest restore point in which every item could be read; null while there is none.</param>
/// <param name="Age">How old that is.</param>
/// <param name="Target">The time that may lie between two restore points.</param>
public sealed record ClassMetric(DataClass DataClass, DateTimeOffset? LastSuccess, TimeSpan? Age, TimeSpan Target);

/// <summary>How full a place is.</summary>
/// <param name="Place"><c>disk</c> (that of the repository), <c>local</c> (the local tier's share of it), <c>remote</c> (the remote tier's quota).</param>
/// <param name="Used">Bytes in use.</param>
/// <param name="Limit">Bytes that there are, or that may be used.</param>
public sealed record StorageMetric(string Place, long Used, long Limit)
{
    /// <summary>The share in use, 0 to 1.</summary>
    public double Share => Limit > 0 ? (double)Used / Limit : 1;
}

/// <summary>What a further tier lacks.</summary>
/// <param name="Tier">The tier.</param>
/// <param name="Points">Restore points that wait for it.</param>
/// <param name="Length">Bytes that wait for it.</param>
/// <param name="Lag">How long the oldest of the restore points has waited; zero when none waits.</param>
/// <param name="MaxLag">How long one may; null where nobody said.</param>
public sealed record ReplicationMetric(Tier Tier, long Points, long Length, TimeSpan Lag, TimeSpan? MaxLag);

/// <summary>How the capture of the database server's log stands.</summary>
/// <param name="State">What it does.</param>
/// <param name="Alarm">How bad it is.</param>
/// <param name="Message">Why; empty when all is well.</param>
/// <param name="Lag">How long the oldest byte that is not durable here has waited; null when nobody knows.</param>
/// <param name="LagBytes">Bytes of log that are not durable here; null when nobody knows.</param>
public sealed record WalMetric(CaptureState State, CaptureAlarm Alarm, string Message, TimeSpan? Lag, long? LagBytes);

/// <summary>How old a kind of key is.</summary>
/// <param name="Kind">The kind.</param>
/// <param name="CreatedTime">Since when it is in force.</param>
/// <param name="Age">How long that is.</param>
/// <param name="MaxAge">When it should be renewed (<c>keys.rotate_days</c>); null for never.</param>
public sealed record KeyMetric(KeyRotationKind Kind, DateTimeOffset CreatedTime, TimeSpan Age, TimeSpan? MaxAge);

/// <summary>What the last verification of a tier that found something found.</summary>
/// <param name="Tier">The tier.</param>
/// <param name="Time">When it was found.</param>
/// <param name="Objects">How many objects are damaged or missing.</param>
/// <param name="First">One of them.</param>
public sealed record DamageMetric(Tier Tier, DateTimeOffset Time, long Objects, string First);

/// <summary>What runs found suspicious and nobody has settled.</summary>
/// <param name="Subjects">How many subjects; the reserve as a whole counts as one.</param>
/// <param name="Score">The highest score, 0 to 100.</param>
/// <param name="Reasons">All reasons.</param>
/// <param name="BackupId">The newest run that raised an alarm; empty where none did.</param>
/// <param name="SinceTime">From when on restore points may hold the damage.</param>
public sealed record AnomalyMetric(long Subjects, int Score, AnomalyReasons Reasons, string BackupId, DateTimeOffset? SinceTime);

/// <summary>The figures that monitoring wants, of one moment. Names nobody.</summary>
public sealed record BackupMetrics
{
    /// <summary>When they were taken.</summary>
    public required DateTimeOffset Time { get; init; }
    /// <summary>The reserve's id.</summary>
    public required string ReserveId { get; init; }
    /// <summary>Where the repository lies.</summary>
    public required string Repository { get; init; }
    /// <summary>How things stand, in one word.</summary>
    public required Health Health { get; init; }
    /// <summary>The strategy's metrics with their thresholds.</summary>
    public required IReadOnlyList<MetricRating> Ratings { get; init => field = Indexable.Of(value); }
    /// <summary>How far back <see cref="Runs"/> reaches.</summary>
    public required TimeSpan Window { get; init; }
    /// <summary>The runs of that time.</summary>
    public required ReportedRuns Runs { get; init; }
    /// <summary>How many of this host's newest runs, one after the other, committed nothing.</summary>
    public required long ConsecutiveFailures { get; init; }
    /// <summary>Why the last of them failed; empty where nobody could say.</summary>
    public required string LastFailure { get; init; }
    /// <summary>When the newest run that committed began; null before the first.</summary>
    public required DateTimeOffset? LastRunTime { get; init; }
    /// <summary>How long it took.</summary>
    public required TimeSpan? LastDuration { get; init; }
    /// <summary>How long the run that goes on now has taken; null when none does.</summary>
    public required TimeSpan? RunningFor { get; init; }
    /// <summary>Every data class that has restore points.</summary>
    public required IReadOnlyList<ClassMetric> Classes { get; init => field = Indexable.Of(value); }
    /// <summary>Places and how full they are, as far as that is known.</summary>
    public required IReadOnlyList<StorageMetric> Storage { get; init => field = Indexable.Of(value); }
    /// <summary>Further tiers.</summary>
    public required IReadOnlyList<ReplicationMetric> Replication { get; init => field = Indexable.Of(value); }
    /// <summary>The capture of the database server's log; null where none is configured.</summary>
    public required WalMetric? Wal { get; init; }
    /// <summary>What was verified when.</summary>
    public required IReadOnlyList<TierCheck> Checks { get; init => field = Indexable.Of(value); }
    /// <summary>What verifications found and no later one has found whole again.</summary>
    public required IReadOnlyList<DamageMetric> Damage { get; init => field = Indexable.Of(value); }
    /// <summary>Objects found damaged or missing by this look, which reads no pack.</summary>
    public required long DamagedObjects { get; init; }
    /// <summary>Items that changed, that a full scan found, and that the journal of changes had not told; 0 while that is trusted.</summary>
    public long JournalMissed { get; init; }
    /// <summary>What runs found suspicious; null where runs are not watched.</summary>
    public AnomalyMetric? Anomaly { get; init; }
    /// <summary>Objects of any tier that were damaged or missing in the last seven days and were taken from another tier.</summary>
    public required long HealedObjects { get; init; }
    /// <summary>Keys, on the host that has the key directory.</summary>
    public required IReadOnlyList<KeyMetric> Keys { get; init => field = Indexable.Of(value); }
    /// <summary>Restore drills of the last quarter that count.</summary>
    public long RecoveryTests { get; init; }
    /// <summary>How restore drills stand; null where nobody looked.</summary>
    public RecoveryTestSummary? Recovery { get; init; }
    /// <summary>Restore points.</summary>
    public required long Points { get; init; }
    /// <summary>Bytes of the local tier.</summary>
    public required long StoreLength { get; init; }
    /// <summary>File bytes of all restore points for each byte of content that is kept once.</summary>
    public required double? DeduplicationRatio { get; init; }
    /// <summary>Bytes of content for each byte that it takes.</summary>
    public required double? CompressionRatio { get; init; }
    /// <summary>What is weaker than it should be, for people.</summary>
    public required IReadOnlyList<string> Warnings { get; init => field = Indexable.Of(value); }
}
