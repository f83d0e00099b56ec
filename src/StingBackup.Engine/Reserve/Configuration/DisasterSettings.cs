namespace StingBackup.Engine.Reserve.Configuration;

/// <summary>Where the reserve goes on when its host or its site is lost. Read by the runbooks (Invoke-StingDisasterRecovery) and by nothing else.</summary>
public static class DisasterSettings
{
    private const string Runbook = "Used by Invoke-StingDisasterRecovery.";

    /// <summary>The standby.</summary>
    public static readonly Setting<string?> StandbyHost = new()
    {
        Key = "disaster.standby_host", Type = SettingTypes.OptionalName, Example = "sting-standby", Summary = $"The name of the host that takes over when this one is lost: capture, schedules and backups move there. {Runbook}",
    };

    /// <summary>The local tier of the other site.</summary>
    public static readonly Setting<string?> BackupRoot = new()
    {
        Key = "disaster.backup_root", Type = SettingTypes.PathOrBucket("s3"), Example = "/var/backups/sting", DefaultDescription = "repository.backup_root",
        Summary = $"The folder of the local tier on the host of the DR site. {Runbook}",
    };

    /// <summary>The bucket of the other site.</summary>
    public static readonly Setting<string?> Bucket = new()
    {
        Key = "disaster.bucket", Type = SettingTypes.PathOrBucket("s3"), Example = "s3://sting-backups-dr/main", DefaultDescription = "remote.location",
        Summary = $"The remote tier as the DR site reaches it: the same bucket, or the one that it is replicated to. {Runbook}",
    };

    /// <summary>Its server.</summary>
    public static readonly Setting<string?> Endpoint = new()
    {
        Key = "disaster.endpoint", Type = SettingTypes.Location("https", "http"), Example = "https://s3.dr.example.org", DefaultDescription = "remote.endpoint", Summary = $"The S3 server of disaster.bucket. {Runbook}",
    };

    /// <summary>Its region.</summary>
    public static readonly Setting<string?> Region = new()
    {
        Key = "disaster.region", Type = SettingTypes.OptionalName, Example = "eu-central-1", DefaultDescription = "remote.region", Summary = $"The region of disaster.bucket. {Runbook}",
    };

    /// <summary>The database of the other site.</summary>
    public static readonly Setting<string?> Database = new()
    {
        Key = "disaster.database", Type = SettingTypes.OptionalName, Example = "db.dr.example.org", DefaultDescription = "postgresql.host", Summary = $"Name or address of the DR site's PostgreSQL server, or the folder of its Unix socket; its port is postgresql.port. {Runbook}",
    };

    /// <summary>The Vault of the other site.</summary>
    public static readonly Setting<string?> Vault = new()
    {
        Key = "disaster.vault", Type = SettingTypes.Location("https", "http"), Example = "https://vault.dr.example.org:8200", DefaultDescription = "vault.address", Summary = $"The Vault of the DR site, which what people uploaded is restored to. {Runbook}",
    };

    /// <summary>The Chroma of the other site.</summary>
    public static readonly Setting<string?> Chroma = new()
    {
        Key = "disaster.chroma", Type = SettingTypes.Location("https", "http"), Example = "http://chroma.dr.example.org:8000", DefaultDescription = "chroma.address", Summary = $"The Chroma server of the DR site. {Runbook}",
    };

    /// <summary>In the order of the file.</summary>
    public static IReadOnlyList<Setting> All { get; } = [StandbyHost, BackupRoot, Bucket, Endpoint, Region, Database, Vault, Chroma];
}
