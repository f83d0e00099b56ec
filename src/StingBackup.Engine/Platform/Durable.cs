using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using System.Text;
using Microsoft.Win32.SafeHandles;

namespace StingBackup.Engine.Platform;

/// <summary>
/// What makes files survive a power cut, with every error told. .NET's own flush calls swallow the errors of fsync,
/// so these call the system themselves. Failures are <see cref="IOException"/> whose HResult .NET's own would carry.
/// </summary>
internal static partial class Durable
{
    private const int FullSync = 51;   // F_FULLFSYNC: macOS's fsync leaves data in the drive's cache

    /// <summary>Makes a file's content and length durable. The handle must be the one that wrote: an error is told once, to those who had it open.</summary>
    /// <exception cref="IOException">The disk could not write; what was written is to be taken for lost, a second try proves nothing.</exception>
    public static void SyncFile(SafeFileHandle file, string path)
    {
        ArgumentNullException.ThrowIfNull(file);
        if (OperatingSystem.IsWindows())
        {
            if (!FlushFileBuffers(file))
            {
                throw new IOException($"Windows could not flush '{path}': {Marshal.GetLastPInvokeErrorMessage()}", Marshal.GetHRForLastWin32Error());
            }
            return;
        }
        var added = false;
        try
        {
            file.DangerousAddRef(ref added);
            Sync((int)file.DangerousGetHandle(), path);
        }
        finally
        {
            if (added)
            {
                file.DangerousRelease();
            }
        }
    }

    /// <summary>
    /// Makes the names in a directory durable. Windows has no such call: there <see cref="PlaceNew"/> and <see cref="Replace"/> write through instead. Some file systems on a network or in user space have none for
    /// directories either, and say so: their names are as durable as they make them.
    /// </summary>
    /// <exception cref="IOException">The disk could not write.</exception>
    public static void SyncDirectory(string path)
    {
        if (OperatingSystem.IsWindows())
        {
            return;
        }
        using var folder = OpenExisting(path, write: false);
        try
        {
            Sync((int)folder.DangerousGetHandle(), path);
        }
        catch (IOException e) when (e.HResult is Errno.EINVAL or Errno.EOPNOTSUPP)
        {
            // Not possible here, which is no failure of the disk: that is EIO, ENOSPC or EDQUOT.
        }
    }

    /// <summary>Gives a file its final name, atomically and never over another. The caller then syncs the directory.</summary>
    /// <returns>False when something has that name already; <paramref name="temporary"/> is left as it is then.</returns>
    /// <exception cref="IOException"><c>NotSupported</c> by the file system, or the disk failed.</exception>
    public static bool PlaceNew(string temporary, string final)
    {
        if (OperatingSystem.IsWindows())
        {
            const int fileExists = 80, alreadyExists = 183;
            return MoveFileEx(temporary, final, MoveWriteThrough)
                || (Marshal.GetLastPInvokeError() is fileExists or alreadyExists ? false : throw MoveFailed(temporary, final));
        }
        if (link_(temporary, final) == 0)
        {
            // The temporary name goes last: until then a crash leaves at most a second name for the same bytes.
            File.Delete(temporary);
            return true;
        }
        var errno = Marshal.GetLastPInvokeError();
        if (errno == Errno.EEXIST)
        {
            return false;
        }
        // FAT, exFAT and some network file systems have no links, but Linux can rename there without replacing.
        if (Libc.IsSupported && errno is Errno.EPERM or Errno.EOPNOTSUPP or Errno.ENOSYS or Errno.EMLINK)
        {
            var renamed = RenameNew(temporary, final);
            if (renamed is 0 or -Errno.EEXIST)
            {
                return renamed == 0;
            }
        }
        throw Failed($"link '{temporary}' to", final, errno);
    }

    /// <summary>Makes a second name of a file; never over another.</summary>
    /// <exception cref="IOException">The file system has no links, the name exists, or the disk failed.</exception>
    public static void Link(string existing, string path)
    {
        if (OperatingSystem.IsWindows() ? !CreateHardLink(path, existing, 0) : link_(existing, path) != 0)
        {
            throw OperatingSystem.IsWindows()
                ? new IOException($"Windows could not link '{path}' to '{existing}': {Marshal.GetLastPInvokeErrorMessage()}", Marshal.GetHRForLastWin32Error())
                : Failed($"link '{existing}' to", path, Marshal.GetLastPInvokeError());
        }
    }

    /// <summary>Puts a file in the place of another, atomically. The caller then syncs the directory.</summary>
    /// <exception cref="IOException">The disk failed.</exception>
    public static void Replace(string temporary, string final)
    {
        if (!OperatingSystem.IsWindows())
        {
            File.Move(temporary, final, overwrite: true);
        }
        else if (!MoveFileEx(temporary, final, MoveWriteThrough | MoveReplaceExisting))
        {
            throw MoveFailed(temporary, final);
        }
    }

    /// <summary>Removes a file's name. The caller then syncs the directory.</summary>
    /// <returns>False when it was not there; of many callers at once, exactly one is told true (on Windows, at least one).</returns>
    public static bool Remove(string path)
    {
        if (OperatingSystem.IsWindows())
        {
            var there = File.Exists(path);
            File.Delete(path);
            return there;
        }
        if (unlink_(path) == 0)
        {
            return true;
        }
        var errno = Marshal.GetLastPInvokeError();
        return errno is Errno.ENOENT or Errno.ENOTDIR ? false : throw Failed("delete", path, errno);
    }

    /// <summary>Makes everything on the file system that holds <paramref name="path"/> durable; false where the system has no such call.</summary>
    /// <exception cref="IOException">The disk could not write.</exception>
    public static bool SyncFileSystem(string path)
    {
        if (!Libc.IsSupported)
        {
            return false;
        }
        using var folder = OpenExisting(path, write: false);
        var result = Libc.SyncFileSystem((int)folder.DangerousGetHandle());
        return result == 0 ? true : throw Failed("sync the file system of", path, -result);
    }

    /// <summary>Writes a whole file so that after a crash either the old content or all of the new one stands there. Its folder must exist.</summary>
    /// <param name="path">The file.</param>
    /// <param name="content">All of its bytes.</param>
    /// <param name="replace">Whether it may stand there already.</param>
    /// <param name="mode">Unix permissions of the new file, before the umask; ignored on Windows.</param>
    /// <returns>False when it stood there already and may not be replaced.</returns>
    /// <exception cref="IOException">The disk failed.</exception>
    public static bool WriteFile(string path, ReadOnlySpan<byte> content, bool replace, UnixFileMode mode)
    {
        var folder = Path.GetDirectoryName(Path.GetFullPath(path)) ?? throw new IOException($"'{path}' is not a file's path.");
        var temporary = Path.Combine(folder, $".{Path.GetFileName(path)}.{Path.GetRandomFileName()}.tmp");
        try
        {
            using (var file = CreateNew(temporary, mode))
            {
                RandomAccess.Write(file.SafeFileHandle, content, 0);
                SyncFile(file.SafeFileHandle, temporary);
            }
            if (replace)
            {
                Replace(temporary, path);
            }
            else if (!PlaceNew(temporary, path))
            {
                return false;
            }
        }
        finally
        {
            File.Delete(temporary);
        }
        SyncDirectory(folder);
        return true;
    }

    /// <summary>Creates a file for writing through its handle, without a buffer of .NET's in between.</summary>
    public static FileStream CreateNew(string path, UnixFileMode mode)
    {
        var options = new FileStreamOptions
        {
            Mode = FileMode.CreateNew, Access = FileAccess.Write, Share = FileShare.Read | FileShare.Delete, BufferSize = 0,
        };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = mode;
        }
        return new FileStream(path, options);
    }

    /// <summary>Opens what exists, on Unix, without .NET's own locking (which would be taken for ours).</summary>
    /// <exception cref="IOException">It cannot be opened; HResult is the error number.</exception>
    internal static SafeFileHandle OpenExisting(string path, bool write)
    {
        int file;
        // O_RDONLY and O_RDWR are the same everywhere, O_CLOEXEC is not.
        var flags = (write ? LinuxAbi.O_RDWR : LinuxAbi.O_RDONLY) | (OperatingSystem.IsMacOS() ? 0x1000000 : LinuxAbi.O_CLOEXEC);
        while ((file = open_(path, flags)) < 0)
        {
            ThrowUnlessInterrupted("open", path);
        }
        return new SafeFileHandle(file, ownsHandle: true);
    }

    private static void Sync(int file, string path)
    {
        if (OperatingSystem.IsMacOS() && fcntl_(file, FullSync) == 0)
        {
            return;   // where the drive or file system cannot do it, fsync is the best there is
        }
        while (fsync_(file) < 0)
        {
            ThrowUnlessInterrupted("fsync", path);
        }
    }

    [SupportedOSPlatform("linux")]
    private static unsafe int RenameNew(string from, string to)
    {
        fixed (byte* source = Encoding.UTF8.GetBytes(from + '\0'), target = Encoding.UTF8.GetBytes(to + '\0'))
        {
            return Libc.Rename(LinuxAbi.AT_FDCWD, source, LinuxAbi.AT_FDCWD, target, LinuxAbi.RENAME_NOREPLACE);
        }
    }

    private static void ThrowUnlessInterrupted(string call, string path)
    {
        var errno = Marshal.GetLastPInvokeError();
        if (errno != Errno.EINTR)
        {
            throw Failed(call, path, errno);
        }
    }

    private static Exception Failed(string call, string path, int errno) => errno == Errno.EACCES
        ? new UnauthorizedAccessException($"Could not {call} '{path}': {Errno.Text(errno)}")
        : new IOException($"Could not {call} '{path}': {Errno.Text(errno)}", errno);

    private static IOException MoveFailed(string from, string to) =>
        new($"Windows could not move '{from}' to '{to}': {Marshal.GetLastPInvokeErrorMessage()}", Marshal.GetHRForLastWin32Error());

    private const uint MoveReplaceExisting = 1;
    private const uint MoveWriteThrough = 8;

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int open_(string path, int flags);
    [LibraryImport("libc", EntryPoint = "unlink", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int unlink_(string path);
    [LibraryImport("libc", EntryPoint = "fsync", SetLastError = true)]
    private static partial int fsync_(int file);
    // Variadic in C; the command takes no argument, so that nothing travels in the variadic part.
    [LibraryImport("libc", EntryPoint = "fcntl")]
    private static partial int fcntl_(int file, int command);
    [LibraryImport("libc", EntryPoint = "link", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int link_(string from, string to);
    [LibraryImport("kernel32", SetLastError = true)]
    [return: MarshalAs(UnmanagedType.Bool)]
    private static partial bool FlushFileBuffers(SafeFileHandle file);
    [LibraryImport("kernel32", EntryPoint = "CreateHardLinkW", SetLastError = true, StringMarshalling = StringMarshalling.Utf16)]
    [return: MarshalAs(UnmanagedType.Bool)]
    private static partial bool CreateHardLink(string path, string existing, nint reserved);
    [LibraryImport("kernel32", EntryPoint = "MoveFileExW", SetLastError = true, StringMarshalling = StringMarshalling.Utf16)]
    [return: MarshalAs(UnmanagedType.Bool)]
    private static partial bool MoveFileEx(string from, string to, uint flags);
}
