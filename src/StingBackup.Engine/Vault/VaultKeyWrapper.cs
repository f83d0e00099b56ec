using System.Security.Cryptography;
using StingBackup.Engine.Cryptography;

namespace StingBackup.Engine.Vault;

/// <summary>
/// Wraps by the transit engine. The engine takes associated data for encrypt and decrypt, from Vault 1.9 on, and for rewrap not at all; so what a secret is bound to stands within
/// what is encrypted: SHA-256 of the binding ‖ secret.
/// </summary>
public sealed class VaultKeyWrapper : IKeyWrapper
{
    private readonly VaultTransit _transit;

    /// <summary>Names a key; nothing is sent. Takes the engine's client over.</summary>
    public VaultKeyWrapper(VaultTransit transit, string key)
    {
        ArgumentNullException.ThrowIfNull(transit);
        ArgumentException.ThrowIfNullOrEmpty(key);
        _transit = transit;
        Name = new KeyWrapperName(transit.Mount, key);
    }

    /// <inheritdoc/>
    public KeyWrapperName Name { get; }

    /// <inheritdoc/>
    public async ValueTask<WrappedSecret> WrapAsync(SecretBytes secret, ReadOnlyMemory<byte> binding, CancellationToken cancel)
    {
        ArgumentNullException.ThrowIfNull(secret);
        using var bound = new SecretBytes(SHA256.HashSizeInBytes + secret.Length);
        SHA256.HashData(binding.Span, bound.Writable);
        secret.Span.CopyTo(bound.Writable[SHA256.HashSizeInBytes..]);
        var made = await _transit.EncryptAsync(Name.Key, bound, TransitBinding.None, cancel).ConfigureAwait(false);
        return new WrappedSecret(made.Text, made.KeyVersion);
    }

    /// <inheritdoc/>
    public async ValueTask<SecretBytes> UnwrapAsync(string wrapped, ReadOnlyMemory<byte> binding, CancellationToken cancel)
    {
        using var bound = await _transit.DecryptAsync(Name.Key, wrapped, TransitBinding.None, cancel).ConfigureAwait(false);
        return bound.Length >= SHA256.HashSizeInBytes && CryptographicOperations.FixedTimeEquals(SHA256.HashData(binding.Span), bound.Span[..SHA256.HashSizeInBytes])
            ? SecretBytes.CopyOf(bound.Span[SHA256.HashSizeInBytes..])
            : throw TransitErrors.CiphertextInvalid(_transit.Client.Address, Name.Mount, Name.Key, "it was wrapped for something else");
    }

    /// <inheritdoc/>
    public async ValueTask<WrappedSecret> RewrapAsync(string wrapped, CancellationToken cancel)
    {
        var made = await _transit.RewrapAsync(Name.Key, wrapped, ReadOnlyMemory<byte>.Empty, cancel).ConfigureAwait(false);
        return new WrappedSecret(made.Text, made.KeyVersion);
    }

    /// <inheritdoc/>
    public async ValueTask RotateAsync(CancellationToken cancel) => await _transit.RotateAsync(Name.Key, cancel).ConfigureAwait(false);

    /// <inheritdoc/>
    public async ValueTask<KeyWrapperState> DescribeAsync(CancellationToken cancel)
    {
        var key = await _transit.ReadKeyAsync(Name.Key, cancel).ConfigureAwait(false) ?? throw TransitErrors.KeyMissing(_transit.Client.Address, Name.Mount, Name.Key);
        if (key.Type != VaultTransit.AesGcm || key.IsDerived)
        {
            throw TransitErrors.KeyUnfit(_transit.Client.Address, Name.Mount, Name.Key, key.IsDerived ? "it is derived" : $"its type is {key.Type}");
        }
        var weaknesses = new List<string>();
        if (key.IsExportable || key.AllowsPlaintextBackup)
        {
            weaknesses.Add($"Transit key '{Name}' can be read out of Vault ({(key.IsExportable ? "exportable" : "allow_plaintext_backup")}): whoever does opens the key file without Vault.");
        }
        if (key.IsDeletionAllowed)
        {
            weaknesses.Add($"Transit key '{Name}' can be deleted (deletion_allowed): with it every backup is lost.");
        }
        return new KeyWrapperState($"{_transit.Location}/{Name.Key}", key.LatestVersion, Math.Max(1, key.MinDecryptionVersion), weaknesses.ToArray());
    }

    /// <inheritdoc/>
    public long? VersionOf(string wrapped) => VaultTransit.VersionOf(wrapped);

    /// <inheritdoc/>
    public void Dispose() => _transit.Client.Dispose();
}
