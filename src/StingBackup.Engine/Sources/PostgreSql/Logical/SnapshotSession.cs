using System.Globalization;
using Npgsql;

namespace StingBackup.Engine.Sources.PostgreSql.Logical;

/// <summary>When a database was captured.</summary>
/// <param name="Database">The database.</param>
/// <param name="Lsn">Place in the write-ahead log: whatever the capture shows was committed at or before it.</param>
/// <param name="Time">The server's clock.</param>
public sealed record DatabaseMoment(string Database, Lsn Lsn, DateTimeOffset Time);

/// <summary>
/// One database under one snapshot (repeatable read, exported, so that pg_dump sees the same). Settings that shape the text of values are fixed, so that the same row is the same
/// bytes in every run; row security is off, so that hidden rows are an error and not a gap.
/// </summary>
internal sealed class SnapshotSession : IAsyncDisposable
{
    private SnapshotSession(NpgsqlConnection connection, string snapshot, DatabaseMoment moment)
    {
        Connection = connection;
        Snapshot = snapshot;
        Moment = moment;
    }

    public NpgsqlConnection Connection { get; }
    /// <summary>Its name for <c>pg_dump --snapshot</c>.</summary>
    public string Snapshot { get; }
    public DatabaseMoment Moment { get; }
    public string Database => Moment.Database;

    /// <summary>Begins; the snapshot stands when this returns.</summary>
    public static async Task<SnapshotSession> BeginAsync(PostgresServer server, string database, TimeSpan lockTimeout, CancellationToken cancel)
    {
        var connection = await server.OpenAsync(database, cancel).ConfigureAwait(false);
        try
        {
            await PostgresServer.ExecuteAsync(connection, string.Create(CultureInfo.InvariantCulture, $"""
                SET search_path = ''; SET TimeZone = 'UTC'; SET DateStyle = 'ISO, YMD'; SET IntervalStyle = 'postgres'; SET extra_float_digits = 3; SET bytea_output = 'hex';
                SET xmloption = 'content'; SET row_security = off; SET statement_timeout = 0; SET idle_in_transaction_session_timeout = 0; SET lock_timeout = {(int)lockTimeout.TotalMilliseconds};
                BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY
                """), cancel).ConfigureAwait(false);
            await using var command = new NpgsqlCommand("""
                SELECT pg_catalog.pg_export_snapshot(), (CASE WHEN pg_catalog.pg_is_in_recovery() THEN pg_catalog.pg_last_wal_replay_lsn() ELSE pg_catalog.pg_current_wal_insert_lsn() END)::text,
                    pg_catalog.clock_timestamp()
                """, connection);
            await using var reader = await command.ExecuteReaderAsync(cancel).ConfigureAwait(false);
            await reader.ReadAsync(cancel).ConfigureAwait(false);
            return new SnapshotSession(connection, reader.GetString(0), new DatabaseMoment(database, Lsn.Parse(reader.GetString(1)), new DateTimeOffset(reader.GetDateTime(2), TimeSpan.Zero)));
        }
        catch (Exception e)
        {
            await connection.DisposeAsync().ConfigureAwait(false);
            throw PostgresErrors.IsPostgres(e) ? PostgresErrors.Wrap(e, $"take a snapshot of the database '{database}'", server.Settings, database) : e;
        }
    }

    /// <summary>Holds a table as it is until the session ends; taken before its columns are read.</summary>
    public Task LockAsync(TableInfo table, CancellationToken cancel) => PostgresServer.ExecuteAsync(Connection, $"LOCK TABLE {(table.IsPartitioned ? "" : "ONLY ")}{table.Sql} IN ACCESS SHARE MODE", cancel);

    /// <summary>Runs one part so that its failure leaves the snapshot standing.</summary>
    public async Task<StingException?> TryAsync(Func<Task> part, Func<Exception, StingException> name, CancellationToken cancel)
    {
        await PostgresServer.ExecuteAsync(Connection, "SAVEPOINT part", cancel).ConfigureAwait(false);
        try
        {
            await part().ConfigureAwait(false);
            await PostgresServer.ExecuteAsync(Connection, "RELEASE SAVEPOINT part", cancel).ConfigureAwait(false);
            return null;
        }
        catch (PostgresException e) when (e.SqlState[..2] is not ("57" or "08" or "53"))
        {
            await PostgresServer.ExecuteAsync(Connection, "ROLLBACK TO SAVEPOINT part", cancel).ConfigureAwait(false);
            return name(e);
        }
    }

    public ValueTask DisposeAsync() => Connection.DisposeAsync();
}
