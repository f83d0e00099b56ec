using System.Globalization;
using Npgsql;

namespace StingBackup.Engine.Sources.PostgreSql.Restore;

/// <summary>A database that stands where one is to be restored: it is given another name, with all that is in it, so that whoever restored the wrong state can go back.</summary>
internal static class StandingDatabase
{
    /// <summary>PostgreSQL cuts longer names, in silence.</summary>
    private const int LongestName = 63;
    /// <summary>A setting of our own, which no server acts on.</summary>
    private const string Mark = "sting_backup.restoring";
    private const int Looks = 20;
    private static readonly TimeSpan LooksEvery = TimeSpan.FromMilliseconds(100);

    /// <summary>Moves databases aside, all or none: where somebody is connected to one, none is touched.</summary>
    /// <returns>Their new names.</returns>
    /// <exception cref="StingException"><c>PostgresBusy</c>, <c>PostgresDenied</c>, <c>PostgresFailed</c></exception>
    public static async Task<IReadOnlyList<(string Was, string Is)>> MoveAsync(PostgresServer server, IReadOnlyList<string> databases, CancellationToken cancel)
    {
        var connection = await server.OpenAsync(server.Settings.MaintenanceDatabase, cancel).ConfigureAwait(false);
        await using var one = connection.ConfigureAwait(false);
        try
        {
            if (await ConnectedAsync(connection, databases, cancel).ConfigureAwait(false) is var connected and > 0)
            {
                throw new StingException("PostgresBusy", FailureKind.Busy, string.Create(CultureInfo.InvariantCulture,
                    $"{connected} sessions are connected to {string.Join(", ", databases)} at {server.Settings.Location}: these databases cannot be moved aside; nothing of them was changed."), server.Settings.Location,
                    "Stop STING, and whatever else uses them (pg_stat_activity names it), then run it again.");
            }
            var stamp = await PostgresServer.ScalarAsync<string>(connection, "SELECT pg_catalog.to_char(pg_catalog.now() AT TIME ZONE 'UTC', '\"_before_\"YYYYMMDD_HH24MISS')", cancel).ConfigureAwait(false);
            var moved = new List<(string, string)>();
            foreach (var database in databases)
            {
                var name = database[..Math.Min(database.Length, LongestName - stamp.Length)] + stamp;
                await PostgresServer.ExecuteAsync(connection, $"ALTER DATABASE {SqlText.Name(database)} RENAME TO {SqlText.Name(name)}", cancel).ConfigureAwait(false);
                moved.Add((database, name));
            }
            return moved;
        }
        catch (Exception e) when (PostgresErrors.IsPostgres(e))
        {
            throw PostgresErrors.Wrap(e, $"move {string.Join(", ", databases)} aside", server.Settings);
        }
    }

    /// <summary>Marks a database as one that is being loaded: should this process die, the next one knows that it is nobody's.</summary>
    public static Task MarkAsync(PostgresServer server, string database, CancellationToken cancel) => AlterAsync(server, database, $"SET {Mark} = 'yes'", cancel);

    /// <summary>It is whole.</summary>
    public static Task UnmarkAsync(PostgresServer server, string database, CancellationToken cancel) => AlterAsync(server, database, $"RESET {Mark}", cancel);

    /// <summary>Drops a database that an earlier restore had begun to load and did not end.</summary>
    /// <returns>Whether it was one.</returns>
    public static async Task<bool> DropHalfAsync(PostgresServer server, string database, CancellationToken cancel)
    {
        var connection = await server.OpenAsync(server.Settings.MaintenanceDatabase, cancel).ConfigureAwait(false);
        await using var one = connection.ConfigureAwait(false);
        try
        {
            var isHalf = await PostgresServer.ScalarAsync<bool>(connection, $"""
                SELECT EXISTS (SELECT FROM pg_catalog.pg_db_role_setting s JOIN pg_catalog.pg_database d ON d.oid = s.setdatabase WHERE d.datname = {SqlText.Literal(database)} AND s.setrole = 0 AND '{Mark}=yes' = ANY (s.setconfig))
                """, cancel).ConfigureAwait(false);
            if (isHalf)
            {
                // What the dead process had connected may still be seen.
                await ConnectedAsync(connection, [database], cancel).ConfigureAwait(false);
                await PostgresServer.ExecuteAsync(connection, $"DROP DATABASE {SqlText.Name(database)}", cancel).ConfigureAwait(false);
            }
            return isHalf;
        }
        catch (Exception e) when (PostgresErrors.IsPostgres(e))
        {
            throw PostgresErrors.Wrap(e, $"drop '{database}', which an interrupted restore left half loaded,", server.Settings, database);
        }
    }

    private static async Task AlterAsync(PostgresServer server, string database, string how, CancellationToken cancel)
    {
        var connection = await server.OpenAsync(server.Settings.MaintenanceDatabase, cancel).ConfigureAwait(false);
        await using var one = connection.ConfigureAwait(false);
        try
        {
            await PostgresServer.ExecuteAsync(connection, $"ALTER DATABASE {SqlText.Name(database)} {how}", cancel).ConfigureAwait(false);
        }
        catch (Exception e) when (PostgresErrors.IsPostgres(e))
        {
            throw PostgresErrors.Wrap(e, $"alter the database '{database}'", server.Settings, database);
        }
    }

    /// <summary>Sessions that stay. One that has just been closed, our own among them, is seen for a moment yet.</summary>
    private static async Task<long> ConnectedAsync(NpgsqlConnection connection, IReadOnlyList<string> databases, CancellationToken cancel)
    {
        for (var look = 1; ; look++)
        {
            var connected = await PostgresServer.ScalarAsync<long>(connection,
                $"SELECT count(*) FROM pg_catalog.pg_stat_activity WHERE datname IN ({string.Join(", ", databases.Select(SqlText.Literal))})", cancel).ConfigureAwait(false);
            if (connected == 0 || look == Looks)
            {
                return connected;
            }
            await Task.Delay(LooksEvery, cancel).ConfigureAwait(false);
        }
    }
}
