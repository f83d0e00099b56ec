using System.Security.Cryptography;
using StingBackup.Engine.Basics;

namespace StingBackup.Engine.Cryptography;

/// <summary>
/// Data keys: 32 random bytes, one for each (run, subject with new bytes), in memory only; what is stored is sealed to the subject's public key.
/// </summary>
public static class DataKeys
{
    /// <summary>Length of a data key.</summary>
    public const int Size = 32;

    /// <summary>Length of a sealed data key: encapsulated key 65 or 1153 ‖ ciphertext 32 ‖ tag 16.</summary>
    public static int SealedSize(KemSuite suite)
    {
        ArgumentNullException.ThrowIfNull(suite);
        return Size + suite.Overhead;
    }

    /// <summary>
    /// Seals a data key by HPKE, info = "sting1 dk" ‖ reserve id ‖ pseudonym ‖ generation u32, no associated data; 113 or 1201 bytes. Needs public keys only.
    /// </summary>
    /// <exception cref="CryptographicException">The public key is none.</exception>
    public static byte[] Seal(ReadOnlySpan<byte> subjectPublicKey, Id16 reserveId, Id16 pseudonym, uint generation, ReadOnlySpan<byte> dataKey)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(dataKey.Length, Size);
        Span<byte> info = stackalloc byte[BoundInfo.MaxSize];
        info = info[..BoundInfo.Write(info, BoundInfo.DataKey, reserveId, pseudonym, generation)];
        return Hpke.Seal(subjectPublicKey, info, [], dataKey);
    }

    /// <summary>Opens a sealed data key into 32 bytes; false when it was sealed to another key or place, or any byte of it is wrong.</summary>
    public static bool TryOpen(
        AgreementKey subject, Id16 reserveId, Id16 pseudonym, uint generation, ReadOnlySpan<byte> sealedKey, Span<byte> dataKey)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(dataKey.Length, Size);
        Span<byte> info = stackalloc byte[BoundInfo.MaxSize];
        info = info[..BoundInfo.Write(info, BoundInfo.DataKey, reserveId, pseudonym, generation)];
        return Hpke.TryOpen(subject, info, [], sealedKey, dataKey);
    }
}
