namespace StingBackup.Engine.Restore;

/// <summary>Which restore points are asked for; what is null asks nothing.</summary>
public sealed record PointQuery
{
    /// <summary>Only this run.</summary>
    public string? BackupId { get; init; }
    /// <summary>Only this data class.</summary>
    public DataClass? DataClass { get; init; }
    /// <summary>Only points of this moment or later.</summary>
    public DateTimeOffset? From { get; init; }
    /// <summary>Only points of this moment or earlier.</summary>
    public DateTimeOffset? To { get; init; }
    /// <summary>Only the newest point of each data class.</summary>
    public bool Latest { get; init; }
    /// <summary>Only points that hold something of this subject: a canonical name, or a person's or jar's name.</summary>
    public string? Subject { get; init; }
}
