using System.Security.Cryptography;
using StingBackup.Engine.Basics;
using StingBackup.Engine.Cryptography;

namespace StingBackup.Engine.Keys;

/// <summary>What a new KEK took.</summary>
/// <param name="Generation">The KEK that is in force.</param>
/// <param name="Left">The turn of the epoch that put the records under it.</param>
internal sealed record KekRenewed(uint Generation, LeftBehind Left);

/// <summary>
/// Puts a new KEK in the place of the one in force: <c>reserve.key</c> gets it beside the old one → <c>reserve.pub</c> names it, so that it seals from then on → a turn of the epoch seals
/// every record's inner layer to it → <c>reserve.key</c> lets go of the old one. Every step looks at what lies there, and at each point between two of them the two files open every record;
/// so a renewal that died is ended by the next one, which makes no further KEK. The caller holds the key directory's lock.
/// </summary>
internal sealed class KekRenewal(KeyEnvironment environment, KeyOptions options, SignedCopies copies)
{
    private const int Sample = 64;

    private readonly IKeyFiles _files = environment.Files;
    private readonly string _keyPath = Path.Combine(options.KeyDirectory, PrivateHalfFile.FileName);
    private readonly string _publicPath = Path.Combine(options.KeyDirectory, PublicHalf.FileName);

    /// <summary>Begins, or ends what was begun.</summary>
    /// <param name="role">The key role as the files hold it now; its keys are changed.</param>
    /// <param name="secret">What opens the key file: its passphrase, or its file key; null for an open one.</param>
    /// <param name="cancel">Stops it between steps, and within the sealing; a further call goes on.</param>
    /// <exception cref="StingException"><c>KeyRecordDamaged</c> where a record does not open: nothing is let go of then. What a turn, a key vault and the disk can say.</exception>
    public async ValueTask<KekRenewed> RunAsync(KeyRole role, SecretBytes? secret, CancellationToken cancel)
    {
        using var fileKey = role.Keys.KekGenerations.Count == 1 ? await BeginAsync(role.Keys, role.Public.ReserveId, secret, cancel).ConfigureAwait(false) : null;
        var (half, generation) = (role.Keys, role.Keys.KekGeneration);
        var now = role.Public;
        if (now.KekGeneration != generation)
        {
            now = now with { KekPublicKey = half.Kek.PublicKey.ToArray(), KekGeneration = generation, KekSinceNs = environment.NowNs };
            Write(_publicPath, now.ToBytes(half.KeyRole));
        }
        var format = new FormatRenewal(_files, copies);
        format.Run(now, now.Chain.ExtendedBy(KeyRoleChain.TryRead(format.Newest(now.Chain, now.ReserveId)?.Handovers ?? [], now.ReserveId)), half.KeyRole);
        cancel.ThrowIfCancellationRequested();
        var order = new TurnOrder(new HashSet<Id16>(), (layers, token) => KekRotation.Reseal(layers, now.ReserveId, half.KekOf, now.KekPublicKey, generation, token));
        var left = role.TurnWhere(store => store.Records.Any(record => record.KekGeneration != generation), order, cancel);
        CheckSample(role, generation);
        half.ForgetOlderKeks();
        Write(_keyPath, PrivateHalfFile.Reseal(_files.Read(_keyPath)!, _keyPath, half, fileKey ?? secret, environment.Random));
        return new KekRenewed(generation, left);
    }

    /// <summary>Writes the new KEK beside the old one. Where a key vault protects the file, that gets a new file key, wrapped by a new version of the vault's key.</summary>
    /// <returns>The new file key; null where there is none.</returns>
    private async ValueTask<SecretBytes?> BeginAsync(PrivateHalf half, Id16 reserveId, SecretBytes? secret, CancellationToken cancel)
    {
        var bytes = _files.Read(_keyPath)!;
        half.AddKek(options.Suite);
        if (PrivateHalfFile.ProtectionOf(bytes, _keyPath) != KeyFileProtection.KeyVault)
        {
            Write(_keyPath, PrivateHalfFile.Reseal(bytes, _keyPath, half, secret, environment.Random));
            return null;
        }
        using var vault = (options.KeyVault ?? throw new StingException("KeyVaultNeeded", FailureKind.Authentication, $"Key file '{_keyPath}' is sealed by a Vault, and no Vault is configured.", _keyPath,
            "Set key_vault.address and how to log in; the policies are in docs/operations.md."))(environment.Clock);
        await vault.RotateAsync(cancel).ConfigureAwait(false);
        var fileKey = SecretBytes.Random(PrivateHalfFile.FileKeySize, environment.Random);
        try
        {
            var wrapped = await vault.WrapAsync(fileKey, PrivateHalfFile.BindingOf(reserveId), cancel).ConfigureAwait(false);
            Write(_keyPath, PrivateHalfFile.WriteWrapped(half, reserveId, fileKey, new WrappedFileKey(vault.Name, wrapped.Text), environment.Random));
            return fileKey;
        }
        catch
        {
            fileKey.Dispose();
            throw;
        }
    }

    /// <summary>Some records, opened with the new KEK alone, before the old one is let go of. (Sealing has opened every one with the old.)</summary>
    private static void CheckSample(KeyRole role, uint generation)
    {
        using var store = role.OpenStore();
        foreach (var record in store.Records.Take(Sample))
        {
            store.Open(record.Pseudonym, record.Generation, wanted => wanted == generation ? role.Keys.KekOf(wanted) : null).Dispose();
        }
    }

    private void Write(string path, byte[] bytes)
    {
        _files.Replace(path, bytes);
        var back = _files.Read(path);
        var same = back.AsSpan().SequenceEqual(bytes);
        CryptographicOperations.ZeroMemory(back);
        CryptographicOperations.ZeroMemory(bytes);
        if (!same)
        {
            throw KeyFrame.Damaged(path, "it does not read back as it was written");
        }
    }
}
