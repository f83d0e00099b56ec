using System.Buffers.Binary;
using System.Security.Cryptography;
using StingBackup.Engine.Basics;
using StingBackup.Engine.Repository;

namespace StingBackup.Engine.Tiering.Cold;

/// <summary>
/// Fills a cold pack: whole records, as ciphertext, behind the headers of their segments. A segment that no longer fits begins the next pack, unless this one is shorter than half of what it may be: then it
/// goes on there under the same header. One buffer, used for every pack. What it makes is a function of what it is given, so that a run that is repeated makes the same packs.
/// </summary>
internal sealed class ColdPackWriter(WriterIdentity identity, int size)
{
    private readonly byte[] _buffer = GC.AllocateUninitializedArray<byte>(size);
    private readonly List<(int Offset, SegmentHeader Header)> _segments = [];
    private readonly List<ChunkEntry> _entries = [];
    private int _at = PackFormat.HeaderSize;

    /// <summary>Whether nothing is in it.</summary>
    public bool IsEmpty => _entries.Count == 0;

    /// <summary>Whether the pack is long enough for a segment to begin the next one.</summary>
    private bool IsLong => _at >= size / 2;

    private int Tail => _entries.Count * ChunkEntry.Size + 4 * _segments.Count + PackFormat.FooterFixedSize + PackFormat.TrailerSize;

    /// <summary>Whether a segment's records fit, or begin here and go on in the next pack.</summary>
    public bool Takes(SegmentHeader header, long length, int chunks) => !IsLong || Fits(header.Size + 4 + length + (long)chunks * ChunkEntry.Size);

    /// <summary>Begins a segment.</summary>
    public void Begin(SegmentHeader header)
    {
        Close();
        _segments.Add((_at, header));
        _at += header.Size;
    }

    /// <summary>Adds a record to the segment; false when it does not fit: then the pack is to be taken first and the segment begun again.</summary>
    public bool TryAdd(in ChunkEntry entry, ReadOnlySpan<byte> record)
    {
        if (!Fits(record.Length + ChunkEntry.Size))
        {
            return false;
        }
        record.CopyTo(_buffer.AsSpan(_at));
        _entries.Add(entry with { Segment = _segments.Count - 1, Offset = _at });
        _at += record.Length;
        return true;
    }

    /// <summary>Ends the pack. The bytes are good until the next record is added.</summary>
    public (ReadOnlyMemory<byte> Bytes, PackTables Tables) Take()
    {
        Close();
        ObjectFrame.WriteHeader(_buffer, ObjectKind.DataPack);
        identity.Reserve.CopyTo(_buffer.AsSpan(12));
        identity.Writer.CopyTo(_buffer.AsSpan(28));
        BinaryPrimitives.WriteInt64LittleEndian(_buffer.AsSpan(44), identity.Sequence);
        ChunkEntry[] sorted = [.. _entries.OrderBy(entry => entry.Id)];
        var length = PackAssembler.WriteFooter(_buffer, _at, [.. _segments.Select(segment => segment.Offset)], sorted);
        var pack = new PackInfo(new Id32(SHA256.HashData(_buffer.AsSpan(0, length))), ObjectKind.DataPack, length);
        var tables = new PackTables(pack, [.. _segments.Select(segment => new SegmentInfo(pack, segment.Offset, segment.Header))], sorted);
        _segments.Clear();
        _entries.Clear();
        _at = PackFormat.HeaderSize;
        return (_buffer.AsMemory(0, length), tables);
    }

    private bool Fits(long more) => _at + more + Tail <= size;

    /// <summary>Writes the header of the segment at hand, whose counts are known now; one without records is taken back.</summary>
    private void Close()
    {
        if (_segments.Count == 0)
        {
            return;
        }
        var (offset, header) = _segments[^1];
        var chunks = 0;
        for (var i = _entries.Count - 1; i >= 0 && _entries[i].Segment == _segments.Count - 1; i--)
        {
            chunks++;
        }
        if (chunks == 0)
        {
            _segments.RemoveAt(_segments.Count - 1);
            _at = offset;
            return;
        }
        header.Write(_buffer.AsSpan(offset), chunks, _at - offset - header.Size);
    }
}
