namespace StingBackup.Engine.Reserve.Configuration;

/// <summary>The settings of the Vault that wraps the key file's key.</summary>
public static class VaultKeySettings
{
    /// <summary>The Vault.</summary>
    public static readonly Setting<string?> Address = new()
    {
        Key = "key_vault.address",
        Type = SettingTypes.Location("https", "http"),
        Example = "https://keys.example.org:8200",
        Summary = "The Vault or OpenBao server whose transit engine protects the key file in the place of a passphrase; it counts when a repository is made and when its key file is opened. Never the Vault that is backed up. Backups do not ask it.",
    };

    /// <summary>The mount.</summary>
    public static readonly Setting<string> Mount = new()
    {
        Key = "key_vault.mount",
        Type = SettingTypes.Name,
        Default = "transit",
        Summary = "Where the transit engine is mounted.",
    };

    /// <summary>The key.</summary>
    public static readonly Setting<string> Key = new()
    {
        Key = "key_vault.key",
        Type = SettingTypes.Name,
        Default = "sting-backup",
        DefaultDescription = "what encryption.key_id names, else sting-backup",
        Summary = "The transit key, of type aes256-gcm96. It must stand before a repository is made, and as long as one of its backups is to be read.",
    };

    /// <summary>Namespace.</summary>
    public static readonly Setting<string?> Namespace = new()
    {
        Key = "key_vault.namespace",
        Type = SettingTypes.OptionalName,
        Example = "backup",
        Summary = "The namespace of the mount, on servers that have namespaces.",
    };

    /// <summary>Whom to trust for TLS.</summary>
    public static readonly Setting<string?> Authorities = new()
    {
        Key = "key_vault.ca_file",
        Type = SettingTypes.Path,
        Example = "/etc/sting/key-vault-ca.pem",
        DefaultDescription = "what the host trusts",
        Summary = "Certificates (PEM) that alone may vouch for the server.",
    };

    /// <summary>Token.</summary>
    public static readonly Setting<string?> TokenFile = new()
    {
        Key = "key_vault.token_file",
        Type = SettingTypes.Path,
        Example = "/run/sting-restore/vault-token",
        DefaultDescription = "none; without any login the environment variable VAULT_TOKEN counts, unless the Vault of vault.address takes its token from there",
        Summary = "A file that holds a token, as a Vault agent keeps it up to date. Only hosts that restore, or make a repository, need a login at all.",
    };

    /// <summary>AppRole.</summary>
    public static readonly Setting<string?> RoleId = new()
    {
        Key = "key_vault.role_id",
        Type = SettingTypes.OptionalName,
        Example = "4c3a2f0e-5d1b-4b0e-9f63-0d2a6c7d8e9f",
        Summary = "The id of an AppRole to log in with, instead of a token.",
    };

    /// <summary>AppRole's secret.</summary>
    public static readonly Setting<string?> SecretIdFile = new()
    {
        Key = "key_vault.secret_id_file",
        Type = SettingTypes.Path,
        Example = "/etc/sting/key-vault-secret-id",
        Summary = "The file that holds the AppRole's secret id. Not needed for a role that is bound to addresses only.",
    };

    /// <summary>Kubernetes.</summary>
    public static readonly Setting<string?> KubernetesRole = new()
    {
        Key = "key_vault.kubernetes_role",
        Type = SettingTypes.OptionalName,
        Example = "sting-restore",
        Summary = "The role of Vault's Kubernetes method to log in with, by the token of the pod's service account.",
    };

    /// <summary>Service account.</summary>
    public static readonly Setting<string?> KubernetesTokenFile = new()
    {
        Key = "key_vault.kubernetes_token_file",
        Type = SettingTypes.Path,
        Example = "/var/run/secrets/vault/token",
        DefaultDescription = "/var/run/secrets/kubernetes.io/serviceaccount/token",
        Summary = "The file of the service account's token; it is read at each login.",
    };

    /// <summary>The auth method's mount.</summary>
    public static readonly Setting<string?> LoginMount = new()
    {
        Key = "key_vault.login_mount",
        Type = SettingTypes.OptionalName,
        Example = "kubernetes-west",
        DefaultDescription = "approle or kubernetes",
        Summary = "Where the method that logs in is mounted, where not under its own name.",
    };

    /// <summary>All of them.</summary>
    public static IReadOnlyList<Setting> All { get; } = [Address, Mount, Key, Namespace, Authorities, TokenFile, RoleId, SecretIdFile, KubernetesRole, KubernetesTokenFile, LoginMount];

    /// <summary>The transit key: its own setting, else the one that the strategy's file has for it.</summary>
    private static string KeyOf(SettingValues values) => !values.OriginOf(Key).IsFile && values.Get(Settings.EncryptionKeyId) is { } named ? named : values.Get(Key);

    internal static KeyVaultSettings? Bind(SettingValues values) => values.Get(Address) is not { } address ? null : new KeyVaultSettings(new Uri(address), values.Get(Mount), KeyOf(values))
    {
        Namespace = values.Get(Namespace), CertificateAuthorities = values.Get(Authorities), TokenFile = values.Get(TokenFile), RoleId = values.Get(RoleId), SecretIdFile = values.Get(SecretIdFile),
        KubernetesRole = values.Get(KubernetesRole), KubernetesTokenFile = values.Get(KubernetesTokenFile), LoginMount = values.Get(LoginMount),
    };
}
