namespace StingBackup;

/// <summary>What becomes of an old archive.</summary>
public enum LegacyArchiveState
{
    /// <summary>It can be imported.</summary>
    Importable,
    /// <summary>A restore point was made of it.</summary>
    Imported,
    /// <summary>There is a restore point of it already; nothing is done.</summary>
    AlreadyImported,
    /// <summary>It cannot be read, or is none of STING's; an error says why.</summary>
    Refused,
}

/// <summary>One archive that <c>manage_sting.sh backup</c> wrote, and what it is worth.</summary>
public sealed record LegacyArchive
{
    /// <summary>Its file.</summary>
    public required string Path { get; init; }
    /// <summary>What becomes of it.</summary>
    public required LegacyArchiveState State { get; init; }
    /// <summary>When it was made, by its own clock in the configured zone; null when it is refused.</summary>
    public DateTimeOffset? Time { get; init; }
    /// <summary>Bytes of the file.</summary>
    public long ArchiveLength { get; init; }
    /// <summary>Bytes of the files in it.</summary>
    public long Length { get; init; }
    /// <summary>Items in it, of every kind.</summary>
    public long Items { get; init; }
    /// <summary>Whether the file is encrypted.</summary>
    public bool IsEncrypted { get; init; }
    /// <summary>Data classes that it holds something of.</summary>
    public IReadOnlyList<DataClass> Classes { get; init => field = Indexable.Of(value); } = [];
    /// <summary>The run that its restore points belong to: since when it was imported; null before.</summary>
    public string? BackupId { get; init; }
    /// <summary>The folder, among the reserve's paths, that holds what was in it.</summary>
    public string? Folder { get; init; }
    /// <summary>What it holds, for people.</summary>
    public IReadOnlyList<string> Holds { get; init => field = Indexable.Of(value); } = [];
    /// <summary>What it lacks of an installation, for people.</summary>
    public IReadOnlyList<string> Lacks { get; init => field = Indexable.Of(value); } = [];
    /// <summary>What to know of it, for people.</summary>
    public IReadOnlyList<string> Notes { get; init => field = Indexable.Of(value); } = [];
    /// <summary>Why it is refused, and what to do; null where it is not.</summary>
    public string? Problem { get; init; }
    /// <summary>The name of the file.</summary>
    public string Name => System.IO.Path.GetFileName(Path);

    /// <summary>What the engine that looked at it needs to import exactly it.</summary>
    internal object? Examined { get; init; }
}

/// <summary>What an import would do.</summary>
public sealed record LegacyImportPlan
{
    /// <summary>Where the repository lies.</summary>
    public required string Repository { get; init; }
    /// <summary>The archives, oldest first; those that are refused last.</summary>
    public required IReadOnlyList<LegacyArchive> Archives { get; init => field = Indexable.Of(value); }
    /// <summary>How many will be imported.</summary>
    public int Importable => Archives.Count(a => a.State == LegacyArchiveState.Importable);
    /// <summary>Bytes of the files in these.</summary>
    public long Length => Archives.Where(a => a.State == LegacyArchiveState.Importable).Sum(a => a.Length);
}

/// <summary>What an import did.</summary>
public sealed record LegacyImportResult
{
    /// <summary>How it ended.</summary>
    public required JobState State { get; init; }
    /// <summary>The archives, oldest first, each with the run that it became.</summary>
    public required IReadOnlyList<LegacyArchive> Archives { get; init => field = Indexable.Of(value); }
    /// <summary>Content bytes that the repository had not yet, before compression.</summary>
    public required long BytesNew { get; init; }
    /// <summary>Bytes added to the store, everything included.</summary>
    public required long BytesStored { get; init; }
    /// <summary>Archives and items that failed; each was named.</summary>
    public required long Errors { get; init; }
    /// <summary>How long it took.</summary>
    public required TimeSpan Duration { get; init; }
    /// <summary>How many were imported.</summary>
    public int Imported => Archives.Count(a => a.State == LegacyArchiveState.Imported);
}
