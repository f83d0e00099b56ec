using System.Buffers.Binary;
using System.Security.Cryptography;
using StingBackup.Engine.Basics;
using StingBackup.Engine.Cryptography;
using StingBackup.Engine.Repository;

namespace StingBackup.Engine.Backup;

/// <summary>Reads a cache in path order, in step with a scan.</summary>
internal sealed class HostCacheReader : IDisposable
{
    private readonly FileStream? _stream;
    private readonly byte[] _cacheKey = [];
    /// <summary>By salt: blocks that were taken over have that of the cache that they were written to.</summary>
    private readonly Dictionary<Id32, AesGcm> _ciphers = [];
    private readonly Codec _codec = new(1);
    private readonly Action<string> _warn;
    private List<CachedItem> _items = [];
    private int _next;
    private ulong _block;
    private readonly bool _hasFacts, _hasLeaves;
    private readonly Id32 _salt;
    /// <summary>A leaf may be read by the thread that builds trees.</summary>
    private readonly Lock _reading = new();
    private LoadedBlock? _loaded;
    private bool _ended;

    public HostCacheReader(string path, ReadOnlySpan<byte> cacheKey, Action<string> warn)
    {
        _warn = warn;
        try
        {
            _stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete, HostCache.BufferSize);
            Span<byte> head = stackalloc byte[HostCache.HeaderSize];
            _stream.ReadExactly(head);
            _hasLeaves = head[..8].SequenceEqual(HostCache.Magic);
            _hasFacts = _hasLeaves || head[..8].SequenceEqual(HostCache.EarlierMagic);
            if (!_hasFacts && !head[..8].SequenceEqual(HostCache.EarliestMagic))
            {
                throw new InvalidDataException("it is no cache of this version");
            }
            _cacheKey = cacheKey.ToArray();
            _salt = new Id32(head[8..]);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            _ended = true;
        }
        catch (Exception e) when (e is IOException or InvalidDataException or UnauthorizedAccessException)
        {
            GiveUp(e);
        }
    }

    /// <summary>Items of the blocks that were read.</summary>
    public long Count { get; private set; }

    /// <summary>Told of the items that <see cref="Find"/> passes over: nobody asked for them.</summary>
    public Action<CachedItem>? Passed { get; set; }

    /// <summary>What the cache knows of a path; paths must ascend from call to call.</summary>
    public CachedItem? Find(EntryPath path)
    {
        while (NextBefore(path) is { } item)
        {
            Passed?.Invoke(item);
        }
        return _next < _items.Count && _items[_next].Entry.Path == path ? _items[_next++] : null;
    }

    /// <summary>The next item whose path comes before another one; null where there is none.</summary>
    public CachedItem? NextBefore(EntryPath path) => HasUpTo(path) && _items[_next].Entry.Path < path ? _items[_next++] : null;

    /// <summary>The next item; null at the end.</summary>
    public CachedItem? Next() => _next < _items.Count || (Load() && Open()) ? _items[_next++] : null;

    /// <summary>The leaf that comes next, unread; null where an item does, or nothing. It stays until it is taken, or its first item asked for.</summary>
    public CachedLeaf? NextLeaf() => _next == _items.Count && Load() ? _loaded!.Leaf : null;

    /// <summary>Goes past the leaf that comes next.</summary>
    public void TakeLeaf()
    {
        Count += _loaded!.Leaf!.Items;
        _loaded = null;
    }

    /// <summary>Whether an item comes next that may be at a path or before it. A leaf behind it stays as it is.</summary>
    private bool HasUpTo(EntryPath path) => _next < _items.Count || (Load() && !(_loaded!.Leaf is { } leaf && leaf.First > path) && Open());

    /// <summary>Reads the next block, and of it no more than whether it is a leaf.</summary>
    private bool Load()
    {
        if (_ended || _loaded is not null)
        {
            return !_ended;
        }
        try
        {
            var head = new byte[_hasLeaves ? HostCache.BlockHead : HostCache.EarlierBlockHead];
            var read = _stream!.ReadAtLeast(head, head.Length, throwOnEndOfStream: false);
            if (read == 0)
            {
                _ended = true;
                return false;
            }
            var leafLength = _hasLeaves ? BinaryPrimitives.ReadInt32LittleEndian(head) : 0;
            var rest = head.AsSpan(_hasLeaves ? 4 : 0);
            int length = BinaryPrimitives.ReadInt32LittleEndian(rest), rawLength = BinaryPrimitives.ReadInt32LittleEndian(rest[5..]);
            // A block is as long as the file has room for: a length that a disk bit makes no room.
            if (read < head.Length || length is < 16 or > 1 << 28 || rawLength is < 0 or > 1 << 28 || leafLength is < 0 or (> 0 and < 16) or > 1 << 24 || (long)leafLength + length > _stream.Length - _stream.Position)
            {
                throw new InvalidDataException("a block is cut short");
            }
            var block = new byte[head.Length + leafLength + length];
            head.CopyTo(block, 0);
            _stream.ReadExactly(block.AsSpan(head.Length));
            var loaded = new LoadedBlock(block, head.Length, leafLength, (ChunkCodec)rest[4], rawLength)
            {
                Salt = _hasLeaves ? new Id32(rest[9..]) : _salt, Number = _hasLeaves ? BinaryPrimitives.ReadUInt64LittleEndian(rest[41..]) : _block++,
            };
            _loaded = leafLength == 0 ? loaded : loaded with { Leaf = CachedLeaf.Read(Decrypt(loaded, isLeaf: true), block, () => ItemsOf(loaded)) };
            return true;
        }
        catch (Exception e) when (IsDamage(e))
        {
            GiveUp(e);
            return false;
        }
    }

    /// <summary>Reads the items of the block that is at hand.</summary>
    private bool Open()
    {
        try
        {
            _items = ItemsOf(_loaded!);
            _loaded = null;
            _next = 0;
            Count += _items.Count;
            return _items.Count > 0;
        }
        catch (Exception e) when (IsDamage(e))
        {
            GiveUp(e);
            return false;
        }
    }

    private List<CachedItem> ItemsOf(LoadedBlock block)
    {
        byte[] raw;
        lock (_reading)
        {
            var packed = Decrypt(block, isLeaf: false);
            raw = new byte[block.RawLength];
            _codec.Decompress(block.Codec, packed, raw);
        }
        return HostCache.Decode(raw, _hasFacts);
    }

    private byte[] Decrypt(LoadedBlock block, bool isLeaf)
    {
        using var alone = _reading.EnterScope();
        Span<byte> nonce = stackalloc byte[12];
        HostCache.Nonce(block.Number, isLeaf, nonce);
        var text = isLeaf ? block.Bytes.AsSpan(block.Head, block.LeafLength) : block.Bytes.AsSpan(block.Head + block.LeafLength);
        var plain = new byte[text.Length - 16];
        if (!_ciphers.TryGetValue(block.Salt, out var cipher))
        {
            Span<byte> salt = stackalloc byte[Id32.Size];
            block.Salt.CopyTo(salt);
            _ciphers.Add(block.Salt, cipher = CacheCipher.Of(_cacheKey, salt));
        }
        cipher.Decrypt(nonce, text[..^16], text[^16..], plain, block.Bytes.AsSpan(0, block.Head));
        return plain;
    }

    private static bool IsDamage(Exception e) => e is IOException or InvalidDataException or CryptographicException or ArgumentOutOfRangeException or IndexOutOfRangeException or FormatException or StingException { ErrorId: "NameNotAllowed" or "AttributeUnknown" };

    private void GiveUp(Exception e)
    {
        _ended = true;
        _items = [];
        _next = 0;
        _loaded = null;
        _warn($"The host's cache cannot be used ({e.Message}); files are read again instead.");
    }

    public void Dispose()
    {
        _stream?.Dispose();
        foreach (var cipher in _ciphers.Values)
        {
            cipher.Dispose();
        }
        CryptographicOperations.ZeroMemory(_cacheKey);
        _codec.Dispose();
    }

    /// <summary>A block as it is read.</summary>
    private sealed record LoadedBlock(byte[] Bytes, int Head, int LeafLength, ChunkCodec Codec, int RawLength)
    {
        public required Id32 Salt { get; init; }
        public required ulong Number { get; init; }
        public CachedLeaf? Leaf { get; init; }
    }
}
