using System.Text;
using CsCheck;
using StingBackup.Engine.Basics;
using StingBackup.Engine.Sources;
using StingBackup.Engine.Tests.Support;

namespace StingBackup.Engine.Tests.Sources;

/// <summary>What every directory source does, on every system.</summary>
public abstract class SourceTreeConformance : IDisposable
{
    private readonly TempFolder _folder = new();

    protected string Root => _folder.Path;

    /// <summary>Opens the tree below a folder.</summary>
    private protected abstract ISourceTree Open(string root);

    public void Dispose()
    {
        _folder.Dispose();
        GC.SuppressFinalize(this);
    }

    [Fact]
    public void Entries_come_in_the_order_of_paths_a_folder_before_what_is_in_it()
    {
        foreach (var name in new[] { "a/b/c", "a/b0", "a.b/x", "a-b", "a0", "B", "ä", "z/", "a/b-", "empty/" })
        {
            Make(name);
        }
        var paths = Scan().Select(e => e.Path).ToList();
        Assert.Equal(["B", "a", "a/b", "a/b/c", "a/b-", "a/b0", "a-b", "a.b", "a.b/x", "a0", "empty", "z", "ä"], paths.Select(p => p.ToString()));
        Assert.Equal(paths.Order(), paths);
    }

    [Fact]
    public void An_empty_root_has_no_entries()
    {
        Assert.Empty(Scan());
    }

    [Fact]
    public void A_scan_finds_exactly_what_is_there()
    {
        Gen.String[Gen.Char["abc.-_0 "], 1, 4].Where(name => name.Trim(' ', '.').Length > 0 && !name.EndsWith(' ') && !name.EndsWith('.'))
            .Array[1, 4].Select(parts => string.Join('/', parts)).Array[0, 12].Sample(files =>
            {
                using var folder = new TempFolder();
                foreach (var file in files)
                {
                    TryMake(folder[file]);
                }
                using var tree = Open(folder.Path);
                var expected = Directory.EnumerateFileSystemEntries(folder.Path, "*", SearchOption.AllDirectories)
                    .Select(path => EntryPath.FromBytes(Encoding.UTF8.GetBytes(Path.GetRelativePath(folder.Path, path).Replace('\\', '/')))).Order();
                return expected.SequenceEqual(All(tree).Select(e => e.Path));
            }, iter: 30);
    }

    [Fact]
    public void An_excluded_folder_is_not_gone_into_and_is_asked_for_first()
    {
        Make("a/x");
        Make("b/c/d");
        Make("e");
        var asked = new List<string>();
        using var tree = Open(Root);
        var found = tree.Scan((path, kind) =>
        {
            asked.Add($"{path}:{kind}");
            return path.ToString() is "b" or "e" ? ScanChoice.Exclude : ScanChoice.Include;
        }, e => throw e, default).Select(e => e.Path.ToString()).ToList();
        Assert.Equal(["a", "a/x"], found);
        Assert.Equal(["a:Directory", "a/x:File", "b:Directory", "e:File"], asked);
    }

    [Fact]
    public void What_vanishes_between_listing_and_stat_is_passed_over_in_silence()
    {
        Make("a");
        Make("b/x");
        Make("c");
        using var tree = Open(Root);
        var found = tree.Scan((path, _) =>
        {
            if (path.ToString() == "a")
            {
                File.Delete(Path.Combine(Root, "a"));
                Directory.Delete(Path.Combine(Root, "b"), recursive: true);
            }
            return ScanChoice.Include;
        }, e => throw e, default).Select(e => e.Path.ToString());
        Assert.Equal(["c"], found);
    }

    [Fact]
    public void A_folder_that_vanishes_after_it_was_told_is_passed_over_in_silence()
    {
        Make("a/x");
        Make("b");
        var found = new List<string>();
        using var tree = Open(Root);
        foreach (var entry in tree.Scan((_, _) => ScanChoice.Include, e => throw e, default))
        {
            found.Add(entry.Path.ToString());
            if (found is ["a"])
            {
                Directory.Delete(Path.Combine(Root, "a"), recursive: true);
            }
        }
        Assert.Equal(["a", "b"], found);
    }

    [Fact]
    public void A_cancelled_scan_stops_at_the_next_entry()
    {
        Make("a");
        Make("b");
        using var cancel = new CancellationTokenSource();
        using var tree = Open(Root);
        using var scan = tree.Scan((_, _) => ScanChoice.Include, e => throw e, cancel.Token).GetEnumerator();
        Assert.True(scan.MoveNext());
        cancel.Cancel();
        Assert.ThrowsAny<OperationCanceledException>(() => scan.MoveNext());
    }

    [Fact]
    public void A_large_folder_and_a_deep_tree_are_read_whole()
    {
        for (var i = 0; i < 2_000; i++)
        {
            File.Create(Path.Combine(Root, $"{i:x8}")).Dispose();
        }
        Make(string.Join('/', Enumerable.Repeat("deep", 200)));
        var entries = Scan();
        Assert.Equal(2_200, entries.Count);
        Assert.Equal(200, entries.Max(e => e.Path.ToString().Count(c => c == '/') + 1));
    }

    [Fact]
    public void Length_and_times_are_the_files()
    {
        Make("f", "hello");
        var time = new DateTime(2024, 1, 15, 2, 0, 0, DateTimeKind.Utc).AddTicks(1234567);
        File.SetLastWriteTimeUtc(Path.Combine(Root, "f"), time);
        var entry = Assert.Single(Scan());
        Assert.Equal(ItemKind.File, entry.Kind);
        Assert.Equal(5, entry.Stamp.Length);
        Assert.Equal((time - DateTime.UnixEpoch).Ticks * 100, entry.Stamp.ModifiedNs);
        Assert.Equal(entry.Stamp.ModifiedNs, entry.Metadata.ModifiedNs);
        Assert.NotNull(entry.Metadata.BirthNs);
    }

    [Fact]
    public void A_link_is_a_link_with_its_target_whatever_that_is()
    {
        Make("d/x");
        foreach (var (name, target) in new[] { ("to-folder", "d"), ("to-file", "d/x"), ("to-nothing", "no/such/thing"), ("to-outside", "/"), ("to-itself", "to-itself") })
        {
            File.CreateSymbolicLink(Path.Combine(Root, name), target);
        }
        using var tree = Open(Root);
        var links = All(tree).Where(e => e.Kind == ItemKind.SymbolicLink).ToDictionary(e => e.Path.ToString(), e => Encoding.UTF8.GetString(tree.ReadMetadata(e).LinkTarget!));
        Assert.Equal(5, links.Count);
        Assert.Equal(("d", "d/x", "no/such/thing", "/", "to-itself"), (links["to-folder"], links["to-file"], links["to-nothing"], links["to-outside"], links["to-itself"]));
        Assert.Equal(7, All(tree).Count);   // none was gone into
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(100_000)]
    public void Content_is_read_whole_and_in_ranges(int length)
    {
        var content = new byte[length];
        Random.Shared.NextBytes(content);
        File.WriteAllBytes(Path.Combine(Root, "f"), content);
        using var tree = Open(Root);
        var entry = Assert.Single(All(tree));
        using (var file = tree.Open(entry))
        {
            Assert.Equal(entry.Stamp, file.Stamp());
            Assert.Equal(length == 0 ? [] : [new DataRange(0, length)], file.DataRanges());
            var buffer = new byte[length + 10];
            Assert.Equal(length, file.Read(0, buffer));
            Assert.Equal(content, buffer[..length]);
            Assert.Equal(Math.Max(0, length - 50), file.Read(50, buffer));
            Assert.Equal(0, file.Read(length, buffer));
        }
        var small = new byte[length + 1];
        Assert.Equal(length, tree.ReadSmall(entry, small, out var stamp));
        Assert.Equal(content, small[..length]);
        Assert.Equal(entry.Stamp, stamp);
    }

    [Fact]
    public void A_small_file_that_has_changed_shows_it_in_its_stamp()
    {
        Make("f", "0123456789");
        using var tree = Open(Root);
        var entry = Assert.Single(All(tree));
        var buffer = new byte[11];

        File.WriteAllText(Path.Combine(Root, "f"), "012");
        Assert.Equal(3, tree.ReadSmall(entry, buffer, out var stamp));
        Assert.Equal(3, stamp.Length);
        Assert.NotEqual(entry.Stamp, stamp);

        File.WriteAllText(Path.Combine(Root, "f"), "0123456789ab");
        Assert.Equal(-1, tree.ReadSmall(entry, buffer, out stamp));
        Assert.Equal(12, stamp.Length);

        File.WriteAllText(Path.Combine(Root, "f"), "0123456789a");
        Assert.Equal(11, tree.ReadSmall(entry, buffer, out stamp));
    }

    [Fact]
    public void A_file_that_vanished_is_told_as_that()
    {
        Make("d/f", "x");
        using var tree = Open(Root);
        var entry = All(tree)[1];
        File.Delete(Path.Combine(Root, "d", "f"));
        Assert.Equal("SourceItemVanished", Assert.Throws<StingException>(() => tree.Open(entry)).ErrorId);
        var error = Assert.Throws<StingException>(() => tree.ReadSmall(entry, new byte[10], out _));
        Assert.Equal("SourceItemVanished", error.ErrorId);
        Assert.Equal(Path.Combine(Root, "d/f"), error.Target);
        Assert.NotEmpty(error.Remedy);
    }

    [Fact]
    public void A_link_in_a_files_place_is_not_followed()
    {
        Make("secret", "secret");
        Make("f", "x");
        using var tree = Open(Root);
        var entry = All(tree)[0];
        File.Delete(Path.Combine(Root, "f"));
        File.CreateSymbolicLink(Path.Combine(Root, "f"), "secret");
        Assert.Equal("SourceItemVanished", Assert.Throws<StingException>(() => tree.Open(entry)).ErrorId);
        Assert.Equal("SourceItemVanished", Assert.Throws<StingException>(() => tree.ReadSmall(entry, new byte[10], out _)).ErrorId);
    }

    [Fact]
    public void A_root_that_is_no_folder_is_an_unavailable_source()
    {
        Make("f");
        foreach (var name in new[] { "missing", "f" })
        {
            var error = Assert.Throws<StingException>(() => DirectorySource.Open(Path.Combine(Root, name)));
            Assert.Equal("SourceUnavailable", error.ErrorId);
            Assert.Contains(name, error.Message, StringComparison.Ordinal);
        }
        using var opened = DirectorySource.Open(Root);
        Assert.Equal(Root, opened.Location);
    }

    private protected void Make(string path, string content = "")
    {
        path = Path.Combine(Root, path);
        if (path.EndsWith('/'))
        {
            Directory.CreateDirectory(path);
            return;
        }
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllText(path, content);
    }

    private protected List<SourceEntry> Scan()
    {
        using var tree = Open(Root);
        return All(tree);
    }

    private protected static List<SourceEntry> All(ISourceTree tree) => [.. tree.Scan((_, _) => ScanChoice.Include, e => throw e, default)];

    // Two random paths may want the same name once as a file and once as a folder: the first one has it.
    private static void TryMake(string path)
    {
        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            File.WriteAllText(path, "");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            Assert.True(File.Exists(path) || Directory.Exists(path) || Enumerable.Range(1, path.Length - 1).Any(i => File.Exists(path[..i])));
        }
    }
}
