using System.Globalization;

namespace StingBackup.Engine.Reserve.Configuration;

/// <summary>What a speed of retrieval costs: an amount for each GB and one for a thousand requests.</summary>
/// <param name="PerGigabyte">For 1,000,000,000 bytes.</param>
/// <param name="PerThousandRequests">For a thousand objects.</param>
public readonly record struct RetrievalPrice(decimal PerGigabyte, decimal PerThousandRequests)
{
    /// <inheritdoc/>
    public override string ToString() => FormattableString.Invariant($"{PerGigabyte:0.######}/GB + {PerThousandRequests:0.######}/1000");
}

/// <summary>How the archive tier is filled, aged and thawed.</summary>
/// <param name="AfterDays">Age at which restore points enter it.</param>
/// <param name="ColdestAfterDays">Age of a pack at which it goes to the coldest class; 0 for never.</param>
/// <param name="PackSize">Bytes at which a cold pack is closed.</param>
/// <param name="ZstdLevel">Compression of archive runs.</param>
/// <param name="KeepsMinimumDays">Whether packs stay for the days that are paid in any case.</param>
/// <param name="ThawDays">Days that a thawed copy stays.</param>
/// <param name="CostLimit">Estimated cost above which a retrieval needs an approval.</param>
/// <param name="Currency">Of the prices.</param>
/// <param name="HotMonth">What a GB of thawed copies costs a month.</param>
/// <param name="Prices">By storage class and speed.</param>
public sealed record ArchiveOptions(
    int AfterDays, int ColdestAfterDays, long PackSize, int ZstdLevel, bool KeepsMinimumDays, int ThawDays, decimal CostLimit, string Currency, decimal HotMonth,
    IReadOnlyDictionary<(string StorageClass, RetrievalSpeed Speed), RetrievalPrice> Prices)
{
    /// <summary>What holds where nothing is configured.</summary>
    public static ArchiveOptions Default { get; } = ArchiveSettings.Bind(null);

    /// <summary>The storage class of new cold packs; null for the bucket's own.</summary>
    public string? StorageClass { get; init; } = "GLACIER";
}

/// <summary>The archive tier's own settings, beside those of its bucket (<see cref="TierSettings"/>).</summary>
public static class ArchiveSettings
{
    /// <summary>When the public price list was read that the defaults are of.</summary>
    public const string PricesOf = "Amazon S3, US East (N. Virginia), as published in June 2026";

    // Before the settings that are of these types: static members are made in the order of the text.
    private static ScalarType<decimal> Amount { get; } = new(
        "an amount of money, such as 50 or 0.023",
        (text, _) => decimal.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var amount) && amount <= 1_000_000_000 ? amount : SettingTypes.Bad<decimal>($"'{text}' is no amount", "Write a number, with a point where it has one: 50 or 0.023."),
        amount => amount.ToString("0.######", CultureInfo.InvariantCulture));

    private static ScalarType<RetrievalPrice> PriceType { get; } = new(
        "a price such as 0.01/GB + 0.05/1000: for each GB, and for a thousand requests",
        (text, _) => TryParse(text, out var price) ? price : SettingTypes.Bad<RetrievalPrice>($"'{text}' is no price", "Write an amount for each GB and one for a thousand requests: 0.01/GB + 0.05/1000."),
        price => price.ToString());

    /// <summary>Age of points.</summary>
    public static readonly Setting<int> AfterDays = new()
    {
        Key = "archive.after_days", Type = SettingTypes.Integer(1, 36500), Default = 7,
        Summary = "Days after which a restore point enters the archive tier. Class Physical never does.",
    };

    /// <summary>Age of packs.</summary>
    public static readonly Setting<int> ColdestAfterDays = new()
    {
        Key = "archive.coldest_after_days", Type = SettingTypes.Integer(0, 36500), Default = 30,
        Summary = "Days after which packs of the archive tier go to the coldest storage class, DEEP_ARCHIVE. 0: never. What lies in GLACIER cannot be copied unless it is thawed: there a lifecycle rule of the bucket does it, which docs/operations.md shows.",
    };

    /// <summary>Size of cold packs.</summary>
    public static readonly Setting<long> PackSize = new()
    {
        Key = "archive.pack_size", Type = SettingTypes.Size(64 << 20, 128 << 20), Default = 128 << 20,
        Summary = "Bytes of a pack on the archive tier: a storage class for archives charges each object and each request for one.",
    };

    /// <summary>Compression.</summary>
    public static readonly Setting<int> ZstdLevel = new()
    {
        Key = "archive.zstd_level", Type = SettingTypes.Integer(1, 19), Default = 12,
        Summary = "zstd level of runs of type Archive. What is stored already is never compressed again.",
    };

    /// <summary>Minimum storage.</summary>
    public static readonly Setting<bool> KeepMinimumDays = new()
    {
        Key = "archive.keep_minimum_days", Type = SettingTypes.Boolean, Default = true,
        Summary = "Whether a pack that nothing needs any more stays for the days that its storage class charges in any case: GLACIER and GLACIER_IR 90, DEEP_ARCHIVE 180.",
    };

    /// <summary>How long a thawed copy stays.</summary>
    public static readonly Setting<int> ThawDays = new()
    {
        Key = "archive.thaw_days", Type = SettingTypes.Integer(1, 365), Default = 7,
        Summary = "Days that a thawed copy stays readable.",
    };

    /// <summary>Above it an approval is needed.</summary>
    public static readonly Setting<decimal> CostLimit = new()
    {
        Key = "archive.retrieval_cost_limit", Type = Amount, Default = 50,
        Summary = "Estimated cost of a retrieval, with what this host asked for in the 24 hours before, above which it needs an approval by a second identity.",
    };

    /// <summary>Currency of all prices.</summary>
    public static readonly Setting<string> Currency = new() { Key = "archive.currency", Type = SettingTypes.Name, Default = "USD", Summary = "The currency of the prices, for people." };

    /// <summary>Thawed copies.</summary>
    public static readonly Setting<decimal> HotMonth = new()
    {
        Key = "archive.price_hot_month", Type = Amount, Default = 0.023m, Summary = "What a GB of thawed copies costs a month. " + Note,
    };

    private const string Note = "The defaults of the prices are the public list of " + PricesOf + ": an estimate, never a bill.";

    private static readonly (string Class, RetrievalSpeed Speed, Setting<RetrievalPrice> Setting)[] PriceList =
    [
        Price("GLACIER", RetrievalSpeed.Bulk, "0/GB + 0/1000"), Price("GLACIER", RetrievalSpeed.Standard, "0.01/GB + 0.05/1000"), Price("GLACIER", RetrievalSpeed.Expedited, "0.03/GB + 10/1000"),
        Price("DEEP_ARCHIVE", RetrievalSpeed.Bulk, "0.0025/GB + 0.025/1000"), Price("DEEP_ARCHIVE", RetrievalSpeed.Standard, "0.02/GB + 0.1/1000"),
    ];

    /// <summary>In the order of the file.</summary>
    public static IReadOnlyList<Setting> All { get; } = [AfterDays, ColdestAfterDays, PackSize, ZstdLevel, KeepMinimumDays, ThawDays, CostLimit, Currency, HotMonth, .. PriceList.Select(p => p.Setting)];

    internal static ArchiveOptions Bind(SettingValues? values)
    {
        T Get<T>(Setting<T> setting) => values is null ? setting.Default : values.Get(setting);
        return new ArchiveOptions(Get(AfterDays), Get(ColdestAfterDays), Get(PackSize), Get(ZstdLevel), Get(KeepMinimumDays), Get(ThawDays), Get(CostLimit), Get(Currency), Get(HotMonth),
            PriceList.ToDictionary(p => (p.Class, p.Speed), p => Get(p.Setting)));
    }

    private static (string, RetrievalSpeed, Setting<RetrievalPrice>) Price(string storageClass, RetrievalSpeed speed, string list)
    {
        var price = TryParse(list, out var read) ? read : throw new ArgumentException(list, nameof(list));
        return (storageClass, speed, new Setting<RetrievalPrice>
        {
            Key = $"archive.price_{storageClass.ToLowerInvariant()}_{speed.ToString().ToLowerInvariant()}", Type = PriceType, Default = price,
            Summary = $"What a retrieval from {storageClass} at speed {speed} costs. {Note}",
        });
    }

    private static bool TryParse(string text, out RetrievalPrice price)
    {
        price = default;
        var parts = text.Split('+', StringSplitOptions.TrimEntries);
        if (parts.Length != 2 || !parts[0].EndsWith("/GB", StringComparison.OrdinalIgnoreCase) || !parts[1].EndsWith("/1000", StringComparison.Ordinal)
            || !decimal.TryParse(parts[0][..^3], NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var gigabyte)
            || !decimal.TryParse(parts[1][..^5], NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var requests))
        {
            return false;
        }
        price = new RetrievalPrice(gigabyte, requests);
        return true;
    }
}
