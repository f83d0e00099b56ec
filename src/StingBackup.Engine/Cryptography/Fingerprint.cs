using System.Security.Cryptography;

namespace StingBackup.Engine.Cryptography;

/// <summary>How people and configurations name a public key: SHA-256 of its 65 bytes, 64 lower-case hexadecimal digits.</summary>
public static class Fingerprint
{
    /// <summary>The fingerprint of a public key.</summary>
    public static string Of(ReadOnlySpan<byte> publicKey) => Convert.ToHexStringLower(SHA256.HashData(publicKey));

    /// <summary>Whether a fingerprint as a person wrote it (any case, colons and spaces allowed) names the key.</summary>
    public static bool Matches(ReadOnlySpan<char> written, ReadOnlySpan<byte> publicKey)
    {
        var own = Of(publicKey);
        var matched = 0;
        foreach (var letter in written)
        {
            if (letter is ':' or ' ')
            {
                continue;
            }
            if (matched == own.Length || char.ToLowerInvariant(letter) != own[matched])
            {
                return false;
            }
            matched++;
        }
        return matched == own.Length;
    }
}
