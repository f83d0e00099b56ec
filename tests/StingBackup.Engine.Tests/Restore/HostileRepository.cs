using System.Buffers;
using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using StingBackup.Engine.Backup;
using StingBackup.Engine.Basics;
using StingBackup.Engine.Platform;
using StingBackup.Engine.Repository;
using StingBackup.Engine.Storage;

namespace StingBackup.Engine.Tests.Restore;

/// <summary>An item as its bytes stand in a page: nothing of it is checked.</summary>
/// <param name="Path">The path, whatever it holds.</param>
/// <param name="Kind">The kind, whatever number it has.</param>
internal sealed record RawItem(byte[] Path, byte Kind = (byte)ItemKind.File)
{
    public RawItem(string path, ItemKind kind = ItemKind.File) : this(Encoding.UTF8.GetBytes(path), (byte)kind)
    {
    }

    public long Length { get; init; }
    public IReadOnlyList<Extent> Extents { get; init; } = [];
    public IReadOnlyList<ContentPageRef> ContentPages { get; init; } = [];
    /// <summary>Attributes by number; the mode stands besides.</summary>
    public IReadOnlyList<(ushort Number, byte[] Value)> Attributes { get; init; } = [];
    public uint Mode { get; init; } = 0x1a4;
}

/// <summary>
/// A repository whose trees say what no program of ours writes: signed, sealed and named as whoever holds a host's keys could. Beside what is hostile, of user 7, lies a person's honest backup (user 1).
/// </summary>
internal sealed class HostileRepository : IAsyncDisposable
{
    public const string Honest = "users/1/honest.txt";

    private readonly RunSubject _subject;
    private static readonly ClearOwner Clear = new();

    private readonly PackSlab _data = new(24 << 20), _meta = new(24 << 20);

    // Chunks that claim to be longer than any may be, which the assembler refuses to write: their packs are bent after it.
    private readonly Dictionary<Id32, int> _beyond = [];

    private HostileRepository(TestInstallation test, RunSubject subject) => (Test, _subject) = (test, subject);

    public TestInstallation Test { get; }
    public MemoryObjectStore Store => (MemoryObjectStore)Test.Store;
    public Id16 Pseudonym => _subject.Pseudonym;

    public static async Task<HostileRepository> CreateAsync()
    {
        var test = new TestInstallation(new MemoryObjectStore());
        test.Write(Honest, "nothing is wrong with this one"u8);
        await test.BackupAsync();
        return new HostileRepository(test, new RunSubject(await test.Keys.GetAsync("user#7", default), test.Keys.Reserve, RandomNumberGenerator.Create()));
    }

    /// <summary>Content as a chunk.</summary>
    /// <param name="raw">What its id is computed of.</param>
    /// <param name="codec">How it says that it is coded.</param>
    /// <param name="stored">What is stored; null for the content itself.</param>
    /// <param name="rawLength">The length that its header says.</param>
    public Id32 Data(ReadOnlySpan<byte> raw, ChunkCodec codec = ChunkCodec.Raw, byte[]? stored = null, int? rawLength = null)
    {
        using var ids = new Engine.Cryptography.ChunkIds(_subject.Keys.IdKey);
        var id = ids.Compute((byte)ChunkType.Data, raw);
        var length = rawLength ?? raw.Length;
        if (length > PackFormat.MaxRawLength)
        {
            _beyond[id] = length;
        }
        _data.Add(_subject, id, ChunkType.Data, codec, [], stored ?? raw.ToArray(), Math.Min(length, PackFormat.MaxRawLength));
        return id;
    }

    /// <summary>A file with this content.</summary>
    public RawItem File(string path, string content)
    {
        var bytes = Encoding.UTF8.GetBytes(content);
        return new RawItem(path) { Length = bytes.Length, Extents = [new Extent(Data(bytes), 0, bytes.Length)] };
    }

    /// <summary>A page of items.</summary>
    public Id32 Leaf(bool isRoot, params RawItem[] items)
    {
        var table = TreeTable.Of(0, isRoot, items.SelectMany(i => i.ContentPages).Select(p => p.Page), items.SelectMany(i => i.Extents).Where(x => !x.IsHole).Select(x => x.Id));
        var body = Start(isRoot, items.Length);
        foreach (var item in items)
        {
            Path(body, item.Path);
            body.Write([item.Kind]);
            body.Write(U16((ushort)(2 + item.Attributes.Count)));
            Attribute(body, 1, U32(item.Mode));
            foreach (var (number, value) in item.Attributes.Where(a => a.Number < 6))
            {
                Attribute(body, number, value);
            }
            Attribute(body, 6, U64(1_700_000_000_000_000_000));
            foreach (var (number, value) in item.Attributes.Where(a => a.Number > 6))
            {
                Attribute(body, number, value);
            }
            body.Write(U64((ulong)item.Length));
            body.Write([(byte)(item.ContentPages.Count > 0 ? 2 : item.Extents.Count > 0 ? 1 : 0)]);
            if (item.ContentPages.Count + item.Extents.Count > 0)
            {
                body.Write(U32((uint)(item.ContentPages.Count > 0 ? item.ContentPages.Count : item.Extents.Count)));
            }
            foreach (var page in item.ContentPages)
            {
                body.Write(U32((uint)table.RankOfPage(page.Page)));
                body.Write(U64((ulong)page.Length));
            }
            WriteExtents(body, table, item.ContentPages.Count > 0 ? [] : item.Extents);
        }
        return Page(table, body.WrittenSpan);
    }

    /// <summary>A page of pages.</summary>
    public Id32 Interior(byte level, bool isRoot, params (string First, Id32 Page)[] children)
    {
        var table = TreeTable.Of(level, isRoot, children.Select(c => c.Page), []);
        var body = Start(isRoot, children.Length);
        foreach (var (first, page) in children)
        {
            Path(body, Encoding.UTF8.GetBytes(first));
            body.Write(U32((uint)table.RankOfPage(page)));
            body.Write(U64(1));
            body.Write(U64(1));
        }
        return Page(table, body.WrittenSpan);
    }

    /// <summary>A page of parts of a file.</summary>
    public Id32 Content(params Extent[] extents)
    {
        var table = TreeTable.Of(TreeTable.ContentLevel, false, [], extents.Where(x => !x.IsHole).Select(x => x.Id));
        var body = Start(false, extents.Length);
        WriteExtents(body, table, extents);
        return Page(table, body.WrittenSpan);
    }

    /// <summary>Any page.</summary>
    public Id32 Page(TreeTable table, ReadOnlySpan<byte> body)
    {
        var bytes = table.ToBytes();
        using var ids = new Engine.Cryptography.ChunkIds(_subject.Keys.IdKey);
        var id = ids.Compute((byte)ChunkType.Tree, bytes, body);
        _meta.Add(_subject, id, ChunkType.Tree, ChunkCodec.Raw, bytes, body, body.Length);
        return id;
    }

    /// <summary>Commits a tree beside the honest one, as the host's next point.</summary>
    public async Task CommitAsync(Id32 root, long items = 1, long length = 1)
    {
        var writers = Test.Keys.Writers;
        var view = await RepositoryView.LoadAsync(Store, Test.Keys.Reserve, writers, default);
        var before = view.Backups.Last().Record;
        using var reader = new ChunkReader(Store, view.Index, Test.Keys.Reserve, null);
        var users = before.Classes.Single(c => c.Class == DataClass.UserFiles);
        var rows = new List<SubjectRow> { new(Pseudonym, root, items, length) };
        foreach (var page in users.SubjectPages)
        {
            rows.AddRange(await reader.ReadSubjectPageAsync(page, default));
        }
        rows.Sort((a, b) => a.Pseudonym.CompareTo(b.Pseudonym));
        var pages = new List<Id32>();
        foreach (var page in SubjectTable.Encode(rows))
        {
            pages.Add(ChunkReader.ClearId(ChunkType.SubjectPage, page));
            _meta.Add(Clear, pages[^1], ChunkType.SubjectPage, ChunkCodec.Raw, [], page, page.Length);
        }
        var content = new IndexContent();
        foreach (var (slab, kind) in (IEnumerable<(PackSlab, ObjectKind)>)[(_data, ObjectKind.DataPack), (_meta, ObjectKind.MetaPack)])
        {
            if (slab.Slots.Count > 0)
            {
                var pack = new PageBuffer(1);
                var tables = new PackAssembler(Test.Keys.Reserve, Test.Keys.Writer, 2).Assemble(slab, kind, ref pack, out var size);
                tables = Bend(tables, pack.Memory.Span[..size]);
                await Store.PutAsync(tables.Pack.Name, pack.Memory[..size].ToArray(), default);
                content.Add(tables);
            }
        }
        var fragment = IndexFragment.Write(content, Test.Keys.Reserve, Test.Keys.Writer, 2, 0, Test.Keys.Signer);
        await Store.PutAsync(new FragmentName(0, new Id32(SHA256.HashData(fragment))).Name, fragment, default);
        var point = before with
        {
            Sequence = 2, Previous = new Id32(SHA256.HashData(Store.Objects[before.ObjectName].Span)), Name = before.Name + "_2", TimeNs = before.TimeNs + 60_000_000_000, CompletedNs = before.CompletedNs + 60_000_000_000,
            Classes = [.. before.Classes.Select(c => c.Class == DataClass.UserFiles ? c with { SubjectPages = pages, Subjects = rows.Count, Items = c.Items + items, Length = c.Length + length } : c)],
        };
        await Store.PutAsync(point.ObjectName, point.ToBytes(Test.Keys.Signer), default);
    }

    private PackTables Bend(PackTables tables, Span<byte> pack)
    {
        var rows = pack.Length - PackFormat.TrailerSize - BinaryPrimitives.ReadInt32LittleEndian(pack[^8..]) + PackFormat.FooterFixedSize + (4 * tables.Segments.Count);
        ChunkEntry[] entries = [.. tables.Entries.Select(e => _beyond.TryGetValue(e.Id, out var length) ? e with { RawLength = length } : e)];
        for (var i = 0; i < entries.Length; i++)
        {
            Assert.Equal(tables.Entries[i], ChunkEntry.Read(pack[(rows + (i * ChunkEntry.Size))..]));
            entries[i].Write(pack[(rows + (i * ChunkEntry.Size))..]);
            BinaryPrimitives.WriteInt32LittleEndian(pack[(entries[i].Offset + 12)..], entries[i].RawLength);
        }
        var info = new PackInfo(new Id32(SHA256.HashData(pack)), tables.Pack.Kind, pack.Length);
        return new PackTables(info, [.. tables.Segments.Select(s => new SegmentInfo(info, s.Offset, s.Header))], entries);
    }

    public async ValueTask DisposeAsync()
    {
        _subject.Dispose();
        await Test.DisposeAsync();
    }

    internal static byte[] U32(uint value)
    {
        var bytes = new byte[4];
        BinaryPrimitives.WriteUInt32LittleEndian(bytes, value);
        return bytes;
    }

    internal static byte[] U64(ulong value)
    {
        var bytes = new byte[8];
        BinaryPrimitives.WriteUInt64LittleEndian(bytes, value);
        return bytes;
    }

    private static byte[] U16(ushort value) => [(byte)value, (byte)(value >> 8)];

    private static ArrayBufferWriter<byte> Start(bool isRoot, int count)
    {
        var body = new ArrayBufferWriter<byte>();
        if (isRoot)
        {
            body.Write(U16(6));
            body.Write("user#7"u8);
        }
        body.Write(U32((uint)count));
        return body;
    }

    private static void Path(ArrayBufferWriter<byte> body, byte[] path)
    {
        body.Write(U32(0));   // shares nothing with the path before
        body.Write(U32((uint)path.Length));
        body.Write(path);
    }

    private static void Attribute(ArrayBufferWriter<byte> body, ushort number, byte[] value)
    {
        body.Write(U16(number));
        body.Write([(byte)(number is 8 or 9 ? 1 : 0)]);
        body.Write(U32((uint)value.Length));
        body.Write(value);
    }

    private static void WriteExtents(ArrayBufferWriter<byte> body, TreeTable table, IReadOnlyList<Extent> extents)
    {
        foreach (var extent in extents)
        {
            body.Write(U32(extent.IsHole ? uint.MaxValue : (uint)table.RankOfChunk(extent.Id)));
            body.Write(U32((uint)extent.Offset));
            body.Write(U64((ulong)extent.Length));
        }
    }
}
