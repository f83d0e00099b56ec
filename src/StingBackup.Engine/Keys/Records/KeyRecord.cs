using System.Buffers.Binary;
using System.Security.Cryptography;
using StingBackup.Engine.Basics;
using StingBackup.Engine.Cryptography;

namespace StingBackup.Engine.Keys;

/// <summary>
/// One subject key as the key store keeps it, two layers deep. Inner: subject private key 32 ‖ writer secret 32, sealed to the KEK, of whichever suite, by HPKE (info =
/// "sting1 kek" ‖ reserve id ‖ pseudonym ‖ generation). Outer: AES-256-GCM under the epoch secret, associated data = "sting1 rec" ‖ reserve id ‖ epoch u32 ‖
/// pseudonym ‖ generation u32 ‖ suite u16 ‖ KEK generation u32. A turn of the epoch rewraps the outer layer alone, a new KEK the inner one.
/// </summary>
/// <param name="Suite">Suite of the subject's key pair.</param>
/// <param name="Pseudonym">Whose key it is.</param>
/// <param name="Generation">Generation of the subject's key, from 1.</param>
/// <param name="KekGeneration">Which KEK the inner layer is sealed to, from 1.</param>
/// <param name="Nonce">12 random bytes.</param>
/// <param name="Ciphertext">The inner layer encrypted, tag at its end.</param>
internal sealed record KeyRecord(KemSuite Suite, Id16 Pseudonym, uint Generation, uint KekGeneration, ReadOnlyMemory<byte> Nonce, ReadOnlyMemory<byte> Ciphertext)
{
    /// <summary>Bytes of the secret within: private key, writer secret.</summary>
    public const int SecretSize = KemSuite.PrivateSize + WriterSecret.Size;
    /// <summary>Bytes before the ciphertext: suite u16 ‖ KEK generation u32 ‖ pseudonym 16 ‖ generation u32 ‖ nonce 12.</summary>
    public const int HeadSize = sizeof(ushort) + sizeof(uint) + Id16.Size + sizeof(uint) + NonceSize;

    private const int NonceSize = 12;
    private const int TagSize = 16;

    /// <summary>Length of the record: 199 bytes where the KEK is of suite 1, 1287 where it is of suite 2.</summary>
    public int Size => HeadSize + Ciphertext.Length;

    /// <summary>Length of the inner layer.</summary>
    public int InnerSize => Ciphertext.Length - TagSize;

    /// <summary>Length of a record whose inner layer is sealed to a KEK of a suite.</summary>
    public static int SizeOf(KemSuite kek) => HeadSize + SecretSize + kek.Overhead + TagSize;

    /// <summary>Whether records have this length.</summary>
    public static bool IsSize(long length) => length == SizeOf(KemSuite.P256) || length == SizeOf(KemSuite.Hybrid);

    /// <summary>Seals the inner layer. Needs the KEK's public half only.</summary>
    public static byte[] SealInner(ReadOnlySpan<byte> kekPublicKey, Id16 reserveId, Id16 pseudonym, uint generation, AgreementKey subject, SecretBytes writerSecret)
    {
        using var secret = new SecretBytes(SecretSize);
        subject.Secret.CopyTo(secret.Writable);
        writerSecret.Span.CopyTo(secret.Writable[KemSuite.PrivateSize..]);
        Span<byte> info = stackalloc byte[BoundInfo.MaxSize];
        info = info[..BoundInfo.Write(info, BoundInfo.KeyRecord, reserveId, pseudonym, generation)];
        return Hpke.Seal(kekPublicKey, info, [], secret.Span);
    }

    /// <summary>Puts the outer layer around an inner one.</summary>
    /// <param name="epochCipher">The epoch secret.</param>
    /// <param name="random">Where the nonce comes from.</param>
    /// <param name="reserveId">The reserve.</param>
    /// <param name="epoch">The epoch.</param>
    /// <param name="head">Whose it is; its nonce and ciphertext do not count.</param>
    /// <param name="inner">The inner layer.</param>
    public static KeyRecord SealOuter(AesGcm epochCipher, RandomNumberGenerator random, Id16 reserveId, uint epoch, KeyRecord head, ReadOnlySpan<byte> inner)
    {
        var nonce = new byte[NonceSize];
        random.GetBytes(nonce);
        var ciphertext = new byte[inner.Length + TagSize];
        Span<byte> associated = stackalloc byte[BoundInfo.MaxSize + 16];
        associated = associated[..head.Associate(associated, reserveId, epoch)];
        epochCipher.Encrypt(nonce, inner, ciphertext.AsSpan(0, inner.Length), ciphertext.AsSpan(inner.Length), associated);
        return head with { Nonce = nonce, Ciphertext = ciphertext };
    }

    /// <summary>Takes the outer layer off into <see cref="InnerSize"/> bytes; false when it is not of this reserve, epoch and secret, or any byte differs.</summary>
    public bool TryOpenOuter(AesGcm epochCipher, Id16 reserveId, uint epoch, Span<byte> inner)
    {
        Span<byte> associated = stackalloc byte[BoundInfo.MaxSize + 16];
        associated = associated[..Associate(associated, reserveId, epoch)];
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
        Span<byte> inner = stackalloc byte[InnerSize];
        return TryOpenOuter(epochCipher, reserveId, epoch, inner);
    }

    /// <summary>Opens the inner layer: one operation of the KEK's.</summary>
    public bool TryOpenInner(AgreementKey kek, Id16 reserveId, ReadOnlySpan<byte> inner, SecretBytes secret)
    {
        Span<byte> info = stackalloc byte[BoundInfo.MaxSize];
        info = info[..BoundInfo.Write(info, BoundInfo.KeyRecord, reserveId, Pseudonym, Generation)];
        return Hpke.TryOpen(kek, info, [], inner, secret.Writable);
    }

    /// <summary>The record's bytes.</summary>
    public void Write(Span<byte> target)
    {
        BinaryPrimitives.WriteUInt16LittleEndian(target, Suite.Number);
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
        var suite = KemSuite.Of(BinaryPrimitives.ReadUInt16LittleEndian(span), path);
        return IsSize(span.Length)
            ? new KeyRecord(suite, new Id16(span[6..]), BinaryPrimitives.ReadUInt32LittleEndian(span[22..]), BinaryPrimitives.ReadUInt32LittleEndian(span[2..]),
                bytes.Slice(26, NonceSize), bytes[HeadSize..])
            : throw Damaged(path, "a record has a wrong length");
    }

    /// <summary>The error for a record whose bytes are wrong.</summary>
    public static StingException Damaged(string path, string why, Exception? inner = null) => new(
        "KeyRecordDamaged", FailureKind.Integrity, $"Key store '{path}' is damaged: {why}.", path,
        "Run Repair-StingRepository: it refills the replica from the others. Look at the disk that holds it.", inner);

    private int Associate(Span<byte> target, Id16 reserveId, uint epoch)
    {
        var label = "sting1 rec"u8;
        label.CopyTo(target);
        var at = label.Length;
        reserveId.CopyTo(target[at..]);
        BinaryPrimitives.WriteUInt32LittleEndian(target[(at + 16)..], epoch);
        Pseudonym.CopyTo(target[(at + 20)..]);
        BinaryPrimitives.WriteUInt32LittleEndian(target[(at + 36)..], Generation);
        BinaryPrimitives.WriteUInt16LittleEndian(target[(at + 40)..], Suite.Number);
        BinaryPrimitives.WriteUInt32LittleEndian(target[(at + 42)..], KekGeneration);
        return at + 46;
    }
}
