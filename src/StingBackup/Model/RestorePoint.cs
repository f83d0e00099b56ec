namespace StingBackup;

/// <summary>One data class of one backup run: what a restore can go back to.</summary>
public sealed record RestorePoint
{
    /// <summary>The run, <c>backup_yyyyMMdd_HHmmss</c>.</summary>
    public required string BackupId { get; init; }
    /// <summary>The data class that this part holds.</summary>
    public required DataClass DataClass { get; init; }
    /// <summary>How the run read its sources.</summary>
    public required BackupType Type { get; init; }
    /// <summary>The moment of the cut, with the offset that was configured then.</summary>
    public required DateTimeOffset Time { get; init; }
    /// <summary>When the point was committed.</summary>
    public required DateTimeOffset CompletedTime { get; init; }
    /// <summary>Whether every item could be read.</summary>
    public required JobState State { get; init; }
    /// <summary>Subjects with at least one item.</summary>
    public required long Subjects { get; init; }
    /// <summary>Items of every kind.</summary>
    public required long Items { get; init; }
    /// <summary>Sum of the files' lengths, in bytes.</summary>
    public required long Length { get; init; }
    /// <summary>Items that could not be read in this run.</summary>
    public required long Errors { get; init; }
    /// <summary>The tier that was read.</summary>
    public required Tier Tier { get; init; }
    /// <summary>The writer's id, 32 hexadecimal digits.</summary>
    public required string Writer { get; init; }
    /// <summary>The run's number in its writer's chain, from 1.</summary>
    public required long Sequence { get; init; }
    /// <summary>The old archive that it was imported from, <c>sting_backup_yyyyMMdd_HHmmss.tar.gz</c>; null for a point of the reserve itself.</summary>
    public string? ImportedFrom { get; init; }
    /// <summary>Parts that are older than the point: their source failed in its run.</summary>
    public IReadOnlyList<CarriedPart> Carried { get; init => field = Indexable.Of(value); } = [];
}

/// <summary>One entry of a restore point's tree.</summary>
public record RestorePointItem
{
    /// <summary>The run that holds it.</summary>
    public required string BackupId { get; init; }
    /// <summary>Its data class.</summary>
    public required DataClass DataClass { get; init; }
    /// <summary>Whom it belongs to, as a canonical name (<c>user:…</c>, <c>jar:…</c>, <c>path:…</c>, <c>system</c>).</summary>
    public required string Subject { get; init; }
    /// <summary>The path within the reserve, separated by <c>/</c>; bytes that are not UTF-8 appear as <c>\xNN</c>.</summary>
    public required string Path { get; init; }
    /// <summary>What it is.</summary>
    public required ItemKind Kind { get; init; }
    /// <summary>Length in bytes; 0 for what is not a file.</summary>
    public required long Length { get; init; }
    /// <summary>Time of the last change of its content.</summary>
    public required DateTimeOffset ModifiedTime { get; init; }
    /// <summary>Unix permission bits, or null where the source had none.</summary>
    public int? Mode { get; init; }
    /// <summary>Owner's name or number.</summary>
    public string? Owner { get; init; }
    /// <summary>Group's name or number.</summary>
    public string? Group { get; init; }
    /// <summary>Where a link points.</summary>
    public string? LinkTarget { get; init; }
    /// <summary>The last component of <see cref="Path"/>.</summary>
    public string Name => Path[(Path.LastIndexOf('/') + 1)..];
}

/// <summary>One version of a file over time: the same content in one or more consecutive points.</summary>
public sealed record ItemVersion : RestorePointItem
{
    /// <summary>The moment of the first point that holds this version.</summary>
    public required DateTimeOffset FirstSeen { get; init; }
    /// <summary>The moment of the last point that holds this version.</summary>
    public required DateTimeOffset LastSeen { get; init; }
    /// <summary>How many points hold it.</summary>
    public required int Points { get; init; }
}

/// <summary>How an item differs between two points.</summary>
public enum DifferenceKind
{
    /// <summary>Only in the later point.</summary>
    Added,
    /// <summary>Only in the earlier point.</summary>
    Removed,
    /// <summary>Content differs.</summary>
    Modified,
    /// <summary>Same content, other attributes.</summary>
    Attributes,
}

/// <summary>One difference between two restore points.</summary>
public sealed record RestorePointDifference
{
    /// <summary>What happened from the first point to the second.</summary>
    public required DifferenceKind Change { get; init; }
    /// <summary>The data class.</summary>
    public required DataClass DataClass { get; init; }
    /// <summary>Whom the item belongs to.</summary>
    public required string Subject { get; init; }
    /// <summary>The path within the reserve.</summary>
    public required string Path { get; init; }
    /// <summary>What it is (in the later point where both have it).</summary>
    public required ItemKind Kind { get; init; }
    /// <summary>Length before, in bytes; null when added.</summary>
    public long? OldLength { get; init; }
    /// <summary>Length after, in bytes; null when removed.</summary>
    public long? NewLength { get; init; }
    /// <summary>Modified time before.</summary>
    public DateTimeOffset? OldTime { get; init; }
    /// <summary>Modified time after.</summary>
    public DateTimeOffset? NewTime { get; init; }
}
