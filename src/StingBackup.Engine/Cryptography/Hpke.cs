using System.Security.Cryptography;

namespace StingBackup.Engine.Cryptography;

/// <summary>
/// Hybrid public key encryption, RFC 9180, base mode, single shot, suite 0x0010/0x0001/0x0002: DHKEM(P-256, HKDF-SHA256), HKDF-SHA256,
/// AES-256-GCM. A sealed message is the encapsulated key (65) ‖ ciphertext (as long as the plaintext) ‖ tag (16).
/// </summary>
public static class Hpke
{
    /// <summary>Length of the encapsulated key: an uncompressed P-256 point.</summary>
    public const int EncapsulatedSize = 65;
    /// <summary>Length of the tag.</summary>
    public const int TagSize = 16;
    /// <summary>By how much a sealed message is longer than its plaintext.</summary>
    public const int Overhead = EncapsulatedSize + TagSize;

    /// <summary>Seals to a public key, under a fresh ephemeral key. Needs no secret.</summary>
    /// <exception cref="CryptographicException">The recipient's key is no point of the curve.</exception>
    public static byte[] Seal(ReadOnlySpan<byte> recipientPublicKey, ReadOnlySpan<byte> info, ReadOnlySpan<byte> associatedData, ReadOnlySpan<byte> plaintext)
    {
        using var ephemeral = AgreementKey.Generate();
        return Seal(ephemeral, recipientPublicKey, info, associatedData, plaintext);
    }

    /// <summary>Seals with a given ephemeral key. One use only, else keys and nonces repeat: tests call it with the RFC's vectors.</summary>
    internal static byte[] Seal(
        AgreementKey ephemeral, ReadOnlySpan<byte> recipientPublicKey, ReadOnlySpan<byte> info, ReadOnlySpan<byte> associatedData, ReadOnlySpan<byte> plaintext)
    {
        var message = new byte[Overhead + plaintext.Length];
        Span<byte> shared = stackalloc byte[HpkeKem.SharedSecretSize];
        Span<byte> nonce = stackalloc byte[HpkeSchedule.NonceSize];
        HpkeKem.Encapsulate(ephemeral, recipientPublicKey, shared);
        using var cipher = Cipher(shared, info, nonce);
        ephemeral.PublicKey.Span.CopyTo(message);
        cipher.Encrypt(nonce, plaintext, message.AsSpan(EncapsulatedSize, plaintext.Length), message.AsSpan(EncapsulatedSize + plaintext.Length), associatedData);
        CryptographicOperations.ZeroMemory(shared);
        return message;
    }

    /// <summary>
    /// Opens a sealed message into <paramref name="plaintext"/>, which must have exactly its length. False when anything is wrong:
    /// the length, the point, the key, the info, the associated data, or any byte of the message; nothing is written then.
    /// </summary>
    public static bool TryOpen(
        AgreementKey recipient, ReadOnlySpan<byte> info, ReadOnlySpan<byte> associatedData, ReadOnlySpan<byte> message, Span<byte> plaintext)
    {
        ArgumentNullException.ThrowIfNull(recipient);
        if (message.Length != Overhead + plaintext.Length)
        {
            return false;
        }
        Span<byte> shared = stackalloc byte[HpkeKem.SharedSecretSize];
        Span<byte> nonce = stackalloc byte[HpkeSchedule.NonceSize];
        try
        {
            HpkeKem.Decapsulate(message[..EncapsulatedSize], recipient, shared);
            using var cipher = Cipher(shared, info, nonce);
            cipher.Decrypt(nonce, message[EncapsulatedSize..^TagSize], message[^TagSize..], plaintext, associatedData);
            return true;
        }
        catch (CryptographicException)
        {
            return false;
        }
        finally
        {
            CryptographicOperations.ZeroMemory(shared);
        }
    }

    private static AesGcm Cipher(ReadOnlySpan<byte> shared, ReadOnlySpan<byte> info, Span<byte> nonce)
    {
        Span<byte> key = stackalloc byte[32];
        HpkeSchedule.Derive(HpkeSchedule.Aes256Gcm, shared, info, key, nonce);
        var cipher = new AesGcm(key, TagSize);
        CryptographicOperations.ZeroMemory(key);
        return cipher;
    }
}
