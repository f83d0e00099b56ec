using System.Runtime.Versioning;
using System.Text;
using StingBackup.Engine.Platform;
using StingBackup.Engine.Sources;
using StingBackup.Engine.Tests.Support;

namespace StingBackup.Engine.Tests.Sources;

/// <summary>What a source does on Linux alone. Runs twice: the kernel resolves paths, or they are walked as on kernels before 5.6.</summary>
[SupportedOSPlatform("linux")]
public abstract class LinuxSourceTreeTests : SourceTreeConformance
{
    [LinuxFact]
    public void Names_are_the_bytes_on_disk()
    {
        byte[][] names = [[0xff, 0xfe], [.. "line\nbreak"u8], [.. Enumerable.Repeat((byte)'x', 255)], [.. Enumerable.Repeat((byte)0xe9, 255)], [.. "back\\slash"u8], [1], [.. "ü"u8]];
        using (var raw = new RawFiles(Root))
        {
            foreach (var name in names)
            {
                raw.Write(name, name);
            }
        }
        using var tree = Open(Root);
        var found = All(tree);
        Assert.Equal(names.OrderBy(n => n, Comparer<byte[]>.Create((a, b) => a.AsSpan().SequenceCompareTo(b))), found.Select(e => e.Path.Bytes.ToArray()));
        foreach (var entry in found)
        {
            var buffer = new byte[256];
            Assert.Equal(entry.Path.Bytes, buffer.AsSpan(0, tree.ReadSmall(entry, buffer, out _)));
        }
    }

    [LinuxFact]
    public void Mode_owner_and_nanoseconds_are_read()
    {
        using var raw = new RawFiles(Root);
        raw.Write("f"u8, "x"u8).Mode("f"u8, 0xfed).Modified("f"u8, 1_705_284_000_123_456_789).Write("old"u8, ""u8).Modified("old"u8, -1_000_000_001);
        if (RawFiles.IsRoot)
        {
            raw.Owner("old"u8, 12345, 54321);
        }
        var entries = Scan();
        var (file, old) = (entries[0].Metadata, entries[1].Metadata);
        Assert.Equal(0xfedu, file.Mode);
        Assert.Equal(1_705_284_000_123_456_789, file.ModifiedNs);
        Assert.Equal(-1_000_000_001, old.ModifiedNs);
        Assert.Equal(Libc.UserName(file.UserId!.Value), file.UserName);
        Assert.NotNull(file.BirthNs);
        if (RawFiles.IsRoot)
        {
            Assert.Equal(("root", "root"), (file.UserName, file.GroupName));
            Assert.Equal((12345u, 54321u, null, null), (old.UserId, old.GroupId, old.UserName, old.GroupName));
        }
    }

    [LinuxFact]
    public void Pipes_sockets_and_devices_are_told_apart()
    {
        using var raw = new RawFiles(Root);
        raw.Node("fifo"u8, LinuxAbi.S_IFIFO | 0x1a0).Node("socket"u8, LinuxAbi.S_IFSOCK | 0x1ff);
        if (RawFiles.IsRoot)
        {
            raw.Node("null"u8, LinuxAbi.S_IFCHR | 0x1b6, 1, 3).Node("vdisk"u8, LinuxAbi.S_IFBLK | 0x180, 259, 1_000_000);
        }
        var entries = Scan().ToDictionary(e => e.Path.ToString());
        Assert.Equal(ItemKind.Fifo, entries["fifo"].Kind);
        Assert.Equal(ItemKind.Socket, entries["socket"].Kind);
        Assert.Null(entries["fifo"].Metadata.Device);
        if (RawFiles.IsRoot)
        {
            Assert.Equal((ItemKind.CharacterDevice, (1ul << 32) | 3), (entries["null"].Kind, entries["null"].Metadata.Device));
            Assert.Equal((ItemKind.BlockDevice, (259ul << 32) | 1_000_000), (entries["vdisk"].Kind, entries["vdisk"].Metadata.Device));
        }
    }

    [LinuxFact]
    public void Hard_links_share_inode_and_device()
    {
        using var raw = new RawFiles(Root);
        raw.Write("a"u8, "x"u8).HardLink("b"u8, "a"u8).Write("c"u8, "x"u8);
        var stamps = Scan().Select(e => e.Stamp).ToList();
        Assert.Equal(stamps[0], stamps[1]);
        Assert.Equal(2u, stamps[0].Links);
        Assert.NotEqual(stamps[0].Inode, stamps[2].Inode);
        Assert.Equal(stamps[0].Device, stamps[2].Device);
        Assert.NotEqual(0, stamps[0].ChangedNs);
    }

    [LinuxFact]
    public void Extended_attributes_are_read_in_order_whatever_their_size()
    {
        var large = Encoding.UTF8.GetBytes(new string('v', 3000));
        using var raw = new RawFiles(Root);
        raw.Write("f"u8, "x"u8).Attribute("f"u8, "user.b", large).Attribute("f"u8, "user.a", []).Attribute("f"u8, "user.ä", [0, 255])
            .MakeFolder("d"u8).Attribute("d"u8, "user.d", [1]).Write("none"u8, ""u8).Write("many"u8, ""u8).Link("l"u8, "f"u8);
        var many = Enumerable.Range(0, 60).Select(i => $"user.{new string('n', 20)}{i:d2}").ToList();
        many.ForEach(name => raw.Attribute("many"u8, name, [7]));
        if (RawFiles.IsRoot)
        {
            raw.Attribute("l"u8, "trusted.l", [9]);
        }
        using var tree = Open(Root);
        var found = All(tree).ToDictionary(e => e.Path.ToString(), e => tree.ReadMetadata(e).ExtendedAttributes);
        Assert.Equal(["user.a", "user.b", "user.ä"], Names(found["f"]));
        Assert.Equal([[], large, [0, 255]], found["f"].Select(a => a.Value));
        Assert.Equal(["user.d"], Names(found["d"]));
        Assert.Equal(many, Names(found["many"]));
        Assert.Empty(found["none"]);
        if (RawFiles.IsRoot)
        {
            Assert.Equal(["trusted.l"], Names(found["l"]));
        }

        static IEnumerable<string> Names(IEnumerable<KeyValuePair<byte[], byte[]>> attributes) => attributes.Select(a => Encoding.UTF8.GetString(a.Key));
    }

    [LinuxFact]
    public void Completing_an_entry_that_lacks_nothing_makes_nothing_new()
    {
        Make("f", "x");
        using var tree = Open(Root);
        var entry = Assert.Single(All(tree));
        Assert.Same(entry.Metadata, tree.ReadMetadata(entry));
    }

    [LinuxFact]
    public void Link_targets_are_raw_bytes_of_any_length()
    {
        byte[][] targets = [[0xff, (byte)'/', 0xfe], [.. Enumerable.Repeat((byte)'t', 255)], [.. Enumerable.Repeat((byte)'t', 256)], [.. Enumerable.Repeat((byte)'t', 4095)]];
        using var raw = new RawFiles(Root);
        for (var i = 0; i < targets.Length; i++)
        {
            raw.Link([(byte)('a' + i)], targets[i]);
        }
        using var tree = Open(Root);
        Assert.Equal(targets, All(tree).Select(e => tree.ReadMetadata(e).LinkTarget));
    }

    [LinuxFact]
    public void A_tree_deeper_than_any_path_may_be_long_is_read_whole()
    {
        const int depth = 1000;
        var name = Encoding.UTF8.GetBytes(new string('d', 20));   // 21,000 bytes in all: five times PATH_MAX
        var folder = new RawFiles(Root);
        for (var i = 0; i < depth; i++)
        {
            var next = folder.Enter(name);
            folder.Write("~last"u8, "on the way back"u8).Dispose();
            folder = next;
        }
        folder.Write("bottom"u8, "deep"u8).Attribute("bottom"u8, "user.deep", [1]).Link("link"u8, "target"u8).Dispose();
        using var tree = Open(Root);
        var most = 0;
        var entries = new List<SourceEntry>();
        foreach (var entry in tree.Scan((_, _) => ScanChoice.Include, e => throw e, default))
        {
            entries.Add(entry);
            most = entries.Count % 100 == 0 ? Math.Max(most, OpenBelow("").Count()) : most;
        }
        Assert.Equal((2 * depth) + 2, entries.Count);
        // A few dozen for each deep walk of this process; other tests may walk beside this one. One a level would be a thousand.
        Assert.InRange(most, 1, 300);
        var bottom = entries.Single(e => e.Path.Name.SequenceEqual("bottom"u8));
        var buffer = new byte[10];
        Assert.Equal(4, tree.ReadSmall(bottom, buffer, out _));
        Assert.Single(tree.ReadMetadata(bottom).ExtendedAttributes);
        using var file = tree.Open(bottom);
        Assert.Equal(4, file.Read(0, buffer));
        var link = entries.Single(e => e.Path.Name.SequenceEqual("link"u8));
        Assert.Equal("target"u8.ToArray(), tree.ReadMetadata(link).LinkTarget);
    }

    [LinuxFact]
    public void A_folder_that_cannot_be_listed_is_told_and_the_walk_goes_on()
    {
        Make("a/x");
        Make("b");
        using var raw = new RawFiles(Root);
        raw.Mode("a"u8, 0).Mode("."u8, 0x1ff);
        var failures = new List<StingException>();
        using (new Unprivileged())
        {
            using var tree = Open(Root);
            Assert.Equal(["a", "b"], tree.Scan((_, _) => ScanChoice.Include, failures.Add, default).Select(e => e.Path.ToString()));
        }
        var error = Assert.Single(failures);
        Assert.Equal(("SourceItemUnreadable", FailureKind.PermissionDenied, $"{Root}/a"), (error.ErrorId, error.Kind, error.Target));
        Assert.Contains("permission denied", error.Message, StringComparison.Ordinal);
        Assert.NotEmpty(error.Remedy);
    }

    [LinuxFact]
    public void Others_files_are_read_without_the_right_to_leave_their_access_time_alone()
    {
        Make("f", "readable");
        using var raw = new RawFiles(Root);
        raw.Mode("f"u8, 0x1a4).Mode("."u8, 0x1ff).Attribute("f"u8, "user.a", [1]);
        using (new Unprivileged())
        {
            using var tree = Open(Root);
            var entry = Assert.Single(All(tree));
            Assert.Equal(8, tree.ReadSmall(entry, new byte[20], out _));
            Assert.Single(tree.ReadMetadata(entry).ExtendedAttributes);
        }
        raw.Mode("f"u8, 0);
        using (new Unprivileged())
        {
            using var tree = Open(Root);
            var entry = Assert.Single(All(tree));
            Assert.Equal("SourceItemUnreadable", Assert.Throws<StingException>(() => tree.ReadSmall(entry, new byte[20], out _)).ErrorId);
            Assert.Equal("SourceItemUnreadable", Assert.Throws<StingException>(() => tree.Open(entry)).ErrorId);
        }
    }

    [LinuxFact]
    public void Reading_leaves_the_access_time_alone()
    {
        Make("d/f", "x");
        var file = Path.Combine(Root, "d", "f");
        var time = new DateTime(2001, 2, 3, 0, 0, 0, DateTimeKind.Utc);   // long ago, so that relatime would move it
        File.SetLastAccessTimeUtc(file, time);
        Directory.SetLastAccessTimeUtc(Path.Combine(Root, "d"), time);
        using var tree = Open(Root);
        tree.ReadSmall(All(tree)[1], new byte[10], out _);
        Assert.Equal(time, File.GetLastAccessTimeUtc(file));
        Assert.Equal(time, Directory.GetLastAccessTimeUtc(Path.Combine(Root, "d")));
    }

    [LinuxFact]
    public void A_link_in_a_folders_place_is_not_followed_by_anything()
    {
        using var outside = new TempFolder();
        File.WriteAllText(outside["f"], "secret");
        using (var rawOutside = new RawFiles(outside.Path))
        {
            rawOutside.Attribute("f"u8, "user.secret", [1]);
        }
        Make("d/f", "x");
        using var raw = new RawFiles(Root);
        raw.Attribute("d/f"u8, "user.own", [1]);
        using var tree = Open(Root);
        var entries = All(tree);
        raw.Rename("d"u8, "was-d"u8).Link("d"u8, Encoding.UTF8.GetBytes(outside.Path));
        foreach (var act in new Action[] { () => tree.Open(entries[1]), () => tree.ReadSmall(entries[1], new byte[10], out _), () => tree.ReadMetadata(entries[1]) })
        {
            Assert.Equal("SourceItemVanished", Assert.Throws<StingException>(act).ErrorId);
        }
        // A folder that is replaced after it was told is told again, as what is missing.
        Directory.Delete(Path.Combine(Root, "d"));
        raw.Rename("was-d"u8, "d"u8);
        var failures = new List<StingException>();
        foreach (var entry in tree.Scan((_, _) => ScanChoice.Include, failures.Add, default))
        {
            Assert.Equal("d", entry.Path.ToString());
            raw.Rename("d"u8, "was-d"u8).Link("d"u8, Encoding.UTF8.GetBytes(outside.Path));
        }
        Assert.Equal($"{Root}/d", Assert.Single(failures).Target);
    }

    [LinuxFact]
    public void A_pipe_or_folder_in_a_files_place_does_not_hold_the_backup_up()
    {
        Make("a", "x");
        Make("b", "x");
        Make("c", "x");
        using var tree = Open(Root);
        var entries = All(tree);
        using var raw = new RawFiles(Root);
        File.Delete(Path.Combine(Root, "a"));
        File.Delete(Path.Combine(Root, "b"));
        File.Delete(Path.Combine(Root, "c"));
        raw.Node("a"u8, LinuxAbi.S_IFIFO | 0x1ff).MakeFolder("b"u8).Node("c"u8, LinuxAbi.S_IFSOCK | 0x1ff);
        foreach (var entry in entries)
        {
            Assert.Equal("SourceItemVanished", Assert.Throws<StingException>(() => tree.Open(entry)).ErrorId);
            Assert.Equal("SourceItemVanished", Assert.Throws<StingException>(() => tree.ReadSmall(entry, new byte[10], out _)).ErrorId);
        }
    }

    [LinuxFact]
    public void Data_ranges_are_where_the_file_system_keeps_data()
    {
        const long gib = 1L << 30;
        using var raw = new RawFiles(Root);
        var block = new byte[8192];
        Array.Fill(block, (byte)1);
        raw.Write("sparse"u8, block, 1 << 20).Write("sparse"u8, block, 5 * gib, 6 * gib).Write("hole"u8, [], 0, gib).Write("end"u8, block, gib)
            .Write("dense"u8, block).Write("empty"u8, []);
        using var tree = Open(Root);
        var ranges = All(tree).ToDictionary(e => e.Path.ToString(), e =>
        {
            using var file = tree.Open(e);
            return file.DataRanges();
        });
        Assert.Equal([new DataRange(1 << 20, 8192), new DataRange(5 * gib, 8192)], ranges["sparse"]);
        Assert.Equal([new DataRange(gib, 8192)], ranges["end"]);
        Assert.Equal([new DataRange(0, 8192)], ranges["dense"]);
        Assert.Empty(ranges["hole"]);
        Assert.Empty(ranges["empty"]);
    }

    [LinuxFact]
    public void An_abandoned_scan_closes_what_it_opened()
    {
        Make("a/b/c/d");
        using var tree = Open(Root);
        using (var scan = tree.Scan((_, _) => ScanChoice.Include, e => throw e, default).GetEnumerator())
        {
            for (var i = 0; i < 4; i++)
            {
                Assert.True(scan.MoveNext());
            }
            Assert.NotEmpty(OpenBelow("a"));
        }
        Assert.Empty(OpenBelow("a"));
    }

    // /proc has no name for what lies beyond PATH_MAX, so that of another test's deep tree counts too.
    private IEnumerable<string> OpenBelow(string name) => Directory.GetFileSystemEntries("/proc/self/fd")
        .Where(file => Path.Exists(file)).Select(file => new FileInfo(file).LinkTarget ?? Path.Combine(Root, "beyond"))
        .Where(target => target.StartsWith(Path.Combine(Root, name), StringComparison.Ordinal));
}

// Elsewhere the tests about Linux are skipped, and those about every system see the portable source once more.
[SupportedOSPlatform("linux")]
public sealed class LinuxSourceTreeByKernelTests : LinuxSourceTreeTests
{
    private protected override ISourceTree Open(string root) =>
        OperatingSystem.IsLinux() ? LinuxSourceTree.Open(root, new Beneath(kernelResolves: true)) : new PortableSourceTree(root);

    // Once is enough: it takes a while, and listing has nothing to do with how paths are resolved.
    [LinuxFact]
    public void A_folder_of_twenty_thousand_is_read_whole_and_in_order()
    {
        using var raw = new RawFiles(Root);
        for (var i = 0; i < 20_000; i++)
        {
            raw.Node(Encoding.UTF8.GetBytes($"{i * 7919L % 20_000:x5}"), LinuxAbi.S_IFREG | 0x1a4);
        }
        var found = Scan();
        Assert.Equal(20_000, found.Count);
        for (var i = 0; i < found.Count; i++)
        {
            Assert.Equal($"{i:x5}", found[i].Path.ToString());
        }
    }
}

[SupportedOSPlatform("linux")]
public sealed class LinuxSourceTreeByWalkingTests : LinuxSourceTreeTests
{
    private protected override ISourceTree Open(string root) =>
        OperatingSystem.IsLinux() ? LinuxSourceTree.Open(root, new Beneath(kernelResolves: false)) : new PortableSourceTree(root);
}
