using System.Security.Cryptography;
using StingBackup.Engine.Cryptography;
using StingBackup.Engine.Governance;
using StingBackup.Engine.Keys;
using StingBackup.Engine.Reserve.Configuration;

namespace StingBackup.Engine.Operations;

/// <summary>
/// Brings the keys back from shares, on a host that has none. No guard asks for an approval: there is nothing yet that could check one, and the holders of the shares who came together are
/// what approves it. The key role's audit chain tells it.
/// </summary>
public static class KeyEscrowImport
{
    internal const string Import = "Import-StingKeyEscrow";

    /// <summary>What importing would do. Opens the escrow, wipes what it held, changes nothing.</summary>
    /// <param name="configuration">The configuration: where keys lie, and the repository.</param>
    /// <param name="paths">Files and folders with the shares.</param>
    /// <param name="protection">How the key file is to be protected; null for Vault where one is configured for keys, else a passphrase.</param>
    /// <param name="clock">The clock.</param>
    /// <exception cref="StingException">What is wrong with the shares, by share, file and line; <c>KeysExist</c>, <c>KeyRoleMismatch</c>, and where keys may not lie</exception>
    public static KeyEscrowImportPlan Plan(StingConfiguration configuration, IReadOnlyList<string> paths, KeyProtection? protection, TimeProvider clock)
    {
        Access.Require(configuration, "Import-StingKeyEscrow");
        ArgumentNullException.ThrowIfNull(configuration);
        var options = Installation.KeyOptionsOf(configuration);
        using var found = EscrowFolder.Read(paths);
        var (escrow, keys) = found.Open();
        keys.Dispose();
        var wanted = protection ?? (options.KeyVault is null ? KeyProtection.Passphrase : KeyProtection.KeyVault);
        List<string> warnings = [.. ReserveKeys.CheckImport(EnvironmentOf(clock), options, escrow, configuration.Repository.KeyFingerprint), .. KeyPlaces.CheckVolumes(options)];
        if (configuration.Repository.KeyFingerprint is null)
        {
            warnings.Add($"repository.key_fingerprint is not set, so that any escrow would do. Compare {escrow.KeyFingerprint} with what you know of the key role, and set it.");
        }
        return new KeyEscrowImportPlan
        {
            Path = paths.ToArray(), EscrowId = escrow.Id.ToString(), ReserveId = escrow.ReserveId.ToString(), Given = KeyEscrowJob.NumbersOf(found), Threshold = escrow.Threshold, CreatedTime = KeyInventory.Time(escrow.CreatedNs),
            KeyFingerprint = escrow.KeyFingerprint, KeyDirectory = options.KeyDirectory, Protection = wanted, Warnings = warnings.ToArray(),
        };
    }

    /// <summary>
    /// Imports: key file and public half, then what of the key store, the epoch's secret and the signed copies can be filled again from the other places and the repository. What is not reachable
    /// yet is told, and Repair-StingRepository does it later.
    /// </summary>
    /// <exception cref="StingException">As <see cref="Plan"/>; <c>PassphraseNeeded</c>, <c>KeyVaultNeeded</c>, and what keeps a Vault from wrapping</exception>
    public static async ValueTask<KeyEscrowImportResult> RunAsync(StingConfiguration configuration, KeyEscrowImportPlan plan, SecretBytes? passphrase, TimeProvider clock, CancellationToken cancel)
    {
        Access.Require(configuration, "Import-StingKeyEscrow");
        ArgumentNullException.ThrowIfNull(configuration);
        ArgumentNullException.ThrowIfNull(plan);
        return await RunAsync(configuration, plan, passphrase, Argon2Parameters.Default, clock, cancel).ConfigureAwait(false);
    }

    internal static async ValueTask<KeyEscrowImportResult> RunAsync(
        StingConfiguration configuration, KeyEscrowImportPlan plan, SecretBytes? passphrase, Argon2Parameters work, TimeProvider clock, CancellationToken cancel)
    {
        var options = Installation.KeyOptionsOf(configuration);
        var environment = EnvironmentOf(clock);
        using var found = EscrowFolder.Read(plan.Path);
        var (escrow, half) = found.Open();
        using var owned = half;
        ReserveKeys.CheckImport(environment, options, escrow, configuration.Repository.KeyFingerprint);
        using var keys = await ReserveKeys.ImportAsync(environment, options, escrow, half,
            writer => writer.WriteAsync(half, escrow.ReserveId, FileProtection(plan.Protection), passphrase, work, cancel)).ConfigureAwait(false);
        // From here on the keys are back: what else fails is told, and mended later.
        var warnings = new List<string>(plan.Warnings);
        var (records, refilled) = await RefillAsync(keys.RoleOf(half), warnings, cancel).ConfigureAwait(false);
        var copies = await RecordAsync(configuration, keys, half, escrow, warnings, cancel).ConfigureAwait(false);
        return new KeyEscrowImportResult
        {
            EscrowId = plan.EscrowId, ReserveId = plan.ReserveId, KeyDirectory = options.KeyDirectory, KeyFingerprint = plan.KeyFingerprint, Protection = plan.Protection, Records = records, Refilled = refilled.ToArray(),
            SignedCopies = copies, Warnings = warnings.Distinct().ToArray(),
            Next = "Restore what is needed. Then run Repair-StingRepository: it enrols this host, so that backups go on. The shares were brought together: rotate the KEK, and make a new escrow with Export-StingKeyEscrow.",
        };
    }

    internal static KeyFileProtection FileProtection(KeyProtection protection) => protection switch
    {
        KeyProtection.Open => KeyFileProtection.Open,
        KeyProtection.Passphrase => KeyFileProtection.Passphrase,
        KeyProtection.KeyVault => KeyFileProtection.KeyVault,
        _ => throw new ArgumentOutOfRangeException(nameof(protection)),
    };

    private static async ValueTask<(int? Records, IReadOnlyList<string> Refilled)> RefillAsync(KeyRole role, List<string> warnings, CancellationToken cancel)
    {
        try
        {
            var (written, faults) = await role.RefillAsync(cancel).ConfigureAwait(false);
            warnings.AddRange(faults.Select(Text));
            using var store = role.OpenStore();
            return (store.Count, written);
        }
        catch (StingException fault)
        {
            warnings.Add(Text(fault));
            return (null, []);
        }
    }

    /// <summary>Takes the signed copies from the repository, and tells the audit chain.</summary>
    private static async ValueTask<int> RecordAsync(StingConfiguration configuration, ReserveKeys keys, PrivateHalf half, SealedEscrow escrow, List<string> warnings, CancellationToken cancel)
    {
        var copies = 0;
        try
        {
            await using var installation = await Installation.OpenAsync(configuration, new InstallationOptions { Clock = keys.Clock }, cancel).ConfigureAwait(false);
            // Of the first tier, or, where that is lost, of the one that is read in its place.
            copies = await keys.TakeSignedCopiesAsync(installation.Store, cancel).ConfigureAwait(false);
            if (installation.IsLocalTierLost)
            {
                warnings.Add("The import does not stand in the audit chain yet: the local tier is lost, and nothing is written before Sync-StingTier -Tier Local has brought it back.");
                return copies;
            }
            await AuditLog.OfKeyRole(installation, half.KeyRole).AppendAsync(new AuditDraft(AuditEvent.Noted, Import) { Subjects = [escrow.Id], Outcome = "Imported" }, cancel).ConfigureAwait(false);
        }
        catch (StingException fault)
        {
            warnings.Add($"The import does not stand in the audit chain: {Text(fault)}");
        }
        return copies;
    }

    private static string Text(StingException fault) => $"{fault.Message} {fault.Remedy}";

    private static KeyEnvironment EnvironmentOf(TimeProvider clock) => new(clock, RandomNumberGenerator.Create(), new DiskKeyFiles(clock));
}
