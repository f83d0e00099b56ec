namespace StingBackup.Engine.Reserve.Configuration;

/// <summary>What storage costs.</summary>
public static class CostSettings
{
    private const string Unit = "dollars for a gigabyte (1,000,000,000 bytes) and month";

    /// <summary>The price of each tier.</summary>
    public static readonly IReadOnlyDictionary<Tier, Setting<decimal>> Prices = new Dictionary<Tier, Setting<decimal>>
    {
        [Tier.Local] = Price("local", 0.10m, "the local tier costs: SSD"),
        [Tier.Remote] = Price("remote", 0.023m, "the remote tier costs: S3 Standard"),
        [Tier.Archive] = Price("archive", 0.004m, "the archive tier costs: Glacier"),
    };

    /// <summary>The price of requests that write, of tiers that ask one.</summary>
    public static readonly IReadOnlyDictionary<Tier, Setting<decimal>> RequestPrices = new Dictionary<Tier, Setting<decimal>>
    {
        [Tier.Remote] = Requests("remote", 0.005m, "S3 Standard"),
        [Tier.Archive] = Requests("archive", 0.03m, "Glacier"),
    };

    private static Setting<decimal> Requests(string tier, decimal price, string what) => new()
    {
        Key = $"cost.{tier}_requests", Type = SettingTypes.Price, Default = price, Summary = $"What a thousand requests that write to the {tier} tier cost, in dollars: {what}. Measure-StingCost counts with it; nothing else does.",
    };

    private static Setting<decimal> Price(string tier, decimal price, string what) => new()
    {
        Key = $"cost.{tier}", Type = SettingTypes.Price, Default = price, Summary = $"What {what}, in {Unit}. Reports count with it; nothing else does.",
    };
}
