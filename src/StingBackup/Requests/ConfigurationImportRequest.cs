namespace StingBackup;

/// <summary>Where a configuration is to come from, and where to.</summary>
public sealed record ConfigurationImportRequest
{
    /// <summary>A tier of the repository: a folder or the address of a bucket.</summary>
    public required string Location { get; init; }
    /// <summary>Files and folders with the shares.</summary>
    public required IReadOnlyList<string> Path { get; init => field = Indexable.Of(value); }
    /// <summary>Whose configuration; null for the host that made the repository.</summary>
    public string? HostName { get; init; }
    /// <summary>The file to write; null for the place that it had, or the usual one.</summary>
    public string? ConfigurationFile { get; init; }
    /// <summary>Settings that are another here: how the bucket is reached, and paths that are elsewhere now.</summary>
    public IReadOnlyDictionary<string, string> Setting { get; init; } = new Dictionary<string, string>();
}
