using StingBackup.Engine.Basics;
using StingBackup.Engine.Cryptography;

namespace StingBackup.Engine.Keys;

/// <summary>Makes a key file's bytes with the protection that is asked for: a passphrase, a key of Vault, or nothing.</summary>
internal sealed class PrivateHalfWriter(KeyEnvironment environment, KeyOptions options)
{
    /// <summary>The file's bytes.</summary>
    /// <param name="half">The keys.</param>
    /// <param name="reserveId">The reserve.</param>
    /// <param name="protection">What is to protect it.</param>
    /// <param name="passphrase">The passphrase, where that is what protects it.</param>
    /// <param name="work">How much work it is to try one passphrase.</param>
    /// <param name="cancel">Cancels.</param>
    /// <exception cref="StingException"><c>PassphraseNeeded</c>, <c>KeyVaultNeeded</c>, and what keeps a Vault from wrapping</exception>
    public async ValueTask<byte[]> WriteAsync(PrivateHalf half, Id16 reserveId, KeyFileProtection protection, SecretBytes? passphrase, Argon2Parameters work, CancellationToken cancel)
    {
        switch (protection)
        {
            case KeyFileProtection.Open:
                return PrivateHalfFile.Write(half, reserveId, null, work, environment.Random);
            case KeyFileProtection.Passphrase:
                return passphrase is { Length: > 0 } ? PrivateHalfFile.Write(half, reserveId, passphrase, work, environment.Random) : throw new StingException(
                    "PassphraseNeeded", FailureKind.Authentication, "The key file is to be sealed, but there is no passphrase.", options.KeyDirectory, "Give a passphrase, or ask expressly for an open key file.");
            default:
                using (var fileKey = SecretBytes.Random(PrivateHalfFile.FileKeySize, environment.Random))
                {
                    var wrapped = await WrapAsync(fileKey, reserveId, cancel).ConfigureAwait(false) ?? throw NoVault(options);
                    return PrivateHalfFile.WriteWrapped(half, reserveId, fileKey, wrapped, environment.Random);
                }
        }
    }

    /// <summary>The error where Vault is to seal a key file, and none is configured.</summary>
    public static StingException NoVault(KeyOptions options) => new(
        "KeyVaultNeeded", FailureKind.InvalidConfiguration, "The key file is to be sealed by Vault, and no Vault is configured for keys.", options.KeyDirectory,
        "Set key_vault.address and how to log in; the policy it takes is in docs/operations.md.");

    /// <summary>Has the key vault wrap a file key; null where there is none. The key must stand: encrypting would make it where the token may.</summary>
    public async ValueTask<WrappedFileKey?> WrapAsync(SecretBytes fileKey, Id16 reserveId, CancellationToken cancel)
    {
        using var vault = options.KeyVault?.Invoke(environment.Clock);
        if (vault is null)
        {
            return null;
        }
        await vault.DescribeAsync(cancel).ConfigureAwait(false);
        var wrapped = await vault.WrapAsync(fileKey, PrivateHalfFile.BindingOf(reserveId), cancel).ConfigureAwait(false);
        return new WrappedFileKey(vault.Name, wrapped.Text);
    }
}
