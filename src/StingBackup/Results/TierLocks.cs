namespace StingBackup;

/// <summary>What a sync would lock for longer.</summary>
/// <param name="Mode">How the tier locks.</param>
/// <param name="Extending">Objects that are locked for longer, as far as this host knows their locks; of what is copied now it is not told.</param>
/// <param name="Until">The latest end; null when nothing is due.</param>
public sealed record TierLockPlan(TierLockMode Mode, ObjectSum Extending, DateTimeOffset? Until);

/// <summary>How the locks of a tier stand, as this host set or saw them last.</summary>
public sealed record TierLocks
{
    /// <summary>How it locks.</summary>
    public required TierLockMode Mode { get; init; }
    /// <summary>Objects that were locked for longer by this sync.</summary>
    public long Extended { get; init; }
    /// <summary>Objects that are locked now.</summary>
    public required long Objects { get; init; }
    /// <summary>When the first of their locks ends; null when none is known.</summary>
    public DateTimeOffset? EarliestEnd { get; init; }
    /// <summary>When the last of them ends.</summary>
    public DateTimeOffset? LatestEnd { get; init; }
    /// <summary>Locked objects that somebody wrote over or hid by a delete marker, which changes nothing for readers.</summary>
    public IReadOnlyList<string> Shadowed { get; init => field = Indexable.Of(value); } = [];

    /// <inheritdoc/>
    public override string ToString() => FormattableString.Invariant($"{Mode}, {Objects} objects");
}
