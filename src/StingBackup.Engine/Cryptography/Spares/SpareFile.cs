using System.Buffers.Binary;
using System.Security.Cryptography;
using StingBackup.Engine.Repository;

namespace StingBackup.Engine.Cryptography;

/// <summary>
/// A host's spares as bytes: <c>spares</c> = suite u16 ‖ reserve id 16 ‖ count u32 ‖ nonce 12 ‖ AES-256-GCM under the host's spare key of (pseudonym 16 ‖ generation u32 ‖
/// public key 65 ‖ the key role's signature 64 ‖ writer secret 32) each ‖ tag 16; all before the ciphertext is its associated data.
/// </summary>
internal static class SpareFile
{
    private const int HeadSize = sizeof(ushort) + Id16.Size + sizeof(uint) + NonceSize;
    private const int NonceSize = 12;
    private const int TagSize = 16;
    /// <summary>Bytes of one spare.</summary>
    public const int EntrySize = Id16.Size + sizeof(uint) + P256.PublicSize + P256.SignatureSize + WriterSecret.Size;

    /// <summary>The file's bytes.</summary>
    public static byte[] Write(IReadOnlyCollection<Spare> spares, HostKeys host, RandomNumberGenerator random)
    {
        using var plaintext = new SecretBytes(spares.Count * EntrySize);
        WriteEntries(spares, plaintext.Writable);
        var payload = new byte[HeadSize + plaintext.Length + TagSize];
        BinaryPrimitives.WriteUInt16LittleEndian(payload, Suite.P256);
        host.ReserveId.CopyTo(payload.AsSpan(2));
        BinaryPrimitives.WriteUInt32LittleEndian(payload.AsSpan(18), (uint)spares.Count);
        random.GetBytes(payload, 22, NonceSize);
        using var cipher = new AesGcm(host.SpareKey.Span, TagSize);
        cipher.Encrypt(payload.AsSpan(22, NonceSize), plaintext.Span, payload.AsSpan(HeadSize, plaintext.Length), payload.AsSpan(HeadSize + plaintext.Length), payload.AsSpan(0, HeadSize));
        return KeyFrame.Write(KeyFileKind.Spares, payload);
    }

    /// <summary>Reads the file. The caller disposes the spares.</summary>
    /// <exception cref="StingException"><c>SparesDamaged</c></exception>
    public static IReadOnlyList<Spare> Read(byte[] bytes, HostKeys host, string path)
    {
        try
        {
            var payload = KeyFrame.ReadWhole(bytes, KeyFileKind.Spares, path).Span;
            if (payload.Length < HeadSize + TagSize)
            {
                throw KeyFrame.Damaged(path, "it is too short");
            }
            Suite.Check(BinaryPrimitives.ReadUInt16LittleEndian(payload), path);
            var count = BinaryPrimitives.ReadUInt32LittleEndian(payload[18..]);
            if (new Id16(payload[2..]) != host.ReserveId || payload.Length != HeadSize + (count * (long)EntrySize) + TagSize)
            {
                throw KeyFrame.Damaged(path, "it has a wrong length, or is another reserve's");
            }
            using var plaintext = new SecretBytes((int)count * EntrySize);
            using var cipher = new AesGcm(host.SpareKey.Span, TagSize);
            cipher.Decrypt(payload.Slice(22, NonceSize), payload[HeadSize..^TagSize], payload[^TagSize..], plaintext.Writable, payload[..HeadSize]);
            return Parse(plaintext.Span);
        }
        catch (Exception wrong) when (wrong is AuthenticationTagMismatchException or StingException { ErrorId: "KeyFileDamaged" })
        {
            throw SpareLog.Damaged(path, wrong is StingException ? wrong.Message : "it does not open with this host's spare key", wrong);
        }
    }

    /// <summary>Writes spares one after the other, open: the caller seals them.</summary>
    public static void WriteEntries(IReadOnlyCollection<Spare> spares, Span<byte> target)
    {
        foreach (var spare in spares)
        {
            spare.Key.Pseudonym.CopyTo(target);
            BinaryPrimitives.WriteUInt32LittleEndian(target[16..], spare.Key.Generation);
            spare.Key.PublicKey.CopyTo(target[20..]);
            spare.Key.Signature.CopyTo(target[85..]);
            spare.WriterSecret.Span.CopyTo(target[149..]);
            target = target[EntrySize..];
        }
    }

    /// <summary>Reads what <see cref="WriteEntries"/> wrote. The caller disposes the spares.</summary>
    public static List<Spare> Parse(ReadOnlySpan<byte> entries)
    {
        var spares = new List<Spare>(entries.Length / EntrySize);
        for (; entries.Length > 0; entries = entries[EntrySize..])
        {
            var key = new SubjectPublicKey(new Id16(entries), BinaryPrimitives.ReadUInt32LittleEndian(entries[16..]),
                entries.Slice(20, P256.PublicSize).ToArray(), entries.Slice(85, P256.SignatureSize).ToArray());
            spares.Add(new Spare(key, SecretBytes.CopyOf(entries.Slice(149, WriterSecret.Size))));
        }
        return spares;
    }
}
