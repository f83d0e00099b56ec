namespace StingBackup;

/// <summary>What a data class of the reserve is like, as far as storage depends on it: measured from restore points, or assumed.</summary>
public sealed record ForecastClass
{
    /// <summary>The data class.</summary>
    public required DataClass DataClass { get; init; }
    /// <summary>Bytes of its files.</summary>
    public required long Length { get; init; }
    /// <summary>Items in it.</summary>
    public required long Items { get; init; }
    /// <summary>People, jars and other subjects in it.</summary>
    public long Subjects { get; init; } = 1;
    /// <summary>Share of its content that is written anew in a day: 0.02 for 2 %.</summary>
    public required double ChangedPerDay { get; init; }
    /// <summary>Stored bytes for each byte of its files: 1 where nothing compresses.</summary>
    public double StoredShare { get; init; } = 1;
    /// <summary>Stored bytes of pages for each item.</summary>
    public double PageLength { get; init; } = 90;
    /// <summary>How often it is backed up; zero for every run.</summary>
    public required TimeSpan Interval { get; init; }
    /// <summary>Whether it was measured; else it is what the caller said.</summary>
    public bool IsMeasured { get; init; }
}

/// <summary>One data class on one tier.</summary>
/// <param name="DataClass">The data class.</param>
/// <param name="Points">Restore points whose content lies there as a whole.</param>
/// <param name="Length">Bytes of its content and pages, what waits to be swept included.</param>
public sealed record ClassForecast(DataClass DataClass, long Points, long Length);

/// <summary>One tier on one day.</summary>
public sealed record TierForecast
{
    /// <summary>Days from the first run.</summary>
    public required int Day { get; init; }
    /// <summary>The tier.</summary>
    public required Tier Tier { get; init; }
    /// <summary>Restore points that can be opened, whichever tier has their content.</summary>
    public required long Points { get; init; }
    /// <summary>Bytes of everything on the tier.</summary>
    public required long Length { get; init; }
    /// <summary>Of them, content.</summary>
    public required long Content { get; init; }
    /// <summary>Of them, pages.</summary>
    public required long Pages { get; init; }
    /// <summary>Of them, restore points, index, and records.</summary>
    public required long Others { get; init; }
    /// <summary>By data class; pages are among their bytes.</summary>
    public required IReadOnlyList<ClassForecast> Classes { get; init => field = Indexable.Of(value); }
    /// <summary>The most bytes that may lie there; null for no limit that is known.</summary>
    public long? Limit { get; init; }
    /// <summary>Whether it passes its limit.</summary>
    public bool IsOverLimit => Length > Limit;
}

/// <summary>How much will be stored on each tier, if the reserve goes on as it is and the schedule is kept.</summary>
public sealed record StorageForecast
{
    /// <summary>What was assumed of the reserve.</summary>
    public required IReadOnlyList<ForecastClass> Classes { get; init => field = Indexable.Of(value); }
    /// <summary>Time between two runs.</summary>
    public required TimeSpan Every { get; init; }
    /// <summary>Tiers on the days asked for, in their order.</summary>
    public required IReadOnlyList<TierForecast> Tiers { get; init => field = Indexable.Of(value); }
    /// <summary>The first day from which on nothing grows but restore points and records: the longest days of any data class are over, and what went then is swept.</summary>
    public required int SteadyDay { get; init; }
}
