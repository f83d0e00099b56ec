namespace StingBackup;

/// <summary>Objects of a kind and their bytes.</summary>
/// <param name="Count">How many.</param>
/// <param name="Length">Their bytes.</param>
public readonly record struct ObjectSum(long Count, long Length)
{
    /// <inheritdoc/>
    public override string ToString() => FormattableString.Invariant($"{Count} ({Length} bytes)");
}

/// <summary>What has not reached a tier yet. It lies on the tier before, which is the queue: nothing of it is lost while the tier is away.</summary>
/// <param name="Points">Restore points.</param>
/// <param name="Objects">All objects, those of the restore points among them.</param>
/// <param name="OldestTime">When the oldest of the restore points was made; null when none waits.</param>
public readonly record struct TierBacklog(long Points, ObjectSum Objects, DateTimeOffset? OldestTime);

/// <summary>How one tier stands.</summary>
public sealed record TierStatus
{
    /// <summary>The tier.</summary>
    public required Tier Tier { get; init; }
    /// <summary>Where it lies.</summary>
    public required string Location { get; init; }
    /// <summary>Whether it could be looked at.</summary>
    public required bool IsReachable { get; init; }
    /// <summary>Why not, and what to do; empty when it could.</summary>
    public string Problem { get; init; } = "";
    /// <summary>Restore points that lie there; null when it could not be looked at.</summary>
    public long? Points { get; init; }
    /// <summary>Packs of content that lie there.</summary>
    public PackSum? Packs { get; init; }
    /// <summary>Bytes of everything that lies there.</summary>
    public long? Length { get; init; }
    /// <summary>The most bytes that may lie there; null for no limit.</summary>
    public long? Limit { get; init; }
    /// <summary>Days after which content leaves it; null where nothing follows that could hold it.</summary>
    public int? Days { get; init; }
    /// <summary>What it lacks of the tier before; null for the local one.</summary>
    public TierBacklog? Waiting { get; init; }
    /// <summary>How long the oldest restore point that it lacks has waited; zero when it lacks none.</summary>
    public TimeSpan Lag { get; init; }
    /// <summary>Whether it lags more than it may.</summary>
    public bool IsLate { get; init; }
    /// <summary>When it last had everything; null when that is not known.</summary>
    public DateTimeOffset? LastSyncTime { get; init; }
    /// <summary>How its locks stand; null where it locks nothing, or could not be looked at.</summary>
    public TierLocks? Locks { get; init; }
}

/// <summary>What bringing a tier up to date would copy: printed by <c>-WhatIf</c>, executed by <c>Sync-StingTier</c>.</summary>
public sealed record TierSyncPlan
{
    /// <summary>The tier that is brought up to date.</summary>
    public required Tier Tier { get; init; }
    /// <summary>The tier that it is copied from.</summary>
    public required Tier Source { get; init; }
    /// <summary>Where it is copied from.</summary>
    public required string From { get; init; }
    /// <summary>Where it is copied to.</summary>
    public required string To { get; init; }
    /// <summary>Restore points that it lacks.</summary>
    public required long Points { get; init; }
    /// <summary>When the oldest of them was made; null when it lacks none.</summary>
    public DateTimeOffset? OldestTime { get; init; }
    /// <summary>Packs that it lacks.</summary>
    public required PackSum Packs { get; init; }
    /// <summary>Other objects that it lacks: index, claims, enrolments, audit records.</summary>
    public required ObjectSum Others { get; init; }
    /// <summary>Claims to be replaced, since keys were renewed, or removed, since their subjects were erased.</summary>
    public required long Claims { get; init; }
    /// <summary>Packs that the index names and neither tier has.</summary>
    public long Missing { get; init; }
    /// <summary>What would be locked for longer; null where the tier locks nothing.</summary>
    public TierLockPlan? Locks { get; init; }
    /// <summary>Bytes to be copied.</summary>
    public long Length => Packs.Length + Others.Length;
    /// <summary>Whether anything would change.</summary>
    public bool HasWork => Points + Packs.Packs + Others.Count + Claims + (Locks?.Extending.Count ?? 0) > 0;
}

/// <summary>What bringing a tier up to date did.</summary>
public sealed record TierSyncResult
{
    /// <summary>The tier.</summary>
    public required Tier Tier { get; init; }
    /// <summary>Completed; with errors where something of it failed or waits.</summary>
    public required JobState State { get; init; }
    /// <summary>Restore points that it has now and had not before.</summary>
    public required long Points { get; init; }
    /// <summary>Packs copied, each confirmed by the tier.</summary>
    public required PackSum Packs { get; init; }
    /// <summary>Other objects copied.</summary>
    public required ObjectSum Others { get; init; }
    /// <summary>Claims replaced or removed.</summary>
    public required long Claims { get; init; }
    /// <summary>What still waits.</summary>
    public required TierBacklog Waiting { get; init; }
    /// <summary>How the tier's locks stand now; null where it locks nothing.</summary>
    public TierLocks? Locks { get; init; }
    /// <summary>How long it took.</summary>
    public required TimeSpan Duration { get; init; }
}

/// <summary>What the days of a tier do to the content on it.</summary>
/// <param name="Tier">The tier.</param>
/// <param name="Next">The tier that has what goes.</param>
/// <param name="Days">Its days.</param>
/// <param name="Going">Packs that go, or went.</param>
/// <param name="Unconfirmed">Packs whose time is over and that stay, since the next tier does not have them.</param>
/// <param name="Problem">Why nothing goes; empty where something may.</param>
public sealed record TierRetention(Tier Tier, Tier Next, int Days, PackSum Going, PackSum Unconfirmed, string Problem)
{
    /// <summary>Packs whose time is over and that stay, since they are locked.</summary>
    public PackSum Locked { get; init; }
}

/// <summary>What raising a tier's quota would do: printed by <c>-WhatIf</c>.</summary>
public sealed record TierQuotaPlan
{
    /// <summary>The tier.</summary>
    public required Tier Tier { get; init; }
    /// <summary>Where it lies.</summary>
    public required string Location { get; init; }
    /// <summary>Bytes that the configuration allows.</summary>
    public required long Configured { get; init; }
    /// <summary>Bytes that may lie there now.</summary>
    public required long Before { get; init; }
    /// <summary>Bytes that may lie there then.</summary>
    public required long Length { get; init; }
    /// <summary>How its approval stands.</summary>
    public ApprovalState? Approval { get; init; }
}

/// <summary>A tier's quota that was raised.</summary>
public sealed record TierQuotaResult
{
    /// <summary>The tier.</summary>
    public required Tier Tier { get; init; }
    /// <summary>Bytes that may lie there.</summary>
    public required long Length { get; init; }
}
