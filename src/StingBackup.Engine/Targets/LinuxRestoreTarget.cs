using System.Runtime.Versioning;
using System.Text;
using Microsoft.Win32.SafeHandles;
using StingBackup.Engine.Basics;
using StingBackup.Engine.Platform;
using StingBackup.Engine.Sources;

namespace StingBackup.Engine.Targets;

/// <summary>
/// A directory on Linux. Each call resolves its path anew from the open root, without following a link in any component; nothing found
/// before is trusted, so a link that is slipped in at any moment is noticed by the next call and nothing is written beyond it.
/// </summary>
[SupportedOSPlatform("linux")]
internal sealed unsafe class LinuxRestoreTarget : IRestoreTarget
{
    private const uint NewFolderMode = 0x1c0;   // 0700: nobody else looks in before its own mode is set

    private readonly SafeFileHandle _root;
    private readonly MountedBelow _mounts;
    private readonly LinuxSourceTree _reader;
    private readonly Beneath _beneath;
    private readonly Accounts _accounts = new();

    private LinuxRestoreTarget(string location, SafeFileHandle root, Beneath beneath)
    {
        Location = location;
        _root = root;
        _beneath = beneath;
        _reader = LinuxSourceTree.Open(location, beneath);
        _mounts = MountedBelow.Open(Root);
        Metadata = new LinuxMetadata(_accounts);
    }

    /// <inheritdoc/>
    public string Location { get; }

    /// <summary>Names of temporary files.</summary>
    internal TemporaryNames Names { get; } = new();

    /// <summary>What sets owners, modes and times.</summary>
    internal LinuxMetadata Metadata { get; }

    private int Root => (int)_root.DangerousGetHandle();

    /// <summary>Opens an existing directory; <paramref name="beneath"/> is the way to resolve paths in it.</summary>
    public static LinuxRestoreTarget Open(string root, Beneath beneath)
    {
        fixed (byte* path = Encoding.UTF8.GetBytes(root + '\0'))
        {
            var file = Libc.OpenAt(LinuxAbi.AT_FDCWD, path, LinuxAbi.O_RDONLY | LinuxAbi.O_DIRECTORY);
            return file >= 0 ? new LinuxRestoreTarget(root, new SafeFileHandle(file, ownsHandle: true), beneath)
                : throw RestoreErrors.Make(root, EntryPath.Root, "open the folder", file);
        }
    }

    /// <inheritdoc/>
    public SourceEntry? Find(EntryPath path)
    {
        ArgumentNullException.ThrowIfNull(path);
        var file = _beneath.Open(Root, path.Bytes, LinuxAbi.O_PATH);
        if (file is -Errno.ENOENT or -Errno.ENOTDIR)
        {
            return null;
        }
        using var opened = Own(file, path, "look at");
        var result = Libc.Stat(file, out var stat);
        return result < 0 ? throw Failed(path, "look at", result)
            : stat.Kind is not { } kind ? throw RestoreErrors.Conflict(Location, path, "it is of a kind that no program makes")
            : LinuxEntry.Make(path, kind, stat, _accounts.UserName(stat.UserId), _accounts.GroupName(stat.GroupId));
    }

    /// <inheritdoc/>
    public ItemMetadata ReadMetadata(SourceEntry entry) => _reader.ReadMetadata(entry);

    /// <inheritdoc/>
    public ISourceFile OpenExisting(SourceEntry entry) => _reader.Open(entry);

    /// <inheritdoc/>
    public void CreateDirectory(EntryPath path)
    {
        ArgumentNullException.ThrowIfNull(path);
        // Mostly the parent is there; else the way goes up to what is, and down again.
        var missing = new Stack<EntryPath>();
        for (var next = path; !next.IsRoot && !TryMakeFolder(next); next = next.Parent)
        {
            missing.Push(next);
        }
        while (missing.TryPop(out var next))
        {
            if (!TryMakeFolder(next))
            {
                throw Failed(next, "make the folder", Errno.ENOENT);
            }
        }
    }

    /// <inheritdoc/>
    public IRestoreFile CreateFile(EntryPath path, long length)
    {
        ArgumentNullException.ThrowIfNull(path);
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        return new LinuxRestoreFile(this, path, length);
    }

    /// <inheritdoc/>
    public IReadOnlyList<string> CreateSpecial(EntryPath path, ItemKind kind, ItemMetadata metadata, bool replace)
    {
        ArgumentNullException.ThrowIfNull(path);
        ArgumentNullException.ThrowIfNull(metadata);
        if (kind == ItemKind.Socket)
        {
            return [];   // it belongs to the program that listened on it, which makes it anew
        }
        if (kind == ItemKind.SymbolicLink && (metadata.LinkTarget is not { Length: > 0 } target || target.Contains((byte)0)))
        {
            throw RestoreErrors.NameNotAllowed(Location, path, "the target of the link is empty or holds NUL");
        }
        using var temporary = LinuxTemporary.MakeSpecial(this, path, kind, metadata);
        using var item = temporary.OpenPath();
        var file = (int)item.DangerousGetHandle();
        CheckKind(file, path, kind);
        var messages = Metadata.Apply(new ItemHandle(file, isPath: true), kind, metadata);
        temporary.Place(path, replace);
        return messages;
    }

    /// <inheritdoc/>
    public void CreateHardLink(EntryPath path, EntryPath existing, bool replace)
    {
        ArgumentNullException.ThrowIfNull(path);
        ArgumentNullException.ThrowIfNull(existing);
        using var temporary = LinuxTemporary.MakeHardLink(this, path, existing);
        temporary.Place(path, replace);
    }

    /// <inheritdoc/>
    public IReadOnlyList<string> ApplyMetadata(EntryPath path, ItemKind kind, ItemMetadata metadata)
    {
        ArgumentNullException.ThrowIfNull(path);
        ArgumentNullException.ThrowIfNull(metadata);
        kind = kind == ItemKind.HardLink ? ItemKind.File : kind;
        // Opened as a mere path: whatever stands there is not disturbed, and no right to read it is needed.
        var file = _beneath.Open(Root, path.Bytes, LinuxAbi.O_PATH);
        using var item = Own(file, path, "open");
        CheckKind(file, path, kind);
        return Metadata.Apply(new ItemHandle(file, isPath: true), kind, metadata);
    }

    /// <inheritdoc/>
    public void CleanUp(EntryPath directory)
    {
        ArgumentNullException.ThrowIfNull(directory);
        var folder = _beneath.Open(Root, directory.Bytes, LinuxAbi.O_RDONLY | LinuxAbi.O_DIRECTORY);
        if (folder == -Errno.ENOENT)
        {
            return;
        }
        using var opened = Own(folder, directory, "open the folder");
        var result = LinuxLeftovers.Remove(folder);
        if (result < 0)
        {
            throw Failed(directory, "remove what an interrupted restore left in", result);
        }
    }

    /// <inheritdoc/>
    public void Flush()
    {
        var own = Libc.SyncFileSystem(Root);
        var mounted = _mounts.Sync();
        if (own < 0 || mounted < 0)
        {
            throw Failed(EntryPath.Root, "make durable what was restored to", own < 0 ? own : mounted);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _root.Dispose();
        _reader.Dispose();
        _mounts.Dispose();
    }

    /// <summary>An error of the system's; a link in the path is named itself.</summary>
    internal StingException Failed(EntryPath path, string action, int errno) => Math.Abs(errno) == Errno.ELOOP
        ? RestoreErrors.Unsafe(Location, LinkIn(path)) : RestoreErrors.Make(Location, path, action, errno);

    /// <summary>Opens the folder that an item belongs in.</summary>
    internal SafeFileHandle OpenFolderOf(EntryPath path) => path.IsRoot
        ? throw RestoreErrors.Conflict(Location, path, "it is the folder that is restored to")
        : Own(_beneath.Open(Root, path.Parent.Bytes, LinuxAbi.O_PATH | LinuxAbi.O_DIRECTORY), path, "open the folder of");

    /// <summary>An item's name, ended by NUL.</summary>
    /// <exception cref="StingException"><c>NameNotAllowed</c> when it is longer than any file system's.</exception>
    internal byte[] NameOf(EntryPath path) => path.Name.Length <= LinuxAbi.NameMax ? [.. path.Name, 0]
        : throw RestoreErrors.NameNotAllowed(Location, path, $"it has {path.Name.Length} bytes, more than {LinuxAbi.NameMax}");

    // False when its parent is missing.
    private bool TryMakeFolder(EntryPath path)
    {
        var parent = _beneath.Open(Root, path.Parent.Bytes, LinuxAbi.O_PATH | LinuxAbi.O_DIRECTORY);
        if (parent == -Errno.ENOENT)
        {
            return false;
        }
        using var opened = Own(parent, path, "make the folder");
        int result;
        fixed (byte* name = NameOf(path))
        {
            result = Libc.MakeDirectory(parent, name, NewFolderMode);
        }
        if (result is not (0 or -Errno.EEXIST))
        {
            throw Failed(path, "make the folder", result);
        }
        return result == 0 || Find(path)?.Kind switch
        {
            null => throw Failed(path, "make the folder", Errno.ENOENT),   // it went this moment
            ItemKind.Directory => true,
            ItemKind.SymbolicLink => throw RestoreErrors.Unsafe(Location, path),
            var other => throw RestoreErrors.Conflict(Location, path, $"a {other} stands where a folder is needed"),
        };
    }

    private SafeFileHandle Own(int file, EntryPath path, string action) =>
        file >= 0 ? new SafeFileHandle(file, ownsHandle: true) : throw Failed(path, action, file);

    private void CheckKind(int file, EntryPath path, ItemKind kind)
    {
        var result = Libc.Stat(file, out var stat);
        if (result < 0 || stat.Kind != kind)
        {
            throw result < 0 ? Failed(path, "look at", result) : RestoreErrors.Conflict(Location, path, $"a {stat.Kind} stands there, not a {kind}");
        }
    }

    private EntryPath LinkIn(EntryPath path)
    {
        var end = _beneath.FindLink(Root, path.Bytes);
        return end < 0 ? path : EntryPath.FromBytes(path.Bytes[..end]);   // gone again: the path itself is the best there is to name
    }
}
