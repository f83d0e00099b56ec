using System.Runtime.InteropServices;

namespace StingBackup.Engine.Platform;

// Calls by which the kernel tells of changes to files.
internal static unsafe partial class Libc
{
    private const int HandleBytes = 128, StatfsBytes = 120;
    private const short PollIn = 1;

    /// <summary>Starts an inotify queue that does not block.</summary>
    public static int InotifyInit() => Result(inotify_init1_(LinuxAbi.O_NONBLOCK | LinuxAbi.O_CLOEXEC));

    /// <summary>Watches what an open file is; the watch's number, the same for the same inode.</summary>
    public static int InotifyAdd(int queue, int file, uint mask)
    {
        fixed (byte* path = System.Text.Encoding.ASCII.GetBytes($"/proc/self/fd/{file}\0"))
        {
            return Result(inotify_add_watch_(queue, path, mask));
        }
    }

    /// <summary>Ends a watch. That it may be gone already does not matter.</summary>
    public static void InotifyRemove(int queue, int watch) => _ = inotify_rm_watch_(queue, watch);

    /// <summary>Starts a fanotify queue.</summary>
    public static int FanotifyInit(uint flags) => Result(fanotify_init_(flags, LinuxAbi.O_RDONLY));

    /// <summary>Marks what an open file is, or its file system.</summary>
    public static int FanotifyMark(int queue, uint flags, ulong mask, int file) => Result(fanotify_mark_(queue, flags, mask, file, null));

    /// <summary>Waits until a queue has something; false when time ran out first.</summary>
    public static bool WaitReadable(int file, int milliseconds)
    {
        var wait = new PollFile { File = file, Events = PollIn };
        return poll_(&wait, 1, milliseconds) > 0;
    }

    /// <summary>The handle of an open file: its length u32, its type i32, its bytes; empty where its file system has none.</summary>
    public static byte[] HandleOf(int file)
    {
        var handle = new byte[8 + HandleBytes];
        BitConverter.TryWriteBytes(handle, HandleBytes);
        byte nul = 0;
        fixed (byte* start = handle)
        {
            int mount;
            return name_to_handle_at_(file, &nul, start, &mount, LinuxAbi.AT_EMPTY_PATH) == 0 ? handle[..(8 + BitConverter.ToInt32(handle))] : [];
        }
    }

    /// <summary>Opens what a handle stands for on the file system of an open file; or the error negated.</summary>
    public static int OpenByHandle(int mount, ReadOnlySpan<byte> handle)
    {
        fixed (byte* start = handle)
        {
            return Result(open_by_handle_at_(mount, start, LinuxAbi.O_PATH | LinuxAbi.O_CLOEXEC));
        }
    }

    /// <summary>Kind and number of the file system that holds an open file.</summary>
    public static (ulong Kind, ulong Id)? FileSystemOf(int file)
    {
        const int idAt = 56;   // f_fsid in struct statfs of 64-bit systems
        var stat = stackalloc byte[StatfsBytes];
        return fstatfs_(file, stat) == 0 ? (*(ulong*)stat, *(ulong*)(stat + idAt)) : null;
    }

    [LibraryImport(Library, EntryPoint = "inotify_init1", SetLastError = true)]
    private static partial int inotify_init1_(int flags);
    [LibraryImport(Library, EntryPoint = "inotify_add_watch", SetLastError = true)]
    private static partial int inotify_add_watch_(int queue, byte* path, uint mask);
    [LibraryImport(Library, EntryPoint = "inotify_rm_watch", SetLastError = true)]
    private static partial int inotify_rm_watch_(int queue, int watch);
    [LibraryImport(Library, EntryPoint = "fanotify_init", SetLastError = true)]
    private static partial int fanotify_init_(uint flags, uint eventFlags);
    [LibraryImport(Library, EntryPoint = "fanotify_mark", SetLastError = true)]
    private static partial int fanotify_mark_(int queue, uint flags, ulong mask, int directory, byte* path);
    [LibraryImport(Library, EntryPoint = "poll", SetLastError = true)]
    private static partial int poll_(PollFile* files, nuint count, int milliseconds);
    [LibraryImport(Library, EntryPoint = "name_to_handle_at", SetLastError = true)]
    private static partial int name_to_handle_at_(int directory, byte* path, byte* handle, int* mount, int flags);
    [LibraryImport(Library, EntryPoint = "open_by_handle_at", SetLastError = true)]
    private static partial int open_by_handle_at_(int mount, byte* handle, int flags);
    [LibraryImport(Library, EntryPoint = "fstatfs", SetLastError = true)]
    private static partial int fstatfs_(int file, byte* result);

    /// <summary><c>struct pollfd</c>.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct PollFile
    {
        public int File;
        public short Events;
        public short Returned;
    }
}
