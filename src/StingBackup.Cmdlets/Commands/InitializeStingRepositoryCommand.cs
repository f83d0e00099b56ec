using System.Management.Automation;
using System.Security;
using StingBackup.Cmdlets.Abstractions;
using StingBackup.Engine;
using StingBackup.Engine.Reserve;

namespace StingBackup.Cmdlets.Commands;

/// <summary>Makes a repository, its keys, and a commented configuration file.</summary>
[Cmdlet(VerbsData.Initialize, "StingRepository", SupportsShouldProcess = true, DefaultParameterSetName = "Sealed")]
[OutputType(typeof(InitializeResult), typeof(InitializePlan))]
public sealed class InitializeStingRepositoryCommand : ConfiguredCmdlet
{
    /// <summary>The repository's folder.</summary>
    [Parameter(Mandatory = true, Position = 0, HelpMessage = "The folder for the repository: new or empty")]
    [ValidateNotNullOrEmpty]
    public string BackupRoot { get; set; } = null!;

    /// <summary>The folder to protect.</summary>
    [Parameter(Mandatory = true, Position = 1, HelpMessage = "The folder that holds the reserve: users/, jars/ and what else belongs to it")]
    [ValidateNotNullOrEmpty]
    public string Reserve { get; set; } = null!;

    /// <summary>Seals the key file.</summary>
    [Parameter(ParameterSetName = "Sealed", HelpMessage = "The passphrase that seals the key file; without it you are asked")]
    public SecureString? Passphrase { get; set; }

    /// <summary>Leaves the key file open.</summary>
    [Parameter(Mandatory = true, ParameterSetName = "Open", HelpMessage = "Make an open key file: whoever can read the keys can read every backup")]
    public SwitchParameter NoPassphrase { get; set; }

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

    /// <summary>Lets keys lie with the backups.</summary>
    [Parameter(HelpMessage = "Allow keys under the backup root: whoever takes the backups takes the keys")]
    public SwitchParameter AllowKeysInBackupRoot { get; set; }

    private protected override void Execute()
    {
        var plan = Wait(ReserveInitializer.PlanAsync(new InitializeRequest
        {
            BackupRoot = Resolve(BackupRoot), Reserve = Resolve(Reserve), ConfigurationFile = ResolveIfAny(ConfigPath), KeyDirectory = ResolveIfAny(KeyDirectory),
            StateDirectory = ResolveIfAny(StateDirectory), CacheDirectory = ResolveIfAny(CacheDirectory), LogDirectory = ResolveIfAny(LogDirectory), TimeZone = TimeZone,
            WithPassphrase = !NoPassphrase, AllowKeysInBackupRoot = AllowKeysInBackupRoot,
        }, Cancel));
        foreach (var warning in plan.Warnings)
        {
            WriteWarning(warning);
        }
        var question = new Question("New repository", $"Make a repository in {plan.BackupRoot} for {plan.Reserve}",
            [$"Configuration file: {plan.ConfigurationFile}", .. plan.KeyFiles.Select(f => $"Key file: {f}")], plan, Destroys: false);
        if (!Ask(question, force: false))
        {
            return;
        }
        var passphrase = NoPassphrase ? null : new PassphrasePrompt(Host.UI, Passphrase).AskNew() ?? throw Errors.NewPassphraseNeeded();
        using var secret = Installation.ToSecret(passphrase);
        WriteObject(Wait(ReserveInitializer.RunAsync(plan, secret, TimeProvider.System, Cancel)));
    }

    private string? ResolveIfAny(string? path) => path is null ? null : Resolve(path);
}
