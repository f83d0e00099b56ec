using StingBackup.Engine.Basics;
using StingBackup.Engine.Platform;

namespace StingBackup.Engine.Sources;

/// <summary>What can go wrong with an item of a source, said so that a person knows what to do.</summary>
internal static class SourceErrors
{
    /// <summary>True for the failure of one item; false for what every other item of the source would meet too.</summary>
    public static bool IsOfOneItem(StingException e) => e.ErrorId is "SourceItemUnreadable" or "SourceItemVanished" or "SourceItemChanging";

    /// <summary><c>SourceItemUnreadable</c>, or <c>SourceItemVanished</c> when that is what the error says.</summary>
    /// <param name="location">The source.</param>
    /// <param name="path">The item.</param>
    /// <param name="action">What was tried, to stand after "Could not".</param>
    /// <param name="errno">The system's error, positive or negated.</param>
    public static StingException Make(string location, EntryPath path, string action, int errno)
    {
        errno = Math.Abs(errno);
        return errno switch
        {
            Errno.ENOENT or Errno.ESTALE => Vanished(location, path, "it was deleted or renamed"),
            Errno.ELOOP => Vanished(location, path, "a symbolic link has taken its place, or a folder's above it"),
            Errno.ENOTDIR => Vanished(location, path, "what was a folder is one no more"),
            _ => Unreadable(location, path, $"Could not {action} '{At(location, path)}': {Errno.Text(errno)}.", Errno.Kind(errno), null),
        };
    }

    /// <summary>The same for an exception of .NET's.</summary>
    public static StingException Make(string location, EntryPath path, string action, Exception cause) => cause switch
    {
        FileNotFoundException or DirectoryNotFoundException => Vanished(location, path, "it was deleted or renamed"),
        UnauthorizedAccessException => Unreadable(location, path, $"Could not {action} '{At(location, path)}': {cause.Message}", FailureKind.PermissionDenied, cause),
        _ => Unreadable(location, path, $"Could not {action} '{At(location, path)}': {cause.Message}", FailureKind.Io, cause),
    };

    /// <summary>An item that is of no kind this program knows.</summary>
    public static StingException Unknown(string location, EntryPath path) => new("SourceItemUnreadable", FailureKind.NotSupported,
        $"'{At(location, path)}' is neither file, folder, link, pipe, socket nor device.", At(location, path), "Exclude it by configuration if it does not matter.");

    /// <summary>An item that is there no more, or is another by now.</summary>
    public static StingException Vanished(string location, EntryPath path, string how) => new("SourceItemVanished", FailureKind.NotFound,
        $"'{At(location, path)}' changed while it was being backed up: {how}.", At(location, path), "The next run takes it as it is then.");

    /// <summary>A source's root that cannot be used at all.</summary>
    public static StingException Unavailable(string root, FailureKind kind, string why) => new("SourceUnavailable", kind,
        $"The source '{root}' cannot be read: {why}.", root, "Check the path in the configuration, that its disk is mounted, and the rights of the account that runs this.");

    private static StingException Unreadable(string location, EntryPath path, string what, FailureKind kind, Exception? cause) =>
        new("SourceItemUnreadable", kind, what, At(location, path), kind switch
        {
            FailureKind.PermissionDenied => "Give the account that runs the backup the right to read it, or exclude it by configuration.",
            FailureKind.ResourceExhausted => "Raise the limit that the system names (open files, for example), then run the backup again.",
            _ => "Look into the system's log for errors of its disk; if it cannot be read for good, restore it from an earlier point or exclude it.",
        }, cause);

    private static string At(string location, EntryPath path) => path.IsRoot ? location : $"{location.TrimEnd('/')}/{path}";
}
