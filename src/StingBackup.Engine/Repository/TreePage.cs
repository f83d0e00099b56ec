using System.Buffers;
using System.Buffers.Binary;
using System.Text;
using StingBackup.Engine.Basics;

namespace StingBackup.Engine.Repository;

/// <summary>A child of an interior page.</summary>
/// <param name="Page">The child's id.</param>
/// <param name="First">The first path below it.</param>
/// <param name="Items">Items below it.</param>
/// <param name="Length">Sum of their file lengths in bytes.</param>
public sealed record TreeChild(Id32 Page, EntryPath First, long Items, long Length);

/// <summary>
/// The clear part of a tree page: what it refers to, sorted, so that marking, copying and planning need no key and file order does not show.
/// </summary>
/// <remarks>level u8 · flags u8 (1 = root) · zero u16 · pages u32 · chunks u32 · page ids · chunk ids, each group ascending.</remarks>
public sealed class TreeTable
{
    /// <summary>Bytes before the ids.</summary>
    public const int FixedSize = 12;
    /// <summary>The level of a content page: extents of one long file.</summary>
    public const byte ContentLevel = 255;

    private TreeTable(byte level, bool isRoot, Id32[] pages, Id32[] chunks) => (Level, IsRoot, Pages, Chunks) = (level, isRoot, pages, chunks);

    /// <summary>0 holds items; higher holds pages of the level below; 255 holds extents.</summary>
    public byte Level { get; }
    /// <summary>True for the topmost page, whose body starts with the subject's name.</summary>
    public bool IsRoot { get; }
    /// <summary>Tree pages referred to.</summary>
    public IReadOnlyList<Id32> Pages { get; }
    /// <summary>Data chunks referred to.</summary>
    public IReadOnlyList<Id32> Chunks { get; }

    /// <summary>Makes a table of what a page refers to.</summary>
    internal static TreeTable Of(byte level, bool isRoot, IEnumerable<Id32> pages, IEnumerable<Id32> chunks)
    {
        static Id32[] Sorted(IEnumerable<Id32> ids)
        {
            var sorted = ids.Distinct().ToArray();
            Array.Sort(sorted);
            return sorted;
        }
        return new TreeTable(level, isRoot, Sorted(pages), Sorted(chunks));
    }

    /// <summary>The table's bytes.</summary>
    internal byte[] ToBytes()
    {
        var bytes = new byte[FixedSize + Id32.Size * (Pages.Count + Chunks.Count)];
        bytes[0] = Level;
        bytes[1] = IsRoot ? (byte)1 : (byte)0;
        BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(4), Pages.Count);
        BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(8), Chunks.Count);
        var at = FixedSize;
        foreach (var id in Pages.Concat(Chunks))
        {
            id.CopyTo(bytes.AsSpan(at));
            at += Id32.Size;
        }
        return bytes;
    }

    /// <summary>Reads a table.</summary>
    /// <exception cref="InvalidDataException">Its lengths do not fit.</exception>
    public static TreeTable Read(ReadOnlySpan<byte> source)
    {
        if (source.Length < FixedSize)
        {
            throw new InvalidDataException("a tree page's table is cut short");
        }
        int pages = BinaryPrimitives.ReadInt32LittleEndian(source[4..]), chunks = BinaryPrimitives.ReadInt32LittleEndian(source[8..]);
        if (pages < 0 || chunks < 0 || source[1] > 1 || FixedSize + (long)Id32.Size * pages + (long)Id32.Size * chunks != source.Length)
        {
            throw new InvalidDataException("a tree page's table makes no sense");
        }
        return new TreeTable(source[0], source[1] == 1, ReadIds(source[FixedSize..], pages), ReadIds(source[(FixedSize + Id32.Size * pages)..], chunks));
    }

    internal int RankOfPage(Id32 id) => Rank((Id32[])Pages, id);
    internal int RankOfChunk(Id32 id) => Rank((Id32[])Chunks, id);

    private static int Rank(Id32[] ids, Id32 id) => Array.BinarySearch(ids, id);

    private static Id32[] ReadIds(ReadOnlySpan<byte> source, int count)
    {
        var ids = new Id32[count];
        for (var i = 0; i < count; i++)
        {
            ids[i] = new Id32(source[(i * Id32.Size)..]);
        }
        return ids;
    }
}

/// <summary>A tree page, decoded: a table in the clear and a body that is stored encrypted and refers to the table by rank.</summary>
public sealed class TreePage
{
    private const uint HoleRank = uint.MaxValue;
    // The least that each takes: a count beyond what the body can hold must not take memory first.
    private const int LeastEntry = 20, LeastChild = 28, ExtentSize = 16, ContentRefSize = 12;
    /// <summary>The most that the paths of one page take when they are written out: they share their beginnings, and a few bytes could mean terabytes.</summary>
    internal const int MaxPaths = 64 << 20;
    private const byte NoContent = 0, Inline = 1, Paged = 2;

    /// <summary>The clear part.</summary>
    public required TreeTable Table { get; init; }
    /// <summary>The subject's canonical name, in root pages alone.</summary>
    public string? SubjectName { get; init; }
    /// <summary>Items, ascending by path (level 0).</summary>
    public IReadOnlyList<TreeEntry> Entries { get; init; } = [];
    /// <summary>Children, ascending by first path (levels 1 to 254).</summary>
    public IReadOnlyList<TreeChild> Children { get; init; } = [];
    /// <summary>Extents of one file in order (level 255).</summary>
    public IReadOnlyList<Extent> Extents { get; init; } = [];

    internal static (TreeTable Table, ArrayBufferWriter<byte> Body) EncodeLeaf(string? rootName, IReadOnlyList<TreeEntry> entries)
    {
        var table = TreeTable.Of(0, rootName is not null, entries.SelectMany(e => e.ContentPages).Select(p => p.Page),
            entries.SelectMany(e => e.Extents).Where(x => !x.IsHole).Select(x => x.Id));
        var body = Start(rootName, entries.Count);
        ReadOnlySpan<byte> before = [];
        foreach (var entry in entries)
        {
            WritePath(body, before, entry.Path.Bytes);
            before = entry.Path.Bytes;
            WriteByte(body, (byte)entry.Kind);
            Attributes.Write(entry.Metadata, entry.HardLinkTo, body);
            WriteContent(body, table, entry);
        }
        return (table, body);
    }

    internal static (TreeTable Table, ArrayBufferWriter<byte> Body) EncodeInterior(byte level, string? rootName, IReadOnlyList<TreeChild> children)
    {
        var table = TreeTable.Of(level, rootName is not null, children.Select(c => c.Page), []);
        var body = Start(rootName, children.Count);
        ReadOnlySpan<byte> before = [];
        foreach (var child in children)
        {
            WritePath(body, before, child.First.Bytes);
            before = child.First.Bytes;
            WriteUInt(body, (uint)table.RankOfPage(child.Page));
            WriteLong(body, child.Items);
            WriteLong(body, child.Length);
        }
        return (table, body);
    }

    internal static (TreeTable Table, ArrayBufferWriter<byte> Body) EncodeContent(IReadOnlyList<Extent> extents)
    {
        var table = TreeTable.Of(TreeTable.ContentLevel, false, [], extents.Where(x => !x.IsHole).Select(x => x.Id));
        var body = Start(null, extents.Count);
        foreach (var extent in extents)
        {
            WriteExtent(body, table, extent);
        }
        return (table, body);
    }

    /// <summary>Decodes a page.</summary>
    /// <exception cref="InvalidDataException">The body makes no sense.</exception>
    public static TreePage Decode(TreeTable table, ReadOnlySpan<byte> body)
    {
        ArgumentNullException.ThrowIfNull(table);
        try
        {
            string? name = null;
            if (table.IsRoot)
            {
                var length = BinaryPrimitives.ReadUInt16LittleEndian(body);
                name = Encoding.UTF8.GetString(body.Slice(2, length));
                body = body[(2 + length)..];
            }
            var count = BinaryPrimitives.ReadInt32LittleEndian(body);
            body = body[4..];
            if (count < 0 || count > body.Length / (table.Level switch { 0 => LeastEntry, TreeTable.ContentLevel => ExtentSize, _ => LeastChild }))
            {
                throw new InvalidDataException("a tree page's count is out of range");
            }
            var page = table.Level switch
            {
                0 => new TreePage { Table = table, SubjectName = name, Entries = DecodeEntries(table, ref body, count) },
                TreeTable.ContentLevel => new TreePage { Table = table, Extents = DecodeExtents(table, ref body, count) },
                _ => new TreePage { Table = table, SubjectName = name, Children = DecodeChildren(table, ref body, count) },
            };
            return body.IsEmpty ? page : throw new InvalidDataException("a tree page has bytes left over");
        }
        catch (Exception e) when (e is ArgumentOutOfRangeException or IndexOutOfRangeException or OverflowException)
        {
            throw new InvalidDataException("a tree page's body makes no sense", e);
        }
    }

    private static TreeEntry[] DecodeEntries(TreeTable table, ref ReadOnlySpan<byte> body, int count)
    {
        var entries = new TreeEntry[count];
        ReadOnlySpan<byte> before = [];
        var room = MaxPaths;
        for (var i = 0; i < count; i++)
        {
            var path = ReadPath(ref body, before, isFirst: i == 0, ref room);
            before = path.Bytes;
            var kind = (ItemKind)body[0];
            if (path.IsRoot || kind is < ItemKind.File or > ItemKind.Socket)
            {
                throw new InvalidDataException(path.IsRoot ? "an item has no name" : $"'{path}' is of kind {(int)kind}, which this version does not know");
            }
            body = body[1..];
            var (metadata, hardLink) = Attributes.Read(ref body);
            var length = BinaryPrimitives.ReadInt64LittleEndian(body);
            var mode = body[8];
            body = body[9..];
            var parts = mode == NoContent ? 0 : BinaryPrimitives.ReadInt32LittleEndian(body);
            body = mode == NoContent ? body : body[4..];
            if (parts < 0 || parts > body.Length / (mode == Paged ? ContentRefSize : ExtentSize) || length < 0 || mode > Paged)
            {
                throw new InvalidDataException("an item's content makes no sense");
            }
            entries[i] = new TreeEntry
            {
                Path = path, Kind = kind, Metadata = metadata, Length = length, HardLinkTo = hardLink,
                Extents = mode == Inline ? DecodeExtents(table, ref body, parts) : [],
                ContentPages = mode == Paged ? DecodeContentRefs(table, ref body, parts) : [],
            };
        }
        return entries;
    }

    private static TreeChild[] DecodeChildren(TreeTable table, ref ReadOnlySpan<byte> body, int count)
    {
        var children = new TreeChild[count];
        ReadOnlySpan<byte> before = [];
        var room = MaxPaths;
        for (var i = 0; i < count; i++)
        {
            var first = ReadPath(ref body, before, isFirst: i == 0, ref room);
            before = first.Bytes;
            children[i] = new TreeChild(table.Pages[BinaryPrimitives.ReadInt32LittleEndian(body)], first,
                BinaryPrimitives.ReadInt64LittleEndian(body[4..]), BinaryPrimitives.ReadInt64LittleEndian(body[12..]));
            body = body[20..];
        }
        return children;
    }

    private static Extent[] DecodeExtents(TreeTable table, ref ReadOnlySpan<byte> body, int count)
    {
        var extents = new Extent[count];
        for (var i = 0; i < count; i++)
        {
            var rank = BinaryPrimitives.ReadUInt32LittleEndian(body);
            extents[i] = new Extent(rank == HoleRank ? default : table.Chunks[checked((int)rank)],
                BinaryPrimitives.ReadInt32LittleEndian(body[4..]), BinaryPrimitives.ReadInt64LittleEndian(body[8..]));
            if (extents[i].Offset < 0 || extents[i].Length < 0)
            {
                throw new InvalidDataException("a part of a file has a length or place below zero");
            }
            body = body[16..];
        }
        return extents;
    }

    private static ContentPageRef[] DecodeContentRefs(TreeTable table, ref ReadOnlySpan<byte> body, int count)
    {
        var refs = new ContentPageRef[count];
        for (var i = 0; i < count; i++)
        {
            refs[i] = new ContentPageRef(table.Pages[BinaryPrimitives.ReadInt32LittleEndian(body)], BinaryPrimitives.ReadInt64LittleEndian(body[4..]));
            body = body[12..];
        }
        return refs;
    }

    private static void WriteContent(ArrayBufferWriter<byte> body, TreeTable table, TreeEntry entry)
    {
        WriteLong(body, entry.Length);
        if (entry.ContentPages.Count > 0)
        {
            WriteByte(body, Paged);
            WriteUInt(body, (uint)entry.ContentPages.Count);
            foreach (var page in entry.ContentPages)
            {
                WriteUInt(body, (uint)table.RankOfPage(page.Page));
                WriteLong(body, page.Length);
            }
        }
        else if (entry.Extents.Count > 0)
        {
            WriteByte(body, Inline);
            WriteUInt(body, (uint)entry.Extents.Count);
            foreach (var extent in entry.Extents)
            {
                WriteExtent(body, table, extent);
            }
        }
        else
        {
            WriteByte(body, NoContent);
        }
    }

    private static void WriteExtent(ArrayBufferWriter<byte> body, TreeTable table, Extent extent)
    {
        WriteUInt(body, extent.IsHole ? HoleRank : (uint)table.RankOfChunk(extent.Id));
        WriteUInt(body, (uint)extent.Offset);
        WriteLong(body, extent.Length);
    }

    private static ArrayBufferWriter<byte> Start(string? rootName, int count)
    {
        var body = new ArrayBufferWriter<byte>(4096);
        if (rootName is not null)
        {
            var length = Encoding.UTF8.GetByteCount(rootName);
            BinaryPrimitives.WriteUInt16LittleEndian(body.GetSpan(2), (ushort)length);
            body.Advance(2);
            Encoding.UTF8.GetBytes(rootName, body.GetSpan(length));
            body.Advance(length);
        }
        WriteUInt(body, (uint)count);
        return body;
    }

    /// <summary>shared u32 · rest u32 · rest: a path by what it shares with the one before.</summary>
    private static void WritePath(ArrayBufferWriter<byte> body, ReadOnlySpan<byte> before, ReadOnlySpan<byte> path)
    {
        var shared = before.CommonPrefixLength(path);
        var rest = path[shared..];
        var span = body.GetSpan(8 + rest.Length);
        BinaryPrimitives.WriteInt32LittleEndian(span, shared);
        BinaryPrimitives.WriteInt32LittleEndian(span[4..], rest.Length);
        rest.CopyTo(span[8..]);
        body.Advance(8 + rest.Length);
    }

    /// <summary>The next path: it follows the one before, and all of them together stay within what a page may take.</summary>
    private static EntryPath ReadPath(ref ReadOnlySpan<byte> body, ReadOnlySpan<byte> before, bool isFirst, ref int room)
    {
        int shared = BinaryPrimitives.ReadInt32LittleEndian(body), rest = BinaryPrimitives.ReadInt32LittleEndian(body[4..]);
        if (rest < 0 || rest > body.Length || shared < 0 || shared > before.Length)
        {
            throw new InvalidDataException("a path makes no sense");
        }
        if (shared + rest > EntryPath.MaxLength || (room -= shared + rest) < 0)
        {
            throw new InvalidDataException("a page's paths are longer than any may be");
        }
        var bytes = new byte[shared + rest];
        before[..shared].CopyTo(bytes);
        body.Slice(8, rest).CopyTo(bytes.AsSpan(shared));
        body = body[(8 + rest)..];
        return isFirst || EntryPath.Compare(before, bytes) < 0 ? EntryPath.FromBytes(bytes) : throw new InvalidDataException("a page's paths are not in order");
    }

    private static void WriteByte(ArrayBufferWriter<byte> body, byte value)
    {
        body.GetSpan(1)[0] = value;
        body.Advance(1);
    }

    private static void WriteUInt(ArrayBufferWriter<byte> body, uint value)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(body.GetSpan(4), value);
        body.Advance(4);
    }

    private static void WriteLong(ArrayBufferWriter<byte> body, long value)
    {
        BinaryPrimitives.WriteInt64LittleEndian(body.GetSpan(8), value);
        body.Advance(8);
    }
}
