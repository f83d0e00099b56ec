using System.Security.Cryptography;
using System.Text;
using StingBackup.Engine.Basics;
using StingBackup.Engine.Cryptography;
using StingBackup.Engine.Platform;
using StingBackup.Engine.Repository;
using StingBackup.Engine.Sources;
using StingBackup.Engine.Storage;

namespace StingBackup.Engine.Tests.Repository;

/// <summary>A subject with known keys: owner of segments when writing, reader of keys when reading.</summary>
internal sealed class TestSubject : ISegmentOwner, ISubjectReader
{
    private readonly byte[] _dataKey = RandomNumberGenerator.GetBytes(32);
    private readonly byte[] _idKey = SHA256.HashData("id"u8);

    public static Id16 Reserve { get; } = new(SHA256.HashData("reserve"u8));
    public Id16 Pseudonym { get; } = new(SHA256.HashData("pseudonym"u8));
    public IReadOnlyCollection<Id16> Pseudonyms => [Pseudonym];
    public byte[] IdKey => _idKey;

    public (SegmentHeader Header, ChunkCipher? Cipher) NewSegment()
    {
        var salt = RandomNumberGenerator.GetBytes(32);
        byte[] key = new byte[32], commitment = new byte[32];
        SegmentKey.Derive(_dataKey, salt, Reserve, Pseudonym, 1, key, commitment);
        return (new SegmentHeader { Suite = Suite.P256, Pseudonym = Pseudonym, Generation = 1, SealedKey = new byte[113], Salt = salt, Commitment = commitment }, new ChunkCipher(key));
    }

    public ReadOnlyMemory<byte> GetIdKey(Id16 pseudonym, uint generation) => _idKey;
    public byte[] OpenDataKey(Id16 pseudonym, uint generation, ReadOnlySpan<byte> sealedKey) => [.. _dataKey];
}

/// <summary>Collects pages into one pack in memory, and reads them back through the real reader.</summary>
internal sealed class TestTree : ITreePageSink
{
    public static Id16 Writer { get; } = new(SHA256.HashData("writer"u8));

    private readonly Dictionary<Id32, (byte[] Table, byte[] Body)> _pages = [];

    public TestSubject Subject { get; } = new();
    public int Stored => _pages.Count;
    public IEnumerable<Id32> Pages => _pages.Keys;

    public Id32 Store(TreeTable table, ReadOnlySpan<byte> body)
    {
        var bytes = table.ToBytes();
        using var ids = new ChunkIds(Subject.IdKey);
        var id = ids.Compute((byte)ChunkType.Tree, bytes, body);
        _pages[id] = (bytes, body.ToArray());
        return id;
    }

    public TreeSummary Build(IEnumerable<TreeEntry> entries)
    {
        var builder = new TreeBuilder("user:test", 99, this);
        foreach (var entry in entries.OrderBy(e => e.Path))
        {
            builder.Add(entry);
        }
        return builder.Finish();
    }

    /// <summary>Packs what was stored, and gives a reader over it.</summary>
    public ChunkReader Reader(MemoryObjectStore store)
    {
        var slab = new PackSlab(16 << 20);
        foreach (var (id, (table, body)) in _pages)
        {
            slab.Add(Subject, id, ChunkType.Tree, ChunkCodec.Raw, table, body, body.Length);
        }
        var pack = new PageBuffer(1);
        var tables = new PackAssembler(TestSubject.Reserve, Writer, 1).Assemble(slab, ObjectKind.MetaPack, ref pack, out var length);
        Assert.True(store.PutAsync(tables.Pack.Name, pack.Memory[..length].ToArray(), default).AsTask().GetAwaiter().GetResult());
        var content = new IndexContent();
        content.Add(tables);
        var fragment = IndexFragment.Read("index/0/x", IndexFragment.Write(content, TestSubject.Reserve, Writer, 1, 0, null), TestSubject.Reserve, _ => null);
        return new ChunkReader(store, new RepositoryIndex([fragment]), TestSubject.Reserve, Subject);
    }

    public static TreeEntry File(string path, string content = "x", long length = 100) => new()
    {
        Path = EntryPath.Parse(path), Kind = ItemKind.File, Length = length,
        Metadata = new ItemMetadata { Mode = 0x1a4, UserId = 7, GroupId = 8, UserName = "ann", ModifiedNs = 1_700_000_000_123_456_789 },
        Extents = [new Extent(new Id32(SHA256.HashData(Encoding.UTF8.GetBytes(content))), 5, length)],
    };
}
