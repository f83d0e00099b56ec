using System.Runtime.CompilerServices;
using System.Runtime.Versioning;
using System.Text;
using Microsoft.Win32.SafeHandles;
using StingBackup.Engine.Basics;
using StingBackup.Engine.Platform;

namespace StingBackup.Engine.Sources;

/// <summary>A directory tree on Linux. Every item is reached from the open root without following a link, also in the folders above it.</summary>
[SupportedOSPlatform("linux")]
internal sealed unsafe class LinuxSourceTree : ISourceTree
{
    // Not blocking: a pipe that has taken a file's place must not hold the backup up.
    private const int ReadFlags = LinuxAbi.O_RDONLY | LinuxAbi.O_NONBLOCK | LinuxAbi.O_NOCTTY;

    private readonly SafeFileHandle _root;
    private readonly byte[] _rootPath;
    private readonly Beneath _beneath;
    private readonly Accounts _accounts = new();

    private LinuxSourceTree(string location, SafeFileHandle root, Beneath beneath)
    {
        Location = location;
        _root = root;
        _rootPath = Encoding.UTF8.GetBytes(location.TrimEnd('/') + '/');
        _beneath = beneath;
    }

    /// <inheritdoc/>
    public string Location { get; }

    private int Root => (int)_root.DangerousGetHandle();

    /// <summary>Opens a tree; <paramref name="beneath"/> is the way to resolve paths in it.</summary>
    public static LinuxSourceTree Open(string root, Beneath beneath)
    {
        fixed (byte* path = Encoding.UTF8.GetBytes(root + '\0'))
        {
            var file = Libc.OpenAt(LinuxAbi.AT_FDCWD, path, LinuxAbi.O_PATH | LinuxAbi.O_DIRECTORY);
            return file >= 0 ? new LinuxSourceTree(root, new SafeFileHandle(file, ownsHandle: true), beneath)
                : throw SourceErrors.Unavailable(root, Errno.Kind(-file), Errno.Text(-file));
        }
    }

    /// <inheritdoc/>
    public IEnumerable<SourceEntry> Scan(Func<EntryPath, ItemKind, ScanChoice> choose, Action<StingException> failed, CancellationToken cancel)
    {
        ArgumentNullException.ThrowIfNull(choose);
        ArgumentNullException.ThrowIfNull(failed);
        return Walk();

        IEnumerable<SourceEntry> Walk()
        {
            using var walk = new LinuxWalk(this, _accounts, choose, failed, cancel);
            while (walk.Next() is { } entry)
            {
                yield return entry;
            }
        }
    }

    /// <inheritdoc/>
    public ItemMetadata ReadMetadata(SourceEntry entry)
    {
        ArgumentNullException.ThrowIfNull(entry);
        var metadata = entry.Metadata;
        if (entry.Kind == ItemKind.SymbolicLink)
        {
            metadata = metadata with { LinkTarget = ReadLink(entry.Path) };
        }
        if (MayHaveAttributes(entry.Path))
        {
            metadata = metadata with { ExtendedAttributes = ReadAttributes(entry) };
        }
        return metadata;
    }

    /// <inheritdoc/>
    public ISourceFile Open(SourceEntry entry)
    {
        ArgumentNullException.ThrowIfNull(entry);
        var file = new LinuxSourceFile(this, entry.Path, new SafeFileHandle(OpenContent(entry.Path), ownsHandle: true));
        try
        {
            file.Prepare();
            return file;
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public int ReadSmall(SourceEntry entry, Span<byte> buffer, out FileStamp stamp)
    {
        ArgumentNullException.ThrowIfNull(entry);
        var file = OpenContent(entry.Path);
        try
        {
            var done = Libc.Read(file, buffer);
            var stat = StatFile(file, entry.Path);   // before the read is judged: a folder in its place is told as that
            while (done >= 0 && done < buffer.Length && done != (long)stat.Size)
            {
                var more = Libc.Read(file, buffer[done..]);
                if (more == 0)
                {
                    break;
                }
                done = more < 0 ? more : done + more;
                stat = StatFile(file, entry.Path);
            }
            stamp = stat.Stamp;
            return done < 0 ? throw Failed(entry.Path, "read", done) : stamp.Length > buffer.Length ? -1 : done;
        }
        finally
        {
            Libc.Close(file);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _root.Dispose();

    /// <summary>Opens a folder to list it, without changing its access time where the system allows; or the error negated.</summary>
    internal int OpenFolder(EntryPath path) => OpenFolder(Root, path.Bytes);

    /// <summary>The same relative to a folder above it.</summary>
    internal int OpenFolder(int above, ReadOnlySpan<byte> path)
    {
        const int flags = ReadFlags;
        var file = _beneath.Open(above, path, flags | LinuxAbi.O_DIRECTORY | LinuxAbi.O_NOATIME);
        return file == -Errno.EPERM ? _beneath.Open(above, path, flags | LinuxAbi.O_DIRECTORY) : file;
    }

    internal StingException Failed(EntryPath path, string action, int errno) => SourceErrors.Make(Location, path, action, errno);

    /// <summary>Stat of an open file, which must be a regular one.</summary>
    internal Statx StatFile(int file, EntryPath path)
    {
        var result = Libc.Stat(file, out var stat);
        return result < 0 ? throw Failed(path, "read", result)
            : stat.Kind == ItemKind.File ? stat
            : throw SourceErrors.Vanished(Location, path, "it is a file no more");
    }

    private int OpenContent(EntryPath path)
    {
        // O_NOATIME is for the owner and root; others are refused by EPERM. A lease (Samba's) that another must give up first is EAGAIN.
        var flags = ReadFlags | LinuxAbi.O_NOATIME;
        while (true)
        {
            var file = _beneath.Open(Root, path.Bytes, flags);
            if (file == -Errno.EPERM && (flags & LinuxAbi.O_NOATIME) != 0)
            {
                flags &= ~LinuxAbi.O_NOATIME;
            }
            else if (file == -Errno.EAGAIN && (flags & LinuxAbi.O_NONBLOCK) != 0)
            {
                flags &= ~LinuxAbi.O_NONBLOCK;
            }
            else
            {
                return file >= 0 ? file : file == -Errno.ENXIO   // a socket, or a device without driver
                    ? throw SourceErrors.Vanished(Location, path, "it is a file no more")
                    : throw Failed(path, "open", file);
            }
        }
    }

    private byte[] ReadLink(EntryPath path)
    {
        var link = OpenPath(path);
        try
        {
            byte nul = 0;
            for (var room = 256; ; room *= 4)
            {
                var target = new byte[room];
                var length = Libc.ReadLink(link, &nul, target);
                if (length < 0)
                {
                    throw length is -Errno.EINVAL or -Errno.ENOENT ? SourceErrors.Vanished(Location, path, "it is a link no more") : Failed(path, "read the link", length);
                }
                if (length < room)
                {
                    return target[..length];
                }
            }
        }
        finally
        {
            Libc.Close(link);
        }
    }

    // Most items have none, and one call by name tells so. Should a link have been slipped into the path, the answer is about another
    // item and the worst that follows is that this item's attributes are missed; they are only ever read through an open descriptor.
    [SkipLocalsInit]
    private bool MayHaveAttributes(EntryPath path)
    {
        if (_rootPath.Length + path.Bytes.Length >= LinuxAbi.PathMax)
        {
            return true;
        }
        var text = stackalloc byte[LinuxAbi.PathMax];
        _rootPath.CopyTo(new Span<byte>(text, _rootPath.Length));
        Beneath.Terminate(path.Bytes, text + _rootPath.Length);
        return Libc.ListAttributesNoFollow(text, []) is not (0 or -Errno.EOPNOTSUPP);
    }

    private List<KeyValuePair<byte[], byte[]>> ReadAttributes(SourceEntry entry)
    {
        var isPath = entry.Kind is not (ItemKind.File or ItemKind.Directory);
        var file = isPath ? OpenPath(entry.Path) : _beneath.Open(Root, entry.Path.Bytes, ReadFlags);
        if (file is -Errno.EACCES or -Errno.EPERM)
        {
            isPath = true;
            file = OpenPath(entry.Path);
        }
        if (file < 0)
        {
            throw Failed(entry.Path, "open", file);
        }
        try
        {
            var result = new ItemHandle(file, isPath).ReadAttributes(out var attributes);
            return result == 0 ? attributes : throw Failed(entry.Path, "read the extended attributes of", result);
        }
        finally
        {
            Libc.Close(file);
        }
    }

    private int OpenPath(EntryPath path)
    {
        var file = _beneath.Open(Root, path.Bytes, LinuxAbi.O_PATH);
        return file >= 0 ? file : throw Failed(path, "open", file);
    }
}
