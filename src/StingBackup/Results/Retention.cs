namespace StingBackup;

/// <summary>Why a restore point is let go. Stands in the repository: never renumber.</summary>
public enum RetentionReason
{
    /// <summary>Its data class is kept no longer.</summary>
    Expired = 1,
    /// <summary>A newer one of the same hour, day, week, month or year stands for it.</summary>
    Thinned = 2,
}

/// <summary>Regulations that retention can be held against.</summary>
public enum ComplianceProfile
{
    /// <summary>Health records, United States: six years.</summary>
    Hipaa,
    /// <summary>Sarbanes-Oxley: audit logs three years.</summary>
    Sox,
    /// <summary>Card payments: audit logs one year.</summary>
    PciDss,
    /// <summary>The right to erasure: within 30 days.</summary>
    Gdpr,
}

/// <summary>One data class of one restore point, as retention sees it.</summary>
public sealed record RetentionEntry
{
    /// <summary>The run.</summary>
    public required string BackupId { get; init; }
    /// <summary>The data class.</summary>
    public required DataClass DataClass { get; init; }
    /// <summary>The moment that it holds.</summary>
    public required DateTimeOffset Time { get; init; }
    /// <summary>Whether it goes.</summary>
    public required bool Goes { get; init; }
    /// <summary>Why it goes; null when it stays.</summary>
    public RetentionReason? Reason { get; init; }
    /// <summary>When its time is over, or was.</summary>
    public required DateTimeOffset EndTime { get; init; }
    /// <summary>What keeps it, for people: <c>newest</c>, <c>daily</c>, <c>legal hold …</c>; empty when it goes.</summary>
    public string KeptBy { get; init; } = "";
    /// <summary>Items in it.</summary>
    public required long Items { get; init; }
    /// <summary>Bytes of its files.</summary>
    public required long Length { get; init; }
    /// <summary>Whose run it was.</summary>
    public required string Writer { get; init; }
    /// <summary>Its number in the writer's chain.</summary>
    public required long Sequence { get; init; }
}

/// <summary>What retention does to one data class.</summary>
/// <param name="DataClass">The data class.</param>
/// <param name="Days">Days that it is kept.</param>
/// <param name="Points">Restore points that stand.</param>
/// <param name="Going">Of them, those that go.</param>
/// <param name="OldestTime">The oldest that stays; null when none does.</param>
/// <param name="NextTime">When the next one goes; null when that is not known.</param>
public sealed record ClassRetention(DataClass DataClass, int Days, long Points, long Going, DateTimeOffset? OldestTime, DateTimeOffset? NextTime);

/// <summary>What will go, when and why: printed by <c>Get-StingRetentionPlan</c> and <c>-WhatIf</c>, executed by <c>Invoke-StingRetention</c>.</summary>
public sealed record RetentionPlan
{
    /// <summary>Where the repository lies.</summary>
    public required string Repository { get; init; }
    /// <summary>The tier.</summary>
    public required Tier Tier { get; init; }
    /// <summary>As of when.</summary>
    public required DateTimeOffset Time { get; init; }
    /// <summary>By data class.</summary>
    public required IReadOnlyList<ClassRetention> Classes { get; init => field = Indexable.Of(value); }
    /// <summary>Every restore point, oldest first: those that go and those that stay.</summary>
    public required IReadOnlyList<RetentionEntry> Entries { get; init => field = Indexable.Of(value); }
    /// <summary>What tiers let go of their content by their days, since the next one has it; none where no tier follows.</summary>
    public IReadOnlyList<TierRetention> Tiers { get; init => field = Indexable.Of(value); } = [];
    /// <summary>Those beyond their time that a legal hold keeps.</summary>
    public long Held => Entries.LongCount(entry => entry.KeptBy.StartsWith("legal hold", StringComparison.Ordinal));
    /// <summary>Those that go.</summary>
    public IEnumerable<RetentionEntry> Going => Entries.Where(entry => entry.Goes);
}

/// <summary>What retention did.</summary>
public sealed record RetentionResult
{
    /// <summary>Restore points let go.</summary>
    public required long Dropped { get; init; }
    /// <summary>Restore points that stand.</summary>
    public required long Kept { get; init; }
    /// <summary>Restore points beyond their time that a legal hold keeps.</summary>
    public required long Held { get; init; }
    /// <summary>What tiers let go of their content.</summary>
    public IReadOnlyList<TierRetention> Tiers { get; init => field = Indexable.Of(value); } = [];
    /// <summary>How long it took.</summary>
    public required TimeSpan Duration { get; init; }
}
