using System.Net.Sockets;
using Npgsql;
using StingBackup.Engine.Platform;
using StingBackup.Engine.Reserve.Configuration;

namespace StingBackup.Engine.Sources.PostgreSql;

/// <summary>What can go wrong with a PostgreSQL cluster and its tools, said so that a person knows what to do.</summary>
internal static class PostgresErrors
{
    /// <summary>Whether <see cref="Wrap"/> has words for an exception.</summary>
    public static bool IsPostgres(Exception e) => e is NpgsqlException or SocketException or TimeoutException;

    /// <summary>Names a failure by what the server said, or by that it said nothing.</summary>
    /// <param name="cause">What Npgsql threw.</param>
    /// <param name="action">What was tried, to stand after "Could not".</param>
    /// <param name="settings">The cluster.</param>
    /// <param name="target">Database, table or slot that it was about, or null.</param>
    public static StingException Wrap(Exception cause, string action, PostgresSettings settings, string? target = null)
    {
        var what = $"Could not {action} at {settings.Location}: {Says(cause)}";
        return cause switch
        {
            PostgresException { SqlState: "28P01" or "28000" } => Denied(what, settings, cause),
            PostgresException { SqlState: "42501" } => new StingException("PostgresDenied", FailureKind.PermissionDenied, what, target ?? settings.Location,
                $"Grant the role '{settings.User}' the right that the message names (pg_read_all_data suffices to read, REPLICATION to stream).", cause),
            PostgresException { SqlState: "3D000" } => new StingException("PostgresDatabaseMissing", FailureKind.NotFound, what, target ?? settings.Location,
                "Correct the list of databases, or leave it out: then every database is found by itself.", cause),
            PostgresException { SqlState: "53300" } => new StingException("PostgresBusy", FailureKind.Busy, what, target ?? settings.Location,
                "Raise max_connections (max_wal_senders for replication), or run it when fewer clients are connected.", cause),
            PostgresException { SqlState: "55P03" or "55006" } => new StingException("PostgresBusy", FailureKind.Busy, what, target ?? settings.Location,
                "Another session holds it. Wait till it ends (pg_stat_activity names it), then run it again.", cause),
            PostgresException { SqlState: "42P01" or "42703" } => new StingException("PostgresTableChanged", FailureKind.NotFound, what, target ?? settings.Location,
                "A migration changed it at this moment; run it again. The next run reads the tables as they are then.", cause),
            PostgresException { SqlState: "53100" } => new StingException("PostgresFailed", FailureKind.ResourceExhausted, what, target ?? settings.Location,
                "The disk of the database is full: free room there.", cause),
            PostgresException { SqlState: "57P01" or "57P02" or "57P03" } => Unreachable(what, settings, cause),
            PostgresException => new StingException("PostgresFailed", FailureKind.Io, what, target ?? settings.Location,
                "Look into the server's log at this time; then run it again.", cause),
            _ => Unreachable(what, settings, cause),
        };
    }

    /// <summary>The server refused the role or its password.</summary>
    public static StingException Denied(string what, PostgresSettings settings, Exception? cause) => new("PostgresDenied", FailureKind.Authentication, what, settings.Location,
        $"Check the password of the role '{settings.User}' and the line of pg_hba.conf that applies to this host; then SELECT pg_reload_conf().", cause);

    /// <summary>Nothing answers.</summary>
    public static StingException Unreachable(string what, PostgresSettings settings, Exception? cause) => new("PostgresUnreachable", FailureKind.Io, what, settings.Location,
        "Check that the server runs, that host and port are right, and that a firewall or the container's network lets this host in.", cause);

    /// <summary>No tool of the server's version was found, others were.</summary>
    public static StingException ToolMismatch(PostgresSettings settings, string serverVersion, int major, IReadOnlyList<string> found) => new("PostgresToolMismatch", FailureKind.NotSupported,
        $"The server at {settings.Location} is PostgreSQL {serverVersion}, but the client tools are of another version: {string.Join("; ", found)}.", settings.Location,
        $"Install postgresql-client-{major}, name the folder of its programs in the configuration, or name the database's container, whose own tools are used then.");

    /// <summary>No tool was found at all.</summary>
    public static StingException ToolMissing(PostgresSettings settings, int major, string what) => new("PostgresToolMissing", FailureKind.NotFound,
        $"The client tools of PostgreSQL {major} for {settings.Location} were not found: {what}.", settings.Location,
        $"Install postgresql-client-{major}, name the folder of its programs in the configuration, or name the database's container, whose own tools are used then.");

    /// <summary>A tool ended with an error that is not one of the named ones.</summary>
    public static StingException ToolFailed(PostgresSettings settings, string tool, int exitCode, string says) => new("PostgresToolFailed", FailureKind.Io,
        $"{tool} for {settings.Location} ended with exit code {exitCode}: {says}", settings.Location, "Do what the message says; it is the tool's own.");

    /// <summary>The private folder for rows or tables could not be written.</summary>
    public static StingException SpoolFailed(string folder, Exception cause)
    {
        var what = $"Could not write what was read from the database to {folder}: {cause.Message}";
        return IsDiskFull(cause)
            ? new StingException("PostgresSpoolFull", FailureKind.ResourceExhausted, what, folder,
                "Free room there, or name a temporary folder on a larger disk: a capture needs the room of the rows as text, a base backup that of the cluster.", cause)
            : new StingException("PostgresSpoolFailed", FailureKind.Io, what, folder, "Check that the folder can be written and that its disk is sound.", cause);
    }

    /// <summary>Whether an exception says that a disk or a quota is full.</summary>
    public static bool IsDiskFull(Exception e) => e is IOException { HResult: Errno.ENOSPC or Errno.EDQUOT or unchecked((int)0x80070070) or unchecked((int)0x80070027) };

    private static string Says(Exception e) => e is PostgresException postgres
        ? $"{postgres.MessageText} (SQLSTATE {postgres.SqlState})"
        : e.InnerException is { } inner && e.Message != inner.Message ? $"{e.Message.TrimEnd('.')}: {inner.Message}" : e.Message;
}
