using System.Buffers.Binary;
using System.Runtime.Versioning;
using System.Text;
using Microsoft.Win32.SafeHandles;
using StingBackup.Engine.Basics;
using StingBackup.Engine.Platform;

namespace StingBackup.Engine.Changes;

/// <summary>
/// Watches each folder by itself: needs no right but to read them, and a watch a folder. A folder that is new is watched before it is told: what is made in it before that is found by the visit, what comes after by its events.
/// </summary>
[SupportedOSPlatform("linux")]
internal sealed unsafe class InotifyReader : IChangeReader
{
    private const uint Modified = 0x2, Attributes = 0x4, Written = 0x8, MovedFrom = 0x40, MovedTo = 0x80, Created = 0x100, Deleted = 0x200, SelfDeleted = 0x400, SelfMoved = 0x800;
    private const uint Unmounted = 0x2000, Overflow = 0x4000, Ended = 0x8000, OnlyFolders = 0x01000000, IsFolder = 0x40000000;
    private const uint Mask = Modified | Attributes | Written | MovedFrom | MovedTo | Created | Deleted | SelfDeleted | SelfMoved | OnlyFolders;
    private const int EventHead = 16;

    private readonly SafeFileHandle _queue;
    private readonly List<SafeFileHandle> _roots = [];
    private readonly Dictionary<int, (int Root, EntryPath Path)> _watches = [];
    private readonly byte[] _buffer = new byte[1 << 16];
    private readonly byte[] _list = new byte[1 << 16];
    private readonly int _asks;

    /// <summary>Watches folders and all beneath them.</summary>
    /// <exception cref="ChangeGapException">Not all can be watched.</exception>
    public InotifyReader(IReadOnlyList<string> roots, string asks)
    {
        var queue = Libc.InotifyInit();
        _queue = queue >= 0 ? new SafeFileHandle(queue, ownsHandle: true) : throw new ChangeGapException($"inotify cannot be started: {Errno.Text(-queue)}");
        try
        {
            using var folder = Open(asks);
            _asks = Libc.InotifyAdd(Queue, (int)folder.DangerousGetHandle(), Created | OnlyFolders);
            for (var i = 0; i < roots.Count; i++)
            {
                _roots.Add(Open(roots[i]));
                Watch(i, EntryPath.Root);
            }
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    public string Method => "inotify";
    public long Events { get; private set; }
    /// <summary>Folders that are watched.</summary>
    public int Watches => _watches.Count;
    private int Queue => (int)_queue.DangerousGetHandle();

    public void Read(IChangeSink sink, int milliseconds)
    {
        if (!Libc.WaitReadable(Queue, milliseconds))
        {
            return;
        }
        int read;
        while ((read = Libc.Read(Queue, _buffer)) > 0)
        {
            for (var rest = _buffer.AsSpan(0, read); !rest.IsEmpty;)
            {
                int watch = BinaryPrimitives.ReadInt32LittleEndian(rest), length = BinaryPrimitives.ReadInt32LittleEndian(rest[12..]);
                var name = rest.Slice(EventHead, length);
                name = name.IndexOf((byte)0) is >= 0 and var end ? name[..end] : name;
                Take(watch, BinaryPrimitives.ReadUInt32LittleEndian(rest[4..]), name, sink);
                Events++;
                rest = rest[(EventHead + length)..];
            }
        }
        if (read < 0 && read != -Errno.EAGAIN)
        {
            throw new ChangeGapException($"inotify cannot be read: {Errno.Text(-read)}");
        }
    }

    public void Dispose()
    {
        _queue.Dispose();
        _roots.ForEach(r => r.Dispose());
    }

    private void Take(int watch, uint mask, ReadOnlySpan<byte> name, IChangeSink sink)
    {
        if ((mask & Overflow) != 0)
        {
            throw new ChangeGapException("more changed at once than inotify's queue holds (fs.inotify.max_queued_events)");
        }
        if (watch == _asks)
        {
            if ((mask & Created) != 0)
            {
                sink.Asked(Encoding.UTF8.GetString(name));
            }
            return;
        }
        if (!_watches.TryGetValue(watch, out var at))
        {
            return;   // of a folder that moved away or went, which was told by its parent
        }
        if ((mask & Unmounted) != 0 || (at.Path.IsRoot && (mask & (SelfDeleted | SelfMoved)) != 0))
        {
            throw new ChangeGapException("a folder of the reserve was unmounted, moved or removed");
        }
        if ((mask & Ended) != 0)
        {
            _watches.Remove(watch);
            return;
        }
        if (name.IsEmpty)
        {
            sink.Folder(at.Root, at.Path);
            return;
        }
        var item = at.Path.Append(name);
        if ((mask & IsFolder) == 0)
        {
            if ((mask & (Created | MovedTo)) != 0)
            {
                LookForNames(at.Root, item, sink);
            }
            sink.Folder(at.Root, at.Path);
        }
        else if ((mask & Attributes) != 0)
        {
            sink.Folder(at.Root, item);
        }
        else
        {
            if ((mask & (MovedFrom | Deleted)) != 0)
            {
                Forget(at.Root, item);
            }
            if ((mask & (MovedTo | Created)) != 0)
            {
                Watch(at.Root, item);
            }
            sink.Folder(at.Root, at.Path);
            sink.Tree(at.Root, item);
        }
    }

    /// <summary>A file that came and has further names may have changed by this one, which its other folders are not told. Names outside of what is watched, and those that are gone by now, are not seen.</summary>
    private void LookForNames(int root, EntryPath item, IChangeSink sink)
    {
        fixed (byte* start = new byte[item.Bytes.Length + 1])
        {
            item.Bytes.CopyTo(new Span<byte>(start, item.Bytes.Length));
            if (Libc.Stat((int)_roots[root].DangerousGetHandle(), start, LinuxAbi.AT_SYMLINK_NOFOLLOW | LinuxAbi.AT_NO_AUTOMOUNT, out var stat) == 0 && stat.Links > 1)
            {
                sink.Names(stat.Inode);
            }
        }
    }

    /// <summary>Watches a folder and all beneath it, each before it is listed.</summary>
    private void Watch(int root, EntryPath top)
    {
        var waiting = new Stack<EntryPath>([top]);
        while (waiting.TryPop(out var path))
        {
            var file = Open(root, path);
            if (file is -Errno.ENOENT or -Errno.ENOTDIR or -Errno.ELOOP)
            {
                continue;   // it went, or something else stands there: its parent's watch tells
            }
            if (file < 0)
            {
                throw new ChangeGapException($"the folder '{path}' cannot be opened: {Errno.Text(-file)}");
            }
            try
            {
                var watch = Libc.InotifyAdd(Queue, file, Mask);
                if (watch < 0)
                {
                    throw new ChangeGapException(watch == -Errno.ENOSPC ? $"there are more folders than fs.inotify.max_user_watches allows ({_watches.Count:N0} are watched)" : $"the folder '{path}' cannot be watched: {Errno.Text(-watch)}");
                }
                _watches[watch] = (root, path);
                AddFolders(file, path, waiting);
            }
            finally
            {
                Libc.Close(file);
            }
        }
    }

    private void AddFolders(int file, EntryPath path, Stack<EntryPath> waiting)
    {
        using var names = new DirectoryReader();
        if (names.Read(file, _list) is < 0 and var error && error != -Errno.ENOENT)
        {
            throw new ChangeGapException($"the folder '{path}' cannot be listed: {Errno.Text(-error)}");
        }
        for (var i = 0; i < names.Count; i++)
        {
            // Where the file system does not say what an item is, opening it as a folder does.
            if (LinuxAbi.KindOfDirectoryEntry(names.Type(i)) is null or ItemKind.Directory)
            {
                waiting.Push(path.Append(names.Name(i)));
            }
        }
    }

    /// <summary>A folder is not there any more; where it went, it is watched anew.</summary>
    private void Forget(int root, EntryPath item)
    {
        foreach (var (watch, _) in _watches.Where(w => w.Value.Root == root && w.Value.Path.IsWithin(item)).ToList())
        {
            _watches.Remove(watch);
            Libc.InotifyRemove(Queue, watch);
        }
    }

    private int Open(int root, EntryPath path)
    {
        var text = path.IsRoot ? "."u8 : path.Bytes;
        var bytes = new byte[text.Length + 1];
        text.CopyTo(bytes);
        fixed (byte* start = bytes)
        {
            return Libc.OpenAt((int)_roots[root].DangerousGetHandle(), start, LinuxAbi.O_RDONLY | LinuxAbi.O_DIRECTORY | LinuxAbi.O_NOFOLLOW);
        }
    }

    private static SafeFileHandle Open(string path)
    {
        fixed (byte* start = Encoding.UTF8.GetBytes(path + '\0'))
        {
            var file = Libc.OpenAt(LinuxAbi.AT_FDCWD, start, LinuxAbi.O_RDONLY | LinuxAbi.O_DIRECTORY);
            return file >= 0 ? new SafeFileHandle(file, ownsHandle: true) : throw new ChangeGapException($"'{path}' cannot be opened: {Errno.Text(-file)}");
        }
    }
}
