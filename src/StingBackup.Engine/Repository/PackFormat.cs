using System.Buffers.Binary;
using StingBackup.Engine.Basics;

namespace StingBackup.Engine.Repository;

/// <summary>What a chunk holds. Part of its id and of its associated data: never renumber.</summary>
public enum ChunkType : byte
{
    /// <summary>Content of files.</summary>
    Data = 1,
    /// <summary>A tree page: a table of ids in the clear and an encrypted body.</summary>
    Tree = 2,
    /// <summary>A page of a point's subject table, in the clear; its id is the SHA-256 of type and bytes.</summary>
    SubjectPage = 3,
}

/// <summary>
/// A segment's header: all that is needed, beside the subject's private key, to open its chunks. Packs hold it before the chunks,
/// index fragments repeat it.
/// </summary>
public sealed record SegmentHeader
{
    /// <summary>Length without the sealed key, in bytes.</summary>
    public const int FixedSize = 100;

    /// <summary>No encryption: for subject pages, which are public by design.</summary>
    public const ushort ClearSuite = 0;

    /// <summary>The cipher suite: <see cref="ClearSuite"/> or one of <see cref="Cryptography.Suite"/>.</summary>
    public required ushort Suite { get; init; }
    /// <summary>The subject; zero in clear segments.</summary>
    public required Id16 Pseudonym { get; init; }
    /// <summary>Generation of the subject's key pair.</summary>
    public required uint Generation { get; init; }
    /// <summary>The run's data key, sealed to the subject's public key.</summary>
    public required ReadOnlyMemory<byte> SealedKey { get; init; }
    /// <summary>32 random bytes; zero in clear segments.</summary>
    public required ReadOnlyMemory<byte> Salt { get; init; }
    /// <summary>32 bytes that commit to the segment key.</summary>
    public required ReadOnlyMemory<byte> Commitment { get; init; }

    /// <summary>"SEG1".</summary>
    public static ReadOnlySpan<byte> Magic => "SEG1"u8;

    /// <summary>Length in bytes.</summary>
    public int Size => FixedSize + SealedKey.Length;

    /// <summary>magic 4 · suite u16 · sealed length u16 · generation u32 · pseudonym 16 · salt 32 · commitment 32 · chunks u32 · body length u32 · sealed key.</summary>
    public void Write(Span<byte> target, int chunks, int bodyLength)
    {
        Magic.CopyTo(target);
        BinaryPrimitives.WriteUInt16LittleEndian(target[4..], Suite);
        BinaryPrimitives.WriteUInt16LittleEndian(target[6..], (ushort)SealedKey.Length);
        BinaryPrimitives.WriteUInt32LittleEndian(target[8..], Generation);
        Pseudonym.CopyTo(target[12..]);
        Salt.Span.CopyTo(target[28..]);
        Commitment.Span.CopyTo(target[60..]);
        BinaryPrimitives.WriteInt32LittleEndian(target[92..], chunks);
        BinaryPrimitives.WriteInt32LittleEndian(target[96..], bodyLength);
        SealedKey.Span.CopyTo(target[FixedSize..]);
    }

    /// <summary>Reads a header; the sealed key must be within the span.</summary>
    /// <exception cref="InvalidDataException">It is not one, or its suite is unknown.</exception>
    public static SegmentHeader Read(ReadOnlySpan<byte> source, out int chunks, out int bodyLength)
    {
        var (suite, sealedLength) = Check(source, out chunks, out bodyLength);
        return Make(source, suite, source.Slice(28, 32).ToArray(), source.Slice(60, 32).ToArray(), source.Slice(FixedSize, sealedLength).ToArray());
    }

    /// <summary>Reads a header where it lies: its parts are not copied, so the memory must stay as it is.</summary>
    /// <exception cref="InvalidDataException">It is not one, or its suite is unknown.</exception>
    internal static SegmentHeader Read(ReadOnlyMemory<byte> source)
    {
        var (suite, sealedLength) = Check(source.Span, out _, out _);
        return Make(source.Span, suite, source.Slice(28, 32), source.Slice(60, 32), source.Slice(FixedSize, sealedLength));
    }

    private static (ushort Suite, int SealedLength) Check(ReadOnlySpan<byte> source, out int chunks, out int bodyLength)
    {
        if (source.Length < FixedSize || !source[..4].SequenceEqual(Magic))
        {
            throw new InvalidDataException("a segment does not start with its magic");
        }
        var suite = BinaryPrimitives.ReadUInt16LittleEndian(source[4..]);
        int? expected = suite == ClearSuite ? 0 : Cryptography.KemSuite.Find(suite) is { } known ? Cryptography.DataKeys.SealedSize(known) : null;
        int sealedLength = BinaryPrimitives.ReadUInt16LittleEndian(source[6..]);
        if (sealedLength != (expected ?? throw new InvalidDataException($"a segment uses suite {suite}, which this version does not know")))
        {
            throw new InvalidDataException($"a segment of suite {suite} has a sealed key of {sealedLength} bytes");
        }
        chunks = BinaryPrimitives.ReadInt32LittleEndian(source[92..]);
        bodyLength = BinaryPrimitives.ReadInt32LittleEndian(source[96..]);
        if (source.Length < FixedSize + sealedLength || chunks < 0 || bodyLength < 0)
        {
            throw new InvalidDataException("a segment header is cut short");
        }
        return (suite, sealedLength);
    }

    private static SegmentHeader Make(ReadOnlySpan<byte> source, ushort suite, ReadOnlyMemory<byte> salt, ReadOnlyMemory<byte> commitment, ReadOnlyMemory<byte> sealedKey) => new()
    {
        Suite = suite, Generation = BinaryPrimitives.ReadUInt32LittleEndian(source[8..]), Pseudonym = new Id16(source[12..]), Salt = salt, Commitment = commitment, SealedKey = sealedKey,
    };
}

/// <summary>A chunk's header within a segment, followed by the table (trees), the ciphertext and the tag.</summary>
/// <param name="StoredLength">Bytes of the whole record: header, table, ciphertext, tag.</param>
/// <param name="TableLength">Bytes of the clear table; 0 for data.</param>
/// <param name="Ordinal">The chunk's number in the segment, which makes its nonce. May have gaps.</param>
/// <param name="RawLength">Bytes of the body before compression.</param>
/// <param name="Type">What it holds.</param>
/// <param name="Codec">How the body is stored.</param>
public readonly record struct ChunkHeader(int StoredLength, int TableLength, uint Ordinal, int RawLength, ChunkType Type, ChunkCodec Codec)
{
    /// <summary>Length in bytes.</summary>
    public const int Size = 20;
    /// <summary>Length of the authentication tag in bytes.</summary>
    public const int TagSize = 16;

    /// <summary>stored length u32 · table length u32 · ordinal u32 · raw length u32 · type u8 · codec u8 · zero u16.</summary>
    public void Write(Span<byte> target)
    {
        BinaryPrimitives.WriteInt32LittleEndian(target, StoredLength);
        BinaryPrimitives.WriteInt32LittleEndian(target[4..], TableLength);
        BinaryPrimitives.WriteUInt32LittleEndian(target[8..], Ordinal);
        BinaryPrimitives.WriteInt32LittleEndian(target[12..], RawLength);
        target[16] = (byte)Type;
        target[17] = (byte)Codec;
        target[18] = target[19] = 0;
    }

    /// <summary>Reads a header and checks that its lengths fit each other.</summary>
    /// <exception cref="InvalidDataException">They do not.</exception>
    public static ChunkHeader Read(ReadOnlySpan<byte> source)
    {
        if (source.Length < Size)
        {
            throw new InvalidDataException("a chunk is cut short");
        }
        var header = new ChunkHeader(
            BinaryPrimitives.ReadInt32LittleEndian(source), BinaryPrimitives.ReadInt32LittleEndian(source[4..]),
            BinaryPrimitives.ReadUInt32LittleEndian(source[8..]), BinaryPrimitives.ReadInt32LittleEndian(source[12..]),
            (ChunkType)source[16], (ChunkCodec)source[17]);
        var valid = header.RawLength is >= 0 and <= PackFormat.MaxRawLength && header.TableLength is >= 0 and <= PackFormat.MaxRawLength
            && header.StoredLength >= Size + header.TableLength && header.StoredLength <= Size + header.TableLength + TagSize + PackFormat.MaxRawLength
            && header.Type is (ChunkType.Data or ChunkType.Tree or ChunkType.SubjectPage) && source[18] == 0 && source[19] == 0;
        return valid ? header : throw new InvalidDataException("a chunk's header makes no sense");
    }
}

/// <summary>Where a chunk is: a row of a pack's footer and of an index fragment.</summary>
/// <param name="Id">The chunk's id.</param>
/// <param name="Segment">Number of its segment in the table beside.</param>
/// <param name="Offset">Offset of its record in the pack, in bytes.</param>
/// <param name="StoredLength">Length of its record, in bytes.</param>
/// <param name="RawLength">Length of its body before compression, in bytes.</param>
public readonly record struct ChunkEntry(Id32 Id, int Segment, int Offset, int StoredLength, int RawLength)
{
    /// <summary>Length in bytes: id 32 · segment u32 · offset u32 · stored length u32 · raw length u32.</summary>
    public const int Size = 48;

    /// <summary>Whether it lies where a pack of this length has chunks, and is long enough to be one.</summary>
    public bool LiesIn(long packLength) => Offset >= PackFormat.HeaderSize && StoredLength >= ChunkHeader.Size && Offset + (long)StoredLength <= packLength;

    /// <summary>Writes 48 bytes.</summary>
    public void Write(Span<byte> target)
    {
        Id.CopyTo(target);
        BinaryPrimitives.WriteInt32LittleEndian(target[32..], Segment);
        BinaryPrimitives.WriteInt32LittleEndian(target[36..], Offset);
        BinaryPrimitives.WriteInt32LittleEndian(target[40..], StoredLength);
        BinaryPrimitives.WriteInt32LittleEndian(target[44..], RawLength);
    }

    /// <summary>Reads 48 bytes.</summary>
    public static ChunkEntry Read(ReadOnlySpan<byte> source) => new(
        new Id32(source), BinaryPrimitives.ReadInt32LittleEndian(source[32..]), BinaryPrimitives.ReadInt32LittleEndian(source[36..]),
        BinaryPrimitives.ReadInt32LittleEndian(source[40..]), BinaryPrimitives.ReadInt32LittleEndian(source[44..]));
}

/// <summary>How long packs become. Others than the format's are for a reserve on a small scale, whose packs should be as many as a large one's.</summary>
/// <param name="Data">Bytes that a pack of content does not pass.</param>
/// <param name="Meta">Bytes that a pack of pages does not pass.</param>
internal sealed record PackSizes(int Data, int Meta)
{
    public static PackSizes Default { get; } = new(PackFormat.DataSize, PackFormat.MetaSize);

    /// <summary>That of a kind.</summary>
    public int Of(ObjectKind kind) => kind == ObjectKind.MetaPack ? Meta : Data;
}

/// <summary>Sizes and names of packs.</summary>
public static class PackFormat
{
    /// <summary>Frame 12 · reserve id 16 · writer 16 · seq u64.</summary>
    public const int HeaderSize = ObjectFrame.HeaderSize + 16 + 16 + 8;
    /// <summary>Entries u32 · segments u32 before the footer's tables.</summary>
    public const int FooterFixedSize = 8;
    /// <summary>Footer length u32 · "FOOT", the last bytes of a pack.</summary>
    public const int TrailerSize = 8;
    /// <summary>A data pack is closed when the next chunk would pass it: 32 MiB.</summary>
    public const int DataSize = 32 << 20;
    /// <summary>A meta pack is closed when the next page would pass it: 8 MiB.</summary>
    public const int MetaSize = 8 << 20;
    /// <summary>Longest pack that is read: packs recut for cold storage have up to 128 MiB.</summary>
    public const int MaxPackLength = 256 << 20;

    /// <summary>Longest raw body or table of a chunk, checked before anything is allocated for it: 8 MiB.</summary>
    public const int MaxRawLength = 8 << 20;

    /// <summary>"FOOT".</summary>
    public static ReadOnlySpan<byte> FooterMagic => "FOOT"u8;

    /// <summary>The object's name of a pack.</summary>
    public static string Name(ObjectKind kind, Id32 id)
    {
        var hex = id.ToString();
        return $"{(kind == ObjectKind.MetaPack ? "meta" : "data")}/{hex[..2]}/{hex}";
    }
}
