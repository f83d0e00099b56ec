using System.Management.Automation;
using System.Security;
using StingBackup.Cmdlets.Abstractions;
using StingBackup.Engine;
using StingBackup.Engine.Discovery;
using StingBackup.Engine.Operations;
using StingBackup.Engine.Reserve;
using StingBackup.Engine.Storage.S3;

namespace StingBackup.Cmdlets.Commands;

/// <summary>Makes a repository, its keys, and a commented configuration file.</summary>
[Cmdlet(VerbsData.Initialize, "StingRepository", SupportsShouldProcess = true, DefaultParameterSetName = Sealed)]
[OutputType(typeof(InitializeResult), typeof(InitializePlan))]
public sealed class InitializeStingRepositoryCommand : ConfiguredCmdlet
{
    private const string Sealed = "Sealed", Open = "Open", Vault = "Vault", StingSealed = "StingSealed", StingOpen = "StingOpen", StingVault = "StingVault";
    private const string ReserveHelp = "The folder that holds the reserve: users/, jars/ and what else belongs to it";
    private const string StingHelp = "The folder of a STING installation, whose sources the configuration will name";
    private const string NoDockerHelp = "With -Sting: do not ask Docker, take volumes and ports from the compose file";
    private const string PassphraseHelp = "The passphrase that seals the key file; without it you are asked";
    private const string NoPassphraseHelp = "Make an open key file: whoever can read the keys can read every backup";

    /// <summary>The repository's folder.</summary>
    [Parameter(Mandatory = true, Position = 0, HelpMessage = "The folder for the repository, new or empty, or a bucket: s3://bucket/prefix")]
    [ValidateNotNullOrEmpty]
    public string BackupRoot { get; set; } = null!;

    /// <summary>The folder to protect.</summary>
    [Parameter(Mandatory = true, Position = 1, ParameterSetName = Sealed, HelpMessage = ReserveHelp)]
    [Parameter(Mandatory = true, Position = 1, ParameterSetName = Open, HelpMessage = ReserveHelp)]
    [Parameter(Mandatory = true, Position = 1, ParameterSetName = Vault, HelpMessage = ReserveHelp)]
    [ValidateNotNullOrEmpty]
    public string Reserve { get; set; } = null!;

    /// <summary>The STING installation to protect.</summary>
    [Parameter(Mandatory = true, ParameterSetName = StingSealed, ValueFromPipelineByPropertyName = true, HelpMessage = StingHelp)]
    [Parameter(Mandatory = true, ParameterSetName = StingOpen, ValueFromPipelineByPropertyName = true, HelpMessage = StingHelp)]
    [Parameter(Mandatory = true, ParameterSetName = StingVault, ValueFromPipelineByPropertyName = true, HelpMessage = StingHelp)]
    [Alias("Path")]
    [ValidateNotNullOrEmpty]
    public string? Sting { get; set; }

    /// <summary>Leaves Docker alone.</summary>
    [Parameter(ParameterSetName = StingSealed, HelpMessage = NoDockerHelp)]
    [Parameter(ParameterSetName = StingOpen, HelpMessage = NoDockerHelp)]
    [Parameter(ParameterSetName = StingVault, HelpMessage = NoDockerHelp)]
    public SwitchParameter NoDocker { get; set; }

    /// <summary>Seals the key file.</summary>
    [Parameter(ParameterSetName = Sealed, HelpMessage = PassphraseHelp)]
    [Parameter(ParameterSetName = StingSealed, HelpMessage = PassphraseHelp)]
    public SecureString? Passphrase { get; set; }

    /// <summary>Leaves the key file open.</summary>
    [Parameter(Mandatory = true, ParameterSetName = Open, HelpMessage = NoPassphraseHelp)]
    [Parameter(Mandatory = true, ParameterSetName = StingOpen, HelpMessage = NoPassphraseHelp)]
    public SwitchParameter NoPassphrase { get; set; }

    /// <summary>The Vault that seals the key file.</summary>
    [Parameter(Mandatory = true, ParameterSetName = Vault, HelpMessage = "The address of the Vault whose transit engine seals the key file, such as https://vault.example.org:8200")]
    [Parameter(Mandatory = true, ParameterSetName = StingVault, HelpMessage = "The address of the Vault whose transit engine seals the key file, such as https://vault.example.org:8200")]
    [ValidateNotNullOrEmpty]
    public string KeyVaultAddress { get; set; } = null!;

    /// <summary>Where its transit engine is.</summary>
    [Parameter(ParameterSetName = Vault, HelpMessage = "Where that Vault's transit engine is mounted")]
    [Parameter(ParameterSetName = StingVault, HelpMessage = "Where that Vault's transit engine is mounted")]
    [PSDefaultValue(Help = "transit")]
    [ValidateNotNullOrEmpty]
    public string? KeyVaultMount { get; set; }

    /// <summary>Which key.</summary>
    [Parameter(ParameterSetName = Vault, HelpMessage = "The key of that Vault's transit engine; it must stand there")]
    [Parameter(ParameterSetName = StingVault, HelpMessage = "The key of that Vault's transit engine; it must stand there")]
    [PSDefaultValue(Help = "sting-backup")]
    [ValidateNotNullOrEmpty]
    public string? KeyVaultKey { get; set; }

    /// <summary>Its namespace.</summary>
    [Parameter(ParameterSetName = Vault, HelpMessage = "The namespace in that Vault")]
    [Parameter(ParameterSetName = StingVault, HelpMessage = "The namespace in that Vault")]
    [ValidateNotNullOrEmpty]
    public string? KeyVaultNamespace { get; set; }

    /// <summary>Whom to trust for TLS.</summary>
    [Parameter(ParameterSetName = Vault, HelpMessage = "A file of certificate authorities (PEM) that are trusted for that Vault")]
    [Parameter(ParameterSetName = StingVault, HelpMessage = "A file of certificate authorities (PEM) that are trusted for that Vault")]
    [ValidateNotNullOrEmpty]
    public string? KeyVaultAuthority { get; set; }

    /// <summary>Logs in by a file.</summary>
    [Parameter(ParameterSetName = Vault, HelpMessage = "A file that holds a token for that Vault; without any login VAULT_TOKEN")]
    [Parameter(ParameterSetName = StingVault, HelpMessage = "A file that holds a token for that Vault; without any login VAULT_TOKEN")]
    [ValidateNotNullOrEmpty]
    public string? KeyVaultTokenFile { get; set; }

    /// <summary>Logs in by AppRole.</summary>
    [Parameter(ParameterSetName = Vault, HelpMessage = "The id of an AppRole in that Vault")]
    [Parameter(ParameterSetName = StingVault, HelpMessage = "The id of an AppRole in that Vault")]
    [ValidateNotNullOrEmpty]
    public string? KeyVaultRoleId { get; set; }

    /// <summary>The AppRole's other half.</summary>
    [Parameter(ParameterSetName = Vault, HelpMessage = "A file that holds the secret id of the AppRole")]
    [Parameter(ParameterSetName = StingVault, HelpMessage = "A file that holds the secret id of the AppRole")]
    [ValidateNotNullOrEmpty]
    public string? KeyVaultCredentialFile { get; set; }

    /// <summary>Logs in by a service account.</summary>
    [Parameter(ParameterSetName = Vault, HelpMessage = "The role of the Kubernetes method in that Vault")]
    [Parameter(ParameterSetName = StingVault, HelpMessage = "The role of the Kubernetes method in that Vault")]
    [ValidateNotNullOrEmpty]
    public string? KeyVaultKubernetesRole { get; set; }

    /// <summary>Where keys go.</summary>
    [Parameter(HelpMessage = "The folder for the keys, outside of repository and reserve")]
    [ValidateNotNullOrEmpty]
    public string? KeyDirectory { get; set; }

    /// <summary>Where this host keeps what it must remember.</summary>
    [Parameter(HelpMessage = "The folder for what this host must remember")]
    [ValidateNotNullOrEmpty]
    public string? StateDirectory { get; set; }

    /// <summary>Where this host keeps what it can make again.</summary>
    [Parameter(HelpMessage = "The folder for what can be made again")]
    [ValidateNotNullOrEmpty]
    public string? CacheDirectory { get; set; }

    /// <summary>Where logs go.</summary>
    [Parameter(HelpMessage = "The folder for logs")]
    [ValidateNotNullOrEmpty]
    public string? LogDirectory { get; set; }

    /// <summary>The zone of days and backup ids.</summary>
    [Parameter(HelpMessage = "The time zone of backup ids and of days, such as Europe/Berlin or UTC; without it the host's")]
    [ValidateNotNullOrEmpty]
    public string? TimeZone { get; set; }

    /// <summary>Further settings.</summary>
    [Parameter(HelpMessage = "Further settings for the configuration file, each as key=value: remote.endpoint=https://s3.example.org")]
    [ValidateNotNullOrEmpty]
    public string[]? Setting { get; set; }

    /// <summary>Lets keys lie with the backups.</summary>
    [Parameter(HelpMessage = "Allow keys under the backup root: whoever takes the backups takes the keys")]
    public SwitchParameter AllowKeysInBackupRoot { get; set; }

    /// <summary>What key pairs are made of.</summary>
    [Parameter(HelpMessage = "Key pairs of P256, or Hybrid: of P-256 and ML-KEM-768 together, against a quantum computer of tomorrow")]
    public KeySuite KeySuite { get; set; }

    private protected override void Execute()
    {
        var sting = Sting is null ? null : InstallationFinder.FindAsync(Resolve(Sting), !NoDocker, HostView, TimeProvider.System, Cancel).ToBlockingEnumerable(Cancel).Single();
        var plan = Wait(ReserveInitializer.PlanAsync(new InitializeRequest
        {
            BackupRoot = S3Address.IsAddress(BackupRoot) ? BackupRoot : Resolve(BackupRoot), Setting = SettingPairs.Of(Setting), Reserve = sting?.Path ?? Resolve(Reserve), Sting = sting, ConfigurationFile = ResolveIfAny(ConfigPath), KeyDirectory = ResolveIfAny(KeyDirectory),
            StateDirectory = ResolveIfAny(StateDirectory), CacheDirectory = ResolveIfAny(CacheDirectory), LogDirectory = ResolveIfAny(LogDirectory), TimeZone = TimeZone,
            WithPassphrase = !NoPassphrase && KeyVaultAddress is null, AllowKeysInBackupRoot = AllowKeysInBackupRoot, KeySuite = KeySuite, KeyVault = KeyVaultAddress is null ? null : new KeyVaultRequest
            {
                Address = KeyVaultAddress, Mount = KeyVaultMount, Key = KeyVaultKey, Namespace = KeyVaultNamespace, AuthoritiesFile = ResolveIfAny(KeyVaultAuthority), TokenFile = ResolveIfAny(KeyVaultTokenFile),
                RoleId = KeyVaultRoleId, SecretIdFile = ResolveIfAny(KeyVaultCredentialFile), KubernetesRole = KeyVaultKubernetesRole,
            },
        }, Cancel));
        foreach (var warning in plan.Warnings)
        {
            WriteWarning(warning);
        }
        var question = new Question("New repository", $"Make a repository in {plan.BackupRoot} for {plan.Reserve}",
            [$"Configuration file: {plan.ConfigurationFile}", .. plan.KeyFiles.Select(f => $"Key file: {f}"), .. plan.KeyVault is null ? Array.Empty<string>() : [$"Key file sealed by Vault: {plan.KeyVault}"], .. plan.Settings.Select(s => s.ToString()), .. plan.NotFound.Select(g => $"Not found: {g}")],
            plan, Destroys: false);
        if (!Ask(question, force: false))
        {
            return;
        }
        var passphrase = NoPassphrase || plan.KeyVault is not null ? null : new PassphrasePrompt(Host.UI, Passphrase).AskNew() ?? throw Errors.NewPassphraseNeeded();
        using var secret = Installation.ToSecret(passphrase);
        WriteObject(Wait(ReserveInitializer.RunAsync(plan, secret, TimeProvider.System, Cancel)));
    }

    private string? ResolveIfAny(string? path) => path is null ? null : Resolve(path);
}
