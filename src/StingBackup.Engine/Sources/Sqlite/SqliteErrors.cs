using Microsoft.Data.Sqlite;

namespace StingBackup.Engine.Sources.Sqlite;

/// <summary>What can go wrong with an SQLite database, said so that a person knows what to do.</summary>
internal static class SqliteErrors
{
    // Primary result codes, https://www.sqlite.org/rescode.html
    internal const int Error = 1, Permission = 3, Busy = 5, Locked = 6, ReadOnly = 8, Io = 10, Corrupt = 11, Full = 13, CannotOpen = 14, NotADatabase = 26;

    /// <summary>There is no such file.</summary>
    public static StingException Missing(string path) => new("SqliteMissing", FailureKind.NotFound, $"There is no database '{path}'.", path,
        "Correct the path in the configuration, or mount the volume that holds it.");

    /// <summary>The database's own words for a result code.</summary>
    /// <param name="path">The database.</param>
    /// <param name="action">What was tried, to stand after "Could not".</param>
    /// <param name="code">Result code, extended or not.</param>
    /// <param name="says">What SQLite says.</param>
    /// <param name="cause">The exception, where there is one.</param>
    public static StingException Make(string path, string action, int code, string says, Exception? cause)
    {
        var what = $"Could not {action} '{path}': {says.TrimEnd('.')}.";
        return (code & 0xff) switch
        {
            NotADatabase => new StingException("SqliteNotADatabase", FailureKind.NotSupported, what, path,
                "It is encrypted, or no SQLite database at all. Name the database's own file; one that its program encrypts can only be backed up as a plain file, while that program stands still.", cause),
            Busy or Locked => new StingException("SqliteLocked", FailureKind.Busy, what, path,
                "Another program holds it for writing. Run it again when that has ended; one that never lets go has to be stopped.", cause),
            Corrupt => new StingException("SqliteDamaged", FailureKind.Integrity, what, path,
                "Let its program check it (PRAGMA integrity_check), and restore it from an earlier point if it is lost.", cause),
            ReadOnly => new StingException("SqliteNeedsRecovery", FailureKind.Busy, what, path,
                "Its program died while it wrote. Start that program once, so that it puts the database in order; a backup changes nothing in it.", cause),
            Permission or CannotOpen => new StingException("SqliteUnreadable", FailureKind.PermissionDenied, what, path,
                "Give the account that runs the backup the right to read the database and to write in its folder, where SQLite keeps what several readers share.", cause),
            _ => new StingException("SqliteUnreadable", FailureKind.Io, what, path, "Look into the system's log for errors of its disk.", cause),
        };
    }

    /// <summary>The same for an exception.</summary>
    public static StingException Make(string path, string action, SqliteException cause) => Make(path, action, cause.SqliteErrorCode, cause.Message, cause);
}
