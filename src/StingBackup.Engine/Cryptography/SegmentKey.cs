using System.Security.Cryptography;
using StingBackup.Engine.Basics;

namespace StingBackup.Engine.Cryptography;

/// <summary>
/// The key of one segment: HKDF-SHA256(data key, salt = 32 random bytes, info = "sting1 seg" ‖ reserve id ‖ pseudonym ‖ generation u32), 64 bytes:
/// key 32 ‖ commitment 32. The commitment is stored and compared before anything is decrypted, since AES-GCM alone does not commit to its key.
/// </summary>
public static class SegmentKey
{
    /// <summary>Length of the key.</summary>
    public const int Size = 32;
    /// <summary>Length of the salt.</summary>
    public const int SaltSize = 32;
    /// <summary>Length of the commitment.</summary>
    public const int CommitmentSize = 32;

    /// <summary>Derives a segment's key (32 bytes) and commitment (32 bytes).</summary>
    public static void Derive(
        ReadOnlySpan<byte> dataKey, ReadOnlySpan<byte> salt, Id16 reserveId, Id16 pseudonym, uint generation, Span<byte> key, Span<byte> commitment)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(dataKey.Length, DataKeys.Size);
        ArgumentOutOfRangeException.ThrowIfNotEqual(salt.Length, SaltSize);
        ArgumentOutOfRangeException.ThrowIfNotEqual(key.Length, Size);
        ArgumentOutOfRangeException.ThrowIfNotEqual(commitment.Length, CommitmentSize);
        Span<byte> info = stackalloc byte[BoundInfo.MaxSize];
        info = info[..BoundInfo.Write(info, BoundInfo.Segment, reserveId, pseudonym, generation)];
        Span<byte> output = stackalloc byte[Size + CommitmentSize];
        HKDF.DeriveKey(HashAlgorithmName.SHA256, dataKey, output, salt, info);
        output[..Size].CopyTo(key);
        output[Size..].CopyTo(commitment);
        CryptographicOperations.ZeroMemory(output);
    }

    /// <summary>
    /// Derives a segment's key and compares its commitment with the stored one, in fixed time. False, and <paramref name="key"/> zero, when they differ.
    /// </summary>
    public static bool TryDerive(
        ReadOnlySpan<byte> dataKey, ReadOnlySpan<byte> salt, Id16 reserveId, Id16 pseudonym, uint generation, ReadOnlySpan<byte> commitment, Span<byte> key)
    {
        Span<byte> own = stackalloc byte[CommitmentSize];
        Derive(dataKey, salt, reserveId, pseudonym, generation, key, own);
        if (CryptographicOperations.FixedTimeEquals(own, commitment))
        {
            return true;
        }
        CryptographicOperations.ZeroMemory(key);
        return false;
    }
}
