using System.Buffers;
using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using StingBackup.Engine.Guardian;
using StingBackup.Engine.Repository;
using StingBackup.Engine.Sources;

namespace StingBackup.Engine.Backup;

/// <summary>What the cache remembers of an item: how it looked, where it belonged, and the tree entry that it gave.</summary>
/// <param name="Stamp">Its stat when it was read.</param>
/// <param name="Class">Its data class.</param>
/// <param name="Subject">Its subject's canonical name.</param>
/// <param name="Entry">Its tree entry, extents inline.</param>
internal sealed record CachedItem(FileStamp Stamp, DataClass Class, string Subject, TreeEntry Entry)
{
    /// <summary>Tells under which writer secret its chunks have their ids (<see cref="RunSubject.Mark"/>): under another one it is read again.</summary>
    public ulong Mark { get; init; }
    /// <summary>What its content is, for whoever looks whether it turned into something else; unknown where nobody looked.</summary>
    public ContentFacts Facts { get; init; }
}

/// <summary>
/// The host's memory of the last run, so that an incremental run need not read what has not changed: a file of blocks in path
/// order, read beside the scan, each encrypted under a key that never leaves the host. Never authority: a lost or damaged cache costs
/// reading, nothing else.
/// </summary>
/// <remarks>
/// magic 8 · salt 32, then blocks: length u32 · codec u8 · raw length u32 · AES-256-GCM ciphertext and tag. Key = HKDF-SHA256(host's cache key, salt,
/// "sting1 cache"); nonce = block number. A block holds count u32, stamps, classes, marks, facts of contents, subjects, then table and body of a tree leaf. What an earlier version wrote, without facts, is read.
/// </remarks>
internal static class HostCache
{
    public const int BlockItems = 512;
    public const int HeaderSize = 40;
    private const int HeadSize = 55, FactsSize = 8;
    /// <summary>Beside the kind of a content: its end is as its format says.</summary>
    private const byte Whole = 0x80;
    /// <summary>A block is about this long; each class has a cache open for reading and one for writing.</summary>
    public const int BufferSize = 128 << 10;
    public static ReadOnlySpan<byte> Magic => "STINGHC4"u8;
    /// <summary>Of caches without facts.</summary>
    public static ReadOnlySpan<byte> EarlierMagic => "STINGHC2"u8;

    public static AesGcm Cipher(ReadOnlySpan<byte> cacheKey, ReadOnlySpan<byte> salt)
    {
        Span<byte> key = stackalloc byte[32];
        HKDF.DeriveKey(HashAlgorithmName.SHA256, cacheKey, key, salt, "sting1 cache"u8);
        var cipher = new AesGcm(key, 16);
        CryptographicOperations.ZeroMemory(key);
        return cipher;
    }

    public static byte[] Encode(IReadOnlyList<CachedItem> items)
    {
        var target = new ArrayBufferWriter<byte>(items.Count * 200);
        Write(target, items.Count);
        foreach (var item in items)
        {
            var subject = Encoding.UTF8.GetByteCount(item.Subject);
            var span = target.GetSpan(HeadSize + FactsSize + subject);
            BinaryPrimitives.WriteInt64LittleEndian(span, item.Stamp.Length);
            BinaryPrimitives.WriteInt64LittleEndian(span[8..], item.Stamp.ModifiedNs);
            BinaryPrimitives.WriteInt64LittleEndian(span[16..], item.Stamp.ChangedNs);
            BinaryPrimitives.WriteUInt64LittleEndian(span[24..], item.Stamp.Inode);
            BinaryPrimitives.WriteUInt64LittleEndian(span[32..], item.Stamp.Device);
            BinaryPrimitives.WriteUInt32LittleEndian(span[40..], item.Stamp.Links);
            span[44] = (byte)item.Class;
            BinaryPrimitives.WriteUInt64LittleEndian(span[45..], item.Mark);
            BinaryPrimitives.WriteUInt16LittleEndian(span[53..], (ushort)subject);
            (span[HeadSize], span[HeadSize + 1]) = ((byte)((byte)item.Facts.Kind | (item.Facts.IsWhole ? Whole : 0)), item.Facts.Spread);
            BinaryPrimitives.WriteUInt32LittleEndian(span[(HeadSize + 2)..], item.Facts.Mark);
            BinaryPrimitives.WriteUInt16LittleEndian(span[(HeadSize + 6)..], item.Facts.Middle);
            Encoding.UTF8.GetBytes(item.Subject, span[(HeadSize + FactsSize)..]);
            target.Advance(HeadSize + FactsSize + subject);
        }
        var (table, body) = TreePage.EncodeLeaf(null, [.. items.Select(i => i.Entry)]);
        var tableBytes = table.ToBytes();
        Write(target, tableBytes.Length);
        target.Write(tableBytes);
        target.Write(body.WrittenSpan);
        return target.WrittenSpan.ToArray();
    }

    public static List<CachedItem> Decode(ReadOnlySpan<byte> block, bool hasFacts)
    {
        var headSize = hasFacts ? HeadSize + FactsSize : HeadSize;
        var count = BinaryPrimitives.ReadInt32LittleEndian(block);
        block = block[4..];
        var heads = new (FileStamp Stamp, DataClass Class, ulong Mark, ContentFacts Facts, string Subject)[count];
        var lastSubject = "";
        for (var i = 0; i < count; i++)
        {
            var stamp = new FileStamp(BinaryPrimitives.ReadInt64LittleEndian(block), BinaryPrimitives.ReadInt64LittleEndian(block[8..]), BinaryPrimitives.ReadInt64LittleEndian(block[16..]),
                BinaryPrimitives.ReadUInt64LittleEndian(block[24..]), BinaryPrimitives.ReadUInt64LittleEndian(block[32..]), BinaryPrimitives.ReadUInt32LittleEndian(block[40..]));
            int length = BinaryPrimitives.ReadUInt16LittleEndian(block[53..]);
            var subject = Encoding.UTF8.GetString(block.Slice(headSize, length));
            var facts = hasFacts ? ReadFacts(block[HeadSize..]) : default;
            // Neighbours mostly share their subject: one string serves them all.
            lastSubject = subject == lastSubject ? lastSubject : subject;
            heads[i] = (stamp, (DataClass)block[44], BinaryPrimitives.ReadUInt64LittleEndian(block[45..]), facts, lastSubject);
            block = block[(headSize + length)..];
        }
        var tableLength = BinaryPrimitives.ReadInt32LittleEndian(block);
        var page = TreePage.Decode(TreeTable.Read(block.Slice(4, tableLength)), block[(4 + tableLength)..]);
        return [.. page.Entries.Select((e, i) => new CachedItem(heads[i].Stamp, heads[i].Class, heads[i].Subject, e) { Mark = heads[i].Mark, Facts = heads[i].Facts })];
    }

    private static ContentFacts ReadFacts(ReadOnlySpan<byte> bytes) =>
        new((ContentKind)(bytes[0] & ~Whole), bytes[1], BinaryPrimitives.ReadUInt32LittleEndian(bytes[2..]), BinaryPrimitives.ReadUInt16LittleEndian(bytes[6..])) { IsWhole = (bytes[0] & Whole) != 0 };

    private static void Write(ArrayBufferWriter<byte> target, int value)
    {
        BinaryPrimitives.WriteInt32LittleEndian(target.GetSpan(4), value);
        target.Advance(4);
    }
}

/// <summary>Writes a cache; its file goes with it unless it is moved to its place before.</summary>
internal sealed class HostCacheWriter : IDisposable
{
    private readonly string _path;
    private readonly FileStream _stream;
    private readonly AesGcm _cipher;
    private readonly Codec _codec = new(1);
    private readonly List<CachedItem> _items = new(HostCache.BlockItems);
    private ulong _block;

    public HostCacheWriter(string path, ReadOnlySpan<byte> cacheKey)
    {
        _path = path;
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        _stream = new FileStream(path, FileMode.Create, FileAccess.Write, FileShare.None, HostCache.BufferSize);
        var salt = RandomNumberGenerator.GetBytes(32);
        _stream.Write(HostCache.Magic);
        _stream.Write(salt);
        _cipher = HostCache.Cipher(cacheKey, salt);
    }

    /// <summary>Items that it was given.</summary>
    public long Count { get; private set; }

    /// <summary>Adds the next item in path order.</summary>
    public void Add(CachedItem item)
    {
        Count++;
        _items.Add(item);
        if (_items.Count == HostCache.BlockItems)
        {
            WriteBlock();
        }
    }

    /// <summary>No more items come: it can be read. No fsync: after a power loss the next run reads a little more.</summary>
    public void Close()
    {
        if (_items.Count > 0)
        {
            WriteBlock();
        }
        _stream.Dispose();
    }

    private void WriteBlock()
    {
        var raw = HostCache.Encode(_items);
        _items.Clear();
        var packed = ArrayPool<byte>.Shared.Rent(Codec.Bound(raw.Length));
        var (codec, length) = _codec.Compress(raw, packed);
        var plain = codec == ChunkCodec.Raw ? raw.AsSpan() : packed.AsSpan(0, length);
        var block = new byte[9 + length + 16];
        BinaryPrimitives.WriteInt32LittleEndian(block, length + 16);
        block[4] = (byte)codec;
        BinaryPrimitives.WriteInt32LittleEndian(block.AsSpan(5), raw.Length);
        Span<byte> nonce = stackalloc byte[12];
        BinaryPrimitives.WriteUInt64LittleEndian(nonce, _block++);
        _cipher.Encrypt(nonce, plain, block.AsSpan(9, length), block.AsSpan(9 + length, 16), block.AsSpan(0, 9));
        ArrayPool<byte>.Shared.Return(packed);
        _stream.Write(block);
    }

    public void Dispose()
    {
        _stream.Dispose();
        _cipher.Dispose();
        _codec.Dispose();
        File.Delete(_path);
    }
}

/// <summary>Reads a cache in path order, in step with a scan.</summary>
internal sealed class HostCacheReader : IDisposable
{
    private readonly FileStream? _stream;
    private readonly AesGcm? _cipher;
    private readonly Codec _codec = new(1);
    private readonly Action<string> _warn;
    private List<CachedItem> _items = [];
    private int _next;
    private ulong _block;
    private readonly bool _hasFacts;
    private bool _ended;

    public HostCacheReader(string path, ReadOnlySpan<byte> cacheKey, Action<string> warn)
    {
        _warn = warn;
        try
        {
            _stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete, HostCache.BufferSize);
            Span<byte> head = stackalloc byte[HostCache.HeaderSize];
            _stream.ReadExactly(head);
            _hasFacts = head[..8].SequenceEqual(HostCache.Magic);
            if (!_hasFacts && !head[..8].SequenceEqual(HostCache.EarlierMagic))
            {
                throw new InvalidDataException("it is no cache of this version");
            }
            _cipher = HostCache.Cipher(cacheKey, head[8..]);
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
    public CachedItem? NextBefore(EntryPath path) => (_next < _items.Count || ReadBlock()) && _items[_next].Entry.Path < path ? _items[_next++] : null;

    /// <summary>The next item; null at the end.</summary>
    public CachedItem? Next() => _next < _items.Count || ReadBlock() ? _items[_next++] : null;

    private bool ReadBlock()
    {
        if (_ended)
        {
            return false;
        }
        try
        {
            Span<byte> head = stackalloc byte[9];
            var read = _stream!.ReadAtLeast(head, 9, throwOnEndOfStream: false);
            if (read == 0)
            {
                _ended = true;
                return false;
            }
            int length = BinaryPrimitives.ReadInt32LittleEndian(head), rawLength = BinaryPrimitives.ReadInt32LittleEndian(head[5..]);
            if (read < 9 || length is < 16 or > 1 << 28 || rawLength is < 0 or > 1 << 28)
            {
                throw new InvalidDataException("a block is cut short");
            }
            var sealedBlock = new byte[length];
            _stream.ReadExactly(sealedBlock);
            Span<byte> nonce = stackalloc byte[12];
            BinaryPrimitives.WriteUInt64LittleEndian(nonce, _block++);
            var packed = new byte[length - 16];
            _cipher!.Decrypt(nonce, sealedBlock.AsSpan(..^16), sealedBlock.AsSpan(^16..), packed, head);
            var raw = new byte[rawLength];
            _codec.Decompress((ChunkCodec)head[4], packed, raw);
            _items = HostCache.Decode(raw, _hasFacts);
            _next = 0;
            Count += _items.Count;
            return true;
        }
        catch (Exception e) when (e is IOException or InvalidDataException or CryptographicException or ArgumentOutOfRangeException or IndexOutOfRangeException)
        {
            GiveUp(e);
            return false;
        }
    }

    private void GiveUp(Exception e)
    {
        _ended = true;
        _items = [];
        _next = 0;
        _warn($"The host's cache cannot be used ({e.Message}); files are read again instead.");
    }

    public void Dispose()
    {
        _stream?.Dispose();
        _cipher?.Dispose();
        _codec.Dispose();
    }
}
