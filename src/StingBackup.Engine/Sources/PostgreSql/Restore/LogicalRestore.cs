using System.Globalization;
using Npgsql;
using StingBackup.Engine.Reserve.Configuration;
using StingBackup.Engine.Sources.PostgreSql.Logical;

namespace StingBackup.Engine.Sources.PostgreSql.Restore;

/// <summary>Loads a logical capture into a fresh server: globals, databases, schema, rows, sequences, then keys, indexes and triggers. Exactly what was captured, or an error.</summary>
public sealed class LogicalRestore
{
    private readonly PostgresServer _server;
    private readonly ICaptureFiles _files;
    private readonly SqlScript _scripts;

    private LogicalRestore(PostgresServer server, PostgresTools tools, ICaptureFiles files)
    {
        _server = server;
        _files = files;
        _scripts = new SqlScript(server, tools, files);
    }

    /// <summary>Loads all databases of a capture.</summary>
    /// <param name="settings">The server; its role must be a superuser, or be allowed to make roles and databases.</param>
    /// <param name="files">The capture.</param>
    /// <param name="cancel">Cancels; what is half loaded then the next try drops.</param>
    /// <returns>Rows loaded, by database.</returns>
    /// <exception cref="StingException"><c>PostgresDatabaseNotEmpty</c> before anything is written; whatever a server or tool can say</exception>
    public static Task<IReadOnlyDictionary<string, long>> RunAsync(PostgresSettings settings, ICaptureFiles files, CancellationToken cancel) => RunAsync(settings, files, new LogicalRestoreOptions(), cancel);

    /// <summary>Loads all databases of a capture that may lack the rows of whoever was erased.</summary>
    /// <param name="settings">The server.</param>
    /// <param name="files">The capture.</param>
    /// <param name="options">What it may do besides.</param>
    /// <param name="cancel">Cancels.</param>
    internal static async Task<IReadOnlyDictionary<string, long>> RunAsync(PostgresSettings settings, ICaptureFiles files, LogicalRestoreOptions options, CancellationToken cancel)
    {
        ArgumentNullException.ThrowIfNull(settings);
        ArgumentNullException.ThrowIfNull(files);
        var server = await PostgresServer.ConnectAsync(settings, cancel).ConfigureAwait(false);
        return await new LogicalRestore(server, await PostgresTools.FindAsync(server, null, cancel).ConfigureAwait(false), files).RunAsync(options, cancel).ConfigureAwait(false);
    }

    private async Task<IReadOnlyDictionary<string, long>> RunAsync(LogicalRestoreOptions options, CancellationToken cancel)
    {
        var databases = _files.Paths.Where(p => p.EndsWith('/' + CapturePath.PreData, StringComparison.Ordinal)).Select(CapturePath.DatabaseOf).Order(StringComparer.Ordinal).ToList();
        var existing = await MakeRoomAsync(databases, options.Aside, cancel).ConfigureAwait(false);
        await _scripts.RunAsync(_server.Settings.MaintenanceDatabase, CapturePath.Globals, cancel).ConfigureAwait(false);
        var rows = new Dictionary<string, long>(StringComparer.Ordinal);
        foreach (var database in databases)
        {
            if (!existing.Contains(database))
            {
                await _scripts.RunAsync(_server.Settings.MaintenanceDatabase, CapturePath.Of(database, CapturePath.Database), cancel).ConfigureAwait(false);
            }
            var isMarked = database != _server.Settings.MaintenanceDatabase;
            if (isMarked)
            {
                await StandingDatabase.MarkAsync(_server, database, cancel).ConfigureAwait(false);
            }
            await _scripts.RunAsync(database, CapturePath.Of(database, CapturePath.PreData), cancel).ConfigureAwait(false);
            rows[database] = await LoadAsync(database, cancel).ConfigureAwait(false);
            await MakeKeysAsync(database, options.LetGo, cancel).ConfigureAwait(false);
            await FinishAsync(database, cancel).ConfigureAwait(false);
            if (isMarked)
            {
                await StandingDatabase.UnmarkAsync(_server, database, cancel).ConfigureAwait(false);
            }
        }
        return rows;
    }

    private async Task MakeKeysAsync(string database, Action<string>? letGo, CancellationToken cancel)
    {
        var script = CapturePath.Of(database, CapturePath.PostData);
        if (letGo is null)
        {
            await _scripts.RunAsync(database, script, cancel).ConfigureAwait(false);
            return;
        }
        await _scripts.RunWithOpenKeysAsync(database, script, cancel).ConfigureAwait(false);
        await using var connection = await _server.OpenAsync(database, cancel).ConfigureAwait(false);
        try
        {
            foreach (var told in await DanglingRows.MendAsync(connection, database, cancel).ConfigureAwait(false))
            {
                letGo(told);
            }
        }
        catch (Exception e) when (PostgresErrors.IsPostgres(e))
        {
            throw PostgresErrors.Wrap(e, $"let rows of '{database}' go of whoever was erased", _server.Settings, database);
        }
    }

    private async Task<bool> IsThereAsync(string database, CancellationToken cancel)
    {
        await using var connection = await _server.OpenAsync(_server.Settings.MaintenanceDatabase, cancel).ConfigureAwait(false);
        return await PostgresServer.ScalarAsync<bool>(connection, $"SELECT EXISTS (SELECT FROM pg_catalog.pg_database WHERE datname = {SqlText.Literal(database)})", cancel).ConfigureAwait(false);
    }

    /// <summary>Databases that are there and empty; what is in others is a reason to restore nothing, or to move them aside.</summary>
    private async Task<HashSet<string>> MakeRoomAsync(List<string> databases, Action<string>? aside, CancellationToken cancel)
    {
        var (empty, used) = (new HashSet<string>(StringComparer.Ordinal), new List<string>());
        foreach (var database in databases)
        {
            // The database that the server is asked by can be neither dropped nor renamed.
            var isAsked = database == _server.Settings.MaintenanceDatabase;
            if (await IsThereAsync(database, cancel).ConfigureAwait(false) && (isAsked || !await StandingDatabase.DropHalfAsync(_server, database, cancel).ConfigureAwait(false)))
            {
                (await IsEmptyAsync(database, orThrow: aside is null || isAsked, cancel).ConfigureAwait(false) ? (ICollection<string>)empty : used).Add(database);
            }
        }
        foreach (var (was, now) in used.Count > 0 ? await StandingDatabase.MoveAsync(_server, used, cancel).ConfigureAwait(false) : [])
        {
            aside!($"The database {was} that stood there is {now} now.");
        }
        return empty;
    }

    private async Task<bool> IsEmptyAsync(string database, bool orThrow, CancellationToken cancel)
    {
        await using var connection = await _server.OpenAsync(database, cancel).ConfigureAwait(false);
        if ((await TableCatalog.ReadAsync(connection, cancel).ConfigureAwait(false)).Tables is not [var first, ..] all)
        {
            return true;
        }
        return orThrow
            ? throw new StingException("PostgresDatabaseNotEmpty", FailureKind.AlreadyExists,
                $"The database '{database}' at {_server.Settings.Location} holds {all.Count} tables already ({first.Display} and others); nothing was restored.", database,
                "Restore into a fresh server, or with -MoveDatabasesAside (--move-databases-aside), which gives what stands there another name; a single person's rows come back into a running one.")
            : false;
    }

    /// <summary>All rows in one transaction: a failure leaves an empty schema, not half of the rows.</summary>
    private async Task<long> LoadAsync(string database, CancellationToken cancel)
    {
        await using var connection = await _server.OpenAsync(database, cancel).ConfigureAwait(false);
        var loading = "rows";
        try
        {
            await PostgresServer.ExecuteAsync(connection, "SET search_path = ''; SET row_security = off; SET DateStyle = 'ISO, YMD'; SET IntervalStyle = 'postgres'; SET xmloption = 'content'; BEGIN", cancel).ConfigureAwait(false);
            foreach (var rows in _files.Paths.Select(CapturePath.ParseRows).OfType<CapturedRows>().Where(r => r.Database == database))
            {
                loading = $"{database}.{rows.Schema}.{rows.Table}";
                await using var file = RowFile.Open(_files, rows.Path);
                await file.CopyIntoAsync(connection, SqlText.Name(rows.Schema, rows.Table), file.Columns, cancel).ConfigureAwait(false);
            }
            loading = "sequences";
            await SetSequencesAsync(connection, database, cancel).ConfigureAwait(false);
            await PostgresServer.ExecuteAsync(connection, "COMMIT", cancel).ConfigureAwait(false);
            return await CountAsync(connection, cancel).ConfigureAwait(false);
        }
        catch (Exception e) when (PostgresErrors.IsPostgres(e))
        {
            throw PostgresErrors.Wrap(e, $"load {loading}", _server.Settings, loading);
        }
    }

    private async Task SetSequencesAsync(NpgsqlConnection connection, string database, CancellationToken cancel)
    {
        var path = CapturePath.Of(database, CapturePath.Sequences);
        if (!_files.Paths.Contains(path))
        {
            return;
        }
        using var reader = new StreamReader(_files.Open(path));
        while (await reader.ReadLineAsync(cancel).ConfigureAwait(false) is { Length: > 0 } line)
        {
            var fields = CopyText.Values(line);
            var value = long.Parse(fields[2]!, CultureInfo.InvariantCulture);
            await PostgresServer.ExecuteAsync(connection,
                string.Create(CultureInfo.InvariantCulture, $"SELECT pg_catalog.setval({SqlText.Literal(SqlText.Name(fields[0]!, fields[1]!))}, {value}, {(fields[3] == "t" ? "true" : "false")})"), cancel).ConfigureAwait(false);
        }
    }

    private static async Task<long> CountAsync(NpgsqlConnection connection, CancellationToken cancel)
    {
        var rows = 0L;
        foreach (var table in (await TableCatalog.ReadAsync(connection, cancel).ConfigureAwait(false)).Tables.Where(t => !t.IsPartitioned))
        {
            rows += await PostgresServer.ScalarAsync<long>(connection, $"SELECT count(*) FROM ONLY {table.Sql}", cancel).ConfigureAwait(false);
        }
        return rows;
    }

    /// <summary>Materialised views are computed anew, in the order in which they were made; statistics too, or the first queries crawl.</summary>
    private async Task FinishAsync(string database, CancellationToken cancel)
    {
        await using var connection = await _server.OpenAsync(database, cancel).ConfigureAwait(false);
        try
        {
            var views = await PostgresServer.ScalarAsync<string[]>(connection, """
                SELECT ARRAY(SELECT pg_catalog.format('%I.%I', n.nspname, c.relname) FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
                WHERE c.relkind = 'm' AND NOT c.relispopulated ORDER BY c.oid)
                """, cancel).ConfigureAwait(false);
            foreach (var view in views)
            {
                await PostgresServer.ExecuteAsync(connection, $"REFRESH MATERIALIZED VIEW {view}", cancel).ConfigureAwait(false);
            }
            await PostgresServer.ExecuteAsync(connection, "ANALYZE", cancel).ConfigureAwait(false);
        }
        catch (Exception e) when (PostgresErrors.IsPostgres(e))
        {
            throw PostgresErrors.Wrap(e, $"finish the database '{database}'", _server.Settings, database);
        }
    }
}
