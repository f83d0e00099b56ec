using System.Collections.Concurrent;
using System.Diagnostics;
using System.Runtime.Versioning;
using System.Security.Cryptography;
using System.Text;
using StingBackup.Engine.Backup;
using StingBackup.Engine.Basics;
using StingBackup.Engine.Chunking;
using StingBackup.Engine.Cryptography;
using StingBackup.Engine.Platform;
using StingBackup.Engine.Repository;
using StingBackup.Engine.Sources;

namespace StingBackup.Bench.Primitives;

/// <summary>Seconds that went into each primitive.</summary>
internal readonly record struct PrimitiveParts(double Read, double Cut, double Hash, double Compress, double Encrypt)
{
    public static PrimitiveParts operator +(PrimitiveParts a, PrimitiveParts b) =>
        new(a.Read + b.Read, a.Cut + b.Cut, a.Hash + b.Hash, a.Compress + b.Compress, a.Encrypt + b.Encrypt);
}

/// <summary>One thread's share: a chunk goes through all primitives while it is in the cache.</summary>
[SupportedOSPlatform("linux")]
internal sealed class PrimitiveWorker(ISourceTree tree, FastCdc cutter, ConcurrentDictionary<Id32, byte> known, PrimitiveOutput output) : IDisposable
{
    private const int Level = 3, BlockLength = 2 << 20;

    private readonly Codec _codec = new(Level);
    private readonly ChunkCipher _cipher = new(RandomNumberGenerator.GetBytes(SegmentKey.Size));
    private readonly byte[] _block = GC.AllocateUninitializedArray<byte>(BlockLength), _scratch = GC.AllocateUninitializedArray<byte>(Codec.Bound(ChunkSizes.Documents.Maximum));
    private readonly Dictionary<string, ChunkIds> _ids = [];
    private PageBuffer? _page;
    private int _used;
    private uint _ordinal;
    private long _read, _cut, _hash, _compress, _encrypt;

    public long Files { get; private set; }
    public long BytesRead { get; private set; }
    public long BytesNew { get; private set; }
    public PrimitiveParts Parts => new(Seconds(_read), Seconds(_cut), Seconds(_hash), Seconds(_compress), Seconds(_encrypt));

    public void Work(IEnumerable<Piece> pieces)
    {
        foreach (var piece in pieces)
        {
            var ids = IdsOf(piece.Subject);
            if (piece.Files.Count > 1 || piece.Files[0].Stamp.Length < FileReader.SmallFile)
            {
                WorkBundle(piece.Files, ids);
            }
            else
            {
                WorkStretch(piece, ids);
            }
        }
        if (_page is not null)
        {
            output.Hand(_page, _used);
            _page = null;
        }
    }

    private void WorkBundle(IReadOnlyList<SourceEntry> files, ChunkIds ids)
    {
        var used = 0;
        var start = Stopwatch.GetTimestamp();
        foreach (var file in files)
        {
            used += Math.Max(0, tree.ReadSmall(file, _block.AsSpan(used, FileReader.SmallFile), out _));
        }
        _read += Stopwatch.GetTimestamp() - start;
        Files += files.Count;
        BytesRead += used;
        Store(_block.AsSpan(0, used), ids);
    }

    private void WorkStretch(Piece piece, ChunkIds ids)
    {
        var start = Stopwatch.GetTimestamp();
        using var file = tree.Open(piece.Files[0]);
        var (at, end, filled) = (piece.Offset, piece.Offset + piece.Length, 0);
        Files += at == 0 ? 1 : 0;
        while (at < end)
        {
            while (filled < _block.Length && at + filled < end)
            {
                var read = file.Read(at + filled, _block.AsSpan(filled, (int)Math.Min(_block.Length - filled, end - at - filled)));
                if (read == 0)
                {
                    end = at + filled;   // shorter than it was
                }
                filled += read;
            }
            _read += Stopwatch.GetTimestamp() - start;
            var from = 0;
            while (from < filled && (at + filled >= end || filled - from >= cutter.Sizes.Maximum))
            {
                start = Stopwatch.GetTimestamp();
                var length = cutter.Cut(_block.AsSpan(from, filled - from));
                _cut += Stopwatch.GetTimestamp() - start;
                Store(_block.AsSpan(from, length), ids);
                from += length;
            }
            BytesRead += from;
            at += from;
            start = Stopwatch.GetTimestamp();
            _block.AsSpan(from, filled - from).CopyTo(_block);
            filled -= from;
        }
    }

    /// <summary>Hashes a chunk; one that nobody had before is compressed and encrypted to where it will be written from.</summary>
    private void Store(ReadOnlySpan<byte> raw, ChunkIds ids)
    {
        var start = Stopwatch.GetTimestamp();
        var id = ids.Compute((byte)ChunkType.Data, raw);
        var hashed = Stopwatch.GetTimestamp();
        _hash += hashed - start;
        if (!known.TryAdd(id, 0))
        {
            return;
        }
        BytesNew += raw.Length;
        start = Stopwatch.GetTimestamp();
        var (codec, length) = _codec.Compress(raw, _scratch);
        var compressed = Stopwatch.GetTimestamp();
        _compress += compressed - start;
        var target = Room(length + ChunkCipher.TagSize);
        start = Stopwatch.GetTimestamp();
        _cipher.Seal(new ChunkHead((byte)ChunkType.Data, (byte)codec, _ordinal++, (uint)raw.Length, id), [], codec == ChunkCodec.Raw ? raw : _scratch.AsSpan(0, length), target);
        _encrypt += Stopwatch.GetTimestamp() - start;
    }

    private Span<byte> Room(int length)
    {
        if (_page is not null && _page.Capacity - _used < length)
        {
            output.Hand(_page, _used);
            _page = null;
        }
        if (_page is null)
        {
            (_page, _used) = (output.Rent(), 0);
        }
        _used += length;
        return _page.GetSpan().Slice(_used - length, length);
    }

    private ChunkIds IdsOf(string subject)
    {
        if (!_ids.TryGetValue(subject, out var ids))
        {
            _ids.Add(subject, ids = new ChunkIds(SHA256.HashData(Encoding.UTF8.GetBytes(subject))));
        }
        return ids;
    }

    private static double Seconds(long ticks) => Stopwatch.GetElapsedTime(0, ticks).TotalSeconds;

    public void Dispose()
    {
        _codec.Dispose();
        _cipher.Dispose();
        foreach (var ids in _ids.Values)
        {
            ids.Dispose();
        }
    }
}
