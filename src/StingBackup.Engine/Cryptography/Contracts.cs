using StingBackup.Engine.Basics;

namespace StingBackup.Engine.Cryptography;

/// <summary>What a host needs to write for a subject, and nothing that reads.</summary>
/// <param name="Name">Canonical name (<c>user:…</c>, <c>jar:…</c>, <c>path:…</c>, <c>system</c>).</param>
/// <param name="Pseudonym">Random name in the repository.</param>
/// <param name="Generation">Generation of the public key, from 1.</param>
/// <param name="PublicKey">Of whichever suite; its length tells. Its signature by the key role was checked.</param>
/// <param name="IdKey">32 bytes: HMAC key of chunk and page ids.</param>
/// <param name="CutKey">32 bytes: seed of the chunker's gear table and of page cuts.</param>
public sealed record SubjectWriteKeys(string Name, Id16 Pseudonym, uint Generation, byte[] PublicKey, byte[] IdKey, byte[] CutKey);

/// <summary>The write side of the keys: claims spares, finds claims. Needs no wrap, no epoch secret, no Vault.</summary>
public interface ISubjectWriter
{
    /// <summary>
    /// The subject's write keys: from its claim, or by claiming a spare. Cached after the first call.
    /// </summary>
    /// <exception cref="StingException"><c>NoSpareLeft</c>, <c>ClaimDamaged</c>, <c>ClaimNotReadable</c> (this host is not enrolled in it)</exception>
    ValueTask<SubjectWriteKeys> GetAsync(string canonicalName, CancellationToken cancel);

    /// <summary>The name's tag: HMAC-SHA256(directory key, canonical name), first 16 bytes.</summary>
    Id16 TagOf(string canonicalName);
}

/// <summary>The read side: unwraps subject keys. The restore role's; needs the key vault and the epoch secret.</summary>
public interface ISubjectReader
{
    /// <summary>The id key of a subject (32 bytes), so that a reader recomputes every id.</summary>
    /// <param name="pseudonym">The subject.</param>
    /// <param name="generation">The key generation that the segment names: a later one may have another writer secret.</param>
    /// <exception cref="StingException"><c>SubjectKeyMissing</c> (erased or never here), <c>KeyRecordDamaged</c></exception>
    ReadOnlyMemory<byte> GetIdKey(Id16 pseudonym, uint generation);

    /// <summary>Opens a sealed data key (HPKE enc 65 or 1153 ‖ ciphertext 32 ‖ tag 16) to 32 bytes.</summary>
    byte[] OpenDataKey(Id16 pseudonym, uint generation, ReadOnlySpan<byte> sealedKey);

    /// <summary>Pseudonyms of every subject record that can be opened now.</summary>
    IReadOnlyCollection<Id16> Pseudonyms { get; }
}

/// <summary>Signs for one identity, P-256 with SHA-256.</summary>
public interface ISigner
{
    /// <summary>Public key, uncompressed SEC 1, 65 bytes.</summary>
    ReadOnlyMemory<byte> PublicKey { get; }

    /// <summary>64 bytes r‖s over SHA-256 of the data.</summary>
    byte[] Sign(ReadOnlySpan<byte> data);
}

/// <summary>An enrolled writer as the key role signed it.</summary>
/// <param name="Id">16 random bytes.</param>
/// <param name="HostName">For people.</param>
/// <param name="SigningKey">P-256 public key, 65 bytes.</param>
/// <param name="EncryptionKey">P-256 public key that writer secrets are sealed to, 65 bytes.</param>
/// <param name="LastGoodSequence">Null while enrolled; else the last point of his that counts.</param>
public sealed record EnrolledWriter(Id16 Id, string HostName, byte[] SigningKey, byte[] EncryptionKey, long? LastGoodSequence)
{
    /// <summary>Whether it may let restore points go and sweep packs: hosts that only write may not.</summary>
    public bool MayMaintain { get; init; }

    /// <summary>Signing keys of before, 65 bytes each, joined, newest first; what they signed stays checkable.</summary>
    public byte[] EarlierSigningKeys { get; init; } = [];

    /// <summary>Whether a public key is its signing key, or was.</summary>
    public bool HasSigningKey(ReadOnlySpan<byte> publicKey)
    {
        byte[] all = [.. SigningKey, .. EarlierSigningKeys];
        for (var at = 0; at < all.Length; at += P256.PublicSize)
        {
            if (publicKey.SequenceEqual(all.AsSpan(at, P256.PublicSize)))
            {
                return true;
            }
        }
        return false;
    }
}
