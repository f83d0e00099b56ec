namespace StingBackup.Engine.Reserve.Configuration;

/// <summary>Where recovery tests (drills) restore to.</summary>
public static class DrillSettings
{
    /// <summary>The folder.</summary>
    public static readonly Setting<string?> Directory = new()
    {
        Key = "drills.directory",
        Type = SettingTypes.Path,
        Example = "/srv/sting-drills",
        DefaultDescription = "drills in state_directory",
        Summary = "Where recovery tests restore to: a folder of its own for each, for the account of the backups alone, removed at its end. A test of the complete system needs room for all of it.",
    };

    /// <summary>A place in Vault.</summary>
    public static readonly Setting<string?> VaultPrefix = new()
    {
        Key = "drills.vault_prefix",
        Type = SettingTypes.OptionalName,
        Example = "sting-drill",
        DefaultDescription = "secrets are restored to files and compared there",
        Summary = "A folder of Vault's mount, of no use to anybody else, into which recovery tests restore secrets to read them back; they are removed at the end. The login needs create, update, read, list and delete below it.",
    };

    /// <summary>The account of scratch servers.</summary>
    public static readonly Setting<string> PostgresUser = new()
    {
        Key = "drills.postgresql_user",
        Type = SettingTypes.Name,
        Default = "postgres",
        Summary = "The account as which recovery tests start a database server of their own, where backups run as root, as whom no server starts.",
    };

    /// <summary>All of them.</summary>
    public static IReadOnlyList<Setting> All { get; } = [Directory, VaultPrefix, PostgresUser];
}

/// <summary>Where recovery tests restore to.</summary>
/// <param name="Directory">The folder; null for the one in the state folder.</param>
/// <param name="VaultPrefix">The place in Vault; null for none.</param>
/// <param name="PostgresUser">The account of scratch servers, where this process is root's.</param>
public sealed record DrillOptions(string? Directory, string? VaultPrefix, string PostgresUser)
{
    /// <summary>What holds where nothing is configured.</summary>
    public static DrillOptions Default { get; } = new(null, null, DrillSettings.PostgresUser.Default);
}
