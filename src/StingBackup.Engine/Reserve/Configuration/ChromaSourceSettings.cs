namespace StingBackup.Engine.Reserve.Configuration;

/// <summary>The settings of the source Chroma.</summary>
public static class ChromaSourceSettings
{
    /// <summary>The server.</summary>
    public static readonly Setting<string?> Address = new()
    {
        Key = "chroma.address",
        Type = SettingTypes.Location("https", "http"),
        Example = "http://127.0.0.1:8000",
        Summary = "The Chroma server in which STING keeps document chunks and their vectors. Without it no collection is backed up by itself. Each collection stands below vectors/ in the reserve, a honey jar's under the jar.",
    };

    /// <summary>Tenant.</summary>
    public static readonly Setting<string> Tenant = new()
    {
        Key = "chroma.tenant",
        Type = SettingTypes.Name,
        Default = "default_tenant",
        Summary = "The tenant whose collections are backed up.",
    };

    /// <summary>Database.</summary>
    public static readonly Setting<string> Database = new()
    {
        Key = "chroma.database",
        Type = SettingTypes.Name,
        Default = "default_database",
        Summary = "The tenant's database whose collections are backed up.",
    };

    /// <summary>Token.</summary>
    public static readonly Setting<string?> TokenFile = new()
    {
        Key = "chroma.token_file",
        Type = SettingTypes.Path,
        Example = "/etc/sting/chroma-token",
        DefaultDescription = "none: the server asks for no token, as STING's does not",
        Summary = "A file that holds the server's token, readable by this user alone.",
    };

    /// <summary>Its folder.</summary>
    public static readonly Setting<string?> Path = new()
    {
        Key = "chroma.path",
        Type = SettingTypes.Path,
        Example = "/var/lib/docker/volumes/sting_chroma_data/_data",
        Summary = "The folder of that server's chroma.sqlite3 and its index files. With it the folder is backed up as a whole, at chroma/ in the reserve, class Physical; and its database tells which collections are unchanged, so that these are not read.",
    };

    /// <summary>All of them, in the order of the file.</summary>
    public static IReadOnlyList<Setting> All { get; } = [Address, Tenant, Database, TokenFile, Path];
}
