using CsCheck;
using StingBackup.Engine.Basics;
using StingBackup.Engine.Repository;
using StingBackup.Engine.Sources;
using StingBackup.Engine.Storage;

namespace StingBackup.Engine.Tests.Repository;

public sealed class TreeTests
{
    private static readonly Gen<string> Path = Gen.String[Gen.Char["abc-.!é"], 1, 4].Where(n => n is not ("." or "..")).Array[1, 4].Select(p => string.Join('/', p));

    private static async Task<List<TreeEntry>> WalkAsync(TestTree tree, Id32 root, string under = "")
    {
        await using var store = new MemoryObjectStore();
        using var reader = tree.Reader(store);
        var entries = new List<TreeEntry>();
        await foreach (var entry in new TreeWalker(reader).WalkAsync(new TreeRoot(tree.Subject.Pseudonym, root), EntryPath.Parse(under), null, default))
        {
            entries.Add(entry);
        }
        return entries;
    }

    private static void AssertSame(TreeEntry expected, TreeEntry actual)
    {
        Assert.Equal(expected.Path, actual.Path);
        Assert.Equal((expected.Kind, expected.Length), (actual.Kind, actual.Length));
        Assert.Equal(expected.Extents, actual.Extents);
        Assert.Equal(expected.HardLinkTo, actual.HardLinkTo);
        Assert.Equivalent(expected.Metadata, actual.Metadata, strict: true);
    }

    [Fact]
    public async Task What_a_tree_was_built_from_comes_back_in_path_order()
    {
        await Path.Array[0, 600].SampleAsync(async paths =>
        {
            var entries = paths.Distinct(StringComparer.Ordinal).Select(p => TestTree.File(p, p, p.Length)).OrderBy(e => e.Path).ToList();
            var tree = new TestTree();
            var summary = tree.Build(entries);
            var read = await WalkAsync(tree, summary.Root);
            Assert.Equal(entries.Count, read.Count);
            for (var i = 0; i < entries.Count; i++)
            {
                AssertSame(entries[i], read[i]);
            }
            Assert.Equal((entries.Count, entries.Sum(e => e.Length)), (summary.Items, summary.Length));
        }, iter: 30);
    }

    [Fact]
    public async Task Every_kind_and_attribute_comes_back()
    {
        var full = new ItemMetadata
        {
            Mode = 0xfff, UserId = uint.MaxValue, GroupId = 0, UserName = "ünï", GroupName = "g", ModifiedNs = -1, BirthNs = long.MaxValue, LinkTarget = [0xff, 0x2f],
            Device = ulong.MaxValue, ExtendedAttributes = [new([1], []), new("user.x"u8.ToArray(), [0, 1, 2])], WindowsAttributes = 32,
        };
        TreeEntry[] entries = [.. Enum.GetValues<ItemKind>().Select(kind => new TreeEntry { Path = EntryPath.Parse(kind.ToString()), Kind = kind, Metadata = full, HardLinkTo = kind == ItemKind.HardLink ? EntryPath.Parse("File") : null })];
        var tree = new TestTree();
        var read = await WalkAsync(tree, tree.Build(entries).Root);
        foreach (var (expected, actual) in entries.OrderBy(e => e.Path).Zip(read))
        {
            AssertSame(expected, actual);
        }
    }

    [Fact]
    public async Task A_selection_gives_what_lies_at_or_below_a_path_and_nothing_else()
    {
        var tree = new TestTree();
        var entries = Enumerable.Range(0, 5000).Select(i => TestTree.File($"users/{i % 50}/d{i % 7}/f{i}")).ToList();
        var root = tree.Build(entries).Root;
        var read = await WalkAsync(tree, root, "users/7/d3");
        Assert.Equal(entries.Where(e => e.Path.IsWithin(EntryPath.Parse("users/7/d3"))).Select(e => e.Path).Order(), read.Select(e => e.Path));
        Assert.Single(await WalkAsync(tree, root, "users/7/d0/f7"));
        Assert.Empty(await WalkAsync(tree, root, "users/7/d"));
    }

    [Fact]
    public void The_same_items_give_the_same_pages_and_ten_changes_in_a_hundred_thousand_give_few_new_ones()
    {
        var entries = Enumerable.Range(0, 100_000).Select(i => TestTree.File($"d{i / 300:d4}/f{i:d6}")).ToList();
        var tree = new TestTree();
        var first = tree.Build(entries);
        var pages = tree.Stored;
        Assert.Equal(first, tree.Build(entries));
        Assert.Equal(pages, tree.Stored);
        for (var i = 0; i < 10; i++)
        {
            entries[i * 9_999] = entries[i * 9_999] with { Length = 101 };
        }
        entries.Add(TestTree.File("d0100/new"));
        tree.Build(entries);
        Assert.InRange(tree.Stored - pages, 11, 40);
    }

    [Fact]
    public async Task A_long_file_keeps_its_extents_in_pages_of_their_own()
    {
        var extents = Enumerable.Range(0, 20_000).Select(i => i % 100 == 50 ? new Extent(default, 0, 4096) : new Extent(new Id32(System.Security.Cryptography.SHA256.HashData(BitConverter.GetBytes(i))), 0, 1000 + i)).ToList();
        var tree = new TestTree();
        var entry = TestTree.File("big") with { Extents = extents, Length = extents.Sum(x => x.Length) };
        var root = tree.Build([entry]).Root;
        await using var store = new MemoryObjectStore();
        using var reader = tree.Reader(store);
        var read = Assert.Single(await WalkAsync(tree, root));
        Assert.Empty(read.Extents);
        Assert.Equal(extents, await new TreeWalker(reader).ReadExtentsAsync(tree.Subject.Pseudonym, read, default));
    }

    [Theory]
    [InlineData(64, 64)]
    [InlineData(65, 0)]
    public async Task Sixty_four_extents_stand_in_the_record_itself(int extents, int inRecord)
    {
        var tree = new TestTree();
        var root = tree.Build([TestTree.File("a") with { Extents = [.. Enumerable.Range(1, extents).Select(i => new Extent(new Id32(System.Security.Cryptography.SHA256.HashData(BitConverter.GetBytes(i))), 0, 10))], Length = extents * 10 }]).Root;
        Assert.Equal(inRecord, Assert.Single(await WalkAsync(tree, root)).Extents.Count);
    }

    [Fact]
    public async Task Two_trees_are_compared_by_the_pages_that_they_do_not_share()
    {
        var entries = Enumerable.Range(0, 20_000).Select(i => TestTree.File($"f{i:d6}")).ToList();
        var tree = new TestTree();
        var old = tree.Build(entries).Root;
        entries[500] = entries[500] with { Length = 7 };
        entries.RemoveAt(15_000);
        var @new = tree.Build(entries).Root;
        await using var store = new MemoryObjectStore();
        using var reader = tree.Reader(store);
        var (before, after) = await new TreeWalker(reader).UnsharedAsync(new TreeRoot(tree.Subject.Pseudonym, old), new TreeRoot(tree.Subject.Pseudonym, @new), default);
        Assert.Contains(before, e => e.Path == EntryPath.Parse("f015000"));
        Assert.DoesNotContain(after, e => e.Path == EntryPath.Parse("f015000"));
        Assert.InRange(before.Count, 2, 2500);
    }

    [Fact]
    public void Items_out_of_order_are_refused()
    {
        var builder = new TreeBuilder("s", 1, new TestTree());
        builder.Add(TestTree.File("b"));
        Assert.Throws<InvalidOperationException>(() => builder.Add(TestTree.File("a")));
        Assert.Throws<InvalidOperationException>(() => builder.Add(TestTree.File("b")));
    }

    [Fact]
    public async Task A_flipped_byte_anywhere_in_a_record_is_refused()
    {
        var tree = new TestTree();
        var root = tree.Build([TestTree.File("a"), TestTree.File("b")]).Root;
        await using var good = new MemoryObjectStore();
        using var reader = tree.Reader(good);
        Assert.True(reader.Index.TryFind(root, out var place));
        var bytes = await good.ReadAllAsync(place.Segment.Pack.Name, default);
        for (var i = 0; i < place.Entry.StoredLength; i++)
        {
            await using var store = new MemoryObjectStore();
            var flipped = bytes.ToArray();
            flipped[place.Entry.Offset + i] ^= 0x40;
            await store.PutAsync(place.Segment.Pack.Name, flipped, default);
            using var hit = new ChunkReader(store, reader.Index, TestSubject.Reserve, tree.Subject);
            var error = await Assert.ThrowsAsync<StingException>(async () => await hit.ReadPageAsync(tree.Subject.Pseudonym, root, default));
            Assert.Equal("ChunkDamaged", error.ErrorId);
        }
    }
}
