using System.Buffers;
using System.Collections.Concurrent;
using System.Security.Cryptography;
using StingBackup.Engine.Basics;
using StingBackup.Engine.Cryptography;
using StingBackup.Engine.Storage;

namespace StingBackup.Engine.Repository;

/// <summary>Raw bytes of a chunk in a rented buffer; dispose gives it back.</summary>
public sealed class ChunkBytes : IDisposable
{
    private byte[]? _buffer;
    private readonly int _length;

    internal ChunkBytes(byte[] buffer, int length) => (_buffer, _length) = (buffer, length);

    /// <summary>The bytes.</summary>
    public ReadOnlyMemory<byte> Memory => (_buffer ?? throw new ObjectDisposedException(nameof(ChunkBytes))).AsMemory(0, _length);

    /// <summary>The bytes.</summary>
    public ReadOnlySpan<byte> Span => Memory.Span;

    /// <inheritdoc/>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _buffer, null) is { } buffer)
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }
}

/// <summary>
/// Reads chunks and pages. A chunk passes only when its segment belongs to the subject asked for, the commitment fits, the tag fits,
/// and its id, recomputed from the raw bytes, is the one asked for. Safe to call from many threads.
/// </summary>
/// <remarks>Without keys it still reads tables of tree pages and subject pages, which are in the clear.</remarks>
public sealed partial class ChunkReader : IDisposable
{
    private readonly IObjectStore _store;
    private readonly RepositoryIndex _index;
    private readonly ISubjectReader? _keys;
    private readonly Id16 _reserve;
    private readonly ConcurrentDictionary<SegmentInfo, byte[]> _segmentKeys = new(ReferenceEqualityComparer.Instance);
    private readonly ConcurrentDictionary<Id32, byte[]> _dataKeys = new();
    private readonly ConcurrentBag<Codec> _codecs = [];
    private long _bytesRead;

    /// <summary>Makes one. <paramref name="keys"/> is null where only what is in the clear is read.</summary>
    public ChunkReader(IObjectStore store, RepositoryIndex index, Id16 reserve, ISubjectReader? keys)
    {
        _store = store;
        _index = index;
        _reserve = reserve;
        _keys = keys;
    }

    /// <summary>The index that places are looked up in.</summary>
    public RepositoryIndex Index => _index;

    /// <summary>Bytes read from the store so far.</summary>
    public long BytesRead => Interlocked.Read(ref _bytesRead);

    /// <summary>Reads a chunk of file content.</summary>
    /// <exception cref="StingException"><c>ChunkMissing</c>, <c>ChunkDamaged</c>; the target names the pack.</exception>
    public ValueTask<ChunkBytes> ReadDataAsync(Id16 pseudonym, Id32 id, CancellationToken cancel) =>
        ReadAnyPlaceAsync(id, (place, record) => Open(pseudonym, id, ChunkType.Data, place, record, out _), cancel);

    /// <summary>Reads and decodes a tree page.</summary>
    public async ValueTask<TreePage> ReadPageAsync(Id16 pseudonym, Id32 id, CancellationToken cancel)
    {
        TreeTable? table = null;
        using var body = await ReadAnyPlaceAsync(id, (place, record) => Open(pseudonym, id, ChunkType.Tree, place, record, out table), cancel).ConfigureAwait(false);
        try
        {
            return TreePage.Decode(table!, body.Span);
        }
        catch (InvalidDataException e)
        {
            throw Damaged(id, null, e.Message, e);
        }
    }

    /// <summary>Reads the clear table of a tree page: what it refers to. Needs no key and proves no origin.</summary>
    public ValueTask<TreeTable> ReadTableAsync(Id32 id, CancellationToken cancel) => ReadAnyPlaceAsync(id, (place, record) => OpenTable(id, place, record), cancel);

    /// <summary>Reads a page of a subject table; its id is the SHA-256 of its type and bytes.</summary>
    public async ValueTask<IReadOnlyList<SubjectRow>> ReadSubjectPageAsync(Id32 id, CancellationToken cancel)
    {
        using var raw = await ReadAnyPlaceAsync(id, (place, record) => OpenClear(id, place, record), cancel).ConfigureAwait(false);
        try
        {
            return SubjectTable.Decode(raw.Span);
        }
        catch (InvalidDataException e)
        {
            throw Damaged(id, null, e.Message, e);
        }
    }

    /// <summary>Reads whatever an id stands for, under the subject of the segment that holds it, from any place that gives it.</summary>
    internal ValueTask<ChunkBytes> ReadAnyAsync(Id32 id, CancellationToken cancel) => ReadAnyPlaceAsync(id, OpenRecord, cancel);

    /// <summary>Id of a page in the clear: SHA-256 of its type and raw bytes.</summary>
    public static Id32 ClearId(ChunkType type, ReadOnlySpan<byte> raw)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData([(byte)type]);
        hash.AppendData(raw);
        return new Id32(hash.GetHashAndReset());
    }

    /// <summary>Opens a record whose bytes are at hand, and proves it. Used by verification, which reads whole packs.</summary>
    internal ChunkBytes OpenRecord(ChunkPlace place, ReadOnlySpan<byte> record)
    {
        var type = (ChunkType)(record.Length > 16 ? record[16] : 0);
        return place.Segment.Header.Suite == SegmentHeader.ClearSuite
            ? OpenClear(place.Entry.Id, place, record)
            : Open(place.Segment.Header.Pseudonym, place.Entry.Id, type, place, record, out _);
    }

    /// <summary>Opens a chunk within a pack whose bytes are at hand, as many of them as could be read.</summary>
    internal ChunkBytes OpenIn(ReadOnlySpan<byte> pack, ChunkPlace place) => OpenRecord(place, RecordIn(pack, place));

    private static ReadOnlySpan<byte> RecordIn(ReadOnlySpan<byte> pack, ChunkPlace place) => place.Entry.Offset + (long)place.Entry.StoredLength <= pack.Length
        ? pack.Slice(place.Entry.Offset, place.Entry.StoredLength)
        : throw Damaged(place.Entry.Id, place, "the pack ends before it");

    private async ValueTask<T> ReadAnyPlaceAsync<T>(Id32 id, Opener<T> open, CancellationToken cancel)
    {
        StingException? first = null;
        foreach (var place in _index.FindAll(id))
        {
            try
            {
                using var record = await ReadRecordAsync(_store, place, cancel).ConfigureAwait(false);
                return open(place, record.Span);
            }
            catch (StingException e) when (ObjectDamage.IsOfOneObject(e))
            {
                first ??= e;
            }
        }
        first ??= new StingException("ChunkMissing", FailureKind.Integrity, $"Chunk {id} is in no pack that the index names.", id.ToString(), "Run Repair-StingRepository to rebuild the index from the packs.");
        if (first.ErrorId is "ChunkDamaged" or "ObjectDamaged" or "StoreFailed")   // what is only not here, the store looks for by itself
        {
            var (found, copy) = await ReadCopyAsync(id, open, first, cancel).ConfigureAwait(false);
            (found, copy) = found ? (found, copy) : await ReadRecoveredAsync(id, open, first, cancel).ConfigureAwait(false);
            if (found)
            {
                return copy!;
            }
        }
        return FurtherPlaces is null ? throw first : await ReadFurtherAsync(id, open, first, cancel).ConfigureAwait(false);
    }

    private delegate T Opener<out T>(ChunkPlace place, ReadOnlySpan<byte> record);

    private async ValueTask<ChunkBytes> ReadRecordAsync(IObjectStore store, ChunkPlace place, CancellationToken cancel)
    {
        var length = place.Entry.StoredLength;
        if (length is < ChunkHeader.Size or > 2 * PackFormat.MaxRawLength + 1024)
        {
            throw Damaged(place.Entry.Id, place, "the index gives it an impossible length");
        }
        var buffer = ArrayPool<byte>.Shared.Rent(length);
        try
        {
            var read = await store.ReadAsync(place.Segment.Pack.Name, place.Entry.Offset, buffer.AsMemory(0, length), cancel).ConfigureAwait(false);
            Interlocked.Add(ref _bytesRead, read);
            return read == length ? new ChunkBytes(buffer, length) : throw Damaged(place.Entry.Id, place, "the pack ends before it");
        }
        catch
        {
            ArrayPool<byte>.Shared.Return(buffer);
            throw;
        }
    }

    private ChunkBytes Open(Id16 pseudonym, Id32 id, ChunkType type, ChunkPlace place, ReadOnlySpan<byte> record, out TreeTable? treeTable)
    {
        treeTable = null;
        try
        {
            if (place.Segment.Header.Pseudonym != pseudonym)
            {
                throw new InvalidDataException("it belongs to another subject");
            }
            var header = CheckHeader(place, record, type);
            var table = record.Slice(ChunkHeader.Size, header.TableLength);
            if (type == ChunkType.Tree)
            {
                treeTable = TreeTable.Read(table);
            }
            var body = record[(ChunkHeader.Size + header.TableLength)..];
            var plain = ArrayPool<byte>.Shared.Rent(Math.Max(1, body.Length));
            try
            {
                using var cipher = new ChunkCipher(SegmentKeyOf(place.Segment));
                if (!cipher.TryOpen(new ChunkHead((byte)type, (byte)header.Codec, header.Ordinal, (uint)header.RawLength, id), table, body, plain))
                {
                    throw new InvalidDataException("its tag does not fit");
                }
                var raw = Decompress(header, plain.AsSpan(0, body.Length - ChunkHeader.TagSize));
                var idKey = _keys!.GetIdKey(pseudonym, place.Segment.Header.Generation);
                using var ids = new ChunkIds(idKey.Span);
                if (ids.Compute((byte)type, table, raw.Span) != id)
                {
                    raw.Dispose();
                    throw new InvalidDataException("its content does not give its id");
                }
                return raw;
            }
            finally
            {
                ArrayPool<byte>.Shared.Return(plain);
            }
        }
        catch (InvalidDataException e)
        {
            throw Damaged(id, place, e.Message, e);
        }
    }

    private static TreeTable OpenTable(Id32 id, ChunkPlace place, ReadOnlySpan<byte> record)
    {
        try
        {
            return TreeTable.Read(record.Slice(ChunkHeader.Size, CheckHeader(place, record, ChunkType.Tree).TableLength));
        }
        catch (InvalidDataException e)
        {
            throw Damaged(id, place, e.Message, e);
        }
    }

    private ChunkBytes OpenClear(Id32 id, ChunkPlace place, ReadOnlySpan<byte> record)
    {
        try
        {
            if (place.Segment.Header.Suite != SegmentHeader.ClearSuite)
            {
                throw new InvalidDataException("it should be in the clear");
            }
            var header = CheckHeader(place, record, ChunkType.SubjectPage);
            var raw = Decompress(header, record[ChunkHeader.Size..]);
            if (ClearId(ChunkType.SubjectPage, raw.Span) == id)
            {
                return raw;
            }
            raw.Dispose();
            throw new InvalidDataException("its content does not give its id");
        }
        catch (InvalidDataException e)
        {
            throw Damaged(id, place, e.Message, e);
        }
    }

    private static ChunkHeader CheckHeader(ChunkPlace place, ReadOnlySpan<byte> record, ChunkType type)
    {
        var header = ChunkHeader.Read(record);
        var tag = place.Segment.Header.Suite == SegmentHeader.ClearSuite ? 0 : ChunkHeader.TagSize;
        return header.Type == type && header.StoredLength == record.Length && header.RawLength == place.Entry.RawLength && record.Length >= ChunkHeader.Size + header.TableLength + tag
            ? header
            : throw new InvalidDataException("its header does not fit the index");
    }

    private ChunkBytes Decompress(in ChunkHeader header, ReadOnlySpan<byte> stored)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(Math.Max(1, header.RawLength));
        var codec = _codecs.TryTake(out var pooled) ? pooled : new Codec(1);
        try
        {
            codec.Decompress(header.Codec, stored, buffer.AsSpan(0, header.RawLength));
            return new ChunkBytes(buffer, header.RawLength);
        }
        catch
        {
            ArrayPool<byte>.Shared.Return(buffer);
            throw;
        }
        finally
        {
            _codecs.Add(codec);
        }
    }

    private byte[] SegmentKeyOf(SegmentInfo segment)
    {
        if (_segmentKeys.TryGetValue(segment, out var known))
        {
            return known;
        }
        var keys = _keys ?? throw new StingException("KeysLocked", FailureKind.Refused, "Content cannot be read without the restore role's keys.", null,
            "Give the key file's passphrase, or work on a host that holds the restore role.");
        var header = segment.Header;
        var keyName = new Id32(SHA256.HashData(header.SealedKey.Span));
        var dataKey = _dataKeys.GetOrAdd(keyName, _ => keys.OpenDataKey(header.Pseudonym, header.Generation, header.SealedKey.Span));
        var key = GC.AllocateUninitializedArray<byte>(SegmentKey.Size, pinned: true);
        return SegmentKey.TryDerive(dataKey, header.Salt.Span, _reserve, header.Pseudonym, header.Generation, header.Commitment.Span, key)
            ? _segmentKeys.GetOrAdd(segment, key)
            : throw new InvalidDataException("the segment's commitment does not fit its key");
    }

    private static StingException Damaged(Id32 id, ChunkPlace? place, string why, Exception? inner = null)
    {
        var pack = place?.Segment.Pack.Name;
        return new StingException("ChunkDamaged", FailureKind.Integrity, $"Chunk {id}{(pack is null ? "" : $" in '{pack}'")} is damaged: {why}.", pack ?? id.ToString(),
            "Run Test-StingBackupIntegrity -Level Data to see which files it hits, and restore those from another point or tier.", inner);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var key in _segmentKeys.Values.Concat(_dataKeys.Values))
        {
            CryptographicOperations.ZeroMemory(key);
        }
        foreach (var codec in _codecs)
        {
            codec.Dispose();
        }
    }
}
