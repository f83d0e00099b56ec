using StingBackup.Engine.Basics;
using StingBackup.Engine.Platform;

namespace StingBackup.Engine.Targets;

/// <summary>A directory as the place where a restore writes.</summary>
public static class DirectoryRestoreTarget
{
    /// <summary>
    /// Opens a directory; one that is missing is made (0700: what is restored there decides who sees it later). Linux restores modes, owners,
    /// nanosecond times, links, devices, extended attributes and holes under names of any bytes; elsewhere it is what .NET gives.
    /// </summary>
    /// <exception cref="StingException"><c>RestoreConflict</c> when a file stands there, <c>RestoreAccessDenied</c>, <c>RestoreTargetFull</c>, <c>RestoreItemFailed</c></exception>
    public static IRestoreTarget Open(string root)
    {
        ArgumentException.ThrowIfNullOrEmpty(root);
        root = Path.GetFullPath(root);
        try
        {
            if (File.Exists(root))
            {
                throw RestoreErrors.Conflict(root, EntryPath.Root, "a file stands where the folder should be");
            }
            if (OperatingSystem.IsWindows())
            {
                Directory.CreateDirectory(root);
            }
            else
            {
                Directory.CreateDirectory(root, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw RestoreErrors.Make(root, EntryPath.Root, "make the folder", e);
        }
        return Libc.IsSupported ? LinuxRestoreTarget.Open(root, Beneath.Default) : new PortableRestoreTarget(root);
    }
}
