namespace StingBackup.Engine.Reserve.Configuration;

/// <summary>Where and how the log is spooled.</summary>
public sealed record WalSpoolOptions
{
    /// <summary>The folder; on a disk other than the database's, or what kills the one takes the other with it.</summary>
    public required string Folder { get; init; }
    /// <summary>A file of this length is closed and handed on.</summary>
    public long RotateBytes { get; init; } = 16 << 20;
    /// <summary>So is one of this age that holds anything.</summary>
    public TimeSpan RotateAge { get; init; } = TimeSpan.FromMinutes(15);
}
