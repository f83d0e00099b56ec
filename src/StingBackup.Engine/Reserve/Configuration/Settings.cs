namespace StingBackup.Engine.Reserve.Configuration;

/// <summary>
/// The one table of settings. Reading, refusing unknown keys, the file that <c>init</c> writes, <c>Get-StingBackupConfig</c> and docs/configuration.md all follow from it.
/// </summary>
public static class Settings
{

    /// <summary>Where the repository lies.</summary>
    public static readonly Setting<string?> BackupRoot = new()
    {
        Key = "repository.backup_root",
        Type = SettingTypes.PathOrBucket("s3", "glacier"),
        IsRequired = true,
        ShellVariable = "BACKUP_ROOT",
        Example = "/var/backups/sting",
        Summary = "The folder that holds the repository (the local tier), or a bucket that does in its place: s3://bucket/prefix, reached as the section 'remote' says, or glacier://bucket/prefix, as 'archive' does. "
            + "Nothing else belongs into it. It may not lie in the reserve, unless reserve.exclude leaves it out.",
    };

    /// <summary>The reserve's identity.</summary>
    public static readonly Setting<string?> ReserveId = new()
    {
        Key = "repository.reserve_id",
        Type = SettingTypes.Hex(16, "a reserve id"),
        Example = "00112233445566778899aabbccddeeff",
        Summary = "The reserve's identity, written by 'init'. A repository that carries another is refused.",
    };

    /// <summary>Whom to trust.</summary>
    public static readonly Setting<string?> KeyFingerprint = new()
    {
        Key = "repository.key_fingerprint",
        Type = SettingTypes.Hex(32, "a SHA-256 fingerprint"),
        Example = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff",
        Summary = "SHA-256 of the key role's public key, written by 'init'. It stands here, and not only in the repository, so that nobody can put another key role in its place.",
    };

    /// <summary>What is protected.</summary>
    public static readonly Setting<string?> ReservePath = new()
    {
        Key = "reserve.path",
        Type = SettingTypes.Path,
        IsRequired = true,
        Example = "/var/sting",
        Summary = "The folder that holds the Honey Reserve: users/<id>/ for people, jars/<id>/ for honey jars, and whatever else belongs to the installation.",
    };

    /// <summary>Who is who.</summary>
    public static readonly Setting<string?> UsersMapFile = new()
    {
        Key = "reserve.users_map",
        Type = SettingTypes.Path,
        Example = "/var/sting/users.csv",
        DefaultDescription = "users.csv or users.json in the reserve or beside it, where there is one",
        Summary = "A CSV or JSON file that says which person is behind a folder or an e-mail address: columns id, kratos_id, email, folder, name, in any order; others are passed over. "
            + "Kept in the reserve it is backed up with it.",
    };

    /// <summary>Classes of further folders.</summary>
    public static readonly Setting<IReadOnlyList<ClassRule>> Rules = new()
    {
        Key = "reserve.rules",
        Type = new ListType<ClassRule>("a list of rules", new RuleType()),
        Default = [],
        Example = """
            - {glob: "reports/**", class: Reports}
            - {glob: "honey-reserve/*/**", class: UserFiles, subject: "user:{2}"}
            """,
        Summary = "Which data class (UserFiles, HoneyJars, Metadata, Embeddings, AuditLogs, Reports, Settings, TempFiles, Secrets, Physical) what matches a glob belongs to; the first rule that matches counts. "
            + "A rule may name the subject too; {2} stands for the second component of the path. What no rule names: users/<id>/** is UserFiles of that user, jars/<id>/** HoneyJars of that jar, the rest Settings of system.",
    };

    /// <summary>What nobody wants.</summary>
    public static readonly Setting<IReadOnlyList<string>> Exclude = new()
    {
        Key = "reserve.exclude",
        Type = new ListType<string>("a list of globs", SettingTypes.Glob),
        Default = [],
        Example = """
            - "*.partial"
            - "/scratch/**"
            """,
        Summary = "Globs of what is left out everywhere, people's files and honey jars included. Adds to reserve.exclude_system.",
    };

    /// <summary>What the strategy leaves out.</summary>
    public static readonly Setting<IReadOnlyList<string>> ExcludeSystem = new()
    {
        Key = "reserve.exclude_system",
        Type = new ListType<string>("a list of globs", SettingTypes.Glob),
        Default = DefaultExclusions.Globs,
        Summary = "Globs of what is left out of the installation's own files (subject system): cache files, session data, binaries, container images, real-time analytics. They never touch what lies in "
            + "users/<id>/ or jars/<id>/, where every format is kept. A list here takes the place of the default one.",
    };

    /// <summary>The key store.</summary>
    public static readonly Setting<string?> KeyDirectory = new()
    {
        Key = "keys.directory",
        Type = SettingTypes.Path,
        HostDefault = folders => folders.Keys,
        Example = "/var/lib/sting-backup/keys",
        DefaultDescription = "/var/lib/sting-backup/keys; ~/.local/share/sting-backup/keys for a user without that right; ProgramData on Windows",
        Summary = "The folder of the key file and of the first copy of the key store. Whoever loses the key file or every copy of the key store loses every backup; whoever holds both, the passphrase and an epoch secret can read them all.",
    };

    /// <summary>Copies of the key store.</summary>
    public static readonly Setting<IReadOnlyList<string?>> KeyReplicas = new()
    {
        Key = "keys.replicas",
        Type = new ListType<string?>("a list of one or two paths", SettingTypes.Path, most: 2),
        Default = [],
        Example = "- /mnt/second-disk/sting-keys",
        DefaultDescription = "none; a second copy then lies in keys.directory too, which saves from a slip but not from a lost disk",
        Summary = "Further folders that each hold a full copy of the key store: one or two, on other disks or hosts. They must be able to delete: no versioned, locked or backed-up place.",
    };

    /// <summary>Places of the epoch secret.</summary>
    public static readonly Setting<IReadOnlyList<string?>> EpochPlaces = new()
    {
        Key = "keys.epoch_places",
        Type = new ListType<string?>("a list of one to three paths", SettingTypes.Path, most: 3),
        Default = [],
        Example = "- /mnt/usb/sting-epoch\n- /mnt/other-site/sting-epoch",
        DefaultDescription = "none; what is missing of two places lies in keys.directory, which saves from a slip but not from a lost disk",
        Summary = "Folders that hold the epoch secret, without which no key record opens: two or three that can truly forget, on two sites at least, apart from the copies of the key store. Losing every one loses every backup.",
    };

    /// <summary>Consent to keys among the backups.</summary>
    public static readonly Setting<bool> AllowKeysInBackupRoot = new()
    {
        Key = "keys.allow_under_backup_root",
        Type = SettingTypes.Boolean,
        Default = false,
        Summary = "Whether keys may lie under repository.backup_root. Whoever takes that folder then has the keys with the backups, and erasure reaches neither.",
    };

    /// <summary>Retention on the local tier.</summary>
    public static readonly Setting<int> LocalDays = Days("retention.local_days", 7, "LOCAL_RETENTION_DAYS", "Days that the content of restore points stays on the local tier where a remote tier has it; then it is read there. The newest of each data class stays.");

    /// <summary>Retention on the remote tier.</summary>
    public static readonly Setting<int> RemoteDays = Days("retention.remote_days", 30, "REMOTE_RETENTION_DAYS", "Days that the content of restore points stays on the remote tier where the archive has it. No fewer than retention.local_days.");

    /// <summary>Retention on the archive tier.</summary>
    public static readonly Setting<int> ArchiveDays = Days("retention.archive_days", 365, "ARCHIVE_RETENTION_DAYS", "Days that restore points stay on the archive tier, which is the last: then they end. It holds for each data class that has no days of its own here and is kept for a year by default (people's files, honey jars, metadata, reports, settings, secrets); a class's own days come first. No fewer than retention.remote_days.");

    /// <summary>Retention of each data class.</summary>
    public static readonly IReadOnlyDictionary<DataClass, Setting<int>> ClassDays = new Dictionary<DataClass, Setting<int>>
    {
        [DataClass.UserFiles] = ClassRetention("user_files", 365, "people's files"),
        [DataClass.HoneyJars] = ClassRetention("honey_jars", 365, "honey jars' documents"),
        [DataClass.Metadata] = ClassRetention("metadata", 365, "databases and access control lists"),
        [DataClass.Embeddings] = ClassRetention("embeddings", 90, "document chunks and their vectors"),
        [DataClass.AuditLogs] = ClassRetention("audit_logs", 1096, "audit logs (three years, a leap day included)"),
        [DataClass.Reports] = ClassRetention("reports", 365, "generated reports"),
        [DataClass.Settings] = ClassRetention("settings", 365, "preferences and settings"),
        [DataClass.TempFiles] = ClassRetention("temp_files", 2, "temporary files (48 hours)"),
        [DataClass.Secrets] = ClassRetention("secrets", 365, "keys and tokens of the installation"),
        [DataClass.Physical] = new()
        {
            Key = "retention.physical_days",
            Type = SettingTypes.Integer(1, DataClasses.ErasurePromiseDays, "a physical capture holds many people mixed and forgets nobody, so none may outlive the days in which an erasure is done"),
            Default = 14,
            Summary = "Days that physical captures (whole database servers, Chroma's folder) are kept at most. They are never on the archive tier. An erasure is done when the last capture that holds the person is gone.",
        },
    };

    /// <summary>The remote tier.</summary>
    public static readonly Setting<string?> RemoteLocation = new()
    {
        Key = "remote.location",
        Type = SettingTypes.PathOrBucket("s3"),
        ShellVariable = "REMOTE_BACKUP",
        Example = "s3://sting-backups",
        Summary = "The remote tier: a bucket, or a folder on other disks (a mounted share).",
    };

    /// <summary>The archive tier.</summary>
    public static readonly Setting<string?> ArchiveLocation = new()
    {
        Key = "archive.location",
        Type = SettingTypes.PathOrBucket("glacier", "s3"),
        ShellVariable = "ARCHIVE_STORAGE",
        Example = "glacier://sting-archives",
        Summary = "The archive tier: a bucket whose packs go to a storage class for archives, or a folder on other disks.",
    };

    /// <summary>The cipher.</summary>
    public static readonly Setting<string> EncryptionAlgorithm = new()
    {
        Key = "encryption.algorithm",
        Type = SettingTypes.Choice("AES-256-GCM (also written AES256 or AES-256)", ("AES-256-GCM", "AES-256-GCM"), ("AES256", "AES-256-GCM"), ("AES-256", "AES-256-GCM")),
        Default = "AES-256-GCM",
        ShellVariable = "ENCRYPTION_ALGORITHM",
        Summary = "The cipher. There is one, and no way to switch it off.",
    };

    /// <summary>The key's name.</summary>
    public static readonly Setting<string?> EncryptionKeyId = new()
    {
        Key = "encryption.key_id",
        Type = SettingTypes.Text("a key name of 1 to 128 letters, digits, '-', '_', '.'", text => text.Length is > 0 and <= 128 && text.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.'),
            "Write a name such as sting-backup-key."),
        ShellVariable = "ENCRYPTION_KEY_ID",
        Example = "sting-backup",
        Summary = "The strategy's name of the key in the key vault (key_vault.address) that wraps all others; it counts where key_vault.key is not set. Without a key vault a passphrase does that, which has no name.",
    };

    /// <summary>How many cores.</summary>
    public static readonly Setting<int> ParallelThreads = new()
    {
        Key = "performance.parallel_threads",
        Type = SettingTypes.Integer(1, 256),
        Default = 4,
        ShellVariable = "PARALLEL_THREADS",
        Summary = "How many threads cut, hash, compress and encrypt, and how many files are read at once. More than the host's cores gain little.",
    };

    /// <summary>How hard to compress.</summary>
    public static readonly Setting<int> CompressionLevel = new()
    {
        Key = "performance.compression_level",
        Type = SettingTypes.Integer(1, 9),
        Default = 6,
        ShellVariable = "COMPRESSION_LEVEL",
        Summary = "1 to 9, higher is smaller and slower. Stands for the zstd levels 1, 1, 2, 2, 3, 3, 6, 12, 19.",
    };

    /// <summary>How much network.</summary>
    public static readonly Setting<Bandwidth> BandwidthLimit = new()
    {
        Key = "performance.bandwidth_limit",
        Type = SettingTypes.BandwidthLimit,
        Default = new Bandwidth(100_000_000),
        ShellVariable = "BANDWIDTH_LIMIT",
        Summary = "How much of the network the streams of all buckets may use together: 100M is 100 megabits a second. A change counts within seconds, in jobs that run too.",
    };

    /// <summary>The zone of days and names.</summary>
    public static readonly Setting<string> TimeZone = new()
    {
        Key = "time_zone",
        Type = SettingTypes.TimeZone,
        Default = "local",
        Summary = "The time zone of backup ids and of the days given to -Date. 'local' is the host's.",
    };

    /// <summary>State.</summary>
    public static readonly Setting<string?> StateDirectory = new()
    {
        Key = "state_directory",
        Type = SettingTypes.Path,
        HostDefault = folders => folders.State,
        Example = "/var/lib/sting-backup",
        DefaultDescription = "/var/lib/sting-backup; ~/.local/state/sting-backup for a user without that right; ProgramData on Windows",
        Summary = "What this host must remember between runs: its own keys and spares, what it has to finish after a crash, the configuration of the last run.",
    };

    /// <summary>Cache.</summary>
    public static readonly Setting<string?> CacheDirectory = new()
    {
        Key = "cache_directory",
        Type = SettingTypes.Path,
        HostDefault = folders => folders.Cache,
        Example = "/var/cache/sting-backup",
        DefaultDescription = "/var/cache/sting-backup; ~/.cache/sting-backup for a user without that right; ProgramData on Windows",
        Summary = "What speeds up the next run and can be made again. It names files of the reserve, encrypted under a key that lies in state_directory.",
    };

    /// <summary>Logs.</summary>
    public static readonly Setting<string?> LogDirectory = new()
    {
        Key = "log_directory",
        Type = SettingTypes.Path,
        HostDefault = folders => folders.Logs,
        Example = "/var/log/sting-backup",
        DefaultDescription = "/var/log/sting-backup; ~/.local/state/sting-backup/log for a user without that right; ProgramData on Windows",
        Summary = "The folder of the logs: JSON lines, a file a run.",
    };

    /// <summary>The sections in the order of the file, with what each is about.</summary>
    public static IReadOnlyList<(string Name, string Summary)> Sections { get; } =
    [
        ("repository", "Where backups go, and whom to trust about them."),
        ("reserve", "What is backed up."),
        ("vault", "The Vault that holds what people upload."),
        ("postgresql", "The server of STING's databases."),
        ("capture", "The capture of the server's write-ahead log, by which no acknowledged commit is lost."),
        ("chroma", "The Chroma that holds document chunks and their vectors."),
        ("keys", "Keys, which lie apart from the backups."),
        ("key_vault", "The Vault that protects the key file in the place of a passphrase. Never the one that is backed up."),
        ("schedule", "How often each data class is backed up, and which goes first."),
        ("timers", "When each task runs: for the daemon, and for schedules that are registered."),
        ("journal", "A journal of what changes in the folders of the reserve, by which incremental runs scan only that."),
        ("retention", "How long restore points are kept."),
        ("prune", "How the room of what no restore point reaches is given back."),
        ("anomaly", "How runs are watched for ransomware and mass damage."),
        ("cost", "What storage costs."),
        ("disaster", "Where the reserve goes on when its host or its site is lost."),
        ("erasure", "How a person's or a jar's backups are made unreadable for good."),
        ("access", "Who may do what. Enforced by this program: see docs/threat-model.md for what is not."), ("approvals", "How many others must approve what is dangerous."), ("local", "The local tier."),
        ("remote", "The remote tier."),
        ("archive", "The archive tier."),
        ("encryption", "The cipher and the key that wraps all others."),
        ("performance", "How much of this host a run may use."),
        ("", "This host."),
        ("log", "Logs."),
        ("drills", "Tests of recovery: where they restore to. timers.drill says when they are held."),
        ("portal", "The self-service portal."),
        ("metrics", "What is told to monitoring."),
        ("alerts", "Who is told of what is wrong, and how. Secrets stand in files of their own."),
    ];

    /// <summary>Every setting, in the order of the file.</summary>
    public static IReadOnlyList<Setting> All { get; } =
    [
        BackupRoot, ReserveId, KeyFingerprint,
        ReservePath, UsersMapFile, Rules, Exclude, ExcludeSystem, SourceSettings.Folders, SourceSettings.TempFilesAge,
        SourceSettings.VaultAddress, SourceSettings.VaultMount, SourceSettings.VaultPrefix, SourceSettings.VaultNamespace, SourceSettings.VaultAuthorities, SourceSettings.VaultTokenFile, SourceSettings.VaultRoleId, SourceSettings.VaultSecretIdFile, SourceSettings.VaultMasterKeyFiles,
        SourceSettings.PostgresHost, SourceSettings.PostgresPort, SourceSettings.PostgresUser, SourceSettings.PostgresRestoreUser, SourceSettings.PostgresPassFile, SourceSettings.PostgresDatabases, SourceSettings.PostgresTls, SourceSettings.PostgresAuthorities, SourceSettings.PostgresTools, SourceSettings.PostgresContainer,
        .. CaptureSettings.All,
        .. ChromaSourceSettings.All,
        KeyDirectory, KeyReplicas, EpochPlaces, KeySuiteSettings.Suite, KeySuiteSettings.Spares, AllowKeysInBackupRoot, KeyAgeSettings.RotateDays, .. VaultKeySettings.All,
        .. ScheduleSettings.ClassIntervals.OrderBy(c => c.Key).Select(c => c.Value), ScheduleSettings.Priority,
        .. TimerSettings.All, .. JournalSettings.All,
        LocalDays, RemoteDays, ArchiveDays, .. ClassDays.OrderBy(c => c.Key).Select(c => c.Value), .. RetentionTable.All,
        PruneSettings.GraceHours, PruneSettings.MaxWaste,
        .. AnomalySettings.All,
        .. CostSettings.Prices.Values, .. CostSettings.RequestPrices.Values,
        .. DisasterSettings.All,
        ErasureSettings.DelayDays, .. AccessSettings.All, .. ApprovalSettings.All,
        TierTimes.MaxPercent, TierTimes.ParityPercent,
        RemoteLocation, TierTimes.AtCommit, TierTimes.EveryMinutes, TierTimes.Quota, .. TierSettings.Remote.All,
        ArchiveLocation, .. TierSettings.Archive.All, TierSettings.StorageClass, .. ArchiveSettings.All,
        EncryptionAlgorithm, EncryptionKeyId,
        ParallelThreads, CompressionLevel, BandwidthLimit, .. LimitSettings.All,
        TimeZone, StateDirectory, CacheDirectory, LogDirectory,
        .. LogTable.All,
        .. DrillSettings.All,
        .. PortalSettings.All,
        .. MonitoringSettings.All,
        .. AlertSettings.All,
    ];

    private static Setting<int> Days(string key, int days, string? variable, string summary) => new()
    {
        Key = key,
        Type = SettingTypes.Integer(1, 36500),
        Default = days,
        ShellVariable = variable,
        Summary = summary,
    };

    private static Setting<int> ClassRetention(string name, int days, string what) =>
        Days($"retention.{name}_days", days, null, $"Days that {what} are kept at most, whatever the tier.{(days == ArchiveDays.Default ? " Where it is not set: retention.archive_days." : "")}");
}
