using System.Security.Cryptography;

namespace StingBackup.Engine.Cryptography;

/// <summary>
/// Hybrid public key encryption, RFC 9180, base mode, single shot, HKDF-SHA256 (0x0001), AES-256-GCM (0x0002), with the KEM of the recipient's suite: DHKEM(P-256, HKDF-SHA256)
/// (0x0010), or MLKEM768-P256 (0x0050). A sealed message is the encapsulated key (65, or 1153) ‖ ciphertext (as long as the plaintext) ‖ tag (16).
/// </summary>
public static class Hpke
{
    /// <summary>Length of the tag.</summary>
    public const int TagSize = 16;

    /// <summary>Seals to a public key of whichever suite, under a fresh ephemeral key. Needs no secret.</summary>
    /// <exception cref="CryptographicException">The recipient's key is none.</exception>
    public static byte[] Seal(ReadOnlySpan<byte> recipientPublicKey, ReadOnlySpan<byte> info, ReadOnlySpan<byte> associatedData, ReadOnlySpan<byte> plaintext)
    {
        using var ephemeral = AgreementKey.Generate();
        Span<byte> random = stackalloc byte[HybridKem.RandomSize];
        RandomNumberGenerator.Fill(random);
        var message = Seal(new HpkeRandomness(ephemeral, random), recipientPublicKey, info, associatedData, plaintext);
        CryptographicOperations.ZeroMemory(random);
        return message;
    }

    /// <summary>Seals with given randomness. One use only, else keys and nonces repeat: tests call it with published vectors.</summary>
    internal static byte[] Seal(
        HpkeRandomness random, ReadOnlySpan<byte> recipientPublicKey, ReadOnlySpan<byte> info, ReadOnlySpan<byte> associatedData, ReadOnlySpan<byte> plaintext)
    {
        var suite = KemSuite.OfPublicKey(recipientPublicKey);
        var message = new byte[suite.Overhead + plaintext.Length];
        var encapsulated = message.AsSpan(0, suite.EncapsulatedSize);
        Span<byte> shared = stackalloc byte[HpkeKem.SharedSecretSize];
        Span<byte> nonce = stackalloc byte[HpkeSchedule.NonceSize];
        if (suite == KemSuite.P256)
        {
            HpkeKem.Encapsulate(random.Ephemeral, recipientPublicKey, shared);
            random.Ephemeral.PublicKey.Span.CopyTo(encapsulated);
        }
        else
        {
            HybridKem.Encapsulate(random.Ephemeral, recipientPublicKey, random.Lattice, encapsulated, shared);
        }
        using var cipher = Cipher(suite, shared, info, nonce);
        cipher.Encrypt(nonce, plaintext, message.AsSpan(suite.EncapsulatedSize, plaintext.Length), message.AsSpan(suite.EncapsulatedSize + plaintext.Length), associatedData);
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
        var suite = recipient.Suite;
        if (message.Length != suite.Overhead + plaintext.Length)
        {
            return false;
        }
        Span<byte> shared = stackalloc byte[HpkeKem.SharedSecretSize];
        Span<byte> nonce = stackalloc byte[HpkeSchedule.NonceSize];
        try
        {
            if (suite == KemSuite.P256)
            {
                HpkeKem.Decapsulate(message[..suite.EncapsulatedSize], recipient, shared);
            }
            else
            {
                HybridKem.Decapsulate(message[..suite.EncapsulatedSize], recipient, shared);
            }
            using var cipher = Cipher(suite, shared, info, nonce);
            cipher.Decrypt(nonce, message[suite.EncapsulatedSize..^TagSize], message[^TagSize..], plaintext, associatedData);
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

    private static AesGcm Cipher(KemSuite suite, ReadOnlySpan<byte> shared, ReadOnlySpan<byte> info, Span<byte> nonce)
    {
        Span<byte> key = stackalloc byte[32];
        HpkeSchedule.Derive(suite.KemId, HpkeSchedule.Aes256Gcm, shared, info, key, nonce);
        var cipher = new AesGcm(key, TagSize);
        CryptographicOperations.ZeroMemory(key);
        return cipher;
    }
}

/// <summary>What sealing draws at random: a fresh key of the curve, and what ML-KEM takes, which the suite of the curve alone does not use.</summary>
internal readonly ref struct HpkeRandomness(AgreementKey ephemeral, ReadOnlySpan<byte> lattice)
{
    /// <summary>The key of the curve.</summary>
    public AgreementKey Ephemeral { get; } = ephemeral;
    /// <summary>32 bytes.</summary>
    public ReadOnlySpan<byte> Lattice { get; } = lattice;
}
