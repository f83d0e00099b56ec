using StingBackup.Engine.Reserve.Configuration;
namespace StingBackup.Engine.Operations.Checks;

/// <summary>How the local key file is protected.</summary>
internal sealed class PassphraseCheck : ImmediateCheck
{
    public override string Name => "passphrase";

    protected override IEnumerable<ConfigurationFinding> Look(ProbeContext context) =>
    [
        (context.Facts.HasPassphrase, context.Facts.PassphraseOpens) switch
        {
            (null, _) when context.Facts.IsSealedByVault => context.Found(FindingSeverity.Information, VaultKeySettings.Address, "a key of Vault protects the local key file; backups do not need it, restores do"),
            (null, _) => context.Found(FindingSeverity.Information, Settings.KeyDirectory, "the local key file was not looked at"),
            (false, _) => context.Found(FindingSeverity.Warning, Settings.KeyDirectory, "the local key file has no passphrase: whoever reads it can read every backup",
                "Make a repository with a passphrase where backups and keys share a machine."),
            (true, null) => context.Found(FindingSeverity.Information, Settings.KeyDirectory, "a passphrase protects the local key file; backups do not need it, restores do"),
            (true, true) => context.Found(FindingSeverity.Information, Settings.KeyDirectory, "the passphrase opens the local key file"),
            (true, false) => context.Found(FindingSeverity.Error, Settings.KeyDirectory, "the passphrase does not open the local key file: no restore is possible with it",
                "Look for the right one now, while nothing is lost."),
        },
    ];
}
