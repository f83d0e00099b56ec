using System.Runtime.Versioning;
using System.Text;
using StingBackup.Engine.Basics;
using StingBackup.Engine.Platform;
using StingBackup.Engine.Sources;
using StingBackup.Engine.Targets;
using StingBackup.Engine.Tests.Support;

namespace StingBackup.Engine.Tests.Targets;

/// <summary>What a target does on Linux alone. Runs twice: the kernel resolves paths, or they are walked as on kernels before 5.6.</summary>
[SupportedOSPlatform("linux")]
public abstract class LinuxRestoreTargetTests : RestoreTargetConformance
{
    [LinuxFact]
    public void Whatever_a_tree_holds_comes_back_as_it_was()
    {
        using var source = new TempFolder();
        MakeTree(source.Path);
        using var tree = DirectorySource.Open(source.Path);
        CopyTree(tree);

        using var copy = DirectorySource.Open(Root);
        var (expected, found) = (Describe(tree), Describe(copy));
        Assert.Equal(expected.Keys, found.Keys);
        foreach (var path in expected.Keys)
        {
            Assert.Equal(expected[path], found[path]);
        }
    }

    [LinuxFact]
    public void A_tree_deeper_than_any_path_may_be_long_is_written_and_given_its_times()
    {
        const int depth = 1000;
        var path = EntryPath.Root;
        for (var i = 0; i < depth; i++)
        {
            path = path.Append(Encoding.UTF8.GetBytes($"level {i:d4} of a deep tree"));
        }
        Target.CreateDirectory(path);
        var bottom = path.Append("bottom"u8);
        using (var file = Target.CreateFile(bottom, 4))
        {
            file.Write(0, "deep"u8);
            Assert.Empty(file.Place(bottom, Plain, replace: false));
        }
        Target.CreateHardLink(path.Append("second"u8), bottom, replace: false);
        Target.CreateSpecial(path.Append("link"u8), ItemKind.SymbolicLink, Link("target"), replace: false);
        Assert.Empty(Target.ApplyMetadata(path, ItemKind.Directory, Plain with { Mode = 0x1ed }));
        Assert.Equal(Plain.ModifiedNs, Target.Find(path)!.Stamp.ModifiedNs);
        Assert.Equal(2u, Target.Find(bottom)!.Stamp.Links);
        using var opened = Target.OpenExisting(Target.Find(bottom)!);
        Assert.Equal(4, opened.Read(0, new byte[10]));
        Target.CleanUp(path);
    }

    [LinuxFact]
    public void A_name_longer_than_any_file_systems_is_refused()
    {
        var path = EntryPath.Parse(new string('x', 256));
        Assert.Equal("NameNotAllowed", Fails(() => Target.CreateDirectory(path)).ErrorId);
        Assert.Equal("NameNotAllowed", Fails(() => Target.CreateDirectory(path.Append("a"u8))).ErrorId);
        Assert.Equal("NameNotAllowed", Fails(() => Target.CreateFile(path.Append("a"u8), 1)).ErrorId);
        Assert.Equal("NameNotAllowed", Fails(() => Target.CreateSpecial(path, ItemKind.Fifo, Plain, replace: false)).ErrorId);
        Assert.Equal("NameNotAllowed", Fails(() =>
        {
            using var file = Target.CreateFile(path, 1);
            file.Place(path, Plain, replace: false);
        }).ErrorId);
        Assert.Empty(Directory.GetFileSystemEntries(Root));
    }

    [LinuxFact]
    public void Holes_stay_holes()
    {
        const long gib = 1L << 30;
        var block = Enumerable.Repeat((byte)1, 8192).ToArray();
        using (var file = Target.CreateFile(P("sparse"), 6 * gib))
        {
            file.Write(5 * gib, block);
            file.Write(1 << 20, block);
            file.Place(P("sparse"), Plain, replace: false);
        }
        var entry = Target.Find(P("sparse"))!;
        using var opened = Target.OpenExisting(entry);
        Assert.Equal(6 * gib, entry.Stamp.Length);
        Assert.Equal([new DataRange(1 << 20, 8192), new DataRange(5 * gib, 8192)], opened.DataRanges());
    }

    [LinuxFact]
    public void Nobody_else_sees_what_has_not_got_its_own_mode()
    {
        Target.CreateDirectory(P("d"));
        Assert.Equal(0x1c0u, Target.Find(P("d"))!.Metadata.Mode);
        using var file = Target.CreateFile(P("d/f"), 1);
        var temporary = Assert.Single(Directory.GetFiles(Path.Combine(Root, "d")));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(temporary));
    }

    [LinuxFact]
    public void Without_the_right_to_give_files_away_it_goes_on_and_tells()
    {
        using var raw = new RawFiles(Root);
        raw.Mode("."u8, 0x1ff);
        var metadata = Plain with { Mode = 0x9ed, UserId = 12345, GroupId = 12345, UserName = null, GroupName = null };
        using (new Unprivileged())
        {
            using var target = Open(Root);
            using var file = target.CreateFile(P("f"), 0);
            var messages = file.Place(P("f"), metadata, replace: false);
            Assert.Equal(2, messages.Count);
            Assert.Contains("12345", messages[0], StringComparison.Ordinal);
            Assert.Contains("set-user-id", messages[1], StringComparison.Ordinal);
        }
        var found = Target.Find(P("f"))!.Metadata;
        Assert.Equal(0x1edu, found.Mode);   // no set-user-id for the one who restored
        Assert.Equal(Plain.ModifiedNs, found.ModifiedNs);
        Assert.NotEqual(12345u, found.UserId);
    }

    [LinuxFact]
    public void Without_the_right_to_write_it_is_refused_by_name()
    {
        Target.CreateDirectory(P("d"));
        using var raw = new RawFiles(Root);
        raw.Mode("."u8, 0x1ff).Mode("d"u8, 0x16d);
        using (new Unprivileged())
        {
            using var target = Open(Root);
            Assert.Equal("RestoreAccessDenied", Fails(() => target.CreateFile(P("d/f"), 0)).ErrorId);
            Assert.Equal("RestoreAccessDenied", Fails(() => target.CreateDirectory(P("d/e"))).ErrorId);
            Assert.Equal("RestoreAccessDenied", Fails(() => target.CreateSpecial(P("d/p"), ItemKind.Fifo, Plain, replace: false)).ErrorId);
        }
    }

    [LinuxFact]
    public void An_attribute_that_cannot_be_set_is_told_and_the_file_stands()
    {
        var messages = WriteFile("f", "x", metadata: Plain with { ExtendedAttributes = [new("no-such-space.a"u8.ToArray(), [1]), new("user.a"u8.ToArray(), [2])] });
        Assert.Contains("no-such-space.a", Assert.Single(messages), StringComparison.Ordinal);
        using var tree = DirectorySource.Open(Root);
        Assert.Equal([2], Assert.Single(tree.ReadMetadata(Target.Find(P("f"))!).ExtendedAttributes).Value);
    }

    [LinuxFact]
    public void A_file_does_not_keep_the_access_list_that_its_folder_gave_it()
    {
        Target.CreateDirectory(P("d"));
        using var raw = new RawFiles(Root);
        // user::rwx, user 12345:rwx, group::---, mask::rwx, other::---
        byte[] list = [2, 0, 0, 0, 1, 0, 7, 0, 255, 255, 255, 255, 2, 0, 7, 0, 0x39, 0x30, 0, 0, 4, 0, 0, 0, 255, 255, 255, 255, 16, 0, 7, 0, 255, 255, 255, 255, 32, 0, 0, 0, 255, 255, 255, 255];
        raw.Attribute("d"u8, "system.posix_acl_default", list).Attribute("d"u8, "user.note", [1]);
        WriteFile("d/f", "x");
        WriteFile("d/g", "x", metadata: Plain with { ExtendedAttributes = [new("system.posix_acl_access"u8.ToArray(), list)] });
        using var tree = DirectorySource.Open(Root);
        Assert.Empty(Attributes("d/f"));
        Assert.Equal(Plain.Mode, Target.Find(P("d/f"))!.Metadata.Mode);
        Assert.Equal(["system.posix_acl_access"], Attributes("d/g"));
        Target.ApplyMetadata(P("d"), ItemKind.Directory, Plain);
        Assert.Empty(Attributes("d"));

        IEnumerable<string> Attributes(string path) => tree.ReadMetadata(Target.Find(P(path))!).ExtendedAttributes.Select(a => Encoding.UTF8.GetString(a.Key));
    }

    [RootFact]
    public void An_owner_is_restored_by_name_and_by_number_where_the_name_is_not_known()
    {
        WriteFile("a", "x", metadata: Plain with { UserId = 4242, UserName = "nobody", GroupId = 4242, GroupName = "no-such-group" });
        var found = Target.Find(P("a"))!.Metadata;
        Assert.Equal((Libc.UserId("nobody"), 4242u), (found.UserId, found.GroupId));
        WriteFile("b", "x", metadata: Plain with { UserId = 7 });
        Assert.Equal((7u, 0u), (Target.Find(P("b"))!.Metadata.UserId, Target.Find(P("b"))!.Metadata.GroupId));
    }

    [LinuxFact]
    public void A_folder_that_is_swapped_while_a_file_is_written_takes_nothing_outside()
    {
        Target.CreateDirectory(P("d"));
        using (var file = Target.CreateFile(P("d/f"), 1))
        {
            Directory.Move(Path.Combine(Root, "d"), Path.Combine(Root, "was-d"));
            Directory.CreateSymbolicLink(Path.Combine(Root, "d"), Outside);
            file.Write(0, "x"u8);
            file.Place(P("d/f"), Plain, replace: true);
        }
        Assert.Empty(Directory.GetFileSystemEntries(Outside));
        Assert.Equal("x", Read("was-d/f"));   // in the folder that it was begun in, wherever that is by now
    }

    [LinuxFact]
    public async Task A_folder_that_is_swapped_for_a_link_again_and_again_never_leads_outside()
    {
        Target.CreateDirectory(P("d"));
        using var stop = new CancellationTokenSource();
        var swapping = Task.Run(() =>
        {
            using var raw = new RawFiles(Root);
            raw.Link("link"u8, Encoding.UTF8.GetBytes(Outside));
            while (!stop.IsCancellationRequested)
            {
                raw.Rename("d"u8, "link"u8, exchange: true);
            }
        });
        int written = 0, refused = 0;
        try
        {
            for (var i = 0; i < 200_000 && (written < 200 || refused < 200); i++)
            {
                try
                {
                    WriteFile($"d/{i % 10}", "x", replace: true);
                    Target.CreateSpecial(P("d/pipe"), ItemKind.Fifo, Plain, replace: true);
                    Target.CreateDirectory(P("d/e"));
                    written++;
                }
                catch (StingException e)
                {
                    // A link stood there; or what was one when it was opened was a folder when it was asked about, or the other way round.
                    Assert.Contains(e.ErrorId, (string[])["RestorePathUnsafe", "RestoreConflict", "RestoreItemFailed"]);
                    refused++;
                }
            }
        }
        finally
        {
            await stop.CancelAsync();
            await swapping;
        }
        Assert.Empty(Directory.GetFileSystemEntries(Outside));
        Assert.True(written > 0 && refused > 0);
    }

    [LinuxFact]
    public void Leftover_links_and_pipes_go_too()
    {
        using var raw = new RawFiles(Root);
        raw.Link(".sting-0000000000000000.part"u8, "x"u8).Node(".sting-0000000000000001.part"u8, LinuxAbi.S_IFIFO | 0x180);
        Target.CleanUp(EntryPath.Root);
        Assert.Empty(Directory.GetFileSystemEntries(Root));
    }

    [LinuxFact]
    public void What_is_restored_below_a_mount_is_made_durable_as_well()
    {
        Assert.Equal("/a b\\c\td", MountText.Unescape(@"/a\040b\134c\011d"));
        using var root = File.OpenHandle("/proc/self/mountinfo");   // any open thing whose path has no mounts below it
        using var none = MountedBelow.Open((int)root.DangerousGetHandle());
        Assert.Equal(0, none.Count);
        Assert.Equal(0, none.Sync());
        using var slash = new RawFiles("/");
        using var all = MountedBelow.Open(slash.Descriptor);
        Assert.NotEqual(0, all.Count);   // /proc at least
        Assert.Equal(0, all.Sync());
    }

    // Every kind of item, of name and of attribute that Linux has.
    private static void MakeTree(string folder)
    {
        using var raw = new RawFiles(folder);
        raw.Write("file"u8, "content"u8).Mode("file"u8, 0xfed).Attribute("file"u8, "user.one", [1, 0, 255]).Attribute("file"u8, "user.empty", []).Modified("file"u8, 1_705_284_000_123_456_789)
            .Write("old"u8, "x"u8).Modified("old"u8, -12_345_678_901)
            .Write("empty"u8, []).Write([0xff, 0xfe], "raw"u8).Write("line\nbreak"u8, "nl"u8).Write([.. Enumerable.Repeat((byte)0xe9, 255)], "long"u8)
            .Write("sparse"u8, Enumerable.Repeat((byte)7, 8192).ToArray(), 1 << 20, 3 << 20)
            .Link("link"u8, [0xff, (byte)'/', 0xfe]).Modified("link"u8, 1_600_000_000_000_000_001).Link("dangling"u8, "/no/such/thing"u8)
            .Node("fifo"u8, LinuxAbi.S_IFIFO | 0x1b0).HardLink("second"u8, "file"u8);
        using (var inner = raw.Enter("folder"u8))
        {
            inner.Write("inner"u8, "x"u8).HardLink("third"u8, "inner"u8);
        }
        raw.Mode("folder"u8, 0x3e8).Attribute("folder"u8, "user.folder", [5]).Modified("folder"u8, 1_500_000_000_000_000_002);
        if (RawFiles.IsRoot)
        {
            raw.Node("null"u8, LinuxAbi.S_IFCHR | 0x1b6, 1, 3).Owner("null"u8, 12, 34).Owner("old"u8, 54321, 12345).Owner("link"u8, 54321, 12345)
                .Owner("fifo"u8, 54321, 12345).Owner("folder"u8, 54321, 12345).Mode("folder"u8, 0x7e8).Attribute("link"u8, "trusted.link", [9]).Modified("folder"u8, 1_500_000_000_000_000_002);
        }
    }

    // As the restore pipeline does: folders first, links by the first path of their file, attributes of folders last.
    private void CopyTree(ISourceTree tree)
    {
        var entries = tree.Scan((_, _) => ScanChoice.Include, e => throw e, default).ToList();
        var firstPath = new Dictionary<ulong, EntryPath>();
        foreach (var entry in entries)
        {
            var metadata = tree.ReadMetadata(entry);
            if (entry.Kind == ItemKind.Directory)
            {
                Target.CreateDirectory(entry.Path);
            }
            else if (entry.Stamp.Links > 1 && !firstPath.TryAdd(entry.Stamp.Inode, entry.Path))
            {
                Target.CreateHardLink(entry.Path, firstPath[entry.Stamp.Inode], replace: false);
            }
            else if (entry.Kind == ItemKind.File)
            {
                using var source = tree.Open(entry);
                using var file = Target.CreateFile(entry.Path, entry.Stamp.Length);
                foreach (var range in source.DataRanges())
                {
                    var bytes = new byte[range.Length];
                    source.Read(range.Offset, bytes);
                    file.Write(range.Offset, bytes);
                }
                Assert.Empty(file.Place(entry.Path, metadata, replace: false));
            }
            else
            {
                Assert.Empty(Target.CreateSpecial(entry.Path, entry.Kind, metadata, replace: false));
            }
        }
        foreach (var entry in entries.Where(e => e.Kind == ItemKind.Directory).Reverse())
        {
            Assert.Empty(Target.ApplyMetadata(entry.Path, entry.Kind, tree.ReadMetadata(entry)));
        }
    }

    private static SortedDictionary<string, string> Describe(ISourceTree tree)
    {
        var found = new SortedDictionary<string, string>(StringComparer.Ordinal);
        var groups = new Dictionary<ulong, string>();
        foreach (var entry in tree.Scan((_, _) => ScanChoice.Include, e => throw e, default))
        {
            var m = tree.ReadMetadata(entry);
            var text = new StringBuilder().Append(System.Globalization.CultureInfo.InvariantCulture,
                $"{entry.Kind} {entry.Stamp.Length} mode {m.Mode:x} owner {m.UserId}:{m.GroupId} {m.UserName}:{m.GroupName} time {m.ModifiedNs} device {m.Device} links {entry.Stamp.Links}");
            text.Append(" -> ").Append(Convert.ToHexString(m.LinkTarget ?? []));
            foreach (var (name, value) in m.ExtendedAttributes)
            {
                text.Append(' ').Append(EntryPath.Display(name)).Append('=').Append(Convert.ToHexString(value));
            }
            if (entry.Kind == ItemKind.File)
            {
                using var file = tree.Open(entry);
                var content = new byte[entry.Stamp.Length];
                Assert.Equal(content.Length, file.Read(0, content));
                text.Append(' ').AppendJoin(',', file.DataRanges()).Append(' ').Append(Convert.ToHexString(System.Security.Cryptography.SHA256.HashData(content)));
                groups.TryAdd(entry.Stamp.Inode, entry.Path.ToString());
                text.Append(" same as ").Append(groups[entry.Stamp.Inode]);
            }
            found.Add(entry.Path.ToString(), text.ToString());
        }
        return found;
    }
}

// Elsewhere the tests about Linux are skipped, and those about every system see the portable target once more.
[SupportedOSPlatform("linux")]
public sealed class LinuxRestoreTargetByKernelTests : LinuxRestoreTargetTests
{
    private protected override IRestoreTarget Open(string root) =>
        OperatingSystem.IsLinux() ? LinuxRestoreTarget.Open(root, new Beneath(kernelResolves: true)) : new PortableRestoreTarget(root);
}

[SupportedOSPlatform("linux")]
public sealed class LinuxRestoreTargetByWalkingTests : LinuxRestoreTargetTests
{
    private protected override IRestoreTarget Open(string root) =>
        OperatingSystem.IsLinux() ? LinuxRestoreTarget.Open(root, new Beneath(kernelResolves: false)) : new PortableRestoreTarget(root);
}
