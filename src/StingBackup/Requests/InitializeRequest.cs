namespace StingBackup;

/// <summary>What is asked of a new repository.</summary>
public sealed record InitializeRequest
{
    /// <summary>The folder that will hold the repository; made when missing, empty otherwise.</summary>
    public required string BackupRoot { get; init; }
    /// <summary>The folder to protect; it must exist.</summary>
    public required string Reserve { get; init; }
    /// <summary>The STING installation that lies there, whose sources the configuration will name; null for a plain folder.</summary>
    public StingInstallation? Sting { get; init; }
    /// <summary>Where the configuration file goes; null for the place that other commands look at.</summary>
    public string? ConfigurationFile { get; init; }
    /// <summary>Where the keys go; null for the platform's folder.</summary>
    public string? KeyDirectory { get; init; }
    /// <summary>The host's state; null for the platform's folder.</summary>
    public string? StateDirectory { get; init; }
    /// <summary>The host's cache; null for the platform's folder.</summary>
    public string? CacheDirectory { get; init; }
    /// <summary>The logs; null for the platform's folder.</summary>
    public string? LogDirectory { get; init; }
    /// <summary>IANA or Windows name of the zone of days and backup ids; null for the host's.</summary>
    public string? TimeZone { get; init; }
    /// <summary>Whether a passphrase seals the key file.</summary>
    public bool WithPassphrase { get; init; } = true;
    /// <summary>The Vault that protects the key file in the place of a passphrase; null for none.</summary>
    public KeyVaultRequest? KeyVault { get; init; }
    /// <summary>Lets keys lie under the backup root, with a warning.</summary>
    public bool AllowKeysInBackupRoot { get; init; }

    /// <summary>Key pairs of P-256, or of P-256 and ML-KEM-768 together.</summary>
    public KeySuite KeySuite { get; init; }
    /// <summary>Further settings of the configuration file, by their keys.</summary>
    public IReadOnlyDictionary<string, string> Setting { get; init; } = new Dictionary<string, string>();
}
