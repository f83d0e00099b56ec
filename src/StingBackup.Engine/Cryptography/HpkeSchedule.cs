using System.Buffers.Binary;
using System.Security.Cryptography;

namespace StingBackup.Engine.Cryptography;

/// <summary>
/// The key schedule of RFC 9180 §5.1, base mode, KDF 0x0001. The AEAD is a parameter for the RFC's vectors only:
/// the appendix prints this KEM with AES-128-GCM and ChaCha20-Poly1305; the product uses <see cref="Aes256Gcm"/>.
/// </summary>
internal static class HpkeSchedule
{
    public const ushort Aes256Gcm = 2;
    public const int NonceSize = 12;

    private const byte BaseMode = 0;

    /// <summary>Derives the AEAD's key (as long as <paramref name="key"/> is) and base nonce.</summary>
    public static void Derive(ushort kem, ushort aead, ReadOnlySpan<byte> sharedSecret, ReadOnlySpan<byte> info, Span<byte> key, Span<byte> baseNonce)
    {
        Span<byte> suite = stackalloc byte[10];
        "HPKE"u8.CopyTo(suite);
        BinaryPrimitives.WriteUInt16BigEndian(suite[4..], kem);
        BinaryPrimitives.WriteUInt16BigEndian(suite[6..], 0x0001);
        BinaryPrimitives.WriteUInt16BigEndian(suite[8..], aead);

        Span<byte> context = stackalloc byte[1 + (2 * HpkeKem.HashSize)];
        context[0] = BaseMode;
        HpkeKem.LabeledExtract(suite, [], "psk_id_hash"u8, [], context.Slice(1, HpkeKem.HashSize));
        HpkeKem.LabeledExtract(suite, [], "info_hash"u8, info, context.Slice(1 + HpkeKem.HashSize, HpkeKem.HashSize));

        Span<byte> secret = stackalloc byte[HpkeKem.HashSize];
        HpkeKem.LabeledExtract(suite, sharedSecret, "secret"u8, [], secret);
        HpkeKem.LabeledExpand(suite, secret, "key"u8, context, key);
        HpkeKem.LabeledExpand(suite, secret, "base_nonce"u8, context, baseNonce);
        CryptographicOperations.ZeroMemory(secret);
    }
}
