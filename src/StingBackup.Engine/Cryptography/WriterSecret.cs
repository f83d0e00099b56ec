using System.Security.Cryptography;

namespace StingBackup.Engine.Cryptography;

/// <summary>
/// A subject's writer secret, 32 random bytes held by enrolled hosts: HKDF-Expand-SHA256 gives the id key ("sting1 id") and the cut key ("sting1 cut").
/// </summary>
public static class WriterSecret
{
    /// <summary>Length of the secret and of each key.</summary>
    public const int Size = 32;

    /// <summary>The HMAC key of chunk and page ids, 32 bytes.</summary>
    public static byte[] IdKey(ReadOnlySpan<byte> secret) => Expand(secret, "sting1 id"u8);

    /// <summary>The seed of the chunker's gear table and of page cuts, 32 bytes.</summary>
    public static byte[] CutKey(ReadOnlySpan<byte> secret) => Expand(secret, "sting1 cut"u8);

    private static byte[] Expand(ReadOnlySpan<byte> secret, ReadOnlySpan<byte> info)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(secret.Length, Size);
        var key = GC.AllocateUninitializedArray<byte>(Size, pinned: true);
        HKDF.Expand(HashAlgorithmName.SHA256, secret, key, info);
        return key;
    }
}
