using System.Buffers;
using System.Buffers.Binary;
using System.Security.Cryptography;
using StingBackup.Engine.Cryptography;
using StingBackup.Engine.Repository;

namespace StingBackup.Engine.Backup;

/// <summary>Writes a cache; its file goes with it unless it is moved to its place before.</summary>
internal sealed class HostCacheWriter : IDisposable
{
    private const int TagSize = 16;

    private readonly string _path;
    private readonly FileStream _stream;
    private readonly byte[] _salt = RandomNumberGenerator.GetBytes(32);
    private readonly AesGcm _cipher;
    private readonly Codec _codec = new(1);
    private readonly List<CachedItem> _items = [];
    private ulong _block;

    public HostCacheWriter(string path, ReadOnlySpan<byte> cacheKey)
    {
        _path = path;
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        _stream = new FileStream(path, FileMode.Create, FileAccess.Write, FileShare.None, HostCache.BufferSize);
        _stream.Write(HostCache.Magic);
        _stream.Write(_salt);
        _cipher = CacheCipher.Of(cacheKey, _salt);
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
            WriteBlock([]);
        }
    }

    /// <summary>No more items come: it can be read. No fsync: after a power loss the next run reads a little more.</summary>
    public void Close()
    {
        Flush();
        _stream.Dispose();
    }

    /// <summary>What was added last is a leaf of a tree. Where nothing of others stands among it, it becomes a block of its own.</summary>
    public void EndLeaf(TreeChild leaf)
    {
        var count = (int)leaf.Items;
        if (_items.Count < count || CachedLeaf.TryOf(_items.GetRange(_items.Count - count, count), leaf) is not { } whole)
        {
            return;
        }
        var items = _items.GetRange(_items.Count - count, count);
        _items.RemoveRange(_items.Count - count, count);
        Flush();
        _items.AddRange(items);
        WriteBlock(whole.ToBytes());
    }

    /// <summary>Takes a leaf over as it is.</summary>
    public void Copy(CachedLeaf leaf)
    {
        Flush();
        Count += leaf.Items;
        _stream.Write(leaf.Block);
    }

    private void Flush()
    {
        if (_items.Count > 0)
        {
            WriteBlock([]);
        }
    }

    private void WriteBlock(ReadOnlySpan<byte> leaf)
    {
        var raw = HostCache.Encode(_items);
        _items.Clear();
        var packed = ArrayPool<byte>.Shared.Rent(Codec.Bound(raw.Length));
        var (codec, length) = _codec.Compress(raw, packed);
        var plain = codec == ChunkCodec.Raw ? raw.AsSpan() : packed.AsSpan(0, length);
        var leafLength = leaf.IsEmpty ? 0 : leaf.Length + TagSize;
        var block = new byte[HostCache.BlockHead + leafLength + length + TagSize];
        var head = block.AsSpan(0, HostCache.BlockHead);
        BinaryPrimitives.WriteInt32LittleEndian(head, leafLength);
        BinaryPrimitives.WriteInt32LittleEndian(head[4..], length + TagSize);
        head[8] = (byte)codec;
        BinaryPrimitives.WriteInt32LittleEndian(head[9..], raw.Length);
        _salt.CopyTo(head[13..]);
        BinaryPrimitives.WriteUInt64LittleEndian(head[45..], _block);
        Span<byte> nonce = stackalloc byte[12];
        var rest = block.AsSpan(HostCache.BlockHead);
        if (leafLength > 0)
        {
            HostCache.Nonce(_block, isLeaf: true, nonce);
            _cipher.Encrypt(nonce, leaf, rest[..leaf.Length], rest.Slice(leaf.Length, TagSize), head);
            rest = rest[leafLength..];
        }
        HostCache.Nonce(_block++, isLeaf: false, nonce);
        _cipher.Encrypt(nonce, plain, rest[..length], rest[length..], head);
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
