namespace StingBackup.Engine.Reserve.Configuration;

/// <summary>When data gets from tier to tier, and how much a tier may hold.</summary>
public static class TierTimes
{
    /// <summary>Replication at commit.</summary>
    public static readonly Setting<bool> AtCommit = new()
    {
        Key = "remote.at_commit",
        Type = SettingTypes.Boolean,
        Default = true,
        Summary = "Whether a backup copies what it has committed to the remote tier at once. A remote tier that is away fails no backup: what waits is told, and the next sync copies it.",
    };

    /// <summary>The longest lag.</summary>
    public static readonly Setting<int> EveryMinutes = new()
    {
        Key = "remote.every_minutes",
        Type = SettingTypes.Integer(1, 60, "the remote tier is brought up to date hourly at the latest"),
        Default = 60,
        Summary = "Minutes after which a restore point should be on the remote tier; the status warns of one that waits longer.",
    };

    /// <summary>The quota.</summary>
    public static readonly Setting<long> Quota = new()
    {
        Key = "remote.quota",
        Type = SettingTypes.Size(1_000_000, 1_000_000_000_000_000),
        Default = 10_000_000_000_000,
        Summary = "Bytes that may lie on the remote tier. Beyond it uploads stop until an approved request (Set-StingTierQuota) raises it.",
    };

    /// <summary>The local cap.</summary>
    public static readonly Setting<int> MaxPercent = new()
    {
        Key = "local.max_percent",
        Type = SettingTypes.Integer(1, 100),
        Default = 10,
        Summary = "Percent of its disk that the local tier may take, where a further tier is configured. From 80 % of that on, content goes from the local tier, oldest first, as far as the next tier has confirmed it. "
            + "100: whatever the disk has.",
    };

    /// <summary>Parity beside the local tier's packs.</summary>
    public static readonly Setting<int> ParityPercent = new()
    {
        Key = "local.parity_percent",
        Type = SettingTypes.Integer(0, 50),
        Default = 0,
        Summary = "Percent of each pack's length that is stored beside it as parity (Reed-Solomon), where the local tier is a folder. Of a pack that no other tier has whole so much may be damaged or unreadable, and Repair-StingRepository puts it right. "
            + "Short packs get more, as much as their own length up to 68 KiB. Holds for packs that are stored from then on; a repair makes it for those that are there. 0 for none.",
    };
}
