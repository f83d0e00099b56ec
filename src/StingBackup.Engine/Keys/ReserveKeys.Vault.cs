using StingBackup.Engine.Cryptography;
namespace StingBackup.Engine.Keys;

/// <summary>The key file where a key vault protects it. A process asks the vault once, when it unlocks; the backup role never does.</summary>
public sealed partial class ReserveKeys
{
    /// <summary>What it takes to unlock.</summary>
    /// <exception cref="StingException"><c>KeyDirectoryMissing</c>, <c>KeyFileDamaged</c></exception>
    public KeyFileProtection Protection => PrivateHalfFile.ProtectionOf(ReadPrivateHalf(out var path), path);

    /// <summary>The key of the key vault that the key file names; null where another thing protects it.</summary>
    /// <exception cref="StingException"><c>KeyDirectoryMissing</c>, <c>KeyFileDamaged</c></exception>
    public KeyWrapperName? WrappedBy
    {
        get
        {
            var bytes = ReadPrivateHalf(out var path);
            return PrivateHalfFile.ProtectionOf(bytes, path) == KeyFileProtection.KeyVault ? PrivateHalfFile.WrappedKeyOf(bytes, path).Name : null;
        }
    }

    /// <summary>The read side, with whatever opens the key file here: asks for the passphrase, or the key vault, or neither. The caller disposes it.</summary>
    /// <param name="passphrase">Asks for the passphrase; called only where there is one, and what it gives is disposed. Null when there is nobody to ask.</param>
    /// <param name="cancel">Cancels.</param>
    /// <exception cref="StingException">As <see cref="Unlock"/>, <see cref="ObtainSecretAsync"/>.</exception>
    public async ValueTask<SubjectReader> UnlockAsync(Func<CancellationToken, ValueTask<SecretBytes?>>? passphrase, CancellationToken cancel)
    {
        using var secret = await ObtainSecretAsync(passphrase, cancel).ConfigureAwait(false);
        return Unlock(secret);
    }

    /// <summary>
    /// What opens the key file: its passphrase, or its file key, unwrapped by one request to the key vault; null for an open file. All that takes the key file's passphrase takes
    /// this. The caller disposes it.
    /// </summary>
    /// <param name="passphrase">Asks for the passphrase; null when there is nobody to ask.</param>
    /// <param name="cancel">Cancels.</param>
    /// <exception cref="StingException"><c>KeyVaultNeeded</c>, <c>KeyVaultMismatch</c>, <c>VaultSealed</c>, <c>VaultDenied</c>, <c>VaultKeyVersionTooOld</c>, <c>VaultKeyMissing</c>,
    /// <c>VaultCiphertextInvalid</c>, and what keeps a Vault from being reached</exception>
    public async ValueTask<SecretBytes?> ObtainSecretAsync(Func<CancellationToken, ValueTask<SecretBytes?>>? passphrase, CancellationToken cancel)
    {
        var bytes = ReadPrivateHalf(out var path);
        switch (PrivateHalfFile.ProtectionOf(bytes, path))
        {
            case KeyFileProtection.Passphrase:
                return passphrase is null ? null : await passphrase(cancel).ConfigureAwait(false);
            case KeyFileProtection.KeyVault:
                var file = PrivateHalfFile.WrappedKeyOf(bytes, path);
                using (var wrapper = OpenWrapper(file, path))
                {
                    return await wrapper.UnwrapAsync(file.Wrapped, PrivateHalfFile.BindingOf(ReserveId), cancel).ConfigureAwait(false);
                }
            default:
                return null;
        }
    }

    /// <summary>Plans to wrap the key file's key with the newest version of the vault's key. Asks the vault, changes nothing.</summary>
    /// <exception cref="StingException"><c>KeyVaultNotUsed</c>, and as <see cref="ObtainSecretAsync"/></exception>
    public async ValueTask<KeyFileRewrap> PlanRewrapAsync(CancellationToken cancel)
    {
        var bytes = ReadPrivateHalf(out var path);
        if (PrivateHalfFile.ProtectionOf(bytes, path) != KeyFileProtection.KeyVault)
        {
            throw new StingException("KeyVaultNotUsed", FailureKind.InvalidArgument, $"Key file '{path}' is not protected by a key vault; there is nothing to rewrap.", path,
                "Set-StingKeyProtection -Protection KeyVault seals it by the Vault that key_vault names.");
        }
        var file = PrivateHalfFile.WrappedKeyOf(bytes, path);
        using var wrapper = OpenWrapper(file, path);
        var state = await wrapper.DescribeAsync(cancel).ConfigureAwait(false);
        return new KeyFileRewrap { KeyFile = path, Vault = state.Location, FromVersion = wrapper.VersionOf(file.Wrapped), ToVersion = state.LatestVersion, Warnings = state.Weaknesses };
    }

    /// <summary>Executes a plan: one request, without the file key or the keys being seen here. What the file holds stays byte for byte.</summary>
    /// <returns>The version that wraps it now.</returns>
    public async ValueTask<long> RewrapAsync(KeyFileRewrap plan, CancellationToken cancel)
    {
        ArgumentNullException.ThrowIfNull(plan);
        using var held = await _environment.Files.LockAsync(plan.KeyFile + ".lock", cancel).ConfigureAwait(false);
        var bytes = ReadPrivateHalf(out var path);
        var file = PrivateHalfFile.WrappedKeyOf(bytes, path);
        using var wrapper = OpenWrapper(file, path);
        var wrapped = await wrapper.RewrapAsync(file.Wrapped, cancel).ConfigureAwait(false);
        _environment.Files.Replace(path, PrivateHalfFile.WithWrapped(bytes, path, wrapped.Text));
        return wrapped.KeyVersion;
    }

    /// <summary>The key file.</summary>
    /// <exception cref="StingException"><c>KeyDirectoryMissing</c></exception>
    internal string KeyFilePath
    {
        get
        {
            ReadPrivateHalf(out var path);
            return path;
        }
    }

    /// <summary>The key of the configured key vault.</summary>
    /// <exception cref="StingException"><c>KeyVaultNeeded</c>, and what keeps a Vault from being reached</exception>
    internal async ValueTask<KeyWrapperState> DescribeVaultAsync(CancellationToken cancel)
    {
        using var vault = _options.KeyVault?.Invoke(_environment.Clock) ?? throw PrivateHalfWriter.NoVault(_options);
        return await vault.DescribeAsync(cancel).ConfigureAwait(false);
    }

    /// <summary>
    /// Writes the key file anew with another protection, around the same keys, which are opened; the caller holds the directory. What it becomes is opened before it takes the
    /// old one's place, so that one that would not open leaves the old one in force. What Vault wrapped is not asked to be
    /// unwrapped: the key role need not have that right.
    /// </summary>
    internal async ValueTask ProtectAsync(SubjectReader reader, KeyFileProtection protection, SecretBytes? passphrase, Argon2Parameters work, CancellationToken cancel)
    {
        ReadPrivateHalf(out var path);
        using var file = await _environment.Files.LockAsync(path + ".lock", cancel).ConfigureAwait(false);   // a rewrap takes it too
        var keys = reader.Role.Keys;
        var bytes = await new PrivateHalfWriter(_environment, _options).WriteAsync(keys, ReserveId, protection, passphrase, work, cancel).ConfigureAwait(false);
        if (protection != KeyFileProtection.KeyVault)
        {
            using var opened = PrivateHalfFile.Open(bytes, path, ReserveId, passphrase);
            using SecretBytes before = keys.ToSecret(), after = opened.ToSecret();
            if (!before.Span.SequenceEqual(after.Span))
            {
                throw KeyFrame.Damaged(path, "what was to take its place holds other keys");
            }
        }
        _environment.Files.Replace(path, bytes);
        if (!_environment.Files.Read(path).AsSpan().SequenceEqual(bytes))
        {
            throw KeyFrame.Damaged(path, "it does not read back as it was written");
        }
        System.Security.Cryptography.CryptographicOperations.ZeroMemory(bytes);
    }

    private IKeyWrapper OpenWrapper(WrappedFileKey file, string path)
    {
        if (_options.KeyVault is not { } open)
        {
            throw new StingException("KeyVaultNeeded", FailureKind.Authentication, $"Key file '{path}' is sealed by transit key '{file.Name}' of a Vault, and no Vault is configured.", path,
                "Set key_vault.address and how to log in, on the host that restores; the policy it takes is in docs/operations.md.");
        }
        var wrapper = open(_environment.Clock);
        if (wrapper.Name == file.Name)
        {
            return wrapper;
        }
        wrapper.Dispose();
        throw new StingException("KeyVaultMismatch", FailureKind.InvalidConfiguration, $"Key file '{path}' is sealed by transit key '{file.Name}', but the configuration names '{wrapper.Name}'.", path,
            "Correct key_vault.mount and key_vault.key. Where the key was moved in Vault, move it back: its name is sealed with the keys.");
    }
}

/// <summary>What wrapping a key file anew would do: <c>-WhatIf</c> prints it.</summary>
public sealed record KeyFileRewrap
{
    /// <summary>The key file.</summary>
    public required string KeyFile { get; init; }
    /// <summary>Vault and key.</summary>
    public required string Vault { get; init; }
    /// <summary>The version of the key that wraps it now.</summary>
    public required long? FromVersion { get; init; }
    /// <summary>The version that would.</summary>
    public required long ToVersion { get; init; }
    /// <summary>What is weaker than it should be with the key.</summary>
    public required IReadOnlyList<string> Warnings { get; init; }
    /// <summary>False where the newest version wraps it already.</summary>
    public bool IsNeeded => FromVersion != ToVersion;
}
