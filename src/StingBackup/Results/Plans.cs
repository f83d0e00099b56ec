namespace StingBackup;

/// <summary>What a backup would do: printed by <c>-WhatIf</c>, executed by the run.</summary>
public sealed record BackupPlan
{
    /// <summary>How sources will be read.</summary>
    public required BackupType Type { get; init; }
    /// <summary>Data classes that are due.</summary>
    public required IReadOnlyList<DataClass> Classes { get; init; }
    /// <summary>The reserve's folders.</summary>
    public required IReadOnlyList<string> Sources { get; init; }
    /// <summary>Where the repository lies.</summary>
    public required string Repository { get; init; }
    /// <summary>The moment the plan was made.</summary>
    public required DateTimeOffset Time { get; init; }
}

/// <summary>What a restore would do: exactly these items, nothing else.</summary>
public sealed record RestorePlan
{
    /// <summary>What was asked, for people.</summary>
    public required string Scope { get; init; }
    /// <summary>The points it reads.</summary>
    public required IReadOnlyList<RestorePoint> Points { get; init; }
    /// <summary>Data classes for which no point exists at or before the moment asked.</summary>
    public required IReadOnlyList<DataClass> MissingClasses { get; init; }
    /// <summary>Where it writes: a folder, or the original place.</summary>
    public required string Destination { get; init; }
    /// <summary>True when it writes into the reserve itself.</summary>
    public required bool InPlace { get; init; }
    /// <summary>What happens where a file already stands.</summary>
    public required ConflictAction Conflict { get; init; }
    /// <summary>Files to write.</summary>
    public required long Files { get; init; }
    /// <summary>Items of every kind.</summary>
    public required long Items { get; init; }
    /// <summary>File bytes to write.</summary>
    public required long Length { get; init; }
    /// <summary>Packs that must be read.</summary>
    public required long Packs { get; init; }
    /// <summary>Bytes that must be read from the store.</summary>
    public required long PackBytes { get; init; }
    /// <summary>The first items, at most 1,000, for people.</summary>
    public required IReadOnlyList<RestorePointItem> Preview { get; init; }
}
