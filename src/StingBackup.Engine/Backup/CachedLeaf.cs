using System.Buffers.Binary;
using System.Text;
using StingBackup.Engine.Basics;
using StingBackup.Engine.Repository;
using StingBackup.Engine.Sources;

namespace StingBackup.Engine.Backup;

/// <summary>
/// A leaf of a subject's tree as the last run made it: a block of the host's cache. Where nothing of it changed, the next tree refers to the same page and the next cache holds the same block, and no item of it is read.
/// </summary>
internal sealed record CachedLeaf
{
    /// <summary>Files of more extents have pages of their own for these.</summary>
    private const int MostExtents = 64;

    public required string Subject { get; init; }
    public required ulong Mark { get; init; }
    public required EntryPath First { get; init; }
    public required EntryPath Last { get; init; }
    public required int Items { get; init; }
    /// <summary>Items that are files, and not second names of some.</summary>
    public required int Files { get; init; }
    /// <summary>Sum of file lengths.</summary>
    public required long Length { get; init; }
    /// <summary>Sum of what is no hole.</summary>
    public required long DataLength { get; init; }
    public required Id32 Page { get; init; }
    /// <summary>Chunks that the items refer to.</summary>
    public required IReadOnlyList<Id32> Chunks { get; init; }
    /// <summary>What <see cref="PathSet"/> remembers of the items' paths.</summary>
    public required IReadOnlyList<ulong> Paths { get; init; }
    /// <summary>The block's bytes.</summary>
    public byte[] Block { get; init; } = [];
    /// <summary>Reads the items.</summary>
    public Func<List<CachedItem>> Open { get; init; } = static () => [];

    /// <summary>How a tree refers to it.</summary>
    public TreeChild Child => new(Page, First, Items, Length);

    /// <summary>The leaf that items make; null where they are not one's alone, or have further pages.</summary>
    public static CachedLeaf? TryOf(List<CachedItem> items, TreeChild leaf)
    {
        var (first, chunks, files, data) = (items[0], new HashSet<Id32>(), 0, 0L);
        foreach (var item in items)
        {
            if (item.Subject != first.Subject || item.Mark != first.Mark || item.Entry.Extents.Count > MostExtents || item.Entry.ContentPages.Count > 0)
            {
                return null;
            }
            files += item.Entry.Kind == ItemKind.File ? 1 : 0;
            foreach (var extent in item.Entry.Extents.Where(x => !x.IsHole))
            {
                chunks.Add(extent.Id);
                data += extent.Length;
            }
        }
        return first.Entry.Path != leaf.First ? null : new CachedLeaf
        {
            Subject = first.Subject, Mark = first.Mark, First = leaf.First, Last = items[^1].Entry.Path, Items = items.Count, Files = files, Length = leaf.Length, DataLength = data, Page = leaf.Page,
            Chunks = [.. chunks], Paths = [.. items.Select(i => PathSet.HashOf(i.Entry.Path))],
        };
    }

    public byte[] ToBytes()
    {
        using var stream = new MemoryStream();
        using var writer = new BinaryWriter(stream, Encoding.UTF8);
        Span<byte> id = stackalloc byte[Id32.Size];
        writer.Write(Subject);
        writer.Write(Mark);
        foreach (var path in (EntryPath[])[First, Last])
        {
            writer.Write7BitEncodedInt(path.Bytes.Length);
            writer.Write(path.Bytes);
        }
        writer.Write(Items);
        writer.Write(Files);
        writer.Write(Length);
        writer.Write(DataLength);
        Page.CopyTo(id);
        writer.Write(id);
        writer.Write(Chunks.Count);
        foreach (var chunk in Chunks)
        {
            chunk.CopyTo(id);
            writer.Write(id);
        }
        foreach (var hash in Paths)
        {
            writer.Write(hash);
        }
        writer.Flush();
        return stream.ToArray();
    }

    /// <summary>Reads what <see cref="ToBytes"/> made.</summary>
    public static CachedLeaf Read(byte[] bytes, byte[] block, Func<List<CachedItem>> open)
    {
        using var reader = new BinaryReader(new MemoryStream(bytes), Encoding.UTF8);
        var (subject, mark) = (reader.ReadString(), reader.ReadUInt64());
        var (first, last) = (ReadPath(reader), ReadPath(reader));
        var (items, files, length, data) = (reader.ReadInt32(), reader.ReadInt32(), reader.ReadInt64(), reader.ReadInt64());
        var page = new Id32(reader.ReadBytes(Id32.Size));
        var count = reader.ReadInt32();
        if (count < 0 || items < 0 || ((long)count * Id32.Size) + ((long)items * sizeof(ulong)) != bytes.Length - reader.BaseStream.Position)
        {
            throw new InvalidDataException("a leaf makes no sense");
        }
        var rest = bytes.AsSpan((int)reader.BaseStream.Position);
        var chunks = new Id32[count];
        for (var i = 0; i < count; i++)
        {
            chunks[i] = new Id32(rest[(i * Id32.Size)..]);
        }
        rest = rest[(count * Id32.Size)..];
        var paths = new ulong[items];
        for (var i = 0; i < items; i++)
        {
            paths[i] = BinaryPrimitives.ReadUInt64LittleEndian(rest[(i * sizeof(ulong))..]);
        }
        return new CachedLeaf { Subject = subject, Mark = mark, First = first, Last = last, Items = items, Files = files, Length = length, DataLength = data, Page = page, Chunks = chunks, Paths = paths, Block = block, Open = open };
    }

    private static EntryPath ReadPath(BinaryReader reader)
    {
        var length = reader.Read7BitEncodedInt();
        return length >= 0 && length <= reader.BaseStream.Length - reader.BaseStream.Position ? EntryPath.FromBytes(reader.ReadBytes(length)) : throw new InvalidDataException("a leaf makes no sense");
    }
}
