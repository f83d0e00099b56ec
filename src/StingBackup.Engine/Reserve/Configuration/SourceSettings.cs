namespace StingBackup.Engine.Reserve.Configuration;

/// <summary>The settings of sources besides the reserve's folder.</summary>
public static class SourceSettings
{
    /// <summary>The strategy backs temporary files up within their retention period.</summary>
    public static readonly Setting<TimeSpan> TempFilesAge = new()
    {
        Key = "reserve.temp_files_age",
        Type = SettingTypes.Age,
        Default = TimeSpan.FromHours(48),
        Summary = "From which age on temporary files (class TempFiles) are left out of a run: those whose content, attributes and place have not changed for so long. Each run tells how many it left out. "
            + "Points that hold them keep them until their own end. 'any' leaves none out.",
    };

    /// <summary>Further folders.</summary>
    public static readonly Setting<IReadOnlyList<FolderMount>> Folders = new()
    {
        Key = "reserve.folders",
        Type = new ListType<FolderMount>("a list of folders", new MountType()),
        Default = [],
        Example = """
            - {at: jars, path: /var/lib/docker/volumes/sting_knowledge_uploads/_data}
            """,
        Summary = "Folders that lie elsewhere and belong to the reserve: each stands in it as if it were a folder of this name in reserve.path, and the rules and globs above say what is in it.",
    };

    /// <summary>The Vault that holds what people upload.</summary>
    public static readonly Setting<string?> VaultAddress = new()
    {
        Key = "vault.address",
        Type = SettingTypes.Location("https", "http"),
        Example = "https://127.0.0.1:8200",
        Summary = "The Vault or OpenBao server in which STING keeps what people upload. Without it no secret is backed up. Its secrets stand below vault/ in the reserve.",
    };

    /// <summary>The mount.</summary>
    public static readonly Setting<string> VaultMount = new()
    {
        Key = "vault.mount",
        Type = SettingTypes.Name,
        Default = "sting",
        Summary = "Where the KV engine, version 2, is mounted.",
    };

    /// <summary>What of the mount.</summary>
    public static readonly Setting<string> VaultPrefix = new()
    {
        Key = "vault.prefix",
        Type = SettingTypes.Name,
        Default = "files",
        Summary = "The folder of the mount that is backed up.",
    };

    /// <summary>Namespace.</summary>
    public static readonly Setting<string?> VaultNamespace = new()
    {
        Key = "vault.namespace",
        Type = SettingTypes.OptionalName,
        Example = "sting",
        Summary = "The namespace of the mount, on servers that have namespaces.",
    };

    /// <summary>Whom to trust for TLS.</summary>
    public static readonly Setting<string?> VaultAuthorities = new()
    {
        Key = "vault.ca_file",
        Type = SettingTypes.Path,
        Example = "/etc/sting/vault-ca.pem",
        DefaultDescription = "what the host trusts",
        Summary = "Certificates (PEM) that alone may vouch for the server.",
    };

    /// <summary>Token.</summary>
    public static readonly Setting<string?> VaultTokenFile = new()
    {
        Key = "vault.token_file",
        Type = SettingTypes.Path,
        Example = "/run/sting-backup/vault-token",
        DefaultDescription = "none; without it and vault.role_id the environment variable VAULT_TOKEN counts",
        Summary = "A file that holds a token, as a Vault agent keeps it up to date. The token itself never stands in this file.",
    };

    /// <summary>AppRole.</summary>
    public static readonly Setting<string?> VaultRoleId = new()
    {
        Key = "vault.role_id",
        Type = SettingTypes.OptionalName,
        Example = "4c3a2f0e-5d1b-4b0e-9f63-0d2a6c7d8e9f",
        Summary = "The id of an AppRole to log in with, instead of a token.",
    };

    /// <summary>AppRole's secret.</summary>
    public static readonly Setting<string?> VaultSecretIdFile = new()
    {
        Key = "vault.secret_id_file",
        Type = SettingTypes.Path,
        Example = "/etc/sting/vault-secret-id",
        Summary = "The file that holds the AppRole's secret id. Not needed for a role that is bound to addresses only.",
    };

    /// <summary>STING's master keys.</summary>
    public static readonly Setting<IReadOnlyList<string?>> VaultMasterKeyFiles = new()
    {
        Key = "vault.master_key_files",
        Type = new ListType<string?>("a list of paths", SettingTypes.Path, most: 100),
        Default = [],
        Example = "- /opt/sting-ce/env/app.env",
        DefaultDescription = "none; what STING sealed is kept as it is",
        Summary = "Files that hold STING's master key, today's and earlier ones: an env file with HONEY_RESERVE_MASTER_KEY=, or one key a line. With them, uploads that STING sealed are opened before they are stored, which lets them deduplicate and compress, and sealed again exactly on restore. This host can then read what STING seals: see operations.md.",
    };

    /// <summary>The database server.</summary>
    public static readonly Setting<string?> PostgresHost = new()
    {
        Key = "postgresql.host",
        Type = SettingTypes.OptionalName,
        Example = "127.0.0.1",
        Summary = "Name or address of the PostgreSQL server, or the folder of its Unix socket. Without it no database is backed up. Its databases stand below postgresql/ in the reserve, each row under whom it belongs to.",
    };

    /// <summary>Its port.</summary>
    public static readonly Setting<int> PostgresPort = new()
    {
        Key = "postgresql.port",
        Type = SettingTypes.Integer(1, 65535),
        Default = 5432,
        Summary = "The server's port. STING publishes 5433.",
    };

    /// <summary>Role.</summary>
    public static readonly Setting<string> PostgresUser = new()
    {
        Key = "postgresql.user",
        Type = SettingTypes.Name,
        Default = "sting_backup",
        Summary = "The role to log in as. It needs to read every table: pg_read_all_data.",
    };

    /// <summary>Role that restores.</summary>
    public static readonly Setting<string?> PostgresRestoreUser = new()
    {
        Key = "postgresql.restore_user",
        Type = SettingTypes.OptionalName,
        Example = "postgres",
        DefaultDescription = "postgresql.user",
        Summary = "The role as whom rows are restored. Into a new server it must be able to make roles and databases: a superuser. Backups never log in as it.",
    };

    /// <summary>Password.</summary>
    public static readonly Setting<string?> PostgresPassFile = new()
    {
        Key = "postgresql.pass_file",
        Type = SettingTypes.Path,
        Example = "/etc/sting/pgpass",
        DefaultDescription = "none: the server asks for no password, as on its own socket",
        Summary = "A file in libpq's format (host:port:database:user:password), readable by this user alone. No password ever stands in this file.",
    };

    /// <summary>Which databases.</summary>
    public static readonly Setting<IReadOnlyList<string>> PostgresDatabases = new()
    {
        Key = "postgresql.databases",
        Type = new ListType<string>("a list of databases", SettingTypes.Name),
        Default = [],
        Example = "- sting_app\n- kratos\n- sting_messaging",
        DefaultDescription = "every database of the server but its templates",
        Summary = "The databases that are backed up. Roles and other globals always are.",
    };

    /// <summary>TLS.</summary>
    public static readonly Setting<bool> PostgresTls = new()
    {
        Key = "postgresql.require_tls",
        Type = SettingTypes.Boolean,
        Default = false,
        Summary = "Whether the connection must be encrypted, with a certificate that proves the server's name.",
    };

    /// <summary>Whom to trust for TLS.</summary>
    public static readonly Setting<string?> PostgresAuthorities = new()
    {
        Key = "postgresql.ca_file",
        Type = SettingTypes.Path,
        Example = "/etc/sting/postgresql-ca.pem",
        DefaultDescription = "what the host trusts",
        Summary = "Certificates (PEM) that may vouch for the server.",
    };

    /// <summary>Client programs.</summary>
    public static readonly Setting<string?> PostgresTools = new()
    {
        Key = "postgresql.tool_directory",
        Type = SettingTypes.Path,
        Example = "/usr/lib/postgresql/16/bin",
        DefaultDescription = "searched for on the path and where distributions put them",
        Summary = "The folder of pg_dump and its kin. Their major version must be the server's.",
    };

    /// <summary>Client programs in a container.</summary>
    public static readonly Setting<string?> PostgresContainer = new()
    {
        Key = "postgresql.container",
        Type = SettingTypes.OptionalName,
        Example = "sting-ce-db",
        Summary = "The server's container, in which its own pg_dump is run where this host has none of its version.",
    };
}
