using System.Globalization;

namespace StingBackup.Engine.Reserve.Configuration;

/// <summary>How a job stands behind other programs where both want the disk.</summary>
public enum IoPriority
{
    /// <summary>Like any other program.</summary>
    Normal,
    /// <summary>Behind the others.</summary>
    Low,
    /// <summary>Only when nobody else wants it.</summary>
    Idle,
}

/// <summary>How much of the processors a job may take.</summary>
/// <param name="Percent">Percent of all of them, or null for no limit.</param>
public readonly record struct CpuShare(int? Percent)
{
    /// <summary>No limit.</summary>
    public static CpuShare Unlimited { get; } = new(null);
}

/// <summary>What jobs leave to others.</summary>
/// <param name="CpuPercent">Percent of all processors that a job may take; null for no limit.</param>
/// <param name="Memory">Bytes that a job may take.</param>
/// <param name="Io">How it stands behind others at the disk.</param>
/// <param name="BackgroundNetwork">Whether its packets are marked as those that may wait.</param>
/// <param name="Attended">Whether all of this counts too while a person waits.</param>
public sealed record HostLimits(int? CpuPercent, long Memory, IoPriority Io, bool BackgroundNetwork, bool Attended)
{
    /// <summary>What holds where nothing is set.</summary>
    public static HostLimits Default { get; } = new(LimitSettings.CpuLimit.Default.Percent, LimitSettings.MemoryLimit.Default, LimitSettings.Io.Default, LimitSettings.Network.Default, LimitSettings.Attended.Default);
}

/// <summary>What jobs leave to others: processor, memory, disk, network.</summary>
public static class LimitSettings
{
    private const string Unlimited = "none";

    /// <summary>How much of the processors.</summary>
    public static readonly Setting<CpuShare> CpuLimit = new()
    {
        Key = "performance.cpu_limit",
        Type = new ScalarType<CpuShare>("a share of all processors from 1% to 100%, such as 25%; none for no limit",
            (text, _) => text.Equals(Unlimited, StringComparison.OrdinalIgnoreCase) ? CpuShare.Unlimited
                : text.EndsWith('%') && int.TryParse(text.AsSpan(0, text.Length - 1).TrimEnd(' '), NumberStyles.None, CultureInfo.InvariantCulture, out var percent) && percent is >= 1 and <= 100 ? new CpuShare(percent)
                : SettingTypes.Bad<CpuShare>($"'{text}' is no share of the processors", "Write a whole number from 1% to 100% with its sign: 25%; or none."),
            share => share.Percent is { } percent ? string.Create(CultureInfo.InvariantCulture, $"{percent}%") : Unlimited),
        Default = new CpuShare(25),
        Summary = "How much of all processors that it may use a job takes while nobody waits for it: in the daemon, and in programs without a terminal, such as those of cron and systemd. Its first seconds are free, restores and the capture of the log are never limited, and it stands behind other programs (nice). A change counts within seconds, in jobs that run too.",
    };

    /// <summary>How much memory.</summary>
    public static readonly Setting<long> MemoryLimit = new()
    {
        Key = "performance.memory_limit",
        Type = SettingTypes.Size(512_000_000, 64_000_000_000),
        Default = 2_000_000_000,
        Summary = "The most memory that a job takes, whatever the size of the reserve. Readers and their buffers are as many as fit into it; a job that takes more all the same gives back what it can, and says so.",
    };

    /// <summary>The disk.</summary>
    public static readonly Setting<IoPriority> Io = new()
    {
        Key = "performance.io_priority",
        Type = SettingTypes.Choice("normal, low or idle", ("normal", IoPriority.Normal), ("low", IoPriority.Low), ("idle", IoPriority.Idle)),
        Default = IoPriority.Low,
        Summary = "How such a job stands at the disk: low behind others, idle only when nobody else wants it. It counts where the disk's scheduler knows priorities (bfq; others take no notice).",
    };

    /// <summary>The network.</summary>
    public static readonly Setting<bool> Network = new()
    {
        Key = "performance.network_priority",
        Type = SettingTypes.Choice("normal or background", ("normal", false), ("background", true)),
        Default = true,
        Summary = "background marks the packets of such a job to buckets as those that may wait (DSCP CS1). Routers that know the mark let others pass first.",
    };

    /// <summary>Who is limited.</summary>
    public static readonly Setting<bool> Attended = new()
    {
        Key = "performance.limit_attended",
        Type = SettingTypes.Boolean,
        Default = false,
        Summary = "Whether these limits count too while somebody waits: at a terminal, and in a PowerShell session.",
    };

    /// <summary>All of them.</summary>
    public static IReadOnlyList<Setting> All { get; } = [CpuLimit, MemoryLimit, Io, Network, Attended];

    internal static HostLimits Bind(SettingValues values) => new(values.Get(CpuLimit).Percent, values.Get(MemoryLimit), values.Get(Io), values.Get(Network), values.Get(Attended));
}
