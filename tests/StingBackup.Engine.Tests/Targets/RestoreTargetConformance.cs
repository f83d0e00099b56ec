using System.Text;
using StingBackup.Engine.Basics;
using StingBackup.Engine.Sources;
using StingBackup.Engine.Targets;

namespace StingBackup.Engine.Tests.Targets;

/// <summary>What every directory target does, on every system.</summary>
public abstract class RestoreTargetConformance : IDisposable
{
    private readonly TempFolder _folder = new();
    private readonly TempFolder _outside = new();
    private readonly Lazy<IRestoreTarget> _target;

    protected RestoreTargetConformance() => _target = new Lazy<IRestoreTarget>(() => Open(Root));

    protected string Root => _folder.Path;

    private protected string Outside => _outside.Path;

    private protected IRestoreTarget Target => _target.Value;

    private protected static ItemMetadata Plain { get; } = new() { Mode = 0x1a4, ModifiedNs = 1_705_284_000_123_456_700 };

    /// <summary>Opens a target on an existing folder.</summary>
    private protected abstract IRestoreTarget Open(string root);

    public void Dispose()
    {
        if (_target.IsValueCreated)
        {
            Target.Dispose();
        }
        _folder.Dispose();
        _outside.Dispose();
        GC.SuppressFinalize(this);
    }

    [Fact]
    public void A_file_has_no_name_until_it_is_placed_and_then_all_of_it()
    {
        using (var file = Target.CreateFile(P("f"), 10))
        {
            file.Write(5, "56789"u8);
            Assert.Null(Target.Find(P("f")));
            file.Write(0, "01234"u8);
            Assert.Empty(file.Place(P("f"), Plain, replace: false));
        }
        Assert.Equal("0123456789", Read("f"));
        Assert.Equal(Plain.ModifiedNs, Target.Find(P("f"))!.Stamp.ModifiedNs);
        Assert.Single(Directory.GetFileSystemEntries(Root));
    }

    [Fact]
    public void A_file_that_is_not_placed_leaves_nothing_behind()
    {
        using (var file = Target.CreateFile(P("f"), 100))
        {
            file.Write(0, "x"u8);
            Assert.Single(Directory.GetFileSystemEntries(Root));
        }
        Assert.Empty(Directory.GetFileSystemEntries(Root));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(3_000_000)]
    public void What_is_not_written_is_zero(long length)
    {
        using (var file = Target.CreateFile(P("f"), length))
        {
            file.Place(P("f"), Plain, replace: false);
        }
        var content = File.ReadAllBytes(Path.Combine(Root, "f"));
        Assert.Equal(length, content.Length);
        Assert.DoesNotContain(content, b => b != 0);
    }

    [Fact]
    public void Many_files_are_written_at_once()
    {
        Parallel.For(0, 200, i =>
        {
            Target.CreateDirectory(P($"d{i % 5}/e"));
            WriteFile($"d{i % 5}/e/{i}", $"content {i}");
        });
        for (var i = 0; i < 200; i++)
        {
            Assert.Equal($"content {i}", Read($"d{i % 5}/e/{i}"));
        }
    }

    [Fact]
    public void One_file_is_written_by_many_at_once()
    {
        var content = new byte[1 << 20];
        Random.Shared.NextBytes(content);
        using (var file = Target.CreateFile(P("f"), content.Length))
        {
            Parallel.For(0, 64, i => file.Write(i << 14, content.AsSpan(i << 14, 1 << 14)));
            file.Place(P("f"), Plain, replace: false);
        }
        Assert.Equal(content, File.ReadAllBytes(Path.Combine(Root, "f")));
    }

    [Fact]
    public void What_stands_there_is_replaced_only_when_told()
    {
        WriteFile("f", "old");
        Assert.Equal("RestoreConflict", Fails(() => WriteFile("f", "new")).ErrorId);
        Assert.Equal("old", Read("f"));
        WriteFile("f", "new", replace: true);
        Assert.Equal("new", Read("f"));
        WriteFile("g", "fresh", replace: true);
        Assert.Equal("fresh", Read("g"));
        Assert.Equal(2, Directory.GetFileSystemEntries(Root).Length);
    }

    [Fact]
    public void A_file_may_land_beside_the_one_it_was_made_for_but_in_no_other_folder()
    {
        Target.CreateDirectory(P("d"));
        using (var file = Target.CreateFile(P("d/f"), 1))
        {
            Assert.Throws<ArgumentException>(() => file.Place(P("f"), Plain, replace: false));
            Assert.Throws<ArgumentException>(() => file.Place(EntryPath.Root, Plain, replace: false));
            file.Place(P("d/f (backup_1)"), Plain, replace: false);
        }
        Assert.True(File.Exists(Path.Combine(Root, "d", "f (backup_1)")));
    }

    [Fact]
    public void A_folder_is_never_replaced_by_a_file_nor_a_file_by_a_folder()
    {
        Target.CreateDirectory(P("d"));
        Target.CreateDirectory(P("full/x"));
        WriteFile("f", "file");
        foreach (var replace in new[] { false, true })
        {
            Assert.Equal("RestoreConflict", Fails(() => WriteFile("d", "x", replace)).ErrorId);
            Assert.Equal("RestoreConflict", Fails(() => WriteFile("full", "x", replace)).ErrorId);
            Assert.Equal("RestoreConflict", Fails(() => Target.CreateSpecial(P("d"), ItemKind.SymbolicLink, Link("x"), replace)).ErrorId);
            Assert.Equal("RestoreConflict", Fails(() => Target.CreateHardLink(P("d"), P("f"), replace)).ErrorId);
        }
        Assert.Equal("RestoreConflict", Fails(() => Target.CreateDirectory(P("f"))).ErrorId);
        var error = Fails(() => Target.CreateDirectory(P("f/below")));
        Assert.Equal("RestoreConflict", error.ErrorId);
        Assert.Equal("file", Read("f"));
        Assert.Equal(["d", "f", "full"], Directory.GetFileSystemEntries(Root).Select(Path.GetFileName).Order());
    }

    [Fact]
    public void Folders_are_made_with_all_above_them_and_again_without_harm()
    {
        Target.CreateDirectory(P("a/b/c"));
        WriteFile("a/b/c/f", "x");
        Target.CreateDirectory(P("a/b/c"));
        Target.CreateDirectory(P("a"));
        Target.CreateDirectory(EntryPath.Root);
        Assert.Equal("x", Read("a/b/c/f"));
    }

    [Fact]
    public void A_file_whose_folder_is_missing_is_refused()
    {
        var error = Fails(() => WriteFile("no/f", "x"));
        Assert.Equal("RestoreItemFailed", error.ErrorId);
        Assert.Empty(Directory.GetFileSystemEntries(Root));
    }

    [Fact]
    public void The_root_itself_is_no_item()
    {
        Assert.Equal("RestoreConflict", Fails(() => Target.CreateFile(EntryPath.Root, 1)).ErrorId);
        Assert.Equal("RestoreConflict", Fails(() => Target.CreateSpecial(EntryPath.Root, ItemKind.SymbolicLink, Link("x"), replace: true)).ErrorId);
        Assert.Equal(ItemKind.Directory, Target.Find(EntryPath.Root)!.Kind);
    }

    [Fact]
    public void Finding_tells_what_stands_there_and_does_not_follow_links()
    {
        Target.CreateDirectory(P("d"));
        WriteFile("d/f", "12345");
        File.CreateSymbolicLink(Path.Combine(Root, "l"), "d");
        Assert.Null(Target.Find(P("x")));
        Assert.Null(Target.Find(P("x/y/z")));
        Assert.Null(Target.Find(P("d/f/z")));
        Assert.Equal(ItemKind.Directory, Target.Find(P("d"))!.Kind);
        Assert.Equal(ItemKind.SymbolicLink, Target.Find(P("l"))!.Kind);
        var file = Target.Find(P("d/f"))!;
        Assert.Equal((ItemKind.File, 5L, P("d/f")), (file.Kind, file.Stamp.Length, file.Path));
        using var opened = Target.OpenExisting(file);
        var buffer = new byte[10];
        Assert.Equal("12345", Encoding.UTF8.GetString(buffer, 0, opened.Read(0, buffer)));
    }

    [Fact]
    public void A_link_is_made_whatever_it_points_to()
    {
        Target.CreateDirectory(P("d"));
        foreach (var (name, target) in new[] { ("l1", "d"), ("l2", "/no/such"), ("l3", "../../outside") })
        {
            Target.CreateSpecial(P(name), ItemKind.SymbolicLink, Link(target), replace: false);
            Assert.Equal(target, new FileInfo(Path.Combine(Root, name)).LinkTarget);
        }
        Assert.Equal("RestoreConflict", Fails(() => Target.CreateSpecial(P("l1"), ItemKind.SymbolicLink, Link("x"), replace: false)).ErrorId);
        Target.CreateSpecial(P("l1"), ItemKind.SymbolicLink, Link("x"), replace: true);
        Assert.Equal("x", new FileInfo(Path.Combine(Root, "l1")).LinkTarget);
        Assert.Equal("NameNotAllowed", Fails(() => Target.CreateSpecial(P("l4"), ItemKind.SymbolicLink, Link("a\0b"), replace: false)).ErrorId);
        Assert.Equal("NameNotAllowed", Fails(() => Target.CreateSpecial(P("l4"), ItemKind.SymbolicLink, Link(""), replace: false)).ErrorId);
        Assert.Equal(4, Directory.GetFileSystemEntries(Root).Length);
    }

    [Fact]
    public void A_socket_is_passed_over()
    {
        Assert.Empty(Target.CreateSpecial(P("s"), ItemKind.Socket, Plain, replace: false));
        Assert.Empty(Directory.GetFileSystemEntries(Root));
    }

    [Fact]
    public void A_hard_link_shares_the_file()
    {
        Target.CreateDirectory(P("d"));
        WriteFile("d/f", "one");
        Target.CreateHardLink(P("g"), P("d/f"), replace: false);
        File.AppendAllText(Path.Combine(Root, "g"), " and two");
        Assert.Equal("one and two", Read("d/f"));
        Assert.Equal("RestoreConflict", Fails(() => Target.CreateHardLink(P("g"), P("d/f"), replace: false)).ErrorId);
        Target.CreateHardLink(P("g"), P("d/f"), replace: true);   // already that
        WriteFile("h", "other");
        Target.CreateHardLink(P("h"), P("d/f"), replace: true);
        Assert.Equal("one and two", Read("h"));
        Assert.Equal("RestoreItemFailed", Fails(() => Target.CreateHardLink(P("i"), P("missing"), replace: false)).ErrorId);
        Assert.Equal(["d", "g", "h"], Directory.GetFileSystemEntries(Root).Select(Path.GetFileName).Order());
    }

    [Fact]
    public void Metadata_is_applied_to_what_stands_there_and_to_nothing_else()
    {
        Target.CreateDirectory(P("d"));
        WriteFile("d/f", "x");
        Assert.Empty(Target.ApplyMetadata(P("d"), ItemKind.Directory, Plain with { Mode = 0x1ed }));
        Assert.Empty(Target.ApplyMetadata(P("d/f"), ItemKind.File, Plain with { Mode = 0x180, ModifiedNs = -1_000_000_000 }));
        Assert.Equal(Plain.ModifiedNs, Target.Find(P("d"))!.Stamp.ModifiedNs);
        Assert.Equal(-1_000_000_000, Target.Find(P("d/f"))!.Stamp.ModifiedNs);
        if (!OperatingSystem.IsWindows())
        {
            Assert.Equal(0x1edu, Target.Find(P("d"))!.Metadata.Mode);
            Assert.Equal(0x180u, Target.Find(P("d/f"))!.Metadata.Mode);
        }
        Assert.Equal("RestoreConflict", Fails(() => Target.ApplyMetadata(P("d"), ItemKind.File, Plain)).ErrorId);
        Assert.Equal("RestoreConflict", Fails(() => Target.ApplyMetadata(P("d/f"), ItemKind.Directory, Plain)).ErrorId);
    }

    [Fact]
    public void A_link_in_a_folders_place_is_named_and_nothing_is_written_beyond_it()
    {
        Target.CreateDirectory(P("a/b"));
        WriteFile("a/b/f", "x");
        File.WriteAllText(Path.Combine(Outside, "f"), "theirs");
        Directory.Move(Path.Combine(Root, "a"), Path.Combine(Root, "was-a"));
        Directory.CreateSymbolicLink(Path.Combine(Root, "a"), Outside);
        Directory.CreateDirectory(Path.Combine(Outside, "b"));
        var time = Directory.GetLastWriteTimeUtc(Outside);
        foreach (var act in new Action[]
        {
            () => WriteFile("a/new", "x"), () => WriteFile("a/f", "x", replace: true), () => WriteFile("a/b/new", "x"), () => Target.CreateDirectory(P("a")),
            () => Target.CreateDirectory(P("a/new")), () => Target.CreateDirectory(P("a/b/c/d")), () => Target.Find(P("a/f")), () => Target.CleanUp(P("a/b")),
            () => Target.CreateSpecial(P("a/l"), ItemKind.SymbolicLink, Link("x"), replace: true), () => Target.CreateHardLink(P("a/g"), P("was-a/b/f"), replace: true),
            () => Target.CreateHardLink(P("g"), P("a/f"), replace: true), () => Target.ApplyMetadata(P("a/f"), ItemKind.File, Plain),
        })
        {
            var error = Fails(act);
            Assert.Equal(("RestorePathUnsafe", Path.Combine(Root, "a")), (error.ErrorId, error.Target));
        }
        Assert.Equal(time, Directory.GetLastWriteTimeUtc(Outside));
        Assert.Equal("theirs", File.ReadAllText(Path.Combine(Outside, "f")));
        Assert.Equal(["b", "f"], Directory.GetFileSystemEntries(Outside).Select(Path.GetFileName).Order());
        Assert.Empty(Directory.GetFileSystemEntries(Path.Combine(Outside, "b")));
    }

    [Fact]
    public void A_link_in_a_files_place_is_replaced_and_not_written_through()
    {
        File.WriteAllText(Path.Combine(Outside, "f"), "theirs");
        File.CreateSymbolicLink(Path.Combine(Root, "f"), Path.Combine(Outside, "f"));
        Assert.Equal("RestoreConflict", Fails(() => WriteFile("f", "mine")).ErrorId);
        Assert.Equal("RestoreConflict", Fails(() => Target.ApplyMetadata(P("f"), ItemKind.File, Plain)).ErrorId);
        WriteFile("f", "mine", replace: true);
        Assert.Equal("theirs", File.ReadAllText(Path.Combine(Outside, "f")));
        Assert.Equal("mine", Read("f"));
        Assert.Null(new FileInfo(Path.Combine(Root, "f")).LinkTarget);
    }

    [Fact]
    public void Leftovers_of_an_interrupted_restore_go_those_of_a_running_one_stay()
    {
        Target.CreateDirectory(P("d"));
        File.WriteAllText(Path.Combine(Root, "d", ".sting-0123456789abcdef.part"), "left");
        foreach (var other in new[] { ".sting-0123456789abcdeX.part", ".sting-0123456789abcdef0.part", "sting-0123456789abcdef.part", ".sting-0123456789abcdef.part.txt" })
        {
            File.WriteAllText(Path.Combine(Root, "d", other), "somebody's");
        }
        using (var running = Target.CreateFile(P("d/f"), 3))
        {
            running.Write(0, "run"u8);
            using (var second = Open(Root))
            {
                second.CleanUp(P("d"));
                second.CleanUp(P("missing"));
            }
            Assert.Equal(5, Directory.GetFileSystemEntries(Path.Combine(Root, "d")).Length);
            running.Place(P("d/f"), Plain, replace: false);
        }
        Assert.Equal("run", Read("d/f"));
    }

    [Fact]
    public void Flushing_is_possible_at_any_time()
    {
        Target.Flush();
        WriteFile("f", "x");
        Target.Flush();
        Assert.Equal("x", Read("f"));
    }

    private protected static EntryPath P(string path) => EntryPath.Parse(path);

    private protected static ItemMetadata Link(string target) => Plain with { LinkTarget = Encoding.UTF8.GetBytes(target) };

    private protected IReadOnlyList<string> WriteFile(string path, string content, bool replace = false, ItemMetadata? metadata = null)
    {
        using var file = Target.CreateFile(P(path), Encoding.UTF8.GetByteCount(content));
        file.Write(0, Encoding.UTF8.GetBytes(content));
        return file.Place(P(path), metadata ?? Plain, replace);
    }

    private protected string Read(string path) => File.ReadAllText(Path.Combine(Root, path));

    private protected static StingException Fails(Action act)
    {
        var error = Assert.Throws<StingException>(act);
        Assert.NotEmpty(error.Remedy);
        return error;
    }
}
