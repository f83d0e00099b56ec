using System.Security.Cryptography;
using System.Text;
using StingBackup.Engine.Basics;

namespace StingBackup.Engine.Cryptography;

/// <summary>
/// How subjects are found without their names: tag = HMAC-SHA256(directory key, canonical name in UTF-8), first 16 bytes. The directory key, 32 random bytes,
/// is shared by the reserve's hosts and the key role, and lies in no repository.
/// </summary>
public static class SubjectTags
{
    /// <summary>Length of the directory key.</summary>
    public const int KeySize = 32;

    /// <summary>The tag of a canonical name.</summary>
    public static Id16 Compute(ReadOnlySpan<byte> directoryKey, string canonicalName)
    {
        ArgumentException.ThrowIfNullOrEmpty(canonicalName);
        Span<byte> mac = stackalloc byte[HMACSHA256.HashSizeInBytes];
        HMACSHA256.HashData(directoryKey, Encoding.UTF8.GetBytes(canonicalName), mac);
        return new Id16(mac[..Id16.Size]);
    }
}
