using System.Runtime.InteropServices;

namespace StingBackup.Engine.Platform;

/// <summary>Numbers of the Linux kernel's interface. Those that differ by processor are chosen at run time.</summary>
internal static class LinuxAbi
{
    /// <summary>Longest path that one call takes, its final NUL included.</summary>
    public const int PathMax = 4096;
    /// <summary>Longest name of a directory entry, in bytes.</summary>
    public const int NameMax = 255;

    public const int O_RDONLY = 0;
    public const int O_WRONLY = 1;
    public const int O_RDWR = 2;
    public const int O_CREAT = 0x40;
    public const int O_EXCL = 0x80;
    public const int O_NOCTTY = 0x100;
    public const int O_NONBLOCK = 0x800;
    public const int O_NOATIME = 0x40000;
    public const int O_CLOEXEC = 0x80000;
    public const int O_PATH = 0x200000;

    // Arm and POWER number these otherwise than the rest.
    private static readonly bool s_armNumbers = RuntimeInformation.ProcessArchitecture is Architecture.Arm or Architecture.Arm64 or Architecture.Ppc64le;
    public static readonly int O_DIRECTORY = s_armNumbers ? 0x4000 : 0x10000;
    public static readonly int O_DIRECT = s_armNumbers ? RuntimeInformation.ProcessArchitecture is Architecture.Ppc64le ? 0x20000 : 0x10000 : 0x4000;
    public static readonly int O_NOFOLLOW = s_armNumbers ? 0x8000 : 0x20000;

    public const int AT_FDCWD = -100;
    public const int AT_SYMLINK_NOFOLLOW = 0x100;
    public const int AT_REMOVEDIR = 0x200;
    public const int AT_NO_AUTOMOUNT = 0x800;
    public const int AT_EMPTY_PATH = 0x1000;

    public const uint STATX_BASIC_STATS = 0x7ff;
    public const uint STATX_BTIME = 0x800;

    public const int RENAME_NOREPLACE = 1;

    public const ulong RESOLVE_NO_SYMLINKS = 0x04;
    public const ulong RESOLVE_BENEATH = 0x08;

    public const uint S_IFMT = 0xf000;
    public const uint S_IFSOCK = 0xc000;
    public const uint S_IFLNK = 0xa000;
    public const uint S_IFREG = 0x8000;
    public const uint S_IFBLK = 0x6000;
    public const uint S_IFDIR = 0x4000;
    public const uint S_IFCHR = 0x2000;
    public const uint S_IFIFO = 0x1000;
    public const uint S_ISUID = 0x800;
    public const uint S_ISGID = 0x400;

    public const int SEEK_DATA = 3;
    public const int SEEK_HOLE = 4;

    public const long UTIME_OMIT = 0x3ffffffe;

    public const uint SYNC_FILE_RANGE_WRITE = 2;
    public const int POSIX_FADV_SEQUENTIAL = 2;

    /// <summary>What an entry is, by the format bits of its mode; null for a format that no program makes.</summary>
    public static ItemKind? KindOfMode(uint mode) => (mode & S_IFMT) switch
    {
        S_IFREG => ItemKind.File,
        S_IFDIR => ItemKind.Directory,
        S_IFLNK => ItemKind.SymbolicLink,
        S_IFIFO => ItemKind.Fifo,
        S_IFCHR => ItemKind.CharacterDevice,
        S_IFBLK => ItemKind.BlockDevice,
        S_IFSOCK => ItemKind.Socket,
        _ => null,
    };

    /// <summary>What an entry is, by <c>d_type</c> of its directory entry; null where the file system does not say.</summary>
    public static ItemKind? KindOfDirectoryEntry(byte type) => KindOfMode((uint)type << 12);
}
