using System.Runtime.InteropServices;
using System.Runtime.Versioning;

namespace StingBackup.Engine.Platform;

/// <summary>
/// Linux's file calls. Each retries when a signal interrupts it, and returns what the call returns, or the error number negated:
/// no exception and no hidden last error on paths that run a million times. Text arguments end in NUL.
/// </summary>
[SupportedOSPlatform("linux")]
internal static unsafe partial class Libc
{
    private static readonly (int Getdents64, int Renameat2) s_numbers = RuntimeInformation.ProcessArchitecture switch
    {
        Architecture.X64 => (217, 316),
        Architecture.Arm64 or Architecture.RiscV64 or Architecture.LoongArch64 => (61, 276),
        Architecture.S390x => (220, 347),
        Architecture.Ppc64le => (202, 357),
        _ => (0, 0),
    };
    private const int Openat2Number = 437;   // the same on every processor
    private const int F_OFD_GETLK = 36, F_OFD_SETLK = 37;
    private const short F_WRLCK = 1, F_UNLCK = 2;

    /// <summary>Whether this system has all that the Linux implementations need; elsewhere the portable ones serve.</summary>
    [SupportedOSPlatformGuard("linux")]
    public static bool IsSupported { get; } = OperatingSystem.IsLinux() && s_numbers.Getdents64 != 0
        && NativeLibrary.TryLoad(Library, typeof(Libc).Assembly, null, out var libc) && NativeLibrary.TryGetExport(libc, "statx", out _);

    /// <summary>Opens relative to a directory.</summary>
    public static int OpenAt(int directory, byte* path, int flags, uint mode = 0)
    {
        int result;
        while ((result = openat_(directory, path, flags | LinuxAbi.O_CLOEXEC, mode)) < 0)
        {
            if (Failed(out var error))
            {
                return error;
            }
        }
        return result;
    }

    /// <summary>Opens relative to a directory under the kernel's own containment rules (Linux 5.6).</summary>
    public static int OpenAt2(int directory, byte* path, int flags, ulong resolve)
    {
        var how = new OpenHow { Flags = (ulong)(uint)(flags | LinuxAbi.O_CLOEXEC), Resolve = resolve };
        nint result;
        while ((result = openat2_(Openat2Number, directory, path, &how, sizeof(OpenHow))) < 0)
        {
            if (Failed(out var error))
            {
                return error;
            }
        }
        return (int)result;
    }

    /// <summary>Closes a file. What it may report was reported by fsync, or does not matter to a reader.</summary>
    public static void Close(int file) => _ = close_(file);

    /// <summary>Reads at the file's position.</summary>
    public static int Read(int file, Span<byte> buffer)
    {
        fixed (byte* start = buffer)
        {
            nint result;
            while ((result = read_(file, start, buffer.Length)) < 0)
            {
                if (Failed(out var error))
                {
                    return error;
                }
            }
            return (int)result;
        }
    }

    /// <summary>Reads at an offset.</summary>
    public static int PRead(int file, Span<byte> buffer, long offset)
    {
        fixed (byte* start = buffer)
        {
            nint result;
            while ((result = pread_(file, start, buffer.Length, offset)) < 0)
            {
                if (Failed(out var error))
                {
                    return error;
                }
            }
            return (int)result;
        }
    }

    /// <summary>Writes all of a buffer at an offset; 0 or the error negated.</summary>
    public static int PWriteAll(int file, ReadOnlySpan<byte> buffer, long offset)
    {
        fixed (byte* start = buffer)
        {
            for (nint done = 0; done < buffer.Length;)
            {
                var result = pwrite_(file, start + done, buffer.Length - done, offset + done);
                if (result < 0 && Failed(out var error))
                {
                    return error;
                }
                done += Math.Max(result, 0);
            }
            return 0;
        }
    }

    /// <summary>Sets a file's length.</summary>
    public static int Truncate(int file, long length) => Result(ftruncate_(file, length));

    /// <summary>Moves a file's position, or finds data and holes.</summary>
    public static long Seek(int file, long offset, int whence)
    {
        var result = lseek_(file, offset, whence);
        return result < 0 ? -Marshal.GetLastPInvokeError() : result;
    }

    /// <summary>Tells the kernel that a file will be read from front to back. Advice: its failure means nothing.</summary>
    public static void AdviseSequential(int file) => _ = posix_fadvise_(file, 0, 0, LinuxAbi.POSIX_FADV_SEQUENTIAL);

    /// <summary>Starts to write a file's dirty pages without waiting. Advice: fsync reports what fails.</summary>
    public static void StartWriteback(int file) => _ = sync_file_range_(file, 0, 0, LinuxAbi.SYNC_FILE_RANGE_WRITE);

    /// <summary>Turns writing past the page cache on or off for an open file; false where its file system has no such thing.</summary>
    public static bool TrySetDirect(int file, bool on)
    {
        const int getFlags = 3, setFlags = 4;
        var flags = fcntl_(file, getFlags, 0);
        return flags >= 0 && fcntl_(file, setFlags, on ? flags | LinuxAbi.O_DIRECT : flags & ~LinuxAbi.O_DIRECT) == 0;
    }

    /// <summary>Makes the whole file system that holds an open file durable.</summary>
    public static int SyncFileSystem(int file) => Result(syncfs_(file));

    /// <summary>
    /// Marks an open file as in use for as long as it is open. An open-file-description lock: unlike flock's it does not get in the way of
    /// .NET programs, which take flock's on whatever they open.
    /// </summary>
    public static int MarkInUse(int file)
    {
        var range = new LockRange { Type = F_WRLCK };
        return Result(fcntl_(file, F_OFD_SETLK, &range));
    }

    /// <summary>Whether another open of the file has marked it; also where the file system cannot tell.</summary>
    public static bool IsInUse(int file)
    {
        var range = new LockRange { Type = F_WRLCK };
        return fcntl_(file, F_OFD_GETLK, &range) < 0 || range.Type != F_UNLCK;
    }

    /// <summary>Reads what the kernel knows of an entry.</summary>
    public static int Stat(int directory, byte* path, int flags, out Statx result)
    {
        fixed (Statx* target = &result)
        {
            return Result(statx_(directory, path, flags, LinuxAbi.STATX_BASIC_STATS | LinuxAbi.STATX_BTIME, target));
        }
    }

    /// <summary>Reads what the kernel knows of an open file.</summary>
    public static int Stat(int file, out Statx result)
    {
        byte nul = 0;
        return Stat(file, &nul, LinuxAbi.AT_EMPTY_PATH, out result);
    }

    /// <summary>Reads the next entries of a directory, as <c>struct linux_dirent64</c>; 0 at the end.</summary>
    public static int GetDirectoryEntries(int directory, Span<byte> buffer)
    {
        fixed (byte* start = buffer)
        {
            var result = getdents64_(s_numbers.Getdents64, directory, start, buffer.Length);
            return result < 0 ? -Marshal.GetLastPInvokeError() : (int)result;
        }
    }

    /// <summary>Reads where a symbolic link points.</summary>
    public static int ReadLink(int directory, byte* path, Span<byte> buffer)
    {
        fixed (byte* start = buffer)
        {
            var result = readlinkat_(directory, path, start, buffer.Length);
            return result < 0 ? -Marshal.GetLastPInvokeError() : (int)result;
        }
    }

    /// <summary>Makes a second name of a file; never follows a link, never replaces.</summary>
    public static int Link(int fromDirectory, byte* from, int toDirectory, byte* to) => Result(linkat_(fromDirectory, from, toDirectory, to, 0));

    /// <summary>Renames; with RENAME_NOREPLACE never over something.</summary>
    public static int Rename(int fromDirectory, byte* from, int toDirectory, byte* to, int flags) =>
        Result((int)renameat2_(s_numbers.Renameat2, fromDirectory, from, toDirectory, to, flags));

    /// <summary>Removes a name.</summary>
    public static int Unlink(int directory, byte* path, int flags = 0) => Result(unlinkat_(directory, path, flags));

    /// <summary>Makes a directory.</summary>
    public static int MakeDirectory(int directory, byte* path, uint mode) => Result(mkdirat_(directory, path, mode));

    /// <summary>Makes a symbolic link.</summary>
    public static int MakeSymbolicLink(byte* target, int directory, byte* path) => Result(symlinkat_(target, directory, path));

    /// <summary>Makes a named pipe, socket or device node.</summary>
    public static int MakeNode(int directory, byte* path, uint mode, uint major, uint minor) =>
        Result(mknodat_(directory, path, mode, ((ulong)(major & 0xfffff000) << 32) | ((ulong)(major & 0xfff) << 8) | ((ulong)(minor & 0xffffff00) << 12) | (minor & 0xff)));

    // Whether the last call failed for good; false when a signal interrupted it and it is to be tried again.
    private static bool Failed(out int negated)
    {
        negated = -Marshal.GetLastPInvokeError();
        return negated != -Errno.EINTR;
    }

    private static int Result(int result) => result < 0 ? -Marshal.GetLastPInvokeError() : result;
}
