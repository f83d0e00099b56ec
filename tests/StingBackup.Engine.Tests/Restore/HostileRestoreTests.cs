using System.Runtime.Versioning;
using System.Text;
using StingBackup.Engine.Basics;
using StingBackup.Engine.Repository;
using StingBackup.Engine.Restore;
using StingBackup.Engine.Storage;
using StingBackup.Engine.Tests.Repository;
using StingBackup.Engine.Tests.Support;

namespace StingBackup.Engine.Tests.Restore;

/// <summary>
/// Repositories that somebody with a host's keys wrote to do harm at a restore: nothing is written outside the target, memory and work stay bounded, the harm is named, and whatever else there is comes back.
/// </summary>
[SupportedOSPlatform("linux")]
public sealed class HostileRestoreTests
{
    private const string Mine = "users/7/";

    [LinuxTheory]
    [InlineData("../outside/evil")]
    [InlineData("users/7/../../../outside/evil")]
    [InlineData("users/7/..")]
    [InlineData("/outside/evil")]
    [InlineData("users/7//evil")]
    [InlineData("users/7/evil/")]
    [InlineData("users/7/./evil")]
    [InlineData("users/7/a\0b")]
    [InlineData("")]
    public async Task A_path_that_no_file_can_have_here_costs_its_page_and_writes_nothing(string path)
    {
        await using var hostile = await HostileRepository.CreateAsync();
        await hostile.CommitAsync(hostile.Leaf(true, hostile.File(path, "evil")));
        await RefusedAsync(hostile);
    }

    [LinuxTheory]
    [InlineData("users/7/..\\..\\outside")]
    [InlineData("users/7/C:\\outside")]
    [InlineData("users/7/CON")]
    [InlineData("users/7/a:stream")]
    [InlineData("users/7/dot.")]
    [InlineData("users/7/blank ")]
    [InlineData("users/7/two\nlines\u001b[2J")]
    [InlineData("users/7/invoice\u202etxt.exe")]
    public async Task A_name_that_only_tricks_people_or_other_systems_is_a_plain_file_where_it_belongs(string path)
    {
        // What Windows would take for something else is refused there by WindowsNames, which WindowsNamesTests shows.
        await using var hostile = await HostileRepository.CreateAsync();
        await hostile.CommitAsync(hostile.Leaf(true, hostile.File(path, "harmless")));
        var (content, errors) = await RestoreAsync(hostile);
        Assert.Empty(errors);
        var shown = EntryPath.FromBytes(Encoding.UTF8.GetBytes(path)).ToString();
        Assert.Equal([HostileRepository.Honest, shown], content.Keys);
        Assert.DoesNotContain(shown, c => char.IsControl(c) || c is '\u202e');
        Assert.Equal(Encoding.UTF8.GetBytes(path), EntryPath.Parse(shown).Bytes.ToArray());
    }

    [LinuxFact]
    public async Task A_name_longer_than_any_fails_by_itself_and_a_path_longer_than_any_costs_its_page()
    {
        await using (var hostile = await HostileRepository.CreateAsync())
        {
            await hostile.CommitAsync(hostile.Leaf(true, hostile.File(Mine + "fine", "x"), hostile.File(Mine + new string('n', 256), "x")), items: 2);
            var (content, errors) = await RestoreAsync(hostile);
            Assert.Equal("NameNotAllowed", Assert.Single(errors).ErrorId);
            Assert.Equal([HostileRepository.Honest, Mine + "fine"], content.Keys);
        }
        foreach (var path in (string[])[Mine + new string('x', EntryPath.MaxLength), Mine + string.Concat(Enumerable.Repeat("a/", EntryPath.MaxDepth)) + "b"])
        {
            await using var hostile = await HostileRepository.CreateAsync();
            await hostile.CommitAsync(hostile.Leaf(true, hostile.File(path, "x")));
            await RefusedAsync(hostile);
        }
    }

    [LinuxTheory]
    [InlineData("users/7/a", "users/7/a")]
    [InlineData("users/7/b", "users/7/a")]
    public async Task A_page_with_a_path_twice_or_out_of_order_is_refused(string first, string second)
    {
        await using var hostile = await HostileRepository.CreateAsync();
        await hostile.CommitAsync(hostile.Leaf(true, hostile.File(first, "one"), hostile.File(second, "two")), items: 2);
        await RefusedAsync(hostile);
    }

    [LinuxTheory]
    [InlineData(0)]
    [InlineData(9)]
    [InlineData(255)]
    public async Task A_kind_of_item_that_there_is_not_costs_its_page_and_not_the_restore(byte kind)
    {
        await using var hostile = await HostileRepository.CreateAsync();
        await hostile.CommitAsync(hostile.Leaf(true, new RawItem(Encoding.UTF8.GetBytes(Mine + "x"), kind)));
        await RefusedAsync(hostile);
    }

    [LinuxFact]
    public async Task What_lies_below_a_file_or_a_link_is_refused_by_name_and_nothing_goes_through_the_link()
    {
        await using var hostile = await HostileRepository.CreateAsync();
        var outside = Directory.CreateDirectory(hostile.Test.Folder("outside")).FullName;
        await hostile.CommitAsync(hostile.Leaf(true,
            hostile.File(Mine + "file", "a file"), hostile.File(Mine + "file/below", "evil"),
            Link(Mine + "link", outside), hostile.File(Mine + "link/evil", "evil"), hostile.File(Mine + "link/more/evil", "evil")), items: 5);
        var (content, errors) = await RestoreAsync(hostile);
        Assert.NotEmpty(errors);
        Assert.All(errors, e => Assert.Contains(e.ErrorId, (string[])["RestorePathUnsafe", "RestoreConflict"]));
        Assert.Contains(HostileRepository.Honest, content.Keys);
        Assert.Empty(Directory.GetFileSystemEntries(outside));
    }

    [LinuxFact]
    public async Task A_link_outward_is_a_link_and_a_hard_link_outward_or_to_what_is_anothers_is_none()
    {
        await using var hostile = await HostileRepository.CreateAsync();
        var outside = Directory.CreateDirectory(hostile.Test.Folder("outside")).FullName;
        File.WriteAllText(Path.Combine(outside, "secret"), "theirs");
        await hostile.CommitAsync(hostile.Leaf(true,
            Hard(Mine + "a", HostileRepository.Honest), Hard(Mine + "b", Mine + "link/secret"), Hard(Mine + "c", "outside/secret"), Link(Mine + "link", outside)), items: 4);
        // Whoever restores into a folder that stands beside what is wanted.
        Directory.CreateDirectory(hostile.Test.Folder("out"));
        Directory.CreateSymbolicLink(hostile.Test.Folder("out/outside"), outside);
        var (content, errors) = await RestoreAsync(hostile);
        Assert.Equal(3, errors.Count);
        Assert.All(errors, e => Assert.Contains("its content stands under", e.Message, StringComparison.Ordinal));
        Assert.EndsWith(" -> " + outside, content[Mine + "link"], StringComparison.Ordinal);
        Assert.DoesNotContain(content, item => item.Key is Mine + "a" or Mine + "b" or Mine + "c");
        Assert.DoesNotContain(" is ", content[HostileRepository.Honest], StringComparison.Ordinal);
        Assert.Equal("theirs", File.ReadAllText(Path.Combine(outside, "secret")));

        await using var other = await HostileRepository.CreateAsync();
        await other.CommitAsync(other.Leaf(true, Hard(Mine + "a", "../outside/secret")));
        await RefusedAsync(other);
    }

    [LinuxFact]
    public async Task A_folder_that_becomes_a_link_between_two_steps_of_a_restore_leads_nowhere()
    {
        await using var hostile = await HostileRepository.CreateAsync();
        var outside = Directory.CreateDirectory(hostile.Test.Folder("outside")).FullName;
        await hostile.CommitAsync(hostile.Leaf(true, [.. Enumerable.Range(0, 20).Select(i => hostile.File($"{Mine}d/f{i:d2}", $"content {i}"))]), items: 20);
        var swaps = 0;
        hostile.Test.WrapTarget = target => new FaultyTarget(target)
        {
            Before = (verb, path) =>
            {
                // After the folder was made and entered, before a file is created in it.
                if (verb == "create" && path.ToString().StartsWith(Mine + "d/", StringComparison.Ordinal) && Interlocked.Increment(ref swaps) == 1)
                {
                    Directory.Move(hostile.Test.Folder("out/users/7/d"), hostile.Test.Folder("out/users/7/was-d"));
                    Directory.CreateSymbolicLink(hostile.Test.Folder("out/users/7/d"), outside);
                }
            },
        };
        var (_, errors) = await RestoreAsync(hostile);
        Assert.True(swaps >= 20);
        Assert.NotEmpty(errors);
        Assert.Contains("RestorePathUnsafe", errors.Select(e => e.ErrorId));
        Assert.Empty(Directory.GetFileSystemEntries(outside));
        Assert.True(File.Exists(hostile.Test.Folder("out/" + HostileRepository.Honest)));
    }

    [LinuxFact]
    public async Task A_bomb_of_zstd_gives_no_more_than_its_header_says_and_is_refused()
    {
        await using var hostile = await HostileRepository.CreateAsync();
        using var compressor = new ZstdSharp.Compressor(3);
        var bomb = compressor.Wrap(new byte[32 << 20]).ToArray();
        Assert.InRange(bomb.Length, 1, 64 << 10);
        var chunks = new[] { hostile.Data("bomb 1"u8, ChunkCodec.Zstd, bomb, 100), hostile.Data("bomb 2"u8, ChunkCodec.Zstd, bomb, PackFormat.MaxRawLength), hostile.Data("bomb 3"u8, ChunkCodec.Zstd, bomb, 32 << 20) };
        await hostile.CommitAsync(hostile.Leaf(true, [.. chunks.Select((chunk, i) => new RawItem($"{Mine}bomb {i}") { Length = 100, Extents = [new Extent(chunk, 0, 100)] })]), items: 3);
        var (content, errors) = await RestoreAsync(hostile);
        Assert.Equal([HostileRepository.Honest], content.Keys);
        Assert.Equal(["RestoreItemDamaged", "RestoreItemDamaged", "RestoreItemDamaged"], errors.Select(e => e.ErrorId));

        using var codec = new Codec(3);
        var target = new byte[100];
        Assert.Throws<InvalidDataException>(() => codec.Decompress(ChunkCodec.Zstd, bomb, target));
        var before = GC.GetAllocatedBytesForCurrentThread();
        Assert.Throws<InvalidDataException>(() => codec.Decompress(ChunkCodec.Zstd, bomb, target));
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 1 << 20);
    }

    [LinuxTheory]
    [InlineData(10, false)]
    [InlineData(10, true)]
    [InlineData(20 << 20, true)]
    public async Task A_file_whose_parts_make_more_than_its_length_is_refused_before_they_are_written(long length, bool paged)
    {
        await using var hostile = await HostileRepository.CreateAsync();
        var chunk = hostile.Data(new byte[1 << 20]);
        Extent[] many = [.. Enumerable.Repeat(new Extent(chunk, 0, 1 << 20), 1000)];
        var page = paged ? hostile.Content(many) : default;
        var item = new RawItem(Mine + "huge") { Length = length, Extents = paged ? [] : many, ContentPages = paged ? [.. Enumerable.Repeat(new ContentPageRef(page, 1000L << 20), 1000)] : [] };
        await hostile.CommitAsync(hostile.Leaf(true, item, hostile.File(Mine + "small", "x")), items: 2);
        var written = 0L;
        hostile.Test.WrapTarget = target => new FaultyTarget(target) { Written = bytes => Interlocked.Add(ref written, bytes) };
        var (content, errors) = await RestoreAsync(hostile);
        Assert.Equal("RestoreItemDamaged", Assert.Single(errors).ErrorId);
        Assert.Equal([HostileRepository.Honest, Mine + "small"], content.Keys);
        Assert.InRange(written, 0, length + 100);
    }

    [LinuxFact]
    public async Task Pages_that_hold_one_another_many_times_are_walked_once_and_refused()
    {
        await using var hostile = await HostileRepository.CreateAsync();
        // Sixty levels of twice the same: 2 to the 60 items, were they believed.
        var page = hostile.Leaf(false, hostile.File(Mine + "a", "x"));
        var twin = page;
        for (byte level = 1; level < 60; level++)
        {
            (page, twin) = (hostile.Interior(level, false, (Mine + "a", page), (Mine + "b", twin)), hostile.Interior(level, false, (Mine + "a", twin), (Mine + "b", page)));
        }
        await hostile.CommitAsync(hostile.Interior(60, true, (Mine + "a", page), (Mine + "b", twin)), items: 1L << 60);
        await RefusedAsync(hostile, Mine + "a");
        using var catalog = new Catalog(hostile.Test.Installation, _ => { });
        Assert.InRange((await catalog.ItemsAsync((await catalog.PointsAsync(new PointQuery(), default).ToListAsync())[^1].BackupId, null, null, null, true, default).ToListAsync()).Count, 1, 10);
    }

    [LinuxTheory]
    [InlineData("deeper than said")]
    [InlineData("content in place of items")]
    [InlineData("a root below a root")]
    [InlineData("other paths than said")]
    [InlineData("paths of the next page")]
    public async Task A_page_that_stands_where_it_does_not_belong_is_refused(string how)
    {
        await using var hostile = await HostileRepository.CreateAsync();
        var leaf = hostile.Leaf(false, hostile.File(Mine + "a", "x"), hostile.File(Mine + "c", "x"));
        var root = how switch
        {
            "deeper than said" => hostile.Interior(3, true, (Mine + "a", leaf)),
            "content in place of items" => hostile.Interior(1, true, (Mine + "a", hostile.Content(new Extent(hostile.Data("y"u8), 0, 1)))),
            "a root below a root" => hostile.Interior(1, true, (Mine + "a", hostile.Leaf(true, hostile.File(Mine + "a", "x")))),
            "other paths than said" => hostile.Interior(1, true, (Mine + "b", leaf)),
            _ => hostile.Interior(1, true, (Mine + "a", leaf), (Mine + "b", hostile.Leaf(false, hostile.File(Mine + "b", "x")))),
        };
        await hostile.CommitAsync(root, items: 2);
        await RefusedAsync(hostile, Mine + "b");
    }

    [Fact]
    public void Paths_that_share_their_beginnings_and_counts_beyond_the_page_take_no_memory()
    {
        using var hostile = new ScratchPage();
        // A page of half a megabyte whose paths would take 500 MB; and one that says that it holds a billion items.
        foreach (var body in (byte[][])[hostile.Sharing(pathLength: 30_000, items: 17_000), hostile.Counting(1_000_000_000), hostile.Counting(100_000)])
        {
            var before = GC.GetAllocatedBytesForCurrentThread();
            Assert.Throws<InvalidDataException>(() => TreePage.Decode(ScratchPage.Table, body));
            Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 2 * TreePage.MaxPaths + (8 << 20));
        }
    }

    [Fact]
    public async Task A_folder_of_very_many_items_is_walked_with_the_memory_of_a_few_pages()
    {
        const int items = 120_000;
        var tree = new TestTree();
        var root = tree.Build(Enumerable.Range(0, items).Select(i => TestTree.File($"d/f{i:d7}", "x"))).Root;
        await using var store = new MemoryObjectStore();
        using var reader = tree.Reader(store);
        var (seen, held, met) = (0, 0, new List<WeakReference>());
        await foreach (var item in new TreeWalker(reader).WalkAsync(new TreeRoot(tree.Subject.Pseudonym, root), EntryPath.Root, null, default))
        {
            met.Add(new WeakReference(item));
            if (++seen % (items / 3) == 0)
            {
                GC.Collect();
                held = Math.Max(held, met.Count(m => m.IsAlive));
            }
        }
        Assert.Equal(items, seen);
        Assert.InRange(held, 0, 5_000);   // a page has a hundred or two
    }

    private static RawItem Link(string path, string target) => new(path, ItemKind.SymbolicLink) { Attributes = [(8, Encoding.UTF8.GetBytes(target))] };

    private static RawItem Hard(string path, string first) => new(path, ItemKind.HardLink) { Attributes = [(9, Encoding.UTF8.GetBytes(first))] };

    /// <summary>The hostile page is named, what is honest is there, nothing else is, and a verification says so too.</summary>
    private static async Task RefusedAsync(HostileRepository hostile, params string[] whole)
    {
        var (content, errors) = await RestoreAsync(hostile);
        Assert.NotEmpty(errors);
        Assert.All(errors, e =>
        {
            Assert.Contains(e.ErrorId, (string[])["TreeDamaged", "SubjectUnreadable"]);
            Assert.NotEmpty(e.Remedy);
        });
        Assert.Contains(HostileRepository.Honest, content.Keys);
        Assert.Subset(whole.Append(HostileRepository.Honest).Append(Mine + "a").ToHashSet(), content.Keys.ToHashSet());
        Assert.Equal(["out", "repository", "reserve", "state"], Directory.GetFileSystemEntries(hostile.Test.Root).Select(Path.GetFileName).Where(n => n != "cache").Order(StringComparer.Ordinal));
    }

    private static async Task<(SortedDictionary<string, string> Content, List<StingException> Errors)> RestoreAsync(HostileRepository hostile)
    {
        // A restore that goes round for ever fails here instead of hanging.
        using var stop = new CancellationTokenSource(TimeSpan.FromMinutes(2));
        var errors = new List<StingException>();
        await hostile.Test.RestoreAsync(hostile.Test.Everything(), errors, cancel: stop.Token);
        return (FolderImage.Files(hostile.Test.Folder("out")), errors);
    }

    /// <summary>Bodies of leaves, written out by hand.</summary>
    private sealed class ScratchPage : IDisposable
    {
        public static TreeTable Table { get; } = TreeTable.Of(0, false, [], []);

        private readonly MemoryStream _body = new();

        public byte[] Sharing(int pathLength, int items)
        {
            _body.SetLength(0);
            _body.Write(HostileRepository.U32((uint)items));
            for (var i = 0; i < items; i++)
            {
                var rest = i == 0 ? Enumerable.Repeat((byte)'p', pathLength).ToArray() : Encoding.ASCII.GetBytes($"{i:d8}");
                _body.Write(HostileRepository.U32(i == 0 ? 0u : (uint)pathLength));
                _body.Write(HostileRepository.U32((uint)rest.Length));
                _body.Write(rest);
                _body.Write([(byte)ItemKind.File, 0, 0]);
                _body.Write(new byte[9]);
            }
            return _body.ToArray();
        }

        public byte[] Counting(uint count)
        {
            _body.SetLength(0);
            _body.Write(HostileRepository.U32(count));
            _body.Write(new byte[200_000]);
            return _body.ToArray();
        }

        public void Dispose() => _body.Dispose();
    }
}
