namespace StingBackup;

/// <summary>How fast archived packs are thawed: faster costs more.</summary>
public enum RetrievalSpeed
{
    /// <summary>The cheapest: within 12 hours, or 48 from DEEP_ARCHIVE.</summary>
    Bulk,
    /// <summary>Within 5 hours, or 12 from DEEP_ARCHIVE.</summary>
    Standard,
    /// <summary>Within minutes. Not from DEEP_ARCHIVE.</summary>
    Expedited,
}

/// <summary>New cold packs of one stretch of time: what is in them ends together.</summary>
/// <param name="EndTime">Until when something in them is kept, about.</param>
/// <param name="Chunks">Chunks.</param>
/// <param name="Length">Their bytes.</param>
public sealed record ArchiveBand(DateTimeOffset EndTime, long Chunks, long Length);

/// <summary>What would enter the archive tier now.</summary>
public sealed record ArchivePlan
{
    /// <summary>Where the packs are read.</summary>
    public required string Source { get; init; }
    /// <summary>Where they go.</summary>
    public required string Archive { get; init; }
    /// <summary>The storage class of new packs; empty for the bucket's own, or a folder.</summary>
    public required string StorageClass { get; init; }
    /// <summary>Restore points that enter.</summary>
    public required long Points { get; init; }
    /// <summary>Restore points that are too young.</summary>
    public required long Younger { get; init; }
    /// <summary>Chunks to recut and their bytes, by the time at which they end.</summary>
    public required IReadOnlyList<ArchiveBand> Bands { get; init => field = Indexable.Of(value); }
    /// <summary>Packs of trees that are copied as they are.</summary>
    public required PackSum Meta { get; init; }
    /// <summary>Bytes to recut.</summary>
    public long Length => Bands.Sum(band => band.Length);
    /// <summary>Whether anything would be written.</summary>
    public bool HasWork => Points > 0;
}

/// <summary>What entered the archive tier.</summary>
public sealed record ArchiveResult
{
    /// <summary>How it ended: with errors where a restore point was withheld.</summary>
    public required JobState State { get; init; }
    /// <summary>Restore points that entered.</summary>
    public required long Points { get; init; }
    /// <summary>Restore points that could not, since something that they reach is damaged or missing.</summary>
    public required long Withheld { get; init; }
    /// <summary>Cold packs written.</summary>
    public required PackSum Cold { get; init; }
    /// <summary>Chunks in them.</summary>
    public required long Chunks { get; init; }
    /// <summary>Packs of trees copied.</summary>
    public required PackSum Meta { get; init; }
    /// <summary>Packs that an earlier, broken-off run had stored and that are used.</summary>
    public required long Recovered { get; init; }
    /// <summary>Other objects copied or, of erased subjects, removed.</summary>
    public required long Objects { get; init; }
    /// <summary>Packs sent to the coldest storage class.</summary>
    public required long Cooled { get; init; }
    /// <summary>Cold packs deleted that no restore point reaches any more.</summary>
    public required PackSum Deleted { get; init; }
    /// <summary>How long it took.</summary>
    public required TimeSpan Duration { get; init; }
}
