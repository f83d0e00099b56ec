using System.Buffers.Binary;
using System.Security.Cryptography;
using StingBackup.Engine.Repository;

namespace StingBackup.Engine.Cryptography;

/// <summary>
/// One subject key as the key store keeps it, two layers deep. Inner: subject private key 32 ‖ writer secret 32, sealed to the KEK by HPKE (info =
/// "sting1 kek" ‖ reserve id ‖ pseudonym ‖ generation). Outer: AES-256-GCM under the epoch secret, associated data = "sting1 rec" ‖ reserve id ‖ epoch u32 ‖
/// pseudonym ‖ generation u32 ‖ suite u16 ‖ KEK generation u32. A turn of the epoch rewraps the outer layer alone, a new KEK the inner one.
/// </summary>
/// <param name="Pseudonym">Whose key it is.</param>
/// <param name="Generation">Generation of the subject's key, from 1.</param>
/// <param name="KekGeneration">Which KEK the inner layer is sealed to, from 1.</param>
/// <param name="Nonce">12 random bytes.</param>
/// <param name="Ciphertext">The inner layer encrypted, tag at its end.</param>
internal sealed record KeyRecord(Id16 Pseudonym, uint Generation, uint KekGeneration, ReadOnlyMemory<byte> Nonce, ReadOnlyMemory<byte> Ciphertext)
{
    /// <summary>Bytes of the secret within: private key, writer secret.</summary>
    public const int SecretSize = P256.PrivateSize + WriterSecret.Size;
    /// <summary>Length of the inner layer.</summary>
    public const int InnerSize = SecretSize + Hpke.Overhead;
    /// <summary>Bytes before the ciphertext: suite u16 ‖ KEK generation u32 ‖ pseudonym 16 ‖ generation u32 ‖ nonce 12.</summary>
    public const int HeadSize = sizeof(ushort) + sizeof(uint) + Id16.Size + sizeof(uint) + NonceSize;
    /// <summary>Length of a whole record of suite 1.</summary>
    public const int Size = HeadSize + InnerSize + TagSize;

    private const int NonceSize = 12;
    private const int TagSize = 16;

    /// <summary>Seals the inner layer. Needs the KEK's public half only.</summary>
    public static byte[] SealInner(ReadOnlySpan<byte> kekPublicKey, Id16 reserveId, Id16 pseudonym, uint generation, AgreementKey subject, SecretBytes writerSecret)
    {
        using var secret = new SecretBytes(SecretSize);
        subject.Scalar.CopyTo(secret.Writable);
        writerSecret.Span.CopyTo(secret.Writable[P256.PrivateSize..]);
        Span<byte> info = stackalloc byte[BoundInfo.MaxSize];
        info = info[..BoundInfo.Write(info, BoundInfo.KeyRecord, reserveId, pseudonym, generation)];
        return Hpke.Seal(kekPublicKey, info, [], secret.Span);
    }

    /// <summary>Puts the outer layer around an inner one.</summary>
    public static KeyRecord SealOuter(
        AesGcm epochCipher, RandomNumberGenerator random, Id16 reserveId, uint epoch, Id16 pseudonym, uint generation, uint kekGeneration, ReadOnlySpan<byte> inner)
    {
        var nonce = new byte[NonceSize];
        random.GetBytes(nonce);
        var ciphertext = new byte[inner.Length + TagSize];
        Span<byte> associated = stackalloc byte[BoundInfo.MaxSize + 16];
        associated = associated[..Associate(associated, reserveId, epoch, pseudonym, generation, kekGeneration)];
        epochCipher.Encrypt(nonce, inner, ciphertext.AsSpan(0, inner.Length), ciphertext.AsSpan(inner.Length), associated);
        return new KeyRecord(pseudonym, generation, kekGeneration, nonce, ciphertext);
    }

    /// <summary>Takes the outer layer off into <see cref="InnerSize"/> bytes; false when it is not of this reserve, epoch and secret, or any byte differs.</summary>
    public bool TryOpenOuter(AesGcm epochCipher, Id16 reserveId, uint epoch, Span<byte> inner)
    {
        Span<byte> associated = stackalloc byte[BoundInfo.MaxSize + 16];
        associated = associated[..Associate(associated, reserveId, epoch, Pseudonym, Generation, KekGeneration)];
        try
        {
            epochCipher.Decrypt(Nonce.Span, Ciphertext.Span[..^TagSize], Ciphertext.Span[^TagSize..], inner, associated);
            return true;
        }
        catch (AuthenticationTagMismatchException)
        {
            return false;
        }
    }

    /// <summary>Whether the outer layer opens.</summary>
    public bool OpensOuter(AesGcm epochCipher, Id16 reserveId, uint epoch)
    {
        Span<byte> inner = stackalloc byte[Ciphertext.Length - TagSize];
        return TryOpenOuter(epochCipher, reserveId, epoch, inner);
    }

    /// <summary>Opens the inner layer: one P-256 operation.</summary>
    public bool TryOpenInner(AgreementKey kek, Id16 reserveId, ReadOnlySpan<byte> inner, SecretBytes secret)
    {
        Span<byte> info = stackalloc byte[BoundInfo.MaxSize];
        info = info[..BoundInfo.Write(info, BoundInfo.KeyRecord, reserveId, Pseudonym, Generation)];
        return Hpke.TryOpen(kek, info, [], inner, secret.Writable);
    }

    /// <summary>The record's bytes.</summary>
    public void Write(Span<byte> target)
    {
        BinaryPrimitives.WriteUInt16LittleEndian(target, Suite.P256);
        BinaryPrimitives.WriteUInt32LittleEndian(target[2..], KekGeneration);
        Pseudonym.CopyTo(target[6..]);
        BinaryPrimitives.WriteUInt32LittleEndian(target[22..], Generation);
        Nonce.Span.CopyTo(target[26..]);
        Ciphertext.Span.CopyTo(target[HeadSize..]);
    }

    /// <summary>Reads a record.</summary>
    /// <exception cref="StingException"><c>SuiteUnknown</c>, <c>KeyRecordDamaged</c></exception>
    public static KeyRecord Read(ReadOnlyMemory<byte> bytes, string path)
    {
        var span = bytes.Span;
        if (span.Length < sizeof(ushort))
        {
            throw Damaged(path, "a record is too short");
        }
        Suite.Check(BinaryPrimitives.ReadUInt16LittleEndian(span), path);
        return span.Length == Size
            ? new KeyRecord(new Id16(span[6..]), BinaryPrimitives.ReadUInt32LittleEndian(span[22..]), BinaryPrimitives.ReadUInt32LittleEndian(span[2..]),
                bytes.Slice(26, NonceSize), bytes[HeadSize..])
            : throw Damaged(path, "a record has a wrong length");
    }

    /// <summary>The error for a record whose bytes are wrong.</summary>
    public static StingException Damaged(string path, string why, Exception? inner = null) => new(
        "KeyRecordDamaged", FailureKind.Integrity, $"Key store '{path}' is damaged: {why}.", path,
        "Run Repair-StingRepository: it refills the replica from the others. Look at the disk that holds it.", inner);

    private static int Associate(Span<byte> target, Id16 reserveId, uint epoch, Id16 pseudonym, uint generation, uint kekGeneration)
    {
        var label = "sting1 rec"u8;
        label.CopyTo(target);
        var at = label.Length;
        reserveId.CopyTo(target[at..]);
        BinaryPrimitives.WriteUInt32LittleEndian(target[(at + 16)..], epoch);
        pseudonym.CopyTo(target[(at + 20)..]);
        BinaryPrimitives.WriteUInt32LittleEndian(target[(at + 36)..], generation);
        BinaryPrimitives.WriteUInt16LittleEndian(target[(at + 40)..], Suite.P256);
        BinaryPrimitives.WriteUInt32LittleEndian(target[(at + 42)..], kekGeneration);
        return at + 46;
    }
}
