using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using StingBackup.Engine.Basics;
using StingBackup.Engine.Cryptography;
using StingBackup.Engine.Platform;

namespace StingBackup.Engine.Repository;

/// <summary>Whose chunks stand in a segment: gives each new segment a header and a cipher of its own.</summary>
internal interface ISegmentOwner
{
    Id16 Pseudonym { get; }

    /// <summary>A fresh salt and key; the cipher is null for clear segments. The caller disposes it.</summary>
    (SegmentHeader Header, ChunkCipher? Cipher) NewSegment();
}

/// <summary>Owner of segments in the clear, for what is public by design.</summary>
internal sealed class ClearOwner : ISegmentOwner
{
    private static readonly SegmentHeader Header = new()
    {
        Suite = SegmentHeader.ClearSuite, Pseudonym = default, Generation = 0, SealedKey = Array.Empty<byte>(), Salt = new byte[32], Commitment = new byte[32],
    };

    public Id16 Pseudonym => default;

    public (SegmentHeader Header, ChunkCipher? Cipher) NewSegment() => (Header, null);
}

/// <summary>Compressed chunks that wait for their pack, copied one behind the other into one buffer.</summary>
internal sealed class PackSlab(int capacity)
{
    private readonly byte[] _buffer = GC.AllocateUninitializedArray<byte>(capacity, pinned: true);
    private int _used;

    /// <summary>A chunk in the slab: table, then body.</summary>
    public readonly record struct Slot(ISegmentOwner Owner, Id32 Id, ChunkType Type, ChunkCodec Codec, int At, int TableLength, int BodyLength, int RawLength)
    {
        public int StoredLength => ChunkHeader.Size + TableLength + BodyLength + (Owner is ClearOwner ? 0 : ChunkHeader.TagSize);
    }

    public List<Slot> Slots { get; } = [];

    /// <summary>Bytes that the pack will have at least.</summary>
    public int PackBytes { get; private set; }

    public bool Fits(int length, int packSize) => Slots.Count == 0 || (PackBytes + length + ChunkEntry.Size + ChunkHeader.Size + ChunkHeader.TagSize <= packSize && _used + length <= _buffer.Length);

    public void Add(ISegmentOwner owner, Id32 id, ChunkType type, ChunkCodec codec, ReadOnlySpan<byte> table, ReadOnlySpan<byte> body, int rawLength)
    {
        table.CopyTo(_buffer.AsSpan(_used));
        body.CopyTo(_buffer.AsSpan(_used + table.Length));
        var slot = new Slot(owner, id, type, codec, _used, table.Length, body.Length, rawLength);
        Slots.Add(slot);
        _used += table.Length + body.Length;
        PackBytes += slot.StoredLength + ChunkEntry.Size;
    }

    public ReadOnlySpan<byte> Table(in Slot slot) => _buffer.AsSpan(slot.At, slot.TableLength);
    public ReadOnlySpan<byte> Body(in Slot slot) => _buffer.AsSpan(slot.At + slot.TableLength, slot.BodyLength);

    public void Clear()
    {
        Slots.Clear();
        _used = PackBytes = 0;
    }
}

/// <summary>
/// Turns a slab into a pack: header, a segment for each subject, footer. Chunks are shuffled within their segment and numbered
/// afterwards, so that neither order nor number tells which belong together (eprint 2025/532, 2025/558).
/// </summary>
internal sealed class PackAssembler(Id16 reserve, Id16 writer, long sequence)
{
    /// <summary>Assembles into <paramref name="target"/>, replaced by a larger one when needed. Returns the pack's tables and its length.</summary>
    public PackTables Assemble(PackSlab slab, ObjectKind kind, ref PageBuffer target, out int length)
    {
        var slots = CollectionsMarshal.AsSpan(slab.Slots);
        RandomNumberGenerator.Shuffle(slots);
        var owners = GroupByOwner(slots);
        var size = PackFormat.HeaderSize + slots.Length * ChunkEntry.Size + PackFormat.FooterFixedSize + PackFormat.TrailerSize + 4 * owners.Count;
        var segments = new List<(SegmentHeader Header, ChunkCipher? Cipher, List<int> Members)>(owners.Count);
        try
        {
            foreach (var (owner, members) in owners)
            {
                var (header, cipher) = owner.NewSegment();
                segments.Add((header, cipher, members));
                size += header.Size;
            }
            foreach (ref readonly var slot in slots)
            {
                size += slot.StoredLength;
            }
            if (target.Capacity < size)
            {
                ((IDisposable)target).Dispose();
                target = new PageBuffer(size);
            }
            length = size;
            return Write(slab, kind, segments, target.GetSpan()[..size]);
        }
        finally
        {
            segments.ForEach(s => s.Cipher?.Dispose());
        }
    }

    private PackTables Write(PackSlab slab, ObjectKind kind, List<(SegmentHeader Header, ChunkCipher? Cipher, List<int> Members)> segments, Span<byte> pack)
    {
        ObjectFrame.WriteHeader(pack, kind);
        reserve.CopyTo(pack[12..]);
        writer.CopyTo(pack[28..]);
        BinaryPrimitives.WriteInt64LittleEndian(pack[44..], sequence);
        var at = PackFormat.HeaderSize;
        var offsets = new int[segments.Count];
        var entries = new ChunkEntry[slab.Slots.Count];
        var count = 0;
        for (var s = 0; s < segments.Count; s++)
        {
            var (header, cipher, members) = segments[s];
            offsets[s] = at;
            var start = at += header.Size;
            for (var ordinal = 0; ordinal < members.Count; ordinal++)
            {
                var slot = slab.Slots[members[ordinal]];
                WriteChunk(slab, slot, (uint)ordinal, cipher, pack.Slice(at, slot.StoredLength));
                entries[count++] = new ChunkEntry(slot.Id, s, at, slot.StoredLength, slot.RawLength);
                at += slot.StoredLength;
            }
            header.Write(pack[offsets[s]..], members.Count, at - start);
        }
        Array.Sort(entries, static (a, b) => a.Id.CompareTo(b.Id));
        at = WriteFooter(pack, at, offsets, entries);
        Span<byte> hash = stackalloc byte[32];
        SHA256.HashData(pack[..at], hash);
        var info = new PackInfo(new Id32(hash), kind, at);
        return new PackTables(info, [.. segments.Select((s, i) => new SegmentInfo(info, offsets[i], s.Header))], entries);
    }

    private static void WriteChunk(PackSlab slab, in PackSlab.Slot slot, uint ordinal, ChunkCipher? cipher, Span<byte> target)
    {
        new ChunkHeader(slot.StoredLength, slot.TableLength, ordinal, slot.RawLength, slot.Type, slot.Codec).Write(target);
        var table = slab.Table(slot);
        table.CopyTo(target[ChunkHeader.Size..]);
        var body = target[(ChunkHeader.Size + table.Length)..];
        if (cipher is null)
        {
            slab.Body(slot).CopyTo(body);
        }
        else
        {
            cipher.Seal(new ChunkHead((byte)slot.Type, (byte)slot.Codec, ordinal, (uint)slot.RawLength, slot.Id), table, slab.Body(slot), body);
        }
    }

    /// <summary>Writes the tables behind the segments; returns where the pack ends.</summary>
    internal static int WriteFooter(Span<byte> pack, int at, int[] offsets, ChunkEntry[] entries)
    {
        var start = at;
        BinaryPrimitives.WriteInt32LittleEndian(pack[at..], entries.Length);
        BinaryPrimitives.WriteInt32LittleEndian(pack[(at + 4)..], offsets.Length);
        at += PackFormat.FooterFixedSize;
        foreach (var offset in offsets)
        {
            BinaryPrimitives.WriteInt32LittleEndian(pack[at..], offset);
            at += 4;
        }
        foreach (var entry in entries)
        {
            entry.Write(pack[at..]);
            at += ChunkEntry.Size;
        }
        BinaryPrimitives.WriteInt32LittleEndian(pack[at..], at - start);
        PackFormat.FooterMagic.CopyTo(pack[(at + 4)..]);
        return at + PackFormat.TrailerSize;
    }

    private static Dictionary<ISegmentOwner, List<int>> GroupByOwner(ReadOnlySpan<PackSlab.Slot> slots)
    {
        var owners = new Dictionary<ISegmentOwner, List<int>>();
        for (var i = 0; i < slots.Length; i++)
        {
            if (!owners.TryGetValue(slots[i].Owner, out var members))
            {
                owners.Add(slots[i].Owner, members = []);
            }
            members.Add(i);
        }
        return owners;
    }
}
