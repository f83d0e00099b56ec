using System.Buffers.Binary;
using System.Security.Cryptography;

namespace StingBackup.Engine.Cryptography;

/// <summary>DHKEM(P-256, HKDF-SHA256) of RFC 9180 §4.1, id 0x0010, and the labelled HKDF of §4 that all of HPKE uses.</summary>
internal static class HpkeKem
{
    public const int SharedSecretSize = 32;
    public const int HashSize = 32;

    /// <summary>"KEM" ‖ I2OSP(0x0010, 2)</summary>
    private static ReadOnlySpan<byte> KemSuite => "KEM\u0000\u0010"u8;

    private static ReadOnlySpan<byte> Version => "HPKE-v1"u8;

    /// <summary>Encap of the RFC with the sender's ephemeral key given; <c>enc</c> is that key's public half.</summary>
    /// <exception cref="CryptographicException">The recipient's key is no point of the curve.</exception>
    public static void Encapsulate(AgreementKey ephemeral, ReadOnlySpan<byte> recipientPublicKey, Span<byte> sharedSecret) =>
        Share(ephemeral, recipientPublicKey, ephemeral.PublicKey.Span, recipientPublicKey, sharedSecret);

    /// <summary>Decap of the RFC.</summary>
    /// <exception cref="CryptographicException">The encapsulated key is no point of the curve.</exception>
    public static void Decapsulate(ReadOnlySpan<byte> encapsulated, AgreementKey recipient, Span<byte> sharedSecret) =>
        Share(recipient, encapsulated, encapsulated, recipient.PublicKey.Span, sharedSecret);

    /// <summary>DeriveKeyPair of the RFC, §7.1.3: a key from at least 32 bytes of secret input.</summary>
    public static AgreementKey DeriveKey(ReadOnlySpan<byte> inputKeyMaterial)
    {
        Span<byte> prk = stackalloc byte[HashSize];
        using var candidate = new SecretBytes(P256.PrivateSize);
        LabeledExtract(KemSuite, [], "dkp_prk"u8, inputKeyMaterial, prk);
        for (var counter = 0; counter < 256; counter++)
        {
            LabeledExpand(KemSuite, prk, "candidate"u8, [(byte)counter], candidate.Writable);
            if (P256.IsScalar(candidate.Span))
            {
                CryptographicOperations.ZeroMemory(prk);
                return AgreementKey.FromScalar(candidate.Span);
            }
        }
        throw new CryptographicException("No P-256 key can be derived from this input.");
    }

    public static void LabeledExtract(ReadOnlySpan<byte> suite, ReadOnlySpan<byte> salt, ReadOnlySpan<byte> label, ReadOnlySpan<byte> input, Span<byte> prk)
    {
        var length = Version.Length + suite.Length + label.Length + input.Length;
        Span<byte> labelled = length <= 512 ? stackalloc byte[length] : new byte[length];
        Concatenate(labelled, Version, suite, label, input);
        HKDF.Extract(HashAlgorithmName.SHA256, labelled, salt, prk);
        CryptographicOperations.ZeroMemory(labelled);
    }

    public static void LabeledExpand(ReadOnlySpan<byte> suite, ReadOnlySpan<byte> prk, ReadOnlySpan<byte> label, ReadOnlySpan<byte> info, Span<byte> output)
    {
        Span<byte> labelled = stackalloc byte[2 + Version.Length + suite.Length + label.Length + info.Length];
        BinaryPrimitives.WriteUInt16BigEndian(labelled, checked((ushort)output.Length));
        Concatenate(labelled[2..], Version, suite, label, info);
        HKDF.Expand(HashAlgorithmName.SHA256, prk, output, labelled);
    }

    private static void Share(
        AgreementKey own, ReadOnlySpan<byte> peerPublicKey, ReadOnlySpan<byte> encapsulated, ReadOnlySpan<byte> recipientPublicKey, Span<byte> sharedSecret)
    {
        Span<byte> agreed = stackalloc byte[32];
        Span<byte> prk = stackalloc byte[HashSize];
        Span<byte> context = stackalloc byte[2 * P256.PublicSize];
        own.Agree(peerPublicKey, agreed);
        encapsulated.CopyTo(context);
        recipientPublicKey.CopyTo(context[P256.PublicSize..]);
        LabeledExtract(KemSuite, [], "eae_prk"u8, agreed, prk);
        LabeledExpand(KemSuite, prk, "shared_secret"u8, context, sharedSecret);
        CryptographicOperations.ZeroMemory(agreed);
        CryptographicOperations.ZeroMemory(prk);
    }

    private static void Concatenate(Span<byte> target, ReadOnlySpan<byte> a, ReadOnlySpan<byte> b, ReadOnlySpan<byte> c, ReadOnlySpan<byte> d)
    {
        a.CopyTo(target);
        b.CopyTo(target[a.Length..]);
        c.CopyTo(target[(a.Length + b.Length)..]);
        d.CopyTo(target[(a.Length + b.Length + c.Length)..]);
    }
}
