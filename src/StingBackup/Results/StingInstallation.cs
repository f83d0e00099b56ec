namespace StingBackup;

/// <summary>A STING installation as it was found: where its data lies, what it is reached by, and what could not be found. Holds no secret.</summary>
public sealed record StingInstallation
{
    /// <summary>Its folder.</summary>
    public required string Path { get; init; }
    /// <summary>Its version, or null.</summary>
    public required string? Version { get; init; }
    /// <summary>Its own configuration file, or null.</summary>
    public required string? SettingsFile { get; init; }
    /// <summary>Whether Docker could be asked.</summary>
    public required DockerAnswer Docker { get; init; }
    /// <summary>Where its data lies.</summary>
    public required IReadOnlyList<StingPlace> Places { get; init => field = Indexable.Of(value); }
    /// <summary>The server of its databases, or null.</summary>
    public required StingServer? Database { get; init; }
    /// <summary>The role that STING itself uses on that server, or null; backups use one of their own.</summary>
    public required string? DatabaseUser { get; init; }
    /// <summary>The Vault that holds what people upload, or null.</summary>
    public required StingServer? Vault { get; init; }
    /// <summary>The server of document chunks and their vectors, or null.</summary>
    public required StingServer? Chroma { get; init; }
    /// <summary>Whether the key that STING encrypts people's files with is set; null where the file that says so could not be read.</summary>
    public required bool? HasMasterKey { get; init; }
    /// <summary>What could not be found, each with what to do.</summary>
    public required IReadOnlyList<StingGap> NotFound { get; init => field = Indexable.Of(value); }
}

/// <summary>Whether Docker could be asked about containers.</summary>
public enum DockerAnswer
{
    /// <summary>It was not to be asked.</summary>
    NotAsked,
    /// <summary>There is no docker command on the path.</summary>
    Missing,
    /// <summary>The command failed.</summary>
    Failed,
    /// <summary>It answered, and none of its containers belongs to the installation.</summary>
    NoContainer,
    /// <summary>It answered.</summary>
    Answered,
}

/// <summary>What a folder of an installation holds.</summary>
public enum StingPlaceKind
{
    /// <summary>Settings: conf and what it belongs to.</summary>
    Settings,
    /// <summary>Files of the environment, with passwords and keys in them.</summary>
    Secrets,
    /// <summary>Documents of honey jars.</summary>
    JarDocuments,
    /// <summary>What the application itself keeps of uploads.</summary>
    AppUploads,
    /// <summary>What the knowledge service keeps besides its database.</summary>
    KnowledgeData,
    /// <summary>Document chunks and their vectors: a database in use.</summary>
    Embeddings,
    /// <summary>People's files, in the layout that STING documents.</summary>
    HoneyReserve,
    /// <summary>Temporary uploads, in the layout that STING documents.</summary>
    TempUploads,
    /// <summary>Archived files of people, in the layout that STING documents.</summary>
    Archives,
    /// <summary>Logs.</summary>
    Logs,
    /// <summary>Settings that containers share in a volume.</summary>
    SharedSettings,
    /// <summary>Certificates that containers share in a volume.</summary>
    Certificates,
    /// <summary>Vault's unseal key and root token.</summary>
    VaultKeys,
    /// <summary>Vault's own storage: names and values encrypted.</summary>
    VaultStorage,
    /// <summary>Files of the database server.</summary>
    DatabaseFiles,
    /// <summary>Backups that STING's own script made.</summary>
    OldBackups,
    /// <summary>Caches, caught mail, models: what the strategy leaves out.</summary>
    LeftOut,
}

/// <summary>A folder of an installation.</summary>
/// <param name="Kind">What it holds.</param>
/// <param name="Path">Where it lies on this host.</param>
/// <param name="Source">What says so, for people.</param>
/// <param name="IsReadable">Whether this user can read it.</param>
public sealed record StingPlace(StingPlaceKind Kind, string Path, string Source, bool IsReadable)
{
    /// <summary>For people.</summary>
    public override string ToString() => $"{Kind}: {Path} ({Source})";
}

/// <summary>A server of an installation.</summary>
/// <param name="Host">Name or address by which this host reaches it.</param>
/// <param name="Port">Port.</param>
/// <param name="Container">Its container, or null.</param>
/// <param name="Source">What says so, for people.</param>
public sealed record StingServer(string Host, int Port, string? Container, string Source)
{
    /// <summary><c>http</c> or <c>https</c>; null where it speaks neither.</summary>
    public string? Scheme { get; init; }

    /// <summary><c>host:port</c>, or the URL of one that speaks HTTP.</summary>
    public string Address => string.Create(System.Globalization.CultureInfo.InvariantCulture,
        $"{(Scheme is null ? "" : $"{Scheme}://")}{(Host.Contains(':', StringComparison.Ordinal) ? $"[{Host}]" : Host)}:{Port}");

    /// <summary>For people.</summary>
    public override string ToString() => Container is null ? Address : $"{Address} (container {Container})";
}

/// <summary>What could not be found.</summary>
/// <param name="What">What it is.</param>
/// <param name="Problem">Where was looked, and what was there instead.</param>
/// <param name="Remedy">What to do.</param>
public sealed record StingGap(string What, string Problem, string Remedy)
{
    /// <summary>For people.</summary>
    public override string ToString() => $"{What}: {Problem}{(Problem is [.., '.' or '?' or '!'] ? "" : ".")} {Remedy}";
}

/// <summary>A setting that a new configuration would get.</summary>
/// <param name="Key">Its path in the file.</param>
/// <param name="Value">Its value as it stands in the file; a list has a line an item.</param>
/// <param name="Reason">Why.</param>
public sealed record ProposedSetting(string Key, string Value, string Reason)
{
    /// <summary>For people.</summary>
    public override string ToString() => Value.StartsWith("- ", StringComparison.Ordinal) ? $"{Key}:\n  {Value.Replace("\n", "\n  ", StringComparison.Ordinal)}" : $"{Key}: {Value}";
}
