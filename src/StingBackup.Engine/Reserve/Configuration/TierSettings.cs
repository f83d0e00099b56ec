namespace StingBackup.Engine.Reserve.Configuration;

/// <summary>How a host gets credentials of a bucket.</summary>
public enum BucketLogin
{
    /// <summary>Amazon's usual order: environment, default profile, instance role.</summary>
    Chain,
    /// <summary>Variables of the environment.</summary>
    Environment,
    /// <summary>A profile of a credentials file.</summary>
    Profile,
    /// <summary>The machine's role.</summary>
    InstanceRole,
    /// <summary>A secret of a Vault.</summary>
    Vault,
}

/// <summary>Where the bucket's name stands in a request.</summary>
public enum BucketAddressing
{
    /// <summary>In the path where an endpoint is named, else in the host's name.</summary>
    Auto,
    /// <summary>In the path.</summary>
    Path,
    /// <summary>In the host's name.</summary>
    Host,
}

/// <summary>How a tier's bucket is reached. Holds no secret.</summary>
public sealed record TierConnection
{
    /// <summary>The server, or null for Amazon's.</summary>
    public Uri? Endpoint { get; init; }
    /// <summary>The region.</summary>
    public string Region { get; init; } = "us-east-1";
    /// <summary>Where the bucket's name stands.</summary>
    public BucketAddressing Addressing { get; init; }
    /// <summary>PEM file of trusted authorities, or null for the host's.</summary>
    public string? CertificateAuthorities { get; init; }
    /// <summary>How credentials are got.</summary>
    public BucketLogin Login { get; init; }
    /// <summary>The profile.</summary>
    public string Profile { get; init; } = "default";
    /// <summary>The credentials file, or null for the usual ones.</summary>
    public string? CredentialsFile { get; init; }
    /// <summary>Mount and path of the secret, or null.</summary>
    public string? VaultSecret { get; init; }
    /// <summary>The name of the one host that writes, or null where conditional writes decide.</summary>
    public string? OnlyWriter { get; init; }
    /// <summary>Parallel streams.</summary>
    public int Streams { get; init; } = 4;
    /// <summary>The storage class of data packs, or null for the bucket's own.</summary>
    public string? StorageClass { get; init; }
    /// <summary>How what is stored is locked, or null.</summary>
    public Storage.S3.S3Lock? Lock { get; init; }
}

/// <summary>The settings of a tier's bucket, the same for the remote and the archive tier.</summary>
public sealed class TierSettings
{
    /// <summary>The remote tier's.</summary>
    public static readonly TierSettings Remote = new("remote");

    /// <summary>The archive tier's.</summary>
    public static readonly TierSettings Archive = new("archive");

    /// <summary>The storage class of packs in the archive.</summary>
    public static readonly Setting<string> StorageClass = new()
    {
        Key = "archive.storage_class",
        Type = SettingTypes.Choice("GLACIER, DEEP_ARCHIVE, GLACIER_IR or STANDARD", ("GLACIER", "GLACIER"), ("DEEP_ARCHIVE", "DEEP_ARCHIVE"), ("GLACIER_IR", "GLACIER_IR"), ("STANDARD", "STANDARD")),
        Default = "GLACIER",
        Summary = "The storage class of data packs at a glacier:// address. Everything else stays in the bucket's own class, so that listing and planning thaw nothing.",
    };

    private TierSettings(string section)
    {
        Section = section;
        Endpoint = new Setting<string?>
        {
            Key = $"{section}.endpoint", Type = SettingTypes.Location("https", "http"), Example = "https://s3.example.org", DefaultDescription = "Amazon's server of the region",
            Summary = "The S3 server that has the bucket.",
        };
        Region = new Setting<string> { Key = $"{section}.region", Type = SettingTypes.Name, Default = "us-east-1", Summary = "The region that requests are signed for, and where Amazon's server stands." };
        Addressing = new Setting<BucketAddressing>
        {
            Key = $"{section}.addressing", Default = BucketAddressing.Auto,
            Type = SettingTypes.Choice("auto, path or host", ("auto", BucketAddressing.Auto), ("path", BucketAddressing.Path), ("host", BucketAddressing.Host)),
            Summary = "Where the bucket's name stands in a request: in the path, or in the host's name. 'auto' is the path where an endpoint is named, as most servers but Amazon's need it.",
        };
        Authorities = new Setting<string?> { Key = $"{section}.ca_file", Type = SettingTypes.Path, Example = "/etc/sting/s3-ca.pem", DefaultDescription = "what the host trusts", Summary = "Certificates (PEM) that alone may vouch for the server." };
        Credentials = new Setting<BucketLogin>
        {
            Key = $"{section}.credentials", Default = BucketLogin.Chain,
            Type = SettingTypes.Choice("chain, environment, profile, instance_role or vault", ("chain", BucketLogin.Chain), ("environment", BucketLogin.Environment), ("profile", BucketLogin.Profile),
                ("instance_role", BucketLogin.InstanceRole), ("vault", BucketLogin.Vault)),
            Summary = "Where the bucket's credentials come from, which never stand in this file: the environment (AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY), a profile of a credentials file, the role that the machine's metadata service names, "
                + "a secret of a Vault; or, as a chain, the first of environment, default profile and instance role that there is.",
        };
        Profile = new Setting<string> { Key = $"{section}.profile", Type = SettingTypes.Name, Default = "default", Summary = "The profile, where credentials is profile." };
        CredentialsFile = new Setting<string?>
        {
            Key = $"{section}.credentials_file", Type = SettingTypes.Path, Example = "/etc/sting/s3-credentials", DefaultDescription = "~/.aws/credentials",
            Summary = "The file of the profile, readable by this user alone.",
        };
        VaultSecret = new Setting<string?>
        {
            Key = $"{section}.vault_secret", Example = "secret/sting-backup/s3",
            Type = SettingTypes.Text("a mount and a path, such as secret/sting-backup/s3", text => text.Split('/') is { Length: > 1 } parts && parts.All(p => p is not ("" or "." or "..")), "Write the mount of a KV engine, version 2, then the path: secret/sting-backup/s3."),
            Summary = "The secret with the fields access_key and secret_key (and session_token), where credentials is vault. It lies in the Vault of key_vault.address, or in that of vault.address where there is none.",
        };
        OnlyWriter = new Setting<string?>
        {
            Key = $"{section}.only_writer", Type = SettingTypes.OptionalName, Example = "backup-1", DefaultDescription = "none: conditional writes keep hosts apart",
            Summary = "The name of the one host that writes to the bucket. Needed where the server ignores If-None-Match, which is found out by trying; every other host then refuses to write.",
        };
        Streams = new Setting<int> { Key = $"{section}.streams", Type = SettingTypes.Integer(1, 64), Default = 4, Summary = "How many objects are sent or read at once." };
        ObjectLock = new Setting<TierLockMode>
        {
            Key = $"{section}.object_lock", Default = TierLockMode.None,
            Type = SettingTypes.Choice("none, governance or compliance", ("none", TierLockMode.None), ("governance", TierLockMode.Governance), ("compliance", TierLockMode.Compliance)),
            Summary = "Whether what is stored is locked until its restore points may go, so that not even stolen credentials delete it. The bucket must have Object Lock. 'governance': who has the bucket's right to bypass it still can. "
                + "'compliance': nobody can, its owner included, and settings that come later shorten no lock.",
        };
        ObjectLockDays = new Setting<int>
        {
            Key = $"{section}.object_lock_days", Type = SettingTypes.Integer(1, 30), Default = 2,
            Summary = "Days for which an object is locked from the time at which it is stored; a sync then locks what restore points reach for as long as they are kept.",
        };
        All = [Endpoint, Region, Addressing, Authorities, Credentials, Profile, CredentialsFile, VaultSecret, OnlyWriter, Streams, ObjectLock, ObjectLockDays];
    }

    /// <summary>Its section.</summary>
    public string Section { get; }
    /// <summary>Where the tier lies.</summary>
    public Setting<string?> Location => this == Archive ? Settings.ArchiveLocation : Settings.RemoteLocation;
    /// <summary>The server.</summary>
    public Setting<string?> Endpoint { get; }
    /// <summary>The region.</summary>
    public Setting<string> Region { get; }
    /// <summary>Where the bucket's name stands.</summary>
    public Setting<BucketAddressing> Addressing { get; }
    /// <summary>Whom to trust for TLS.</summary>
    public Setting<string?> Authorities { get; }
    /// <summary>Where credentials come from.</summary>
    public Setting<BucketLogin> Credentials { get; }
    /// <summary>The profile.</summary>
    public Setting<string> Profile { get; }
    /// <summary>Its file.</summary>
    public Setting<string?> CredentialsFile { get; }
    /// <summary>The secret.</summary>
    public Setting<string?> VaultSecret { get; }
    /// <summary>The one writer.</summary>
    public Setting<string?> OnlyWriter { get; }
    /// <summary>Streams.</summary>
    public Setting<int> Streams { get; }
    /// <summary>The lock.</summary>
    public Setting<TierLockMode> ObjectLock { get; }
    /// <summary>The shortest lock.</summary>
    public Setting<int> ObjectLockDays { get; }
    /// <summary>All but the location, in the order of the file.</summary>
    public IReadOnlyList<Setting> All { get; }

    internal TierConnection Bind(SettingValues values) => new()
    {
        Endpoint = values.Get(Endpoint) is { } endpoint ? new Uri(endpoint) : null, Region = values.Get(Region), Addressing = values.Get(Addressing), CertificateAuthorities = values.Get(Authorities),
        Login = values.Get(Credentials), Profile = values.Get(Profile), CredentialsFile = values.Get(CredentialsFile), VaultSecret = values.Get(VaultSecret), OnlyWriter = values.Get(OnlyWriter),
        Streams = values.Get(Streams), StorageClass = this == Archive && values.Get(StorageClass) is var given && given != "STANDARD" ? given : null,
        Lock = values.Get(ObjectLock) is var mode && mode != TierLockMode.None ? new Storage.S3.S3Lock(mode, TimeSpan.FromDays(values.Get(ObjectLockDays))) : null,
    };
}
