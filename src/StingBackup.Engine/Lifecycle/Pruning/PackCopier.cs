using System.Buffers.Binary;
using System.Security.Cryptography;
using StingBackup.Engine.Basics;
using StingBackup.Engine.Repository;
using StingBackup.Engine.Storage;

namespace StingBackup.Engine.Lifecycle.Pruning;

/// <summary>
/// Writes packs anew with what is still needed of old ones: whole records, as ciphertext, under the headers of their segments. Needs no key, and what a reader opens is the same bytes as before.
/// Memory: one old pack and one new one.
/// </summary>
internal sealed class PackCopier(IObjectStore store, WriterIdentity identity, ObjectKind kind, int size)
{
    private readonly List<Group> _groups = [];
    private readonly HashSet<Id32> _copied = [];
    private int _length = PackFormat.HeaderSize + PackFormat.FooterFixedSize + PackFormat.TrailerSize;

    /// <summary>Tables of what was written.</summary>
    public IndexContent Content { get; } = new();

    /// <summary>Takes what is needed of a pack.</summary>
    /// <param name="pack">The pack.</param>
    /// <param name="places">Its chunks that are needed.</param>
    /// <param name="cancel">Cancels.</param>
    /// <exception cref="StingException"><c>ObjectDamaged</c>: the pack is not what its name says.</exception>
    public async ValueTask AddAsync(PackInfo pack, IEnumerable<ChunkPlace> places, CancellationToken cancel)
    {
        var bytes = await store.ReadAllAsync(pack.Name, cancel).ConfigureAwait(false);
        PackReader.CheckBytes(pack, bytes);
        foreach (var segment in places.GroupBy(place => place.Segment.Offset))
        {
            Group? group = null;
            foreach (var place in segment.OrderBy(place => place.Entry.Offset))
            {
                if (!_copied.Add(place.Entry.Id))
                {
                    continue;   // two packs may hold the same chunk
                }
                var record = bytes.AsSpan(place.Entry.Offset, place.Entry.StoredLength).ToArray();   // not a part of the old pack, which would stay in memory
                if (_groups.Count > 0 && _length + record.Length + ChunkEntry.Size + place.Segment.Header.Size + 4 > size)
                {
                    await FlushAsync(cancel).ConfigureAwait(false);
                    group = null;
                }
                if (group is null)
                {
                    _groups.Add(group = new Group(place.Segment.Header));
                    _length += place.Segment.Header.Size + 4;
                }
                group.Records.Add((place.Entry, record));
                _length += record.Length + ChunkEntry.Size;
            }
        }
    }

    /// <summary>Writes what is still open.</summary>
    public async ValueTask FlushAsync(CancellationToken cancel)
    {
        if (_groups.Count == 0)
        {
            return;
        }
        var (bytes, tables) = Assemble();
        await store.StageAsync(tables.Pack.Name, bytes, cancel).ConfigureAwait(false);
        Content.Add(tables);
        _groups.Clear();
        _length = PackFormat.HeaderSize + PackFormat.FooterFixedSize + PackFormat.TrailerSize;
    }

    private (byte[] Bytes, PackTables Tables) Assemble()
    {
        var pack = new byte[_length];
        ObjectFrame.WriteHeader(pack, kind);
        identity.Reserve.CopyTo(pack.AsSpan(12));
        identity.Writer.CopyTo(pack.AsSpan(28));
        BinaryPrimitives.WriteInt64LittleEndian(pack.AsSpan(44), identity.Sequence);
        var at = PackFormat.HeaderSize;
        var offsets = new int[_groups.Count];
        var entries = new List<ChunkEntry>();
        for (var s = 0; s < _groups.Count; s++)
        {
            var (header, records) = (_groups[s].Header, _groups[s].Records);
            offsets[s] = at;
            header.Write(pack.AsSpan(at), records.Count, records.Sum(r => r.Bytes.Length));
            at += header.Size;
            foreach (var (entry, record) in records)
            {
                record.Span.CopyTo(pack.AsSpan(at));
                entries.Add(entry with { Segment = s, Offset = at });
                at += record.Length;
            }
        }
        ChunkEntry[] sorted = [.. entries.OrderBy(entry => entry.Id)];
        at = PackAssembler.WriteFooter(pack, at, offsets, sorted);
        var info = new PackInfo(new Id32(SHA256.HashData(pack.AsSpan(0, at))), kind, at);
        return (pack, new PackTables(info, [.. _groups.Select((g, s) => new SegmentInfo(info, offsets[s], g.Header))], sorted));
    }

    private sealed record Group(SegmentHeader Header)
    {
        public List<(ChunkEntry Entry, ReadOnlyMemory<byte> Bytes)> Records { get; } = [];
    }
}
