using System.Buffers.Binary;
using System.Security.Cryptography;
using StingBackup.Engine.Basics;
using StingBackup.Engine.Cryptography;
using StingBackup.Engine.Storage;

namespace StingBackup.Engine.Repository;

/// <summary>A pack as an index fragment names it.</summary>
/// <param name="Id">SHA-256 of the pack's bytes.</param>
/// <param name="Kind"><see cref="ObjectKind.DataPack"/> or <see cref="ObjectKind.MetaPack"/>.</param>
/// <param name="Length">Bytes.</param>
public sealed record PackInfo(Id32 Id, ObjectKind Kind, long Length)
{
    /// <summary>Length of a row: id 32 · length u64 · kind u16 · zero u16 · zero u32.</summary>
    public const int Size = 48;

    /// <summary>The object's name.</summary>
    public string Name => PackFormat.Name(Kind, Id);
}

/// <summary>A segment as an index fragment names it: its header, and where it is.</summary>
/// <param name="Pack">The pack that holds it.</param>
/// <param name="Offset">Offset of its header in the pack.</param>
/// <param name="Header">All that is needed, beside the private key, to open its chunks.</param>
public sealed record SegmentInfo(PackInfo Pack, int Offset, SegmentHeader Header);

/// <summary>Names a fragment that another one replaces.</summary>
/// <param name="Level">The level that it is stored at.</param>
/// <param name="Id">SHA-256 of its bytes.</param>
public readonly record struct FragmentName(int Level, Id32 Id)
{
    /// <summary>Its object's name.</summary>
    public string Name => $"index/{Level}/{Id}";
}

/// <summary>
/// Part of the index, immutable: pack table · segment table · sorted 48-byte entries · packs removed · fragments superseded.
/// Entries are read where they lie; nothing is made per entry.
/// </summary>
/// <remarks>
/// Layout after the 12-byte frame: reserve id 16 · writer 16 · seq u64 · level u32 · flags u32 (1 = unsigned) · counts u32 of packs,
/// segments, entries, removes, supersedes · supersedes (level u32 · id 32) · removes (pack id 32) · packs (48) ·
/// segments (pack u32 · offset u32 · header as in the pack, chunk count and body length zero) · entries (48, ascending) · signature 64.
/// </remarks>
public sealed class IndexFragment
{
    private const int FixedSize = ObjectFrame.HeaderSize + 16 + 16 + 8 + 4 + 4 + 5 * 4;
    private readonly ReadOnlyMemory<byte> _entries;

    private IndexFragment(string name, ReadOnlyMemory<byte> entries) => (Name, _entries) = (name, entries);

    /// <summary>The object's name.</summary>
    public string Name { get; }
    /// <summary>The writer that signed it; zero when unsigned.</summary>
    public required Id16 Writer { get; init; }
    /// <summary>The writer's run.</summary>
    public required long Sequence { get; init; }
    /// <summary>0 for what a run writes; higher for merges.</summary>
    public required int Level { get; init; }
    /// <summary>True when it bears a valid signature of an enrolled writer.</summary>
    public required bool IsSigned { get; init; }
    /// <summary>Packs that entries refer to.</summary>
    public required IReadOnlyList<PackInfo> Packs { get; init; }
    /// <summary>Segments that entries refer to.</summary>
    public required IReadOnlyList<SegmentInfo> Segments { get; init; }
    /// <summary>Packs that are gone; none in an unsigned one.</summary>
    public required IReadOnlyList<Id32> Removes { get; init; }
    /// <summary>Fragments that this one replaces; none where it is unsigned.</summary>
    public required IReadOnlyList<FragmentName> Supersedes { get; init; }
    /// <summary>The same without its chunks: which packs there are and which are gone, for who would use none of the chunks.</summary>
    internal IndexFragment WithoutRows() => new(Name, default) { Writer = Writer, Sequence = Sequence, Level = Level, IsSigned = IsSigned, Packs = Packs, Segments = [], Removes = Removes, Supersedes = Supersedes };

    /// <summary>How many chunks it names.</summary>
    public int Count => _entries.Length / ChunkEntry.Size;

    /// <summary>One entry, by its rank.</summary>
    public ChunkEntry this[int rank] => ChunkEntry.Read(_entries.Span.Slice(rank * ChunkEntry.Size, ChunkEntry.Size));

    /// <summary>The number of the segment that one entry lies in, by its rank.</summary>
    internal int SegmentAt(int rank) => BinaryPrimitives.ReadInt32LittleEndian(_entries.Span[(rank * ChunkEntry.Size + Id32.Size)..]);

    /// <summary>The stored length of one entry, by its rank.</summary>
    internal int StoredLengthAt(int rank) => BinaryPrimitives.ReadInt32LittleEndian(_entries.Span[(rank * ChunkEntry.Size + Id32.Size + 8)..]);

    /// <summary>The id of one entry, by its rank.</summary>
    public Id32 IdAt(int rank) => new(_entries.Span.Slice(rank * ChunkEntry.Size, Id32.Size));

    /// <summary>Stores a signed fragment; returns its length.</summary>
    internal static async ValueTask<long> PutAsync(IObjectStore store, IndexContent content, WriterIdentity identity, int level, CancellationToken cancel)
    {
        var bytes = Write(content, identity.Reserve, identity.Writer, identity.Sequence, level, identity.Signer);
        var name = new FragmentName(level, new Id32(SHA256.HashData(bytes))).Name;
        await store.PutAsync(name, bytes, cancel).ConfigureAwait(false);
        return bytes.Length;
    }

    /// <summary>Writes a fragment. Without a signer it is unsigned: writer zero, signature zero.</summary>
    internal static byte[] Write(IndexContent content, Id16 reserve, Id16 writer, long sequence, int level, ISigner? signer)
    {
        var packNumbers = new Dictionary<PackInfo, int>(content.Packs.Count);
        for (var i = 0; i < content.Packs.Count; i++)
        {
            packNumbers.Add(content.Packs[i], i);
        }
        var entries = content.Entries.ToArray();
        Array.Sort(entries, static (a, b) => a.Id.CompareTo(b.Id));
        var size = FixedSize + content.Supersedes.Count * 36 + content.Removes.Count * 32 + content.Packs.Count * PackInfo.Size
            + content.Segments.Sum(s => 8 + s.Header.Size) + (long)entries.Length * ChunkEntry.Size + ObjectFrame.SignatureSize;
        var bytes = new byte[checked((int)size)];
        var span = bytes.AsSpan();
        ObjectFrame.WriteHeader(span, ObjectKind.Index);
        reserve.CopyTo(span[12..]);
        if (signer is not null)
        {
            writer.CopyTo(span[28..]);
        }
        BinaryPrimitives.WriteInt64LittleEndian(span[44..], sequence);
        BinaryPrimitives.WriteInt32LittleEndian(span[52..], level);
        BinaryPrimitives.WriteInt32LittleEndian(span[56..], signer is null ? 1 : 0);
        ReadOnlySpan<int> counts = [content.Packs.Count, content.Segments.Count, entries.Length, content.Removes.Count, content.Supersedes.Count];
        var at = 60;
        foreach (var count in counts)
        {
            BinaryPrimitives.WriteInt32LittleEndian(span[at..], count);
            at += 4;
        }
        foreach (var fragment in content.Supersedes)
        {
            BinaryPrimitives.WriteInt32LittleEndian(span[at..], fragment.Level);
            fragment.Id.CopyTo(span[(at + 4)..]);
            at += 36;
        }
        foreach (var pack in content.Removes)
        {
            pack.CopyTo(span[at..]);
            at += 32;
        }
        foreach (var pack in content.Packs)
        {
            pack.Id.CopyTo(span[at..]);
            BinaryPrimitives.WriteInt64LittleEndian(span[(at + 32)..], pack.Length);
            BinaryPrimitives.WriteUInt16LittleEndian(span[(at + 40)..], (ushort)pack.Kind);
            at += PackInfo.Size;
        }
        foreach (var segment in content.Segments)
        {
            BinaryPrimitives.WriteInt32LittleEndian(span[at..], packNumbers[segment.Pack]);
            BinaryPrimitives.WriteInt32LittleEndian(span[(at + 4)..], segment.Offset);
            segment.Header.Write(span[(at + 8)..], 0, 0);
            at += 8 + segment.Header.Size;
        }
        foreach (var entry in entries)
        {
            entry.Write(span[at..]);
            at += ChunkEntry.Size;
        }
        signer?.Sign(span[..at]).CopyTo(span[at..]);
        return bytes;
    }

    /// <summary>Reads a fragment and checks its signature with the enrolled writers.</summary>
    /// <exception cref="StingException"><c>ObjectDamaged</c>: a signature is wrong, a writer unknown, a table makes no sense.</exception>
    public static IndexFragment Read(string name, ReadOnlyMemory<byte> bytes, Id16 reserve, Func<Id16, ReadOnlyMemory<byte>?> signingKeyOf)
    {
        ArgumentNullException.ThrowIfNull(signingKeyOf);
        ObjectFrame.CheckHeader(bytes.Span, ObjectKind.Index, name);
        var span = bytes.Span;
        if (span.Length < FixedSize + ObjectFrame.SignatureSize)
        {
            throw Failures.Damaged(name, "it is too short");
        }
        if (new Id16(span[12..]) != reserve)
        {
            throw Failures.Damaged(name, "it belongs to another reserve");
        }
        var writer = new Id16(span[28..]);
        var unsigned = BinaryPrimitives.ReadInt32LittleEndian(span[56..]) == 1;
        if (!unsigned)
        {
            var key = signingKeyOf(writer) ?? throw Failures.Damaged(name, $"its writer {writer} is not enrolled");
            if (!SignatureVerifier.Verify(key.Span, span[..^ObjectFrame.SignatureSize], span[^ObjectFrame.SignatureSize..]))
            {
                throw Failures.Damaged(name, "its signature does not fit");
            }
        }
        try
        {
            return ReadTables(name, bytes, writer, unsigned);
        }
        catch (Exception e) when (e is InvalidDataException or ArgumentOutOfRangeException or IndexOutOfRangeException or OverflowException)
        {
            throw Failures.Damaged(name, "its tables make no sense", e);
        }
    }

    private static IndexFragment ReadTables(string name, ReadOnlyMemory<byte> bytes, Id16 writer, bool unsigned)
    {
        var span = bytes.Span[..^ObjectFrame.SignatureSize];
        Span<int> counts = stackalloc int[5];
        for (var i = 0; i < counts.Length; i++)
        {
            counts[i] = BinaryPrimitives.ReadInt32LittleEndian(span[(60 + 4 * i)..]);
            if (counts[i] < 0)
            {
                throw new InvalidDataException("a count is out of range");
            }
        }
        // Before anything is made for them: what they name needs this much room at least.
        if (FixedSize + (36L * counts[4]) + (32L * counts[3]) + ((long)PackInfo.Size * counts[0]) + ((8L + SegmentHeader.FixedSize) * counts[1]) + ((long)ChunkEntry.Size * counts[2]) > span.Length)
        {
            throw new InvalidDataException("a count is out of range");
        }
        var at = FixedSize;
        var supersedes = new FragmentName[counts[4]];
        for (var i = 0; i < supersedes.Length; i++, at += 36)
        {
            supersedes[i] = new FragmentName(BinaryPrimitives.ReadInt32LittleEndian(span[at..]), new Id32(span[(at + 4)..]));
        }
        var removes = new Id32[counts[3]];
        for (var i = 0; i < removes.Length; i++, at += 32)
        {
            removes[i] = new Id32(span[at..]);
        }
        var packs = new PackInfo[counts[0]];
        for (var i = 0; i < packs.Length; i++, at += PackInfo.Size)
        {
            var kind = (ObjectKind)BinaryPrimitives.ReadUInt16LittleEndian(span[(at + 40)..]);
            if (kind is not (ObjectKind.MetaPack or ObjectKind.DataPack))
            {
                throw new InvalidDataException("a pack is of no known kind");
            }
            packs[i] = new PackInfo(new Id32(span[at..]), kind, BinaryPrimitives.ReadInt64LittleEndian(span[(at + 32)..]));
        }
        var segments = new SegmentInfo[counts[1]];
        for (var i = 0; i < segments.Length; i++)
        {
            var header = SegmentHeader.Read(bytes[(at + 8)..^ObjectFrame.SignatureSize]);
            segments[i] = new SegmentInfo(packs[BinaryPrimitives.ReadInt32LittleEndian(span[at..])], BinaryPrimitives.ReadInt32LittleEndian(span[(at + 4)..]), header);
            at += 8 + header.Size;
        }
        if (at + (long)counts[2] * ChunkEntry.Size != span.Length)
        {
            throw new InvalidDataException("the entries do not fill the object");
        }
        for (var entry = at + Id32.Size; entry < span.Length; entry += ChunkEntry.Size)
        {
            if (BinaryPrimitives.ReadUInt32LittleEndian(span[entry..]) >= (uint)segments.Length)
            {
                throw new InvalidDataException("an entry names a segment that is not there");
            }
        }
        return new IndexFragment(name, bytes.Slice(at, counts[2] * ChunkEntry.Size))
        {
            Writer = writer,
            Sequence = BinaryPrimitives.ReadInt64LittleEndian(span[44..]),
            Level = BinaryPrimitives.ReadInt32LittleEndian(span[52..]),
            IsSigned = !unsigned,
            Packs = packs,
            Segments = segments,
            // What nobody signed for may add places to look at, and take none away.
            Removes = unsigned ? [] : removes,
            Supersedes = unsigned ? [] : supersedes,
        };
    }
}

/// <summary>What a fragment will hold. Entries' segment numbers are ranks in <see cref="Segments"/>.</summary>
internal sealed class IndexContent
{
    public List<PackInfo> Packs { get; } = [];
    public List<SegmentInfo> Segments { get; } = [];
    public List<ChunkEntry> Entries { get; } = [];
    public List<Id32> Removes { get; } = [];
    public List<FragmentName> Supersedes { get; } = [];

    /// <summary>Takes a pack's tables: the entries number the pack's own segments.</summary>
    public void Add(PackTables tables)
    {
        var first = Segments.Count;
        Packs.Add(tables.Pack);
        Segments.AddRange(tables.Segments);
        foreach (var entry in tables.Entries)
        {
            Entries.Add(entry with { Segment = entry.Segment + first });
        }
    }
}

/// <summary>A pack's tables, as its footer holds them.</summary>
/// <param name="Pack">The pack.</param>
/// <param name="Segments">Its segments in order.</param>
/// <param name="Entries">Its chunks, segments numbered within the pack.</param>
public sealed record PackTables(PackInfo Pack, IReadOnlyList<SegmentInfo> Segments, IReadOnlyList<ChunkEntry> Entries);
