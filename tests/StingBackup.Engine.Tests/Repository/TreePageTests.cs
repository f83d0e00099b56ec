using System.Buffers;
using System.Buffers.Binary;
using System.Security.Cryptography;
using StingBackup.Engine.Basics;
using StingBackup.Engine.Repository;
using StingBackup.Engine.Sources;

namespace StingBackup.Engine.Tests.Repository;

/// <summary>Pages of trees and of subject tables: what a reader gets of bytes that passed every check of cryptography and still make no sense.</summary>
public sealed class TreePageTests
{
    private static Id32 Id(int i) => new(SHA256.HashData(BitConverter.GetBytes(i)));

    private static byte[] With(byte[] bytes, Action<byte[]> change)
    {
        var changed = bytes.ToArray();
        change(changed);
        return changed;
    }

    private static void Put(byte[] bytes, int at, int value) => BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(at), value);

    [Fact]
    public void A_table_comes_back_sorted_and_each_id_once()
    {
        var table = TreeTable.Of(3, true, [Id(2), Id(1), Id(2)], [Id(9), Id(8)]);
        var bytes = table.ToBytes();
        Assert.Equal("030100000200000002000000", Convert.ToHexStringLower(bytes.AsSpan(0, 12)));
        var read = TreeTable.Read(bytes);
        Assert.Equal(((byte)3, true), (read.Level, read.IsRoot));
        Assert.Equal(((Id32[])[Id(1), Id(2)]).Order(), read.Pages);
        Assert.Equal(((Id32[])[Id(8), Id(9)]).Order(), read.Chunks);
        Assert.Equal(Id(9), read.Chunks[read.RankOfChunk(Id(9))]);
        Assert.Equal(Id(2), read.Pages[read.RankOfPage(Id(2))]);
        Assert.False(TreeTable.Read(TreeTable.Of(0, false, [], []).ToBytes()).IsRoot);
    }

    [Fact]
    public void A_table_whose_lengths_do_not_fit_is_refused()
    {
        var bytes = TreeTable.Of(0, false, [Id(1)], [Id(2)]).ToBytes();
        byte[][] wrong =
        [
            bytes[..11], bytes[..^1], [.. bytes, 0], With(bytes, b => b[1] = 2), With(bytes, b => Put(b, 4, 2)), With(bytes, b => Put(b, 8, 0)),
            With(bytes, b => { Put(b, 4, -1); Put(b, 8, 3); }), With(bytes, b => { Put(b, 4, 3); Put(b, 8, -1); }),
        ];
        Assert.All(wrong, changed => Assert.Throws<InvalidDataException>(() => TreeTable.Read(changed)));
    }

    private static TreeEntry Entry(string path, params Extent[] extents) => new()
    {
        Path = EntryPath.Parse(path), Kind = ItemKind.File, Metadata = new ItemMetadata { ModifiedNs = 5 }, Length = extents.Sum(e => e.Length), Extents = extents,
    };

    /// <summary>A leaf of one file with a hole and an extent, one with nothing, one in content pages; where its fields begin.</summary>
    private static (TreeTable Table, byte[] Body) Leaf(string? root = null)
    {
        var (table, body) = TreePage.EncodeLeaf(root,
        [
            Entry("a", new Extent(Id(1), 3, 100), new Extent(default, 0, 50)), Entry("ab"), Entry("b/c") with { Length = 9, ContentPages = [new ContentPageRef(Id(7), 9)] },
        ]);
        return (table, body.WrittenSpan.ToArray());
    }

    [Fact]
    public void A_leaf_comes_back_with_holes_content_pages_and_its_subject()
    {
        var (table, body) = Leaf("user:ä");
        var page = TreePage.Decode(table, body);
        Assert.Equal("user:ä", page.SubjectName);
        Assert.Equal(["a", "ab", "b/c"], page.Entries.Select(e => e.Path.ToString()));
        Assert.Equal([new Extent(Id(1), 3, 100), new Extent(default, 0, 50)], page.Entries[0].Extents);
        Assert.Equal([false, true], page.Entries[0].Extents.Select(e => e.IsHole));
        Assert.Equal((0, 0, 0L), (page.Entries[1].Extents.Count, page.Entries[1].ContentPages.Count, page.Entries[1].Length));
        Assert.Equal([new ContentPageRef(Id(7), 9)], page.Entries[2].ContentPages);
        Assert.Equal([Id(1)], table.Chunks);
        Assert.Equal([Id(7)], table.Pages);
        Assert.Null(TreePage.Decode(Leaf().Table, Leaf().Body).SubjectName);
    }

    [Fact]
    public void Interior_and_content_pages_come_back()
    {
        TreeChild[] children = [new(Id(5), EntryPath.Parse("a/b"), 7, 1L << 40), new(Id(4), EntryPath.Parse("a/c"), 8, 2)];
        var (table, body) = TreePage.EncodeInterior(2, null, children);
        Assert.Equal(2, table.Level);
        Assert.Equal(children, TreePage.Decode(table, body.WrittenSpan).Children);
        Extent[] extents = [new(Id(5), 1, 2), new(default, 0, 1L << 41), new(Id(4), int.MaxValue, 3)];
        (table, body) = TreePage.EncodeContent(extents);
        Assert.Equal((TreeTable.ContentLevel, false), (table.Level, table.IsRoot));
        Assert.Equal(extents, TreePage.Decode(table, body.WrittenSpan).Extents);
        Assert.Throws<InvalidDataException>(() => TreePage.Decode(table, With(body.WrittenSpan.ToArray(), b => Put(b, 4, 2))));   // a chunk that the table has not
    }

    [Fact]
    public void A_body_that_makes_no_sense_is_refused()
    {
        var (table, body) = Leaf();
        string Why(byte[] changed) => Assert.Throws<InvalidDataException>(() => TreePage.Decode(table, changed)).Message;
        Assert.Contains("left over", Why([.. body, 0]), StringComparison.Ordinal);
        for (var cut = 0; cut < body.Length; cut++)
        {
            Why(body[..cut]);   // wherever it ends, it is no page
        }
        Assert.Contains("count", Why(With(body, b => Put(b, 0, -1))), StringComparison.Ordinal);
        Assert.Contains("count", Why(With(body, b => Put(b, 0, b.Length + 1))), StringComparison.Ordinal);
        Assert.Contains("path", Why(With(body, b => Put(b, 4, 1))), StringComparison.Ordinal);
        Assert.Contains("path", Why(With(body, b => Put(b, 4, -1))), StringComparison.Ordinal);
        Assert.Contains("path", Why(With(body, b => Put(b, 8, -1))), StringComparison.Ordinal);
        Assert.Contains("path", Why(With(body, b => Put(b, 8, b.Length))), StringComparison.Ordinal);
        // shared 4 · rest 4 · "a" · kind 1 · attributes 2 + 7 + 8 · length 8 · mode 1 · parts 4
        const int Length = 4 + 9 + 1 + 17, Mode = Length + 8, Parts = Mode + 1;
        Assert.Contains("content", Why(With(body, b => b[Length + 7] = 0x80)), StringComparison.Ordinal);
        Assert.Contains("content", Why(With(body, b => b[Mode] = 3)), StringComparison.Ordinal);
        Assert.Contains("content", Why(With(body, b => Put(b, Parts, -1))), StringComparison.Ordinal);
        Assert.Contains("content", Why(With(body, b => Put(b, Parts, b.Length))), StringComparison.Ordinal);
        Assert.Contains("no sense", Why(With(body, b => Put(b, Parts + 4, 1))), StringComparison.Ordinal);
        Assert.Contains("no sense", Why(With(body, b => Put(b, Parts + 4, int.MinValue))), StringComparison.Ordinal);
    }

    [Fact]
    public void A_name_within_a_page_that_would_leave_its_folder_is_refused()
    {
        var (table, body) = Leaf();
        body[12] = (byte)'.';
        Assert.Equal("NameNotAllowed", Assert.Throws<StingException>(() => TreePage.Decode(table, body)).ErrorId);
    }

    private static byte[] AttributesOf(params (ushort Number, byte Flags, byte[] Value)[] attributes)
    {
        var target = new ArrayBufferWriter<byte>();
        target.Write(BitConverter.GetBytes((ushort)attributes.Length));
        foreach (var (number, flags, value) in attributes)
        {
            target.Write(BitConverter.GetBytes(number));
            target.Write([flags]);
            target.Write(BitConverter.GetBytes(value.Length));
            target.Write(value);
        }
        return target.WrittenSpan.ToArray();
    }

    private static ItemMetadata Read(byte[] bytes)
    {
        ReadOnlySpan<byte> source = bytes;
        var (metadata, _) = Attributes.Read(ref source);
        Assert.True(source.IsEmpty);
        return metadata;
    }

    [Fact]
    public void An_attribute_of_a_later_version_is_passed_over_unless_it_must_be_understood()
    {
        Assert.Equal(0x1234u, Read(AttributesOf((77, 0, [1, 2, 3]), (1, 0, [0x34, 0x12, 0, 0]))).Mode);
        Assert.Equal(0x1234u, Read(AttributesOf((77, 2, []), (1, 0, [0x34, 0x12, 0, 0]))).Mode);   // other flags ask for nothing
        var unknown = Assert.Throws<StingException>(() => Read(AttributesOf((77, 1, []))));
        Assert.Equal(("AttributeUnknown", FailureKind.NotSupported), (unknown.ErrorId, unknown.Kind));
        Assert.Contains("attribute 77", unknown.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Attributes_stand_under_their_numbers_and_say_what_must_be_understood()
    {
        var target = new ArrayBufferWriter<byte>();
        Attributes.Write(new ItemMetadata { Mode = 1, UserId = 2, GroupId = 3, UserName = "u", GroupName = "g", ModifiedNs = 6, BirthNs = 7, LinkTarget = [8], Device = 10, ExtendedAttributes = [new([1], [2])], WindowsAttributes = 12 },
            EntryPath.Parse("h"), target);
        var bytes = target.WrittenSpan;
        var seen = new List<(int Number, int Flags, int Length)>();
        for (var at = 2; at < bytes.Length;)
        {
            var length = BinaryPrimitives.ReadInt32LittleEndian(bytes[(at + 3)..]);
            seen.Add((BinaryPrimitives.ReadUInt16LittleEndian(bytes[at..]), bytes[at + 2], length));
            at += 7 + length;
        }
        Assert.Equal(12, BinaryPrimitives.ReadUInt16LittleEndian(bytes));
        Assert.Equal([(1, 0, 4), (2, 0, 4), (3, 0, 4), (4, 0, 1), (5, 0, 1), (6, 0, 8), (7, 0, 8), (8, 1, 1), (9, 1, 1), (10, 0, 8), (11, 0, 10), (12, 0, 4)], seen);
        var bare = new ArrayBufferWriter<byte>();
        Attributes.Write(new ItemMetadata(), null, bare);
        Assert.Equal(2 + 15, bare.WrittenCount);   // the time alone
    }

    [Fact]
    public void A_subject_table_is_cut_by_its_pseudonyms_and_refused_where_its_length_does_not_fit()
    {
        SubjectRow[] rows = [.. Enumerable.Range(0, 2000).Select(i => new SubjectRow(new Id16(SHA256.HashData(BitConverter.GetBytes(i))), Id(i), i, i * 1000L)).OrderBy(r => r.Pseudonym)];
        var pages = SubjectTable.Encode(rows).ToList();
        Assert.InRange(pages.Count, 5, 40);
        Assert.Equal(rows, pages.SelectMany(p => SubjectTable.Decode(p)));
        // Every page but the last ends where the last byte says so, and nowhere else.
        Assert.All(pages.SkipLast(1), page => Assert.Equal(0, SubjectTable.Decode(page)[^1].Pseudonym.ToArray()[15] % 128));
        Assert.All(pages, page => Assert.DoesNotContain(SubjectTable.Decode(page).SkipLast(1), r => r.Pseudonym.ToArray()[15] % 128 == 0));
        // One more subject changes one page.
        var more = SubjectTable.Encode([.. rows.Append(new SubjectRow(new Id16(SHA256.HashData("new"u8)), Id(-1), 1, 1)).OrderBy(r => r.Pseudonym)]).ToList();
        Assert.InRange(more.Count(p => !pages.Any(q => q.AsSpan().SequenceEqual(p))), 1, 2);
        Assert.Empty(SubjectTable.Encode([]));
        Assert.Empty(SubjectTable.Decode(new byte[4]));
        byte[][] wrong = [new byte[3], pages[0][..^1], [.. pages[0], 0], With(pages[0], b => b[0]++), With(new byte[4], b => Put(b, 0, -1))];
        Assert.All(wrong, changed => Assert.Throws<InvalidDataException>(() => SubjectTable.Decode(changed)));
    }
}
