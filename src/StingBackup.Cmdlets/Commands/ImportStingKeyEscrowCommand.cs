using System.Management.Automation;
using System.Security;
using StingBackup.Cmdlets.Abstractions;
using StingBackup.Engine;
using StingBackup.Engine.Operations;

namespace StingBackup.Cmdlets.Commands;

/// <summary>Brings the keys back from the shares of an escrow, on a host that has none.</summary>
[Cmdlet(VerbsData.Import, "StingKeyEscrow", SupportsShouldProcess = true)]
[OutputType(typeof(KeyEscrowImportResult), typeof(KeyEscrowImportPlan))]
public sealed class ImportStingKeyEscrowCommand : ConfiguredCmdlet
{
    /// <summary>The shares.</summary>
    [Parameter(Mandatory = true, Position = 0, HelpMessage = "Text files with shares, or folders that hold them")]
    [ValidateNotNullOrEmpty]
    public string[] Path { get; set; } = [];

    /// <summary>What protects the key file.</summary>
    [Parameter(HelpMessage = "What is to protect the new key file; without it Vault where one is configured for keys, else a passphrase")]
    [PSDefaultValue(Help = "KeyVault where key_vault.address is set, else Passphrase")]
    [ValidateSet(nameof(KeyProtection.Passphrase), nameof(KeyProtection.KeyVault), nameof(KeyProtection.Open))]
    public KeyProtection? Protection { get; set; }

    /// <summary>Seals the key file.</summary>
    [Parameter(HelpMessage = "The new passphrase of the key file; without it you are asked where one is needed")]
    public SecureString? Passphrase { get; set; }

    private protected override void Execute()
    {
        var configuration = Examine().Require();
        var plan = KeyEscrowImport.Plan(configuration, [.. Path.Select(Resolve)], Protection, TimeProvider.System);
        foreach (var warning in plan.Warnings)
        {
            WriteWarning(warning);
        }
        var question = new Question("Key escrow", $"Put the keys of reserve {plan.ReserveId} into {plan.KeyDirectory}",
            [
                $"Escrow {plan.EscrowId} of {Display.Time(plan.CreatedTime)}; shares {string.Join(", ", plan.Given)}.", $"Key role {plan.KeyFingerprint}: compare it with what you know of it.",
                plan.Protection == KeyProtection.Open ? "The key file will be open: whoever can read it, an epoch place and the key store can read every backup." : $"Protected by: {plan.Protection}.",
            ], plan, Destroys: false);
        if (!Ask(question, force: false))
        {
            return;
        }
        var passphrase = plan.Protection != KeyProtection.Passphrase ? null : new PassphrasePrompt(Host.UI, Passphrase).AskNew() ?? throw Errors.NewPassphraseNeeded();
        using var secret = Installation.ToSecret(passphrase);
        var result = Wait(KeyEscrowImport.RunAsync(configuration, plan, secret, TimeProvider.System, Cancel));
        foreach (var warning in result.Warnings.Except(plan.Warnings))
        {
            WriteWarning(warning);
        }
        WriteObject(result);
    }
}
