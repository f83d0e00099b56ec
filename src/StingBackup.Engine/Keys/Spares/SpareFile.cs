using System.Buffers.Binary;
using System.Security.Cryptography;
using StingBackup.Engine.Basics;
using StingBackup.Engine.Cryptography;

namespace StingBackup.Engine.Keys;

/// <summary>
/// A host's spares as bytes: <c>spares</c> = suite u16 ‖ reserve id 16 ‖ count u32 ‖ nonce 12 ‖ AES-256-GCM under the host's spare key of (pseudonym 16 ‖ generation u32 ‖
/// public key 65 ‖ the key role's signature 64 ‖ writer secret 32) each ‖ tag 16; all before the ciphertext is its associated data. Unless all of them are of suite 1 it is a file
/// of suite 2: each entry starts with its own suite u16, and public keys have that suite's length.
/// </summary>
internal static class SpareFile
{
    private const int HeadSize = sizeof(ushort) + Id16.Size + sizeof(uint) + NonceSize;
    private const int NonceSize = 12;
    private const int TagSize = 16;
    private const int SecretsSize = P256.SignatureSize + WriterSecret.Size;
    private const int BeforeKey = Id16.Size + sizeof(uint);

    /// <summary>Bytes of one spare in a file whose spares are all of one suite.</summary>
    public static int EntrySize(KemSuite suite) => (suite == KemSuite.P256 ? 0 : sizeof(ushort)) + BeforeKey + suite.PublicSize + SecretsSize;

    /// <summary>Suite of a file that holds these spares.</summary>
    public static KemSuite SuiteOf(IReadOnlyCollection<Spare> spares) => spares.All(spare => spare.Key.Suite == KemSuite.P256) ? KemSuite.P256 : KemSuite.Hybrid;

    /// <summary>Bytes of all of them.</summary>
    public static int SizeOf(IReadOnlyCollection<Spare> spares)
    {
        var before = (SuiteOf(spares) == KemSuite.P256 ? 0 : sizeof(ushort)) + BeforeKey;
        return spares.Sum(spare => before + spare.Key.PublicKey.Length + SecretsSize);
    }

    /// <summary>The file's bytes.</summary>
    public static byte[] Write(IReadOnlyCollection<Spare> spares, HostKeys host, RandomNumberGenerator random)
    {
        using var plaintext = new SecretBytes(SizeOf(spares));
        WriteEntries(spares, plaintext.Writable);
        var payload = new byte[HeadSize + plaintext.Length + TagSize];
        BinaryPrimitives.WriteUInt16LittleEndian(payload, SuiteOf(spares).Number);
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
            var suite = KemSuite.Of(BinaryPrimitives.ReadUInt16LittleEndian(payload), path);
            if (new Id16(payload[2..]) != host.ReserveId)
            {
                throw KeyFrame.Damaged(path, "it is another reserve's");
            }
            using var plaintext = new SecretBytes(payload.Length - HeadSize - TagSize);
            using var cipher = new AesGcm(host.SpareKey.Span, TagSize);
            cipher.Decrypt(payload.Slice(22, NonceSize), payload[HeadSize..^TagSize], payload[^TagSize..], plaintext.Writable, payload[..HeadSize]);
            return Parse(plaintext.Span, suite, BinaryPrimitives.ReadUInt32LittleEndian(payload[18..])) ?? throw KeyFrame.Damaged(path, "it has a wrong length");
        }
        catch (Exception wrong) when (wrong is AuthenticationTagMismatchException or StingException { ErrorId: "KeyFileDamaged" })
        {
            throw SpareLog.Damaged(path, wrong is StingException ? wrong.Message : "it does not open with this host's spare key", wrong);
        }
    }

    /// <summary>Writes spares one after the other, open: the caller seals them.</summary>
    public static void WriteEntries(IReadOnlyCollection<Spare> spares, Span<byte> target)
    {
        var withSuite = SuiteOf(spares) != KemSuite.P256;
        foreach (var spare in spares)
        {
            if (withSuite)
            {
                BinaryPrimitives.WriteUInt16LittleEndian(target, spare.Key.Suite.Number);
                target = target[sizeof(ushort)..];
            }
            spare.Key.Pseudonym.CopyTo(target);
            BinaryPrimitives.WriteUInt32LittleEndian(target[Id16.Size..], spare.Key.Generation);
            spare.Key.PublicKey.CopyTo(target[BeforeKey..]);
            target = target[(BeforeKey + spare.Key.PublicKey.Length)..];
            spare.Key.Signature.CopyTo(target);
            spare.WriterSecret.Span.CopyTo(target[P256.SignatureSize..]);
            target = target[SecretsSize..];
        }
    }

    /// <summary>Reads what <see cref="WriteEntries"/> wrote; null when the bytes are not that many spares. The caller disposes them.</summary>
    public static List<Spare>? Parse(ReadOnlySpan<byte> entries, KemSuite fileSuite, uint count)
    {
        var spares = new List<Spare>(entries.Length / EntrySize(KemSuite.P256));
        while (entries.Length > 0)
        {
            var suite = fileSuite;
            if (fileSuite != KemSuite.P256)
            {
                suite = entries.Length < sizeof(ushort) ? null : KemSuite.Find(BinaryPrimitives.ReadUInt16LittleEndian(entries));
                entries = entries[Math.Min(sizeof(ushort), entries.Length)..];
            }
            if (suite is null || entries.Length < BeforeKey + suite.PublicSize + SecretsSize)
            {
                spares.ForEach(spare => spare.Dispose());
                return null;
            }
            var (signature, end) = (BeforeKey + suite.PublicSize, BeforeKey + suite.PublicSize + SecretsSize);
            var key = new SubjectPublicKey(new Id16(entries), BinaryPrimitives.ReadUInt32LittleEndian(entries[Id16.Size..]),
                entries[BeforeKey..signature].ToArray(), entries.Slice(signature, P256.SignatureSize).ToArray());
            spares.Add(new Spare(key, SecretBytes.CopyOf(entries[(signature + P256.SignatureSize)..end])));
            entries = entries[end..];
        }
        if (spares.Count == count)
        {
            return spares;
        }
        spares.ForEach(spare => spare.Dispose());
        return null;
    }
}
