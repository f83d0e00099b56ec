namespace StingBackup.Engine.People;

/// <summary>A backup run that holds something of a person.</summary>
public sealed record OwnRun
{
    /// <summary>The run.</summary>
    public required string BackupId { get; init; }
    /// <summary>The moment of the cut.</summary>
    public required DateTimeOffset Time { get; init; }
    /// <summary>How it read its sources.</summary>
    public required BackupType Type { get; init; }
    /// <summary>Data classes in which it holds something of the person.</summary>
    public IReadOnlyList<DataClass> Classes { get; init => field = Indexable.Of(value); } = [];
    /// <summary>Items of every kind in these classes.</summary>
    public required long Items { get; init; }
    /// <summary>Sum of the files' lengths in bytes.</summary>
    public required long Length { get; init; }
    /// <summary>Whether anything of the person differs from the run before that read the same classes.</summary>
    public required bool Changed { get; init; }
    /// <summary>Whether the run could read everything of these classes, of everybody.</summary>
    public required bool IsWhole { get; init; }
    /// <summary>The old archive that it was imported from, or null.</summary>
    public string? ImportedFrom { get; init; }
}

/// <summary>A page of what is directly in a folder.</summary>
public sealed record FolderPage
{
    /// <summary>The run as of which it is.</summary>
    public required string BackupId { get; init; }
    /// <summary>The folder; empty for the reserve's root.</summary>
    public required string Path { get; init; }
    /// <summary>Folders and files in path order.</summary>
    public IReadOnlyList<RestorePointItem> Items { get; init => field = Indexable.Of(value); } = [];
    /// <summary>Of what was uploaded to STING, the names that it had, by path.</summary>
    public IReadOnlyDictionary<string, string> Names { get; init; } = new Dictionary<string, string>();
    /// <summary>What to give as <c>after</c> for the next page; null on the last one.</summary>
    public string? Next { get; init; }
    /// <summary>Ids of errors of what could not be read, so that items may be missing; empty where all is here.</summary>
    public IReadOnlyList<string> Damage { get; init => field = Indexable.Of(value); } = [];
}

/// <summary>Versions of items over time.</summary>
public sealed record OwnVersions
{
    /// <summary>By path, and of each the newest first.</summary>
    public IReadOnlyList<ItemVersion> Versions { get; init => field = Indexable.Of(value); } = [];
    /// <summary>Of what was uploaded to STING, the names that it had, by path.</summary>
    public IReadOnlyDictionary<string, string> Names { get; init; } = new Dictionary<string, string>();

    /// <summary>What something is called.</summary>
    public string NameOf(ItemVersion version)
    {
        ArgumentNullException.ThrowIfNull(version);
        return Names.GetValueOrDefault(version.Path, version.Name);
    }
}
