using StingBackup.Engine.Basics;
using StingBackup.Engine.Platform;

namespace StingBackup.Engine.Targets;

/// <summary>What can go wrong where a restore writes, said so that a person knows what to do.</summary>
internal static class RestoreErrors
{
    private const int EILSEQ = 84;
    private const int WindowsDiskFull = unchecked((int)0x80070070);
    private const int WindowsHandleDiskFull = unchecked((int)0x80070027);

    /// <summary>A path as messages show it.</summary>
    public static string At(string location, EntryPath path) => path.IsRoot ? location : $"{location.TrimEnd('/')}/{path}";

    /// <summary>An error of the system's.</summary>
    /// <param name="location">The target.</param>
    /// <param name="path">The item.</param>
    /// <param name="action">What was tried, to stand after "Could not".</param>
    /// <param name="errno">The system's error, positive or negated.</param>
    public static StingException Make(string location, EntryPath path, string action, int errno)
    {
        errno = Math.Abs(errno);
        return errno switch
        {
            Errno.EEXIST or Errno.EISDIR or Errno.ENOTEMPTY or Errno.ENOTDIR => Conflict(location, path, Errno.Text(errno)),
            Errno.ENAMETOOLONG or EILSEQ => NameNotAllowed(location, path, $"the file system refuses it ({Errno.Text(errno)})"),
            _ => Make(location, path, $"Could not {action} '{At(location, path)}': {Errno.Text(errno)}.", Errno.Kind(errno), null),
        };
    }

    /// <summary>An exception of .NET's.</summary>
    public static StingException Make(string location, EntryPath path, string action, Exception cause)
    {
        var kind = cause is UnauthorizedAccessException ? FailureKind.PermissionDenied
            : cause is FileNotFoundException or DirectoryNotFoundException ? FailureKind.NotFound
            : cause.HResult is Errno.ENOSPC or Errno.EDQUOT or WindowsDiskFull or WindowsHandleDiskFull ? FailureKind.ResourceExhausted
            : FailureKind.Io;
        return Make(location, path, $"Could not {action} '{At(location, path)}': {cause.Message}", kind, cause);
    }

    /// <summary>Something stands there and may not be replaced.</summary>
    public static StingException Conflict(string location, EntryPath path, string why) => new("RestoreConflict", FailureKind.AlreadyExists,
        $"'{At(location, path)}' cannot be restored over what stands there: {why}.", At(location, path),
        "Move it away, restore to another folder by -Destination, or choose -ConflictAction Rename. A folder is never removed to make room for a file.");

    /// <summary>A link stands where a folder should be: following it could lead anywhere.</summary>
    public static StingException Unsafe(string location, EntryPath link) => new("RestorePathUnsafe", FailureKind.Refused,
        $"'{At(location, link)}' is a symbolic link where a folder is expected; nothing is written through it.", At(location, link),
        "Remove the link, or restore to another folder by -Destination.");

    /// <summary>A name that this file system cannot hold.</summary>
    public static StingException NameNotAllowed(string location, EntryPath path, string why) => new("NameNotAllowed", FailureKind.NotSupported,
        $"'{path}' is not a name that {location} can hold: {why}.", path.ToString(),
        "Restore it to a file system that can, on Linux for example.");

    /// <summary>A kind of item that this system cannot make.</summary>
    public static StingException NotSupported(string location, EntryPath path, ItemKind kind) => new("RestoreItemFailed", FailureKind.NotSupported,
        $"'{At(location, path)}' is a {kind}, which cannot be made on this system.", At(location, path), "Restore it on Linux.");

    private static StingException Make(string location, EntryPath path, string what, FailureKind kind, Exception? cause)
    {
        var (id, remedy) = kind switch
        {
            FailureKind.PermissionDenied => ("RestoreAccessDenied", "Give the account that restores the right to write there, or restore to another folder by -Destination."),
            FailureKind.ResourceExhausted => ("RestoreTargetFull", "Free room there (or raise the limit that is named), then run the same restore again: what is done is not done twice."),
            FailureKind.NotFound => ("RestoreItemFailed", "Something removed it or its folder meanwhile; run the same restore again."),
            _ => ("RestoreItemFailed", "Look into the system's log for errors of its disk, then run the same restore again."),
        };
        return new StingException(id, kind, what, At(location, path), remedy, cause);
    }
}
