using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace StingBackup.Engine.Platform;

/// <summary>Whether a process has a file open: by a lease, which Linux grants on a file that nobody else has open, whoever they are and whatever they do with it.</summary>
internal static partial class FileLease
{
    private const int SetSignal = 10, SetLease = 1024;   // F_SETSIG, F_SETLEASE
    private const int WriteLease = 1, NoLease = 2;       // F_WRLCK, F_UNLCK
    private const int Urgent = 23;                       // SIGURG, which is ignored: what the kernel would send otherwise ends a process

    /// <summary>True when another open file description is on the file; false when none is; null when it cannot be told: no right to ask, or a file system without leases.</summary>
    /// <exception cref="IOException">The file cannot be opened.</exception>
    /// <exception cref="UnauthorizedAccessException">There is no right to open it.</exception>
    public static bool? IsOpenElsewhere(string path)
    {
        if (!OperatingSystem.IsLinux())
        {
            return null;
        }
        using SafeFileHandle file = Durable.OpenExisting(path, write: false);
        var descriptor = (int)file.DangerousGetHandle();
        if (fcntl_(descriptor, SetSignal, Urgent) != 0)
        {
            return null;
        }
        if (fcntl_(descriptor, SetLease, WriteLease) == 0)
        {
            _ = fcntl_(descriptor, SetLease, NoLease);
            return false;
        }
        return Marshal.GetLastPInvokeError() == Errno.EAGAIN ? true : null;
    }

    // Variadic in C; on Linux's processors its integers travel as named ones would.
    [LibraryImport("libc", EntryPoint = "fcntl", SetLastError = true)]
    private static partial int fcntl_(int file, int command, nint argument);
}
