namespace StingBackup.Engine.Reserve.Configuration;

/// <summary>From when on to raise an alarm.</summary>
public sealed record WalThresholds
{
    /// <summary>Bytes of lag.</summary>
    public ulong LagBytes { get; init; } = 64 << 20;
    /// <summary>Time of lag.</summary>
    public TimeSpan LagTime { get; init; } = TimeSpan.FromSeconds(10);
    /// <summary>How long a receiver may be away before that counts as a stall: less than what a client's patience is.</summary>
    public TimeSpan StallTime { get; init; } = TimeSpan.FromSeconds(5);
    /// <summary>Free bytes on the spool's disk.</summary>
    public long SpoolRoom { get; init; } = 1L << 30;
    /// <summary>Bytes of log that the server keeps for the slot.</summary>
    public ulong Retained { get; init; } = 4UL << 30;
}
