using System.Runtime.InteropServices;

namespace StingBackup.Engine.Platform;

// The calls as libc declares them. The wrappers beside this file retry EINTR and return the error number negated.
internal static unsafe partial class Libc
{
    private const string Library = "libc";

    // openat, fcntl and syscall are variadic in C; on Linux's processors their integers travel as named ones would.
    // Three calls go by number, because some versions of glibc and musl have no name for them.
    [LibraryImport(Library, EntryPoint = "openat", SetLastError = true)]
    private static partial int openat_(int directory, byte* path, int flags, uint mode);
    [LibraryImport(Library, EntryPoint = "syscall", SetLastError = true)]
    private static partial nint openat2_(nint number, nint directory, byte* path, OpenHow* how, nint size);
    [LibraryImport(Library, EntryPoint = "getgroups", SetLastError = true)]
    private static partial int getgroups_(int size, uint* list);
    [LibraryImport(Library, EntryPoint = "getegid")]
    private static partial uint getegid_();
    [LibraryImport(Library, EntryPoint = "close")]
    private static partial int close_(int file);
    [LibraryImport(Library, EntryPoint = "read", SetLastError = true)]
    private static partial nint read_(int file, byte* buffer, nint count);
    [LibraryImport(Library, EntryPoint = "pread", SetLastError = true)]
    private static partial nint pread_(int file, byte* buffer, nint count, long offset);
    [LibraryImport(Library, EntryPoint = "pwrite", SetLastError = true)]
    private static partial nint pwrite_(int file, byte* buffer, nint count, long offset);
    [LibraryImport(Library, EntryPoint = "ftruncate", SetLastError = true)]
    private static partial int ftruncate_(int file, long length);
    [LibraryImport(Library, EntryPoint = "lseek", SetLastError = true)]
    private static partial long lseek_(int file, long offset, int whence);
    [LibraryImport(Library, EntryPoint = "posix_fadvise")]
    private static partial int posix_fadvise_(int file, long offset, long length, int advice);
    [LibraryImport(Library, EntryPoint = "sync_file_range", SetLastError = true)]
    private static partial int sync_file_range_(int file, long offset, long length, uint flags);
    [LibraryImport(Library, EntryPoint = "syncfs", SetLastError = true)]
    private static partial int syncfs_(int file);
    [LibraryImport(Library, EntryPoint = "fcntl", SetLastError = true)]
    private static partial int fcntl_(int file, int command, LockRange* range);
    [LibraryImport(Library, EntryPoint = "fcntl", SetLastError = true)]
    private static partial int fcntl_(int file, int command, nint argument);

    [LibraryImport(Library, EntryPoint = "statx", SetLastError = true)]
    private static partial int statx_(int directory, byte* path, int flags, uint mask, Statx* result);
    [LibraryImport(Library, EntryPoint = "syscall", SetLastError = true)]
    private static partial nint getdents64_(nint number, nint directory, byte* buffer, nint size);
    [LibraryImport(Library, EntryPoint = "readlinkat", SetLastError = true)]
    private static partial nint readlinkat_(int directory, byte* path, byte* buffer, nint size);

    [LibraryImport(Library, EntryPoint = "linkat", SetLastError = true)]
    private static partial int linkat_(int fromDirectory, byte* from, int toDirectory, byte* to, int flags);
    [LibraryImport(Library, EntryPoint = "syscall", SetLastError = true)]
    private static partial nint renameat2_(nint number, nint fromDirectory, byte* from, nint toDirectory, byte* to, nint flags);
    [LibraryImport(Library, EntryPoint = "unlinkat", SetLastError = true)]
    private static partial int unlinkat_(int directory, byte* path, int flags);
    [LibraryImport(Library, EntryPoint = "mkdirat", SetLastError = true)]
    private static partial int mkdirat_(int directory, byte* path, uint mode);
    [LibraryImport(Library, EntryPoint = "symlinkat", SetLastError = true)]
    private static partial int symlinkat_(byte* target, int directory, byte* path);
    [LibraryImport(Library, EntryPoint = "mknodat", SetLastError = true)]
    private static partial int mknodat_(int directory, byte* path, uint mode, ulong device);

    [LibraryImport(Library, EntryPoint = "fchownat", SetLastError = true)]
    private static partial int fchownat_(int directory, byte* path, uint user, uint group, int flags);
    [LibraryImport(Library, EntryPoint = "fchmod", SetLastError = true)]
    private static partial int fchmod_(int file, uint mode);
    [LibraryImport(Library, EntryPoint = "fchmodat", SetLastError = true)]
    private static partial int fchmodat_(int directory, byte* path, uint mode, int flags);
    [LibraryImport(Library, EntryPoint = "utimensat", SetLastError = true)]
    private static partial int utimensat_(int directory, byte* path, TimeSpec* times, int flags);

    [LibraryImport(Library, EntryPoint = "futimens", SetLastError = true)]
    private static partial int futimens_(int file, TimeSpec* times);

    [LibraryImport(Library, EntryPoint = "llistxattr", SetLastError = true)]
    private static partial nint llistxattr_(byte* path, byte* list, nint size);
    [LibraryImport(Library, EntryPoint = "listxattr", SetLastError = true)]
    private static partial nint listxattr_(byte* path, byte* list, nint size);
    [LibraryImport(Library, EntryPoint = "flistxattr", SetLastError = true)]
    private static partial nint flistxattr_(int file, byte* list, nint size);
    [LibraryImport(Library, EntryPoint = "getxattr", SetLastError = true)]
    private static partial nint getxattr_(byte* path, byte* name, byte* value, nint size);
    [LibraryImport(Library, EntryPoint = "fgetxattr", SetLastError = true)]
    private static partial nint fgetxattr_(int file, byte* name, byte* value, nint size);
    [LibraryImport(Library, EntryPoint = "setxattr", SetLastError = true)]
    private static partial int setxattr_(byte* path, byte* name, byte* value, nint size, int flags);
    [LibraryImport(Library, EntryPoint = "fsetxattr", SetLastError = true)]
    private static partial int fsetxattr_(int file, byte* name, byte* value, nint size, int flags);
    [LibraryImport(Library, EntryPoint = "removexattr", SetLastError = true)]
    private static partial int removexattr_(byte* path, byte* name);
    [LibraryImport(Library, EntryPoint = "fremovexattr", SetLastError = true)]
    private static partial int fremovexattr_(int file, byte* name);

    [LibraryImport(Library, EntryPoint = "getpwuid_r")]
    private static partial int getpwuid_r_(uint id, PasswordEntry* entry, byte* buffer, nint size, PasswordEntry** result);
    [LibraryImport(Library, EntryPoint = "getgrgid_r")]
    private static partial int getgrgid_r_(uint id, GroupEntry* entry, byte* buffer, nint size, GroupEntry** result);
    [LibraryImport(Library, EntryPoint = "getpwnam_r")]
    private static partial int getpwnam_r_(byte* name, PasswordEntry* entry, byte* buffer, nint size, PasswordEntry** result);
    [LibraryImport(Library, EntryPoint = "getgrnam_r")]
    private static partial int getgrnam_r_(byte* name, GroupEntry* entry, byte* buffer, nint size, GroupEntry** result);

    /// <summary><c>struct open_how</c> of openat2.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct OpenHow
    {
        public ulong Flags;
        public ulong Mode;
        public ulong Resolve;
    }

    /// <summary><c>struct timespec</c> on 64-bit systems.</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal struct TimeSpec
    {
        public long Seconds;
        public long Nanoseconds;
    }

    /// <summary><c>struct flock</c> on 64-bit systems.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct LockRange
    {
        public short Type;
        public short Whence;
        public long Start;
        public long Length;
        public int Process;
    }

    /// <summary><c>struct passwd</c>: as far as it is read, the same in glibc and musl.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct PasswordEntry
    {
        public byte* Name;
        public byte* Password;
        public uint UserId;
        public uint GroupId;
        private fixed ulong _rest[8];
    }

    /// <summary><c>struct group</c>: as far as it is read, the same in glibc and musl.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct GroupEntry
    {
        public byte* Name;
        public byte* Password;
        public uint GroupId;
        private fixed ulong _rest[8];
    }
}
