using StingBackup.Engine.Repository;

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
        },
        Keys = new KeySettings(
            values.Get(Settings.KeyDirectory)!,
            values.Get(Settings.KeyReplicas).Select(p => p!).ToArray(),
            values.Get(Settings.EpochPlaces).Select(p => p!).ToArray(),
            values.Get(Settings.AllowKeysInBackupRoot)),
        Retention = new RetentionSettings(
            values.Get(Settings.LocalDays), values.Get(Settings.RemoteDays), values.Get(Settings.ArchiveDays),
            Settings.ClassDays.ToDictionary(c => c.Key, c => values.Get(c.Value))),
        Performance = new PerformanceSettings(
            values.Get(Settings.ParallelThreads), values.Get(Settings.CompressionLevel), values.Get(Settings.BandwidthLimit), values.Get(Settings.Memory)),
        RemoteLocation = values.Get(Settings.RemoteLocation),
        ArchiveLocation = values.Get(Settings.ArchiveLocation),
        EncryptionKeyId = values.Get(Settings.EncryptionKeyId),
        TimeZone = values.Get(Settings.TimeZone) is var zone && zone == "local" ? TimeZoneInfo.Local : TimeZoneInfo.FindSystemTimeZoneById(zone),
        StateDirectory = values.Get(Settings.StateDirectory)!,
        CacheDirectory = values.Get(Settings.CacheDirectory)!,
        Log = new LogSettings(values.Get(Settings.LogDirectory)!, values.Get(Settings.LogLevel), values.Get(Settings.LogDays),
            values.Get(Settings.LogFiles), values.Get(Settings.LogFileSize), values.Get(Settings.LogTotalSize)),
    };
}
