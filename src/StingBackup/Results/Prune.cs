namespace StingBackup;

/// <summary>Some packs and their bytes.</summary>
/// <param name="Packs">How many.</param>
/// <param name="Length">Their bytes.</param>
public readonly record struct PackSum(long Packs, long Length)
{
    /// <inheritdoc/>
    public override string ToString() => FormattableString.Invariant($"{Packs} ({Length} bytes)");
}

/// <summary>Packs on their way out.</summary>
/// <param name="Id">The mark.</param>
/// <param name="MarkedTime">Since when.</param>
/// <param name="Sum">The packs.</param>
/// <param name="WaitsFor">What they wait for, for people; empty when they go now.</param>
/// <param name="DueTime">When they go; null while that is not known.</param>
public sealed record MarkStatus(string Id, DateTimeOffset MarkedTime, PackSum Sum, string WaitsFor, DateTimeOffset? DueTime);

/// <summary>What sweeping a repository would do now: printed by <c>-WhatIf</c>, executed by <c>Optimize-StingRepository</c>.</summary>
public sealed record PrunePlan
{
    /// <summary>Where the repository lies.</summary>
    public required string Repository { get; init; }
    /// <summary>The tier.</summary>
    public required Tier Tier { get; init; }
    /// <summary>All packs.</summary>
    public required PackSum All { get; init; }
    /// <summary>Bytes in them that some restore point reaches.</summary>
    public required long LiveLength { get; init; }
    /// <summary>Packs that no restore point reaches: to be marked.</summary>
    public required PackSum Unreached { get; init; }
    /// <summary>Packs with much waste, or too small: to be written anew and then marked.</summary>
    public required PackSum Wasteful { get; init; }
    /// <summary>Bytes that writing them anew takes, until they go.</summary>
    public required long RewriteLength { get; init; }
    /// <summary>Marked packs whose time has come: to be deleted.</summary>
    public required PackSum Due { get; init; }
    /// <summary>Of these what stays for now, since this host knows it to be locked.</summary>
    public PackSum Locked { get; init; }
    /// <summary>When the first lock of these ends; null when none is locked.</summary>
    public DateTimeOffset? LockedUntil { get; init; }
    /// <summary>Marks that stand.</summary>
    public required IReadOnlyList<MarkStatus> Marks { get; init => field = Indexable.Of(value); }
    /// <summary>Whether anything would change.</summary>
    public bool HasWork => Unreached.Packs + Wasteful.Packs + Due.Packs > 0 || Marks.Any(mark => mark.WaitsFor.Length == 0);
}

/// <summary>What a sweep did.</summary>
public sealed record PruneResult
{
    /// <summary>Packs marked.</summary>
    public required PackSum Marked { get; init; }
    /// <summary>Packs written anew, and the bytes of the new ones.</summary>
    public required PackSum Rewritten { get; init; }
    /// <summary>Packs deleted: the room that is free now.</summary>
    public required PackSum Deleted { get; init; }
    /// <summary>Marked packs that a session or a point uses again.</summary>
    public required long Spared { get; init; }
    /// <summary>Marked packs that still wait.</summary>
    public required PackSum Waiting { get; init; }
    /// <summary>Packs and index fragments that nothing needs any more and that stay, since they are locked.</summary>
    public PackSum Locked { get; init; }
    /// <summary>When the first of these locks ends; null when none is locked.</summary>
    public DateTimeOffset? LockedUntil { get; init; }
    /// <summary>Index fragments that were joined.</summary>
    public required long FragmentsJoined { get; init; }
    /// <summary>Announcements of runs that have ended, deleted.</summary>
    public required long Sessions { get; init; }
    /// <summary>Certificates of what was deleted: files that <c>Test-StingDestructionCertificate</c> checks, each with a page beside it.</summary>
    public IReadOnlyList<string> Certificates { get; init => field = Indexable.Of(value); } = [];
    /// <summary>How long it took.</summary>
    public required TimeSpan Duration { get; init; }
}
