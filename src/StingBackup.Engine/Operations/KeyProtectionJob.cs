using StingBackup.Engine.Cryptography;
using StingBackup.Engine.Governance;
using StingBackup.Engine.Keys;

namespace StingBackup.Engine.Operations;

/// <summary>
/// Gives the key file another protection (a passphrase, a key of Vault, nothing), without changing what it holds; or wraps its file key anew after the key in Vault was rotated. Keys, records,
/// packs and escrows stay as they are.
/// </summary>
public static class KeyProtectionJob
{
    internal const string Verb = "Set-StingKeyProtection";

    /// <summary>What giving the key file another protection would do. Opens nothing, writes nothing; of Vault only the key is looked at, where it is to seal.</summary>
    /// <exception cref="StingException"><c>KeyDirectoryMissing</c>, <c>KeyVaultNeeded</c>, <c>KeyProtectionSame</c>, and what keeps a Vault from being reached</exception>
    public static async ValueTask<KeyProtectionPlan> PlanAsync(Installation installation, KeyProtection protection, CancellationToken cancel)
    {
        Access.Require(installation, "Set-StingKeyProtection");
        ArgumentNullException.ThrowIfNull(installation);
        var keys = installation.Keys!;
        var from = ProtectionOf(keys);
        if (from == KeyProtection.KeyVault && protection == KeyProtection.KeyVault)
        {
            throw new StingException("KeyProtectionSame", FailureKind.InvalidArgument, $"Key file '{keys.KeyFilePath}' is sealed by Vault's key '{keys.WrappedBy}' already.", keys.KeyFilePath,
                "After the key was rotated in Vault, run Set-StingKeyProtection -Rewrap. To use another key, go by a passphrase: first -Protection Passphrase, then change key_vault.key, then -Protection KeyVault.");
        }
        if (from == KeyProtection.Open && protection == KeyProtection.Open)
        {
            throw new StingException("KeyProtectionSame", FailureKind.InvalidArgument, $"Key file '{keys.KeyFilePath}' is open already.", keys.KeyFilePath, "Nothing needs to be done.");
        }
        var warnings = new List<string>();
        var vault = protection == KeyProtection.KeyVault ? await keys.DescribeVaultAsync(cancel).ConfigureAwait(false) : null;
        warnings.AddRange(vault?.Weaknesses ?? []);
        if (protection == KeyProtection.Open)
        {
            warnings.Add("The key file will be open: whoever can read it, an epoch place and the key store can read every backup.");
        }
        var plan = new KeyProtectionPlan
        {
            KeyFile = keys.KeyFilePath, From = from, To = protection, FromKey = keys.WrappedBy?.ToString(), ToKey = vault is null ? null : $"{vault.Location}", ToVersion = vault?.LatestVersion, Warnings = warnings.ToArray(),
        };
        return plan with { Approval = await Guard.LookAsync(installation, DangerOf(installation, plan), cancel).ConfigureAwait(false) };
    }

    /// <summary>Gives the key file its new protection, once a second identity has approved it. The old file is overwritten in one step, and the new one read back.</summary>
    /// <param name="installation">The key role's machine.</param>
    /// <param name="plan">The plan.</param>
    /// <param name="passphrase">The new passphrase, where that is to protect it.</param>
    /// <param name="cancel">Cancels.</param>
    /// <exception cref="StingException">As <see cref="PlanAsync"/> and <see cref="Guard"/>; <c>PassphraseNeeded</c>, and what unlocking keys can say</exception>
    public static Task<KeyProtectionResult> RunAsync(Installation installation, KeyProtectionPlan plan, SecretBytes? passphrase, CancellationToken cancel) =>
        RunAsync(installation, plan, passphrase, Argon2Parameters.Default, cancel);

    internal static Task<KeyProtectionResult> RunAsync(Installation installation, KeyProtectionPlan plan, SecretBytes? passphrase, Argon2Parameters work, CancellationToken cancel)
    {
        Access.Require(installation, "Set-StingKeyProtection");
        ArgumentNullException.ThrowIfNull(installation);
        ArgumentNullException.ThrowIfNull(plan);
        return Guard.RunAsync(installation, DangerOf(installation, plan), async token =>
        {
            var keys = installation.Keys!;
            if (ProtectionOf(keys) != plan.From)
            {
                throw new StingException("PlanOutdated", FailureKind.Refused, $"The protection of '{plan.KeyFile}' changed since the plan was made.", plan.KeyFile, "Run the command again.");
            }
            var reader = await ReaderAsync(installation, token).ConfigureAwait(false);
            using var held = await reader.Role.HoldAsync(token).ConfigureAwait(false);
            await keys.ProtectAsync(reader, KeyEscrowImport.FileProtection(plan.To), passphrase, work, token).ConfigureAwait(false);
            return new KeyProtectionResult
            {
                KeyFile = plan.KeyFile, From = plan.From, To = plan.To, Key = plan.ToKey, KeyVersion = plan.ToVersion,
                Next = "Copies of the key file on other sites still open as before: replace them by this one. What protected it before protects nothing any more; a copy that somebody took does not know that.",
            };
        }, static result => $"{result.From}To{result.To}", cancel);
    }

    /// <summary>What wrapping the file key anew would do. Asks Vault, writes nothing.</summary>
    /// <exception cref="StingException"><c>KeyVaultNotUsed</c>, and what keeps a Vault from being reached</exception>
    public static async ValueTask<KeyProtectionPlan> PlanRewrapAsync(Installation installation, CancellationToken cancel)
    {
        Access.Require(installation, "Set-StingKeyProtection");
        ArgumentNullException.ThrowIfNull(installation);
        var plan = await installation.Keys!.PlanRewrapAsync(cancel).ConfigureAwait(false);
        return new KeyProtectionPlan
        {
            KeyFile = plan.KeyFile, From = KeyProtection.KeyVault, To = KeyProtection.KeyVault, FromKey = plan.Vault, ToKey = plan.Vault, FromVersion = plan.FromVersion, ToVersion = plan.ToVersion, IsRewrap = true,
            Warnings = plan.Warnings.ToArray(),
        };
    }

    /// <summary>Wraps the file key with the newest version of Vault's key: one request, in which neither it nor the keys are seen here. Needs no approval, and stands in the audit chain.</summary>
    public static async ValueTask<KeyProtectionResult> RewrapAsync(Installation installation, KeyProtectionPlan plan, CancellationToken cancel)
    {
        Access.Require(installation, "Set-StingKeyProtection");
        ArgumentNullException.ThrowIfNull(installation);
        ArgumentNullException.ThrowIfNull(plan);
        var version = plan.FromVersion == plan.ToVersion ? plan.ToVersion : await installation.Keys!.RewrapAsync(new KeyFileRewrap
        {
            KeyFile = plan.KeyFile, Vault = plan.ToKey!, FromVersion = plan.FromVersion, ToVersion = plan.ToVersion ?? 0, Warnings = plan.Warnings,
        }, cancel).ConfigureAwait(false);
        if (plan.FromVersion != plan.ToVersion && installation.Host is not null)
        {
            await AuditLog.NoteAsync(installation, Verb, [], "Rewrapped", cancel).ConfigureAwait(false);
        }
        return new KeyProtectionResult
        {
            KeyFile = plan.KeyFile, From = plan.From, To = plan.To, Key = plan.ToKey, KeyVersion = version,
            Next = plan.FromVersion == plan.ToVersion ? "The newest version wrapped it already; nothing was done."
                : "Replace copies of the key file on other sites by this one. When all are replaced, raise the key's min_decryption_version in Vault: older copies then open no more.",
        };
    }

    private static KeyProtection ProtectionOf(ReserveKeys keys) => keys.Protection switch
    {
        KeyFileProtection.Open => KeyProtection.Open,
        KeyFileProtection.Passphrase => KeyProtection.Passphrase,
        _ => KeyProtection.KeyVault,
    };

    internal static DangerousPlan DangerOf(Installation installation, KeyProtectionPlan plan) => new(Verb, $"the key file of reserve {installation.Reserve}")
    {
        Facts =
        [
            new PlanFact("Key file", plan.KeyFile), new PlanFact("From", plan.FromKey is { } old ? $"{plan.From} {old}" : plan.From.ToString()), new PlanFact("To", plan.ToKey is { } key ? $"{plan.To} {key}" : plan.To.ToString()),
        ],
    };

    private static async ValueTask<SubjectReader> ReaderAsync(Installation installation, CancellationToken cancel) =>
        await installation.UnlockAsync(cancel).ConfigureAwait(false) as SubjectReader
        ?? throw new StingException("KeyRoleMissing", FailureKind.Refused, "Only the key role protects its key file, and it is not here.", null, "Run this where the key directory is.");
}
