using StingBackup.Engine.Basics;

namespace StingBackup.Engine.Reserve.Configuration;

/// <summary>How much is logged.</summary>
public enum LogDetail
{
    /// <summary>Everything that helps to understand a run.</summary>
    Debug,
    /// <summary>Milestones.</summary>
    Information,
    /// <summary>What was degraded.</summary>
    Warning,
    /// <summary>What failed.</summary>
    Error,
}

/// <summary>A checked configuration. Every path is absolute.</summary>
public sealed record StingConfiguration
{
    /// <summary>The repository.</summary>
    public required RepositorySettings Repository { get; init; }
    /// <summary>What is backed up.</summary>
    public required ReserveSettings Reserve { get; init; }
    /// <summary>The Vault that holds what people upload, or null.</summary>
    public VaultSettings? Vault { get; init; }
    /// <summary>The server of STING's databases, or null.</summary>
    public PostgresSettings? PostgreSql { get; init; }
    /// <summary>How the server's write-ahead log is captured, or null when it is not.</summary>
    public CaptureConfiguration? Capture { get; init; }
    /// <summary>The Chroma server and its folder, or null where neither is named.</summary>
    public ChromaSettings? Chroma { get; init; }
    /// <summary>Keys.</summary>
    public required KeySettings Keys { get; init; }
    /// <summary>How often each class is backed up; zero for every time.</summary>
    public required IReadOnlyDictionary<DataClass, TimeSpan> Schedule { get; init; }
    /// <summary>Every class, the first one first.</summary>
    public IReadOnlyList<DataClass> Priority { get; init; } = ScheduleSettings.Priority.Default;
    /// <summary>How runs are watched for ransomware and mass damage.</summary>
    public AnomalyOptions Guarding { get; init; } = AnomalyOptions.Default;
    /// <summary>How long readers that began before may still need a pack that no restore point reaches.</summary>
    public required TimeSpan PruneGrace { get; init; }
    /// <summary>Share of a pack, 0 to 1, that may be unneeded before it is written anew.</summary>
    public required double MaxWaste { get; init; }
    /// <summary>What each tier costs, in dollars for a gigabyte and month.</summary>
    public IReadOnlyDictionary<Tier, decimal> Prices { get; init; } = CostSettings.Prices.ToDictionary(p => p.Key, p => p.Value.Default);
    /// <summary>Dollars for a thousand requests that write, by tier.</summary>
    public IReadOnlyDictionary<Tier, decimal> RequestPrices { get; init; } = CostSettings.RequestPrices.ToDictionary(p => p.Key, p => p.Value.Default);
    /// <summary>How long restore points are kept.</summary>
    public required RetentionSettings Retention { get; init; }
    /// <summary>How long an erasure can be stopped.</summary>
    public required TimeSpan ErasureDelay { get; init; }
    /// <summary>Who may do what, and how many others must approve it.</summary>
    public AccessPolicy Access { get; init; } = AccessPolicy.None;
    /// <summary>How much of the host a run may use.</summary>
    public required PerformanceSettings Performance { get; init; }
    /// <summary>The bucket of the remote tier, or null.</summary>
    public required string? RemoteLocation { get; init; }
    /// <summary>The bucket or vault of the archive tier, or null.</summary>
    public required string? ArchiveLocation { get; init; }
    /// <summary>How the remote tier's bucket is reached.</summary>
    public TierConnection Remote { get; init; } = new();
    /// <summary>How the archive tier's bucket is reached.</summary>
    public TierConnection Archive { get; init; } = new();
    /// <summary>Whether a run's commit goes to the remote tier at once.</summary>
    public bool RemoteAtCommit { get; init; } = TierTimes.AtCommit.Default;
    /// <summary>How far the remote tier may lag.</summary>
    public TimeSpan RemoteLag { get; init; } = TimeSpan.FromMinutes(TierTimes.EveryMinutes.Default);
    /// <summary>The most bytes on the remote tier.</summary>
    public long RemoteQuota { get; init; } = TierTimes.Quota.Default;
    /// <summary>Percent of its disk that the local tier may take.</summary>
    public int LocalMaxPercent { get; init; } = TierTimes.MaxPercent.Default;
    /// <summary>The parity, in percent of a pack, that is kept beside each pack of the local tier.</summary>
    public int LocalParityPercent { get; init; } = TierTimes.ParityPercent.Default;
    /// <summary>How the archive tier is filled, aged and thawed.</summary>
    public ArchiveOptions Archiving { get; init; } = ArchiveOptions.Default;
    /// <summary>The name of the key that wraps all others, or null.</summary>
    public required string? EncryptionKeyId { get; init; }
    /// <summary>The zone of backup ids and of days.</summary>
    public required TimeZoneInfo TimeZone { get; init; }
    /// <summary>What this host must remember.</summary>
    public required string StateDirectory { get; init; }
    /// <summary>What can be made again.</summary>
    public required string CacheDirectory { get; init; }
    /// <summary>Logs.</summary>
    public required LogSettings Log { get; init; }
    /// <summary>Where recovery tests restore to.</summary>
    public DrillOptions Drills { get; init; } = DrillOptions.Default;
    /// <summary>When each task runs: five fields of cron, or <c>never</c>.</summary>
    public IReadOnlyDictionary<ScheduledTask, string> Timers { get; init; } = TimerSettings.At.ToDictionary(t => t.Key, t => t.Value.Default);
    /// <summary>How long runs go by a journal of changes until one scans everything; null where all do.</summary>
    public TimeSpan? FullScanEvery { get; init; }
    /// <summary>The plain folders of the reserve, in the order in which a journal of changes numbers them.</summary>
    internal IReadOnlyList<string> WatchedFolders => [Reserve.Path, .. Reserve.Folders.Select(f => f.Path)];
    /// <summary>By how many seconds at most tasks begin later.</summary>
    public int JitterSeconds { get; init; }
    /// <summary>Hours in which classes are backed up hourly at most.</summary>
    public PeakHours PeakHours { get; init; }
    /// <summary>The port at which the daemon gives metrics; 0 for none.</summary>
    public int MetricsPort { get; init; }
    /// <summary>Who is told of what is wrong.</summary>
    public AlertConfiguration Alerts { get; init; } = new();
    /// <summary>How the portal is reached, and by whom.</summary>
    public PortalOptions Portal { get; init; } = new(PortalSettings.Address.Default);
    /// <summary>Where metrics are sent, or null.</summary>
    public OtlpTarget? Otlp { get; init; }
    /// <summary>The file that metrics are written to, or null.</summary>
    public string? MetricsFile { get; init; }
    /// <summary>The file it was read from.</summary>
    public required string File { get; init; }
}

/// <summary>Where the repository lies, and whom to trust about it.</summary>
/// <param name="BackupRoot">Its folder, or the address of its bucket.</param>
/// <param name="ReserveId">The reserve's identity, or null before <c>init</c>.</param>
/// <param name="KeyFingerprint">SHA-256 of the key role's public key, 64 lower-case hexadecimal digits, or null before <c>init</c>.</param>
public sealed record RepositorySettings(string BackupRoot, Id16? ReserveId, string? KeyFingerprint);

/// <summary>What is backed up, and as what.</summary>
public sealed record ReserveSettings
{
    /// <summary>The reserve's folder.</summary>
    public required string Path { get; init; }
    /// <summary>The users map's file, or null to look for one.</summary>
    public string? UsersMap { get; init; }
    /// <summary>Rules for data classes, first match first.</summary>
    public IReadOnlyList<ClassRule> Rules { get; init; } = [];
    /// <summary>Globs of what is left out everywhere.</summary>
    public IReadOnlyList<string> Exclude { get; init; } = [];
    /// <summary>Globs of what is left out of the installation's own files.</summary>
    public IReadOnlyList<string> ExcludeSystem { get; init; } = DefaultExclusions.Globs;
    /// <summary>Folders that lie elsewhere.</summary>
    public IReadOnlyList<FolderMount> Folders { get; init; } = [];
    /// <summary>From which age on temporary files are left out; zero for none.</summary>
    public TimeSpan TempFilesAge { get; init; }
}

/// <summary>A folder that lies elsewhere and belongs to the reserve.</summary>
/// <param name="At">Its name in the reserve.</param>
/// <param name="Path">Where it lies.</param>
public sealed record FolderMount(string At, string Path);

/// <summary>The Vault that holds what people upload, and how to log in. Holds no secret.</summary>
/// <param name="Address">The server.</param>
/// <param name="Mount">Where its KV engine is mounted.</param>
/// <param name="Prefix">The folder that is backed up.</param>
public sealed record VaultSettings(Uri Address, string Mount, string Prefix)
{
    /// <summary>Namespace, or null.</summary>
    public string? Namespace { get; init; }
    /// <summary>PEM file of trusted authorities, or null for the host's.</summary>
    public string? CertificateAuthorities { get; init; }
    /// <summary>File of a token, or null.</summary>
    public string? TokenFile { get; init; }
    /// <summary>Id of an AppRole, or null.</summary>
    public string? RoleId { get; init; }
    /// <summary>File of the AppRole's secret id, or null.</summary>
    public string? SecretIdFile { get; init; }
    /// <summary>Files of STING's master keys; none keeps what STING sealed as it is.</summary>
    public IReadOnlyList<string> MasterKeyFiles { get; init; } = [];
}

/// <summary>The Chroma that holds chunks and vectors: the server, its folder, or both.</summary>
/// <param name="Address">The server, or null.</param>
/// <param name="Tenant">Tenant.</param>
/// <param name="Database">Database.</param>
/// <param name="TokenFile">File of a token, or null.</param>
/// <param name="Path">Its folder, or null.</param>
public sealed record ChromaSettings(Uri? Address, string Tenant, string Database, string? TokenFile, string? Path);

/// <summary>Where keys lie.</summary>
/// <param name="Directory">This host's keys and the first copy of the key store.</param>
/// <param name="Replicas">Further copies of the key store.</param>
/// <param name="EpochPlaces">Where the epoch secret lies; empty for <paramref name="Directory"/> alone.</param>
/// <param name="AllowInBackupRoot">Consent to keys among the backups.</param>
public sealed record KeySettings(string Directory, IReadOnlyList<string> Replicas, IReadOnlyList<string> EpochPlaces, bool AllowInBackupRoot)
{
    /// <summary>The Vault that wraps the key file's key; null for a key file with a passphrase, or an open one.</summary>
    public KeyVaultSettings? Vault { get; init; }

    /// <summary>Suite of key pairs that are made from now on.</summary>
    public KeySuite Suite { get; init; }
    /// <summary>Key pairs that a host keeps ready for new subjects.</summary>
    public int Spares { get; init; } = KeySuiteSettings.Spares.Default;
    /// <summary>Age in days from which a key should be renewed; 0 for never.</summary>
    public int RotateDays { get; init; }
}

/// <summary>The Vault that wraps the key file's key, and how to log in. Holds no secret.</summary>
/// <param name="Address">The server.</param>
/// <param name="Mount">Where its transit engine is mounted.</param>
/// <param name="Key">The key.</param>
public sealed record KeyVaultSettings(Uri Address, string Mount, string Key)
{
    /// <summary>Namespace, or null.</summary>
    public string? Namespace { get; init; }
    /// <summary>PEM file of trusted authorities, or null for the host's.</summary>
    public string? CertificateAuthorities { get; init; }
    /// <summary>File of a token, or null.</summary>
    public string? TokenFile { get; init; }
    /// <summary>Id of an AppRole, or null.</summary>
    public string? RoleId { get; init; }
    /// <summary>File of the AppRole's secret id, or null.</summary>
    public string? SecretIdFile { get; init; }
    /// <summary>Role of the Kubernetes method, or null.</summary>
    public string? KubernetesRole { get; init; }
    /// <summary>File of the service account's token, or null for where Kubernetes puts it.</summary>
    public string? KubernetesTokenFile { get; init; }
    /// <summary>Where the method that logs in is mounted, or null for its own name.</summary>
    public string? LoginMount { get; init; }
}

/// <summary>How long restore points are kept, in days.</summary>
/// <param name="LocalDays">On the local tier.</param>
/// <param name="RemoteDays">On the remote tier.</param>
/// <param name="ArchiveDays">On the archive tier.</param>
/// <param name="ClassDays">At most, for each data class.</param>
public sealed record RetentionSettings(int LocalDays, int RemoteDays, int ArchiveDays, IReadOnlyDictionary<DataClass, int> ClassDays)
{
    /// <summary>Restore points of each data class that stay however old they are.</summary>
    public int MinimumCopies { get; init; } = 1;
    /// <summary>How restore points are thinned out as they grow older; null when all of them are kept.</summary>
    public ThinningSettings? Thinning { get; init; }
    /// <summary>Regulations that the settings must fit.</summary>
    public IReadOnlyList<ComplianceProfile> Profiles { get; init; } = [];
}

/// <summary>Which restore points stay once they are older than <see cref="AllDays"/>: the newest of each of the last hours, days, weeks, months and years that have one.</summary>
/// <param name="AllDays">Days in which every restore point is kept.</param>
/// <param name="Hourly">Hours.</param>
/// <param name="Daily">Days.</param>
/// <param name="Weekly">Weeks, from Monday.</param>
/// <param name="Monthly">Months.</param>
/// <param name="Yearly">Years.</param>
public sealed record ThinningSettings(int AllDays, int Hourly, int Daily, int Weekly, int Monthly, int Yearly);

/// <summary>How much of the host a run may use.</summary>
/// <param name="ParallelThreads">Threads.</param>
/// <param name="CompressionLevel">1 to 9, as people set it.</param>
/// <param name="BandwidthLimit">Of the network.</param>
public sealed record PerformanceSettings(int ParallelThreads, int CompressionLevel, Bandwidth BandwidthLimit)
{
    /// <summary>What jobs leave to others while nobody waits for them.</summary>
    public HostLimits Limits { get; init; } = HostLimits.Default;

    private static ReadOnlySpan<byte> ZstdLevels => [1, 1, 2, 2, 3, 3, 6, 12, 19];

    /// <summary>The zstd level that the compression level stands for.</summary>
    public int ZstdLevel => ZstdLevels[CompressionLevel - 1];
}

/// <summary>Logs.</summary>
/// <param name="Directory">Their folder.</param>
/// <param name="Detail">The least weight of what is logged.</param>
/// <param name="KeepDays">Days that a file is kept.</param>
/// <param name="KeepFiles">Files that are kept.</param>
/// <param name="MaxFileSize">Bytes after which a further file is begun.</param>
/// <param name="MaxTotalSize">Bytes that all files together may take.</param>
public sealed record LogSettings(string Directory, LogDetail Detail, int KeepDays, int KeepFiles, long MaxFileSize, long MaxTotalSize);
