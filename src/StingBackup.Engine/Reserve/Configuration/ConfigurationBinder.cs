using StingBackup.Engine.Basics;

namespace StingBackup.Engine.Reserve.Configuration;

/// <summary>Makes the configuration's records of checked values.</summary>
internal static class ConfigurationBinder
{
    public static StingConfiguration Bind(SettingValues values, string file) => new()
    {
        File = file,
        Repository = new RepositorySettings(
            values.Get(Settings.BackupRoot)!,
            Id16.TryParse(values.Get(Settings.ReserveId), out var id) ? id : null,
            values.Get(Settings.KeyFingerprint)),
        Reserve = new ReserveSettings
        {
            Path = values.Get(Settings.ReservePath)!,
            UsersMap = values.Get(Settings.UsersMapFile),
            Rules = values.Get(Settings.Rules),
            Exclude = values.Get(Settings.Exclude),
            ExcludeSystem = values.Get(Settings.ExcludeSystem),
                        TempFilesAge = values.Get(SourceSettings.TempFilesAge),
Folders = values.Get(SourceSettings.Folders),
        },
        Vault = values.Get(SourceSettings.VaultAddress) is not { } vault ? null : new VaultSettings(new Uri(vault), values.Get(SourceSettings.VaultMount), values.Get(SourceSettings.VaultPrefix))
        {
            Namespace = values.Get(SourceSettings.VaultNamespace), CertificateAuthorities = values.Get(SourceSettings.VaultAuthorities), TokenFile = values.Get(SourceSettings.VaultTokenFile),
            RoleId = values.Get(SourceSettings.VaultRoleId), SecretIdFile = values.Get(SourceSettings.VaultSecretIdFile),
            MasterKeyFiles = values.Get(SourceSettings.VaultMasterKeyFiles).Select(p => p!).ToArray(),
        },
        PostgreSql = values.Get(SourceSettings.PostgresHost) is not { } host ? null : new PostgresSettings
        {
            Host = host, Port = values.Get(SourceSettings.PostgresPort), User = values.Get(SourceSettings.PostgresUser), RestoreUser = values.Get(SourceSettings.PostgresRestoreUser), PassFile = values.Get(SourceSettings.PostgresPassFile),
            Databases = values.Get(SourceSettings.PostgresDatabases), RequireTls = values.Get(SourceSettings.PostgresTls), RootCertificate = values.Get(SourceSettings.PostgresAuthorities),
            ToolFolder = values.Get(SourceSettings.PostgresTools), Container = values.Get(SourceSettings.PostgresContainer),
        },
        Capture = CaptureSettings.Bind(values),
        Chroma = values.Get(ChromaSourceSettings.Address) is var chroma && values.Get(ChromaSourceSettings.Path) is var chromaPath && chroma is null && chromaPath is null ? null
            : new ChromaSettings(chroma is null ? null : new Uri(chroma), values.Get(ChromaSourceSettings.Tenant), values.Get(ChromaSourceSettings.Database), values.Get(ChromaSourceSettings.TokenFile), chromaPath),
        Keys = new KeySettings(
            values.Get(Settings.KeyDirectory)!,
            values.Get(Settings.KeyReplicas).Select(p => p!).ToArray(),
            values.Get(Settings.EpochPlaces).Select(p => p!).ToArray(),
            values.Get(Settings.AllowKeysInBackupRoot)) { Vault = VaultKeySettings.Bind(values), RotateDays = values.Get(KeyAgeSettings.RotateDays), Suite = values.Get(KeySuiteSettings.Suite), Spares = values.Get(KeySuiteSettings.Spares) },
        Schedule = ScheduleSettings.ClassIntervals.ToDictionary(c => c.Key, c => values.Get(c.Value)),
        Priority = ScheduleSettings.OrderOf(values.Get(ScheduleSettings.Priority)),
        Retention = new RetentionSettings(
            values.Get(Settings.LocalDays), values.Get(Settings.RemoteDays), values.Get(Settings.ArchiveDays),
            Settings.ClassDays.Keys.ToDictionary(c => c, c => RetentionTable.DaysOf(values, c)))
        {
            MinimumCopies = values.Get(RetentionTable.MinimumCopies), Thinning = RetentionTable.BindThinning(values), Profiles = values.Get(RetentionTable.Profiles),
        },
        Guarding = new AnomalyOptions(values.Get(AnomalySettings.Enabled), values.Get(AnomalySettings.Honeypots), TimeSpan.FromDays(values.Get(AnomalySettings.HoldDays))),
        PruneGrace = TimeSpan.FromHours(values.Get(PruneSettings.GraceHours)),
        MaxWaste = values.Get(PruneSettings.MaxWaste) / 100.0,
        Prices = CostSettings.Prices.ToDictionary(p => p.Key, p => values.Get(p.Value)), RequestPrices = CostSettings.RequestPrices.ToDictionary(p => p.Key, p => values.Get(p.Value)),
        ErasureDelay = TimeSpan.FromDays(values.Get(ErasureSettings.DelayDays)),
        Access = AccessSettings.Bind(values),
        Performance = new PerformanceSettings(
            values.Get(Settings.ParallelThreads), values.Get(Settings.CompressionLevel), values.Get(Settings.BandwidthLimit)) { Limits = LimitSettings.Bind(values) },
        RemoteLocation = values.Get(Settings.RemoteLocation),
        ArchiveLocation = values.Get(Settings.ArchiveLocation),
        RemoteAtCommit = values.Get(TierTimes.AtCommit), RemoteLag = TimeSpan.FromMinutes(values.Get(TierTimes.EveryMinutes)), RemoteQuota = values.Get(TierTimes.Quota), LocalMaxPercent = values.Get(TierTimes.MaxPercent), LocalParityPercent = values.Get(TierTimes.ParityPercent),
        Remote = TierSettings.Remote.Bind(values),
        Archive = TierSettings.Archive.Bind(values),
        Archiving = ArchiveSettings.Bind(values) with { StorageClass = TierSettings.Archive.Bind(values).StorageClass },
        EncryptionKeyId = values.Get(Settings.EncryptionKeyId),
        TimeZone = values.Get(Settings.TimeZone) is var zone && zone == "local" ? TimeZoneInfo.Local : TimeZoneInfo.FindSystemTimeZoneById(zone),
        StateDirectory = values.Get(Settings.StateDirectory)!,
        CacheDirectory = values.Get(Settings.CacheDirectory)!,
        Log = new LogSettings(values.Get(Settings.LogDirectory)!, values.Get(LogTable.Level), values.Get(LogTable.Days),
            values.Get(LogTable.Files), values.Get(LogTable.FileSize), values.Get(LogTable.TotalSize)),
        Alerts = AlertSettings.Bind(values),
        Drills = new DrillOptions(values.Get(DrillSettings.Directory), values.Get(DrillSettings.VaultPrefix)?.Trim('/'), values.Get(DrillSettings.PostgresUser)),
        Portal = PortalSettings.Bind(values),
        MetricsFile = values.Get(MonitoringSettings.MetricsFile), MetricsPort = values.Get(MonitoringSettings.MetricsPort),
        Otlp = values.Get(MonitoringSettings.OtlpEndpoint) is { } collector ? new OtlpTarget(collector, values.Get(MonitoringSettings.OtlpTokenFile)) : null,
        FullScanEvery = values.Get(JournalSettings.Enabled) ? values.Get(JournalSettings.FullScan) : null,
        Timers = TimerSettings.At.ToDictionary(t => t.Key, t => values.Get(t.Value)), JitterSeconds = values.Get(TimerSettings.JitterSeconds), PeakHours = values.Get(TimerSettings.Peak),
    };
}
