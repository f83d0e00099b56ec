namespace StingBackup;

/// <summary>How a data class stands against its objective.</summary>
/// <param name="DataClass">The data class.</param>
/// <param name="LastSuccess">Its newest restore point in which every item could be read; null while there is none.</param>
/// <param name="Age">How old that is.</param>
/// <param name="Target">The time that may lie between two restore points, as it counts now: in peak hours an hour at least.</param>
/// <param name="NextTime">When the schedule takes it next; now where it is due and no timer is set.</param>
/// <param name="IsLate">Whether it is older than its target and a tenth (a minute at least), or was never backed up whole.</param>
public sealed record ClassOutlook(DataClass DataClass, DateTimeOffset? LastSuccess, TimeSpan? Age, TimeSpan Target, DateTimeOffset NextTime, bool IsLate);

/// <summary>What a tier holds and lacks, as far as this host knows without opening it.</summary>
public sealed record TierOutlook
{
    /// <summary>The tier.</summary>
    public required Tier Tier { get; init; }
    /// <summary>Where it lies.</summary>
    public required string Location { get; init; }
    /// <summary>Bytes that lie there; of a further tier, after its last sync. Null where nobody noted it.</summary>
    public required long? Length { get; init; }
    /// <summary>The most bytes that may lie there: the local tier's share of its disk, the remote tier's quota. Null for no limit.</summary>
    public required long? Limit { get; init; }
    /// <summary>Restore points that wait for it; 0 for the local tier.</summary>
    public required long WaitingPoints { get; init; }
    /// <summary>Bytes that wait for it.</summary>
    public required long WaitingLength { get; init; }
    /// <summary>How long the oldest of those points has waited; zero when none waits.</summary>
    public required TimeSpan Lag { get; init; }
    /// <summary>Whether that is longer than it may.</summary>
    public required bool IsLate { get; init; }
    /// <summary>How the last attempt to bring it up to date failed; empty when it did not.</summary>
    public string Problem { get; init; } = "";
    /// <summary>The share of the limit that is taken; null without one.</summary>
    public double? Share => Limit is > 0 && Length is { } length ? (double)length / Limit : null;
}

/// <summary>When a kind of key is to be renewed.</summary>
/// <param name="Kind">The kind.</param>
/// <param name="CreatedTime">Since when it is in force.</param>
/// <param name="DueTime">When it is to be renewed (<c>keys.rotate_days</c>); null for never.</param>
/// <param name="IsDue">Whether that has passed.</param>
public sealed record KeyOutlook(KeyRotationKind Kind, DateTimeOffset CreatedTime, DateTimeOffset? DueTime, bool IsDue);

/// <summary>When a task of the schedule runs next, by <c>timers.*</c>.</summary>
/// <param name="Task">The task.</param>
/// <param name="NextTime">When.</param>
public sealed record TimerOutlook(ScheduledTask Task, DateTimeOffset NextTime);

/// <summary>What restore drills have shown in a stretch of time.</summary>
/// <param name="Count">How many ended.</param>
/// <param name="Succeeded">How many of them gave back all that they were to.</param>
/// <param name="LastTime">When the last one ended, also before that time; null where there never was one.</param>
/// <param name="LastSuccess">When the last one ended that succeeded, also before that time; null where none did.</param>
public sealed record DrillSummary(long Count, long Succeeded, DateTimeOffset? LastTime, DateTimeOffset? LastSuccess)
{
    /// <summary>Share, 0 to 1, that succeeded; null without drills.</summary>
    public double? SuccessRate => Count == 0 ? null : (double)Succeeded / Count;
}

/// <summary>What the screen for people shows beyond <see cref="BackupStatus"/>.</summary>
public sealed record StatusDetails
{
    /// <summary>The worst of the status's own health and of what follows: late classes and tiers, open alerts, drills that failed.</summary>
    public required Health Health { get; init; }
    /// <summary>Every data class that has restore points.</summary>
    public required IReadOnlyList<ClassOutlook> Classes { get; init => field = Indexable.Of(value); }
    /// <summary>Every tier, the nearest first.</summary>
    public required IReadOnlyList<TierOutlook> Tiers { get; init => field = Indexable.Of(value); }
    /// <summary>Alerts that are not over, those that matter most first.</summary>
    public required IReadOnlyList<StingAlert> Alerts { get; init => field = Indexable.Of(value); }
    /// <summary>Keys, on the host that has the key directory.</summary>
    public required IReadOnlyList<KeyOutlook> Keys { get; init => field = Indexable.Of(value); }
    /// <summary>Tasks, the one that comes next first; none where no configuration tells.</summary>
    public required IReadOnlyList<TimerOutlook> Timers { get; init => field = Indexable.Of(value); }
    /// <summary>Restore drills of the last 90 days; null where none was ever made.</summary>
    public required DrillSummary? Drills { get; init; }
}
