namespace StingBackup.Engine.Reserve.Configuration;

/// <summary>How a server's write-ahead log is captured.</summary>
public sealed record CaptureConfiguration
{
    /// <summary>The role that receives, and takes base backups.</summary>
    public required string Role { get; init; }
    /// <summary>The superuser as whom the server is told what it must know.</summary>
    public required string AdminUser { get; init; }
    /// <summary>The replication slot, and the standby's name.</summary>
    public required string Slot { get; init; }
    /// <summary>Where the log is spooled.</summary>
    public required WalSpoolOptions Spool { get; init; }
    /// <summary>What to do when nothing is received.</summary>
    public required StallPolicy WhenStalled { get; init; }
    /// <summary>From when on to raise an alarm.</summary>
    public required WalThresholds Thresholds { get; init; }
}
