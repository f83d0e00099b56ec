using StingBackup.Engine.Platform;

namespace StingBackup.Engine.Storage;

/// <summary>What the file system says, in the words of a store.</summary>
internal static class StoreErrors
{
    // Error numbers as .NET hands them on: the system's own on Unix, HRESULTs on Windows.
    private const int MacQuotaExceeded = 69;
    private const int WindowsDiskFull = unchecked((int)0x80070070);
    private const int WindowsHandleDiskFull = unchecked((int)0x80070027);

    /// <summary>Whether <see cref="Wrap"/> has words for an exception.</summary>
    public static bool IsFileSystem(Exception exception) => exception is IOException or UnauthorizedAccessException;

    /// <summary>Names the failure: <c>StoreFull</c>, <c>StoreAccessDenied</c>, <c>StoreUnavailable</c>, or <c>StoreFailed</c> for what else a disk can do.</summary>
    /// <param name="cause">What .NET or <see cref="Durable"/> threw.</param>
    /// <param name="action">What was tried, to stand after "Could not".</param>
    /// <param name="target">The object's name, or null.</param>
    /// <param name="location">The store.</param>
    public static StingException Wrap(Exception cause, string action, string? target, string location)
    {
        var what = $"Could not {action} in {location}: {cause.Message}";
        return cause switch
        {
            UnauthorizedAccessException => Denied(what, target, location, cause),
            DirectoryNotFoundException or FileNotFoundException or DriveNotFoundException => Unavailable(what, target, location, cause),
            { HResult: Errno.ENOSPC or Errno.EDQUOT or WindowsDiskFull or WindowsHandleDiskFull } => Full(what, target, location, cause),
            { HResult: MacQuotaExceeded } when OperatingSystem.IsMacOS() => Full(what, target, location, cause),
            { HResult: Errno.EROFS } when !OperatingSystem.IsWindows() => Denied(what, target, location, cause),
            { HResult: Errno.ENOENT or Errno.ENODEV or Errno.ENXIO } when !OperatingSystem.IsWindows() => Unavailable(what, target, location, cause),
            _ => new StingException("StoreFailed", FailureKind.Io, what, target ?? location,
                "Look into the system's log for errors of the disk or the network file system, then run Test-StingBackupIntegrity.", cause),
        };
    }

    /// <summary>The store's folder is not there.</summary>
    public static StingException Missing(string location) =>
        Unavailable($"The store {location} is not there.", location, location, null);

    private static StingException Full(string what, string? target, string location, Exception cause) =>
        new("StoreFull", FailureKind.ResourceExhausted, what, target ?? location,
            "Free room on its disk (or raise the quota), then run the command again; what arrived is used.", cause);

    private static StingException Denied(string what, string? target, string location, Exception cause) =>
        new("StoreAccessDenied", FailureKind.PermissionDenied, what, target ?? location,
            $"Give {Environment.UserName}, who runs this, the right to read and write {location}{HowToMake(location)}, and check that it is not mounted read-only.", cause);

    private static string HowToMake(string location) => OperatingSystem.IsWindows() || Directory.Exists(location) ? "" : $" (as root: install -d -m 750 -o {Environment.UserName} {location})";

    private static StingException Unavailable(string what, string? target, string location, Exception? cause) =>
        new("StoreUnavailable", FailureKind.Io, what, target ?? location,
            "Check that its disk is mounted and that the configured path is right. A new repository is made by Initialize-StingRepository; for a further tier an empty folder is enough.", cause);
}
