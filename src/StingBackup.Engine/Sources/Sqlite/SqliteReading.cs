using System.Globalization;
using Microsoft.Data.Sqlite;

namespace StingBackup.Engine.Sources.Sqlite;

/// <summary>Looks into a database that others use, and changes nothing in it.</summary>
internal static class SqliteReading
{
    /// <summary>Opens it for reading.</summary>
    /// <exception cref="StingException"><c>SqliteMissing</c>, <c>SqliteUnreadable</c></exception>
    /// <exception cref="SqliteException">What SQLite says.</exception>
    public static SqliteConnection Open(string path, TimeSpan busyTimeout)
    {
        if (!File.Exists(path))
        {
            throw SqliteErrors.Missing(path);
        }
        // SQLite says no more than that it cannot open what it may not read. Asked, not tried: a process that closes a file gives up its locks on it.
        if (!new Reserve.HostView().CanRead(path))
        {
            throw SqliteErrors.Make(path, "open the database", SqliteErrors.Permission, "this account may not read it", null);
        }
        var connection = new SqliteConnection(new SqliteConnectionStringBuilder
        {
            DataSource = path, Mode = SqliteOpenMode.ReadOnly, Pooling = false, DefaultTimeout = Math.Max(1, (int)busyTimeout.TotalSeconds),
        }.ToString());
        try
        {
            connection.Open();
            Run(connection, string.Create(CultureInfo.InvariantCulture, $"PRAGMA busy_timeout = {(int)busyTimeout.TotalMilliseconds}"));
            return connection;
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    /// <summary>A statement's one number.</summary>
    public static long Number(SqliteConnection connection, string statement)
    {
        using var command = connection.CreateCommand();
        command.CommandText = statement;
        return Convert.ToInt64(command.ExecuteScalar(), CultureInfo.InvariantCulture);
    }

    /// <summary>Runs a statement without result.</summary>
    public static void Run(SqliteConnection connection, string statement)
    {
        using var command = connection.CreateCommand();
        command.CommandText = statement;
        command.ExecuteNonQuery();
    }
}
