using System.Security.Cryptography;

namespace StingBackup.Engine.Cryptography;

/// <summary>What encrypts files of a host's cache.</summary>
internal static class CacheCipher
{
    /// <summary>The cipher of a file, or of a part of it, by its salt.</summary>
    public static AesGcm Of(ReadOnlySpan<byte> cacheKey, ReadOnlySpan<byte> salt)
    {
        Span<byte> key = stackalloc byte[32];
        HKDF.DeriveKey(HashAlgorithmName.SHA256, cacheKey, key, salt, "sting1 cache"u8);
        var cipher = new AesGcm(key, 16);
        CryptographicOperations.ZeroMemory(key);
        return cipher;
    }
}
