using System.Buffers.Binary;
using System.Globalization;
using System.Runtime.Versioning;
using System.Text;
using Microsoft.Win32.SafeHandles;
using StingBackup.Engine.Basics;
using StingBackup.Engine.Platform;

namespace StingBackup.Engine.Changes;

/// <summary>
/// Watches whole file systems, from which the kernel tells the folder and the name of each change: one mark however many folders there are, and nothing to do for new ones. Needs CAP_SYS_ADMIN and CAP_DAC_READ_SEARCH.
/// </summary>
[SupportedOSPlatform("linux")]
internal sealed unsafe class FanotifyReader : IChangeReader
{
    private const uint NonBlocking = 2, CloseOnExec = 1, FoldersNamesAndFiles = 0xe00, Add = 1, WholeFileSystem = 0x100;
    private const ulong Modified = 0x2, Attributes = 0x4, Written = 0x8, MovedFrom = 0x40, MovedTo = 0x80, Created = 0x100, Deleted = 0x200, Overflow = 0x4000, OnChildren = 0x08000000, IsFolder = 0x40000000;
    private const ulong Mask = Modified | Attributes | Written | MovedFrom | MovedTo | Created | Deleted | IsFolder;
    private const byte FileAlone = 1, FolderAndName = 2;
    private const int EventHead = 24, InfoHead = 4, FileSystemId = 8, HandleHead = 8, MostKnown = 10_000, Attempts = 5;

    private readonly SafeFileHandle _queue;
    private readonly List<(SafeFileHandle File, string Path)> _roots = [];
    private readonly Dictionary<ulong, int> _mounts = [];
    private readonly byte[] _askFolder;
    /// <summary>Folders by file system and handle; forgotten when any folder moves.</summary>
    private readonly Dictionary<Handle, List<(int Root, EntryPath Path)>> _known = [];
    private readonly byte[] _buffer = new byte[1 << 18];

    /// <summary>Watches the file systems that hold folders.</summary>
    /// <exception cref="ChangeGapException">It is not allowed, or a file system cannot tell.</exception>
    public FanotifyReader(IReadOnlyList<string> roots, string asks)
    {
        var queue = Libc.FanotifyInit(NonBlocking | CloseOnExec | FoldersNamesAndFiles);
        _queue = queue >= 0 ? new SafeFileHandle(queue, ownsHandle: true) : throw new ChangeGapException($"fanotify cannot be started: {Errno.Text(-queue)}");
        try
        {
            foreach (var root in roots)
            {
                AddRoot(root);
            }
            using var folder = OpenFolder(asks);
            _askFolder = Libc.HandleOf(Number(folder));
            Require(_askFolder.Length > 0 ? Libc.FanotifyMark(Queue, Add, Created | OnChildren, Number(folder)) : -Errno.EOPNOTSUPP, asks);
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    public string Method => "fanotify";
    public long Events { get; private set; }
    private int Queue => Number(_queue);

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
                var length = BinaryPrimitives.ReadInt32LittleEndian(rest);
                Take(BinaryPrimitives.ReadUInt64LittleEndian(rest[8..]), rest[BinaryPrimitives.ReadUInt16LittleEndian(rest[6..])..length], sink);
                Events++;
                rest = rest[length..];
            }
        }
        if (read < 0 && read != -Errno.EAGAIN)
        {
            throw new ChangeGapException($"fanotify cannot be read: {Errno.Text(-read)}");
        }
    }

    public void Dispose()
    {
        _queue.Dispose();
        _roots.ForEach(r => r.File.Dispose());
    }

    private void Take(ulong mask, ReadOnlySpan<byte> infos, IChangeSink sink)
    {
        if ((mask & Overflow) != 0)
        {
            throw new ChangeGapException("more changed at once than fanotify's queue holds (fs.fanotify.max_queued_events)");
        }
        var isPlaced = false;
        for (; infos.Length >= InfoHead; infos = infos[BinaryPrimitives.ReadUInt16LittleEndian(infos[2..])..])
        {
            var fileSystem = BinaryPrimitives.ReadUInt64LittleEndian(infos[InfoHead..]);
            var rest = infos[(InfoHead + FileSystemId)..BinaryPrimitives.ReadUInt16LittleEndian(infos[2..])];
            if (infos[0] == FolderAndName)
            {
                isPlaced = true;
                Take(mask, fileSystem, rest, sink);
            }
            else if (infos[0] == FileAlone && !isPlaced)
            {
                TakeFile(fileSystem, rest, sink);
            }
        }
    }

    /// <summary>The kernel names no folder where a file got another name or lost one; and where somebody reached it by its handle, as a server of NFS does.</summary>
    private void TakeFile(ulong fileSystem, ReadOnlySpan<byte> handle, IChangeSink sink)
    {
        if (!_mounts.TryGetValue(fileSystem, out var mount))
        {
            return;
        }
        var file = Open(mount, handle);
        if (file < 0)
        {
            // Gone with its last name, which was told where that was.
            _ = file is -Errno.ESTALE or -Errno.ENOENT ? 0 : throw new ChangeGapException($"a file that changed cannot be found: {Errno.Text(-file)}");
            return;
        }
        var result = Libc.Stat(file, out var stat);
        Libc.Close(file);
        if (result < 0)
        {
            throw new ChangeGapException($"a file that changed cannot be looked at: {Errno.Text(-result)}");
        }
        sink.Names(stat.Inode);
    }

    /// <summary>
    /// A kernel that says it has no memory is asked again: ext4 says so, too, for a file that is gone while its number is being given to a new one, which is over in a moment. On a busy file system the journal would else begin anew all the time.
    /// </summary>
    private static int Open(int mount, ReadOnlySpan<byte> handle)
    {
        for (var attempt = 1; ; attempt++)
        {
            var file = Libc.OpenByHandle(mount, handle);
            if (file is not (-Errno.ENOMEM or -Errno.EINTR) || attempt == Attempts)
            {
                return file;
            }
            Thread.Sleep(10 * attempt);
        }
    }

    private void Take(ulong mask, ulong fileSystem, ReadOnlySpan<byte> rest, IChangeSink sink)
    {
        var handle = rest[..(HandleHead + BinaryPrimitives.ReadInt32LittleEndian(rest))];
        var name = rest[handle.Length..];
        name = name[..name.IndexOf((byte)0)];
        if (handle.SequenceEqual(_askFolder) && (mask & Created) != 0 && Guid.TryParseExact(Encoding.UTF8.GetString(name), "n", out _))
        {
            sink.Asked(Encoding.UTF8.GetString(name));
            return;
        }
        var cameOrWent = (mask & IsFolder) != 0 && (mask & (MovedFrom | MovedTo | Created | Deleted)) != 0 && EntryPath.IsValidName(name);
        foreach (var (root, path) in PlacesOf(fileSystem, handle))
        {
            sink.Folder(root, path);
            if (cameOrWent)
            {
                sink.Tree(root, path.Append(name));
            }
        }
        if (cameOrWent && (mask & (MovedFrom | MovedTo)) != 0)
        {
            _known.Clear();
        }
    }

    /// <summary>
    /// Where a folder stands now in what is watched. It may have moved since: then both its places were told, or will be, with all beneath them. One that went was told by the folder that it was in.
    /// </summary>
    private List<(int Root, EntryPath Path)> PlacesOf(ulong fileSystem, ReadOnlySpan<byte> handle)
    {
        var key = new Handle(fileSystem, handle.ToArray());
        if (_known.TryGetValue(key, out var known))
        {
            return known;
        }
        if (_known.Count >= MostKnown)
        {
            _known.Clear();
        }
        var places = new List<(int, EntryPath)>();
        if (_mounts.TryGetValue(fileSystem, out var mount) && Open(mount, handle) is var file)
        {
            if (file >= 0)
            {
                try
                {
                    AddPlaces(PathOf(file), places);
                }
                finally
                {
                    Libc.Close(file);
                }
            }
            else if (file is not (-Errno.ESTALE or -Errno.ENOENT))
            {
                throw new ChangeGapException($"a folder that changed cannot be found: {Errno.Text(-file)}");
            }
        }
        _known.Add(key, places);
        return places;
    }

    private void AddPlaces(ReadOnlySpan<byte> path, List<(int, EntryPath)> places)
    {
        for (var i = 0; i < _roots.Count; i++)
        {
            var root = Encoding.UTF8.GetBytes(_roots[i].Path);
            if (path.SequenceEqual(root))
            {
                places.Add((i, EntryPath.Root));
            }
            else if (path.Length > root.Length + 1 && path.StartsWith(root) && path[root.Length] == '/')
            {
                places.Add((i, EntryPath.FromBytes(path[(root.Length + 1)..])));
            }
        }
    }

    private void AddRoot(string path)
    {
        var file = OpenFolder(path);
        // The kernel's own name for it, without links on the way.
        _roots.Add((file, Encoding.UTF8.GetString(PathOf(Number(file))).TrimEnd('/')));
        if (Libc.FileSystemOf(Number(file)) is not { } system || system.Id == 0 || Libc.HandleOf(Number(file)).Length == 0)
        {
            throw new ChangeGapException($"the file system of '{path}' has no handles");
        }
        if (_mounts.TryAdd(system.Id, Number(file)))
        {
            Require(Libc.FanotifyMark(Queue, Add | WholeFileSystem, Mask, Number(file)), path);
            var probe = Libc.OpenByHandle(Number(file), Libc.HandleOf(Number(file)));
            Require(probe, path);
            Libc.Close(probe);
        }
    }

    private static byte[] PathOf(int file)
    {
        var path = new byte[LinuxAbi.PathMax];
        fixed (byte* link = Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"/proc/self/fd/{file}\0")))
        {
            for (var attempt = 1; ; attempt++)
            {
                var length = Libc.ReadLink(LinuxAbi.AT_FDCWD, link, path);
                if (length is not (-Errno.ENOMEM or -Errno.EINTR) || attempt == Attempts)
                {
                    return length is >= 0 and < LinuxAbi.PathMax ? path[..length] : throw new ChangeGapException($"the path of a folder that changed cannot be read: {(length < 0 ? Errno.Text(-length) : "it is too long")}");
                }
                Thread.Sleep(10 * attempt);
            }
        }
    }

    private static SafeFileHandle OpenFolder(string path)
    {
        fixed (byte* start = Encoding.UTF8.GetBytes(path + '\0'))
        {
            var file = Libc.OpenAt(LinuxAbi.AT_FDCWD, start, LinuxAbi.O_RDONLY | LinuxAbi.O_DIRECTORY);
            return file >= 0 ? new SafeFileHandle(file, ownsHandle: true) : throw new ChangeGapException($"'{path}' cannot be opened: {Errno.Text(-file)}");
        }
    }

    private static void Require(int result, string path)
    {
        if (result < 0)
        {
            throw new ChangeGapException($"fanotify cannot watch '{path}': {Errno.Text(-result)}");
        }
    }

    private static int Number(SafeFileHandle file) => (int)file.DangerousGetHandle();

    /// <summary>A file system and a handle on it.</summary>
    private readonly struct Handle(ulong fileSystem, byte[] bytes) : IEquatable<Handle>
    {
        private ulong FileSystem { get; } = fileSystem;
        private byte[] Bytes { get; } = bytes;

        public bool Equals(Handle other) => FileSystem == other.FileSystem && Bytes.AsSpan().SequenceEqual(other.Bytes);
        public override bool Equals(object? obj) => obj is Handle other && Equals(other);

        public override int GetHashCode()
        {
            var hash = new HashCode();
            hash.Add(FileSystem);
            hash.AddBytes(Bytes);
            return hash.ToHashCode();
        }
    }
}
