using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace StingBackup.Engine.Platform;

/// <summary>A lock that ends with the process that holds it, however it ends.</summary>
internal sealed partial class FileLock : IDisposable
{
    private const int WouldBlock = Errno.EAGAIN, MacWouldBlock = 35, SharingViolation = unchecked((int)0x80070020), LockViolation = unchecked((int)0x80070021);
    private const int ExclusiveNow = 2 | 4, Unlock = 8;   // LOCK_EX | LOCK_NB, LOCK_UN; the same on every Unix
    private readonly SafeFileHandle _file;

    private FileLock(SafeFileHandle file) => _file = file;

    /// <summary>Creates the file when it is missing, and locks it. Null when another holds it, or when the file system has no locks.</summary>
    /// <param name="path">The file; its content does not matter.</param>
    /// <param name="held">Whether another holds it, in this process or another.</param>
    /// <exception cref="IOException">The file can be neither opened nor created.</exception>
    /// <exception cref="UnauthorizedAccessException">There is no right to open or create it.</exception>
    public static FileLock? TryAcquire(string path, out bool held)
    {
        held = false;
        if (OperatingSystem.IsWindows())
        {
            try
            {
                // The share mode is the lock.
                return new FileLock(File.OpenHandle(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.Delete));
            }
            catch (IOException e) when (IsHeld(e))
            {
                held = true;
                return null;
            }
        }
        var file = OpenOrCreate(path);
        if (flock_((int)file.DangerousGetHandle(), ExclusiveNow) == 0)
        {
            return new FileLock(file);
        }
        var errno = Marshal.GetLastPInvokeError();
        held = errno == (OperatingSystem.IsMacOS() ? MacWouldBlock : WouldBlock);
        file.Dispose();
        return null;
    }

    /// <summary>Takes the lock of a deed that one process does at a time. Null where the file system has no locks.</summary>
    /// <param name="path">As above.</param>
    /// <param name="busy">What is thrown when another holds it.</param>
    /// <exception cref="StingException"><c>LockUnusable</c>, and what <paramref name="busy"/> makes</exception>
    public static FileLock? Take(string path, Func<StingException> busy)
    {
        try
        {
            var mine = TryAcquire(path, out var held);
            return held ? throw busy() : mine;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new StingException("LockUnusable", e is UnauthorizedAccessException ? FailureKind.PermissionDenied : FailureKind.Io,
                $"The lock '{path}' cannot be opened: {e.Message.TrimEnd('.')}. Nothing was done, since another process may be at work.", path,
                "See that its folder is there and has room, that it is an ordinary file, and that both belong to the account that runs this.", e);
        }
    }

    /// <summary>Whether a file could not be opened because another has it open for itself alone, and not for any other reason.</summary>
    public static bool IsHeld(IOException failure) => OperatingSystem.IsWindows() ? failure.HResult is SharingViolation or LockViolation : failure.HResult == (OperatingSystem.IsMacOS() ? MacWouldBlock : WouldBlock);

    /// <summary>Lets it go. The file stays.</summary>
    public void Dispose()
    {
        // Closing is not enough: a process that is being started may still hold a copy of the descriptor.
        if (!OperatingSystem.IsWindows() && !_file.IsClosed)
        {
            _ = flock_((int)_file.DangerousGetHandle(), Unlock);
        }
        _file.Dispose();
    }

    private static SafeFileHandle OpenOrCreate(string path)
    {
        while (true)
        {
            try
            {
                return Durable.OpenExisting(path, write: true);
            }
            catch (IOException e) when (e.HResult == Errno.ENOENT)
            {
                try
                {
                    Durable.CreateNew(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.GroupWrite).Dispose();
                }
                catch (IOException) when (File.Exists(path))
                {
                    // Another was faster.
                }
            }
        }
    }

    [LibraryImport("libc", EntryPoint = "flock", SetLastError = true)]
    private static partial int flock_(int file, int operation);
}
