namespace StingBackup;

/// <summary>What a tier holds and costs.</summary>
public sealed record TierCost
{
    /// <summary>The tier.</summary>
    public required Tier Tier { get; init; }
    /// <summary>Where it lies.</summary>
    public required string Location { get; init; }
    /// <summary>Why it could not be looked at; empty when it could.</summary>
    public required string Problem { get; init; }
    /// <summary>Bytes of all its objects; null where it is away, as all that follows is.</summary>
    public required long? Length { get; init; }
    /// <summary>Of them, content and pages that some restore point reaches.</summary>
    public required long? Needed { get; init; }
    /// <summary>Of them, content and pages that no restore point reaches any more: they go when the tier is swept.</summary>
    public required long? Unneeded { get; init; }
    /// <summary>Of them, what belongs to no data class: headers, index, restore points, signed records.</summary>
    public long? Structure => Length - Needed - Unneeded;
    /// <summary>Dollars for a gigabyte (1,000,000,000 bytes) and month, as configured.</summary>
    public required decimal PricePerGigabyte { get; init; }
    /// <summary>Objects that were written in the last 30 days; null where the store tells no times, as a folder does.</summary>
    public required long? Writes { get; init; }
    /// <summary>Dollars for writing them.</summary>
    public required decimal RequestCost { get; init; }
    /// <summary>Dollars for what this host asked to be thawed in the last 30 days, as it was estimated then.</summary>
    public required decimal RetrievalCost { get; init; }
    /// <summary>Dollars a month for what lies there now.</summary>
    public decimal? StorageCost => Length is { } length ? Dollars.For(length, PricePerGigabyte) : null;
    /// <summary>All of it, a month.</summary>
    public decimal? MonthlyCost => StorageCost + RequestCost + RetrievalCost;
}

/// <summary>Bytes on each tier, and what they cost.</summary>
public record CostShare
{
    /// <summary>Bytes on the local tier.</summary>
    public required long Local { get; init; }
    /// <summary>Bytes on the remote tier; 0 where it is away or there is none.</summary>
    public required long Remote { get; init; }
    /// <summary>Bytes on the archive tier; 0 where it is away or there is none.</summary>
    public required long Archive { get; init; }
    /// <summary>Dollars a month for their storage.</summary>
    public required decimal MonthlyCost { get; init; }
    /// <summary>Bytes on all tiers.</summary>
    public long Length => Local + Remote + Archive;
}

/// <summary>What a data class costs. What several classes need counts to the first of them, in the order of their names' numbers.</summary>
public sealed record ClassCost : CostShare
{
    /// <summary>The data class.</summary>
    public required DataClass DataClass { get; init; }
}

/// <summary>What a person or honey jar costs.</summary>
public sealed record SubjectCost : CostShare
{
    /// <summary>The canonical name; null where it cannot be read: the key is gone, or no restore point names it any more.</summary>
    public required string? Subject { get; init; }
    /// <summary>The pseudonym.</summary>
    public required string Pseudonym { get; init; }
}

/// <summary>What is saved against keeping a whole copy for each restore point.</summary>
public sealed record CostSavings
{
    /// <summary>Bytes that all restore points show, each counted whole.</summary>
    public required long Shown { get; init; }
    /// <summary>Bytes of the different pieces among them, before compression.</summary>
    public required long Different { get; init; }
    /// <summary>Bytes of these pieces as they are stored, once.</summary>
    public required long Stored { get; init; }
    /// <summary>Dollars a month that deduplication saves, at the price of the local tier.</summary>
    public required decimal Deduplication { get; init; }
    /// <summary>Dollars a month that compression saves of the rest.</summary>
    public required decimal Compression { get; init; }
}

/// <summary>Something that would cost less.</summary>
/// <param name="Text">What and why.</param>
/// <param name="Command">What does it.</param>
/// <param name="MonthlySaved">Dollars a month.</param>
public sealed record CostAdvice(string Text, string Command, decimal MonthlySaved);

/// <summary>What the backups cost, as they are now.</summary>
public sealed record CostReport
{
    /// <summary>When it was made.</summary>
    public required DateTimeOffset Time { get; init; }
    /// <summary>Where the repository lies.</summary>
    public required string Repository { get; init; }
    /// <summary>Each tier, the nearest first.</summary>
    public required IReadOnlyList<TierCost> Tiers { get; init => field = Indexable.Of(value); }
    /// <summary>Each data class that some restore point holds, the dearest first.</summary>
    public required IReadOnlyList<ClassCost> Classes { get; init => field = Indexable.Of(value); }
    /// <summary>What deduplication and compression save; null without restore points.</summary>
    public required CostSavings? Savings { get; init; }
    /// <summary>What would cost less, the most first.</summary>
    public required IReadOnlyList<CostAdvice> Advice { get; init => field = Indexable.Of(value); }
    /// <summary>What is about to cost more, or could not be looked at.</summary>
    public required IReadOnlyList<string> Warnings { get; init => field = Indexable.Of(value); }
    /// <summary>Dollars a month, of the tiers that could be looked at.</summary>
    public decimal MonthlyCost => Tiers.Sum(tier => tier.MonthlyCost ?? 0);
}

/// <summary>Bytes to dollars.</summary>
internal static class Dollars
{
    /// <summary>Dollars a month, to a hundredth of a cent.</summary>
    public static decimal For(long bytes, decimal pricePerGigabyte) => Math.Round(bytes / 1_000_000_000m * pricePerGigabyte, 4);
}

/// <summary>What a tier will cost on a day.</summary>
/// <param name="Day">Days from the first run of the forecast.</param>
/// <param name="Tier">The tier.</param>
/// <param name="Length">Bytes that will lie there.</param>
/// <param name="Limit">The most bytes that may; null for no limit that is known.</param>
/// <param name="MonthlyCost">Dollars a month for their storage, at the price that is configured now.</param>
public sealed record TierCostForecast(int Day, Tier Tier, long Length, long? Limit, decimal MonthlyCost);

/// <summary>What all tiers will cost on a day.</summary>
/// <param name="Day">Days from the first run of the forecast.</param>
/// <param name="Length">Bytes on all tiers.</param>
/// <param name="MonthlyCost">Dollars a month for their storage.</param>
public sealed record CostDay(int Day, long Length, decimal MonthlyCost);

/// <summary>What the backups will cost if the reserve goes on as it is: storage alone, without requests and retrievals.</summary>
public sealed record CostForecast
{
    /// <summary>When it was made.</summary>
    public required DateTimeOffset Time { get; init; }
    /// <summary>Where the repository lies.</summary>
    public required string Repository { get; init; }
    /// <summary>Each tier on each day asked for.</summary>
    public required IReadOnlyList<TierCostForecast> Tiers { get; init => field = Indexable.Of(value); }
    /// <summary>All tiers on each of these days.</summary>
    public required IReadOnlyList<CostDay> Days { get; init => field = Indexable.Of(value); }
    /// <summary>Tiers that pass their limit within a year, and when, to a week.</summary>
    public required IReadOnlyList<string> Warnings { get; init => field = Indexable.Of(value); }
}
