using Npgsql;

namespace StingBackup.Engine.Sources.PostgreSql.Logical;

/// <summary>A connection to one database, prepared, and what its catalogue says.</summary>
/// <param name="Connection">The connection.</param>
/// <param name="Database">Its database.</param>
/// <param name="Catalog">Its tables.</param>
internal sealed record CatalogSession(NpgsqlConnection Connection, string Database, TableCatalog Catalog);

/// <summary>
/// A connection to each of a cluster's databases at once, their catalogues, and everybody whom any of them knows: rows of one database name people of another, so everybody is read before any row.
/// Whatever a session began and did not commit is undone when they end.
/// </summary>
internal sealed class CatalogSessions
{
    /// <summary>How a session is prepared that reads and no more.</summary>
    public const string ReadOnly = "SET search_path = ''; SET row_security = off; SET default_transaction_read_only = on; SET TimeZone = 'UTC'";

    private readonly List<NpgsqlConnection> _connections = [];
    private readonly List<CatalogSession> _sessions = [];
    private string _database = "";

    private CatalogSessions()
    {
    }

    /// <summary>Everybody.</summary>
    public KnownPeople People { get; } = new();

    /// <summary>The sessions, one after the other; an error in between names the one that is worked on.</summary>
    public IEnumerable<CatalogSession> Each()
    {
        foreach (var session in _sessions)
        {
            _database = session.Database;
            yield return session;
        }
    }

    /// <summary>Runs one statement in each.</summary>
    public async Task ExecuteAsync(string sql, CancellationToken cancel)
    {
        foreach (var session in Each())
        {
            await PostgresServer.ExecuteAsync(session.Connection, sql, cancel).ConfigureAwait(false);
        }
    }

    /// <summary>Opens them all, works, and ends them.</summary>
    /// <param name="server">The server.</param>
    /// <param name="databases">Which of its databases; null for all that it lists.</param>
    /// <param name="prepare">What each is prepared with.</param>
    /// <param name="what">What could not be done, for an error; the database's name follows it.</param>
    /// <param name="work">The work.</param>
    /// <param name="cancel">Cancels.</param>
    /// <exception cref="StingException">Of PostgreSQL, and what the work throws</exception>
    public static async Task<T> RunAsync<T>(PostgresServer server, IEnumerable<string>? databases, string prepare, string what, Func<CatalogSessions, Task<T>> work, CancellationToken cancel)
    {
        var sessions = new CatalogSessions();
        try
        {
            foreach (var database in databases ?? await server.ListDatabasesAsync(cancel).ConfigureAwait(false))
            {
                sessions._database = database;
                var connection = await server.OpenAsync(database, cancel).ConfigureAwait(false);
                sessions._connections.Add(connection);
                await PostgresServer.ExecuteAsync(connection, prepare, cancel).ConfigureAwait(false);
                var catalog = await TableCatalog.ReadAsync(connection, cancel).ConfigureAwait(false);
                await sessions.People.AddAsync(connection, catalog, cancel).ConfigureAwait(false);
                sessions._sessions.Add(new CatalogSession(connection, database, catalog));
            }
            return await work(sessions).ConfigureAwait(false);
        }
        catch (Exception e) when (PostgresErrors.IsPostgres(e))
        {
            throw PostgresErrors.Wrap(e, $"{what} the database '{sessions._database}'", server.Settings, sessions._database);
        }
        finally
        {
            foreach (var connection in sessions._connections)
            {
                await connection.DisposeAsync().ConfigureAwait(false);
            }
        }
    }
}
