using StingBackup.Engine.Cryptography;

namespace StingBackup.Engine.Vault;

/// <summary>A key of the transit engine; its material never leaves the server unless <see cref="IsExportable"/>.</summary>
public sealed record TransitKey
{
    /// <summary>Its name within the mount.</summary>
    public required string Name { get; init; }
    /// <summary>Its type, <c>aes256-gcm96</c> for example.</summary>
    public required string Type { get; init; }
    /// <summary>The newest version, which new ciphertexts are made with.</summary>
    public required long LatestVersion { get; init; }
    /// <summary>The oldest version that still decrypts.</summary>
    public required long MinDecryptionVersion { get; init; }
    /// <summary>The oldest version that still encrypts; 0 for the newest alone.</summary>
    public required long MinEncryptionVersion { get; init; }
    /// <summary>The versions that are there, ascending.</summary>
    public required IReadOnlyList<long> Versions { get; init; }
    /// <summary>True when the material can be read out of the server.</summary>
    public required bool IsExportable { get; init; }
    /// <summary>True when the key can be deleted, and with it all that it encrypted.</summary>
    public required bool IsDeletionAllowed { get; init; }
    /// <summary>True when each request must give a context.</summary>
    public required bool IsDerived { get; init; }
    /// <summary>True when the material can be read out as a backup.</summary>
    public bool AllowsPlaintextBackup { get; init; }
}

/// <summary>What is changed of a key; null leaves a thing as it is.</summary>
public sealed record TransitKeyChange
{
    /// <summary>The oldest version that still decrypts.</summary>
    public long? MinDecryptionVersion { get; init; }
    /// <summary>The oldest version that still encrypts.</summary>
    public long? MinEncryptionVersion { get; init; }
    /// <summary>Whether the key can be deleted.</summary>
    public bool? IsDeletionAllowed { get; init; }
}

/// <summary>What a ciphertext is bound to. Both may be empty; what encrypted must be given again to decrypt.</summary>
public sealed record TransitBinding
{
    /// <summary>Bound to nothing.</summary>
    public static TransitBinding None { get; } = new();

    /// <summary>For derived keys: from it the server derives the key of this ciphertext.</summary>
    public ReadOnlyMemory<byte> Context { get; init; }
    /// <summary>Authenticated with the ciphertext. Servers pass over it before Vault 1.9, and no server takes it for a rewrap: what is bound so can only be decrypted and encrypted anew.</summary>
    public ReadOnlyMemory<byte> AssociatedData { get; init; }
}

/// <summary>One ciphertext.</summary>
/// <param name="Text">As the server gives it: <c>vault:v1:…</c>.</param>
/// <param name="KeyVersion">The version of the key that made it.</param>
public sealed record TransitCiphertext(string Text, long KeyVersion);

/// <summary>One ciphertext of a batch, or what the server says went wrong with it alone.</summary>
/// <param name="Ciphertext">Null where it failed.</param>
/// <param name="Failure">Null where it did not.</param>
public sealed record TransitEncrypted(TransitCiphertext? Ciphertext, StingException? Failure);

/// <summary>One plaintext of a batch, or what the server says went wrong with it alone. Disposing it zeroes the plaintext.</summary>
/// <param name="Plaintext">Null where it failed.</param>
/// <param name="Failure">Null where it did not.</param>
public sealed record TransitDecrypted(SecretBytes? Plaintext, StingException? Failure) : IDisposable
{
    /// <inheritdoc/>
    public void Dispose() => Plaintext?.Dispose();
}
