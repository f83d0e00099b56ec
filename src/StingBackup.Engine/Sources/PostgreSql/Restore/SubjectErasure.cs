using Npgsql;
using StingBackup.Engine.Reserve.Configuration;
using StingBackup.Engine.Sources.PostgreSql.Logical;

namespace StingBackup.Engine.Sources.PostgreSql.Restore;

/// <summary>What became of the rows that erased subjects had in one table.</summary>
/// <param name="Database">Database.</param>
/// <param name="Table">Schema and table.</param>
/// <param name="Rows">Rows that are deleted.</param>
/// <param name="Kept">Rows that stay, because rows of others refer to them and must.</param>
public sealed record ErasedRows(string Database, string Table, long Rows, long Kept);

/// <summary>
/// Deletes the rows of erased subjects from running databases: what a server that was restored as of before the erasure brought back. Whose a row is follows the rules of a capture
/// (<see cref="OwnerPlan"/>). A transaction a database, all of them done before the first commits; rows that refer to others go before these.
/// </summary>
public static class SubjectErasure
{
    private const string Prepare = "SET search_path = ''; SET row_security = off; BEGIN";

    /// <summary>Deletes.</summary>
    /// <param name="settings">The server.</param>
    /// <param name="isErased">Whether the subject of a canonical name was erased.</param>
    /// <param name="dryRun">Does all but commit.</param>
    /// <param name="cancel">Cancels; nothing is deleted then.</param>
    /// <exception cref="StingException">Of PostgreSQL; nothing is deleted then</exception>
    public static async Task<IReadOnlyList<ErasedRows>> RunAsync(PostgresSettings settings, Func<string, bool> isErased, bool dryRun, CancellationToken cancel)
    {
        ArgumentNullException.ThrowIfNull(settings);
        ArgumentNullException.ThrowIfNull(isErased);
        var server = await PostgresServer.ConnectAsync(settings, cancel).ConfigureAwait(false);
        return await CatalogSessions.RunAsync<IReadOnlyList<ErasedRows>>(server, null, Prepare, "erase rows from", async sessions =>
        {
            var erased = new List<ErasedRows>();
            foreach (var (connection, name, catalog) in sessions.Each())
            {
                erased.AddRange(await EraseAsync(connection, name, catalog, value => isErased(OwnerPlan.Subject(value, sessions.People)), cancel).ConfigureAwait(false));
            }
            await sessions.ExecuteAsync(dryRun ? "ROLLBACK" : "COMMIT", cancel).ConfigureAwait(false);
            return erased.ToArray();
        }, cancel).ConfigureAwait(false);
    }

    private static async Task<List<ErasedRows>> EraseAsync(NpgsqlConnection connection, string database, TableCatalog catalog, Func<string, bool> isErased, CancellationToken cancel)
    {
        // Whose rows are found before any goes: owners are found through rows of other tables.
        var marked = new List<(TableInfo Table, long Count)>();
        foreach (var table in ChildrenFirst(catalog))
        {
            if (await MarkAsync(connection, table, OwnerPlan.Of(table, catalog), isErased, marked.Count, cancel).ConfigureAwait(false) is > 0 and var count)
            {
                marked.Add((table, count));
            }
        }
        var erased = new List<ErasedRows>();
        for (var i = 0; i < marked.Count; i++)
        {
            var deleted = await DeleteAsync(connection, marked[i].Table, catalog, i, cancel).ConfigureAwait(false);
            erased.Add(new ErasedRows(database, marked[i].Table.Display, deleted, marked[i].Count - deleted));
        }
        return erased;
    }

    /// <summary>Notes the rows of a table that are to go; how many.</summary>
    private static async Task<long> MarkAsync(NpgsqlConnection connection, TableInfo table, OwnerPlan plan, Func<string, bool> isErased, int number, CancellationToken cancel)
    {
        if (plan.IsSystem)
        {
            return 0;
        }
        var owners = new List<string>();
        await using (var command = new NpgsqlCommand($"SELECT DISTINCT {plan.Expression} FROM ONLY {table.Sql} AS t{plan.Joins}", connection))
        await using (var reader = await command.ExecuteReaderAsync(cancel).ConfigureAwait(false))
        {
            while (await reader.ReadAsync(cancel).ConfigureAwait(false))
            {
                if (!await reader.IsDBNullAsync(0, cancel).ConfigureAwait(false) && reader.GetString(0) is var owner && isErased(owner))
                {
                    owners.Add(owner);
                }
            }
        }
        if (owners.Count == 0)
        {
            return 0;
        }
        await using var mark = new NpgsqlCommand($"CREATE TEMP TABLE {Marks(number)} ON COMMIT DROP AS SELECT t.ctid AS place FROM ONLY {table.Sql} AS t{plan.Joins} WHERE {plan.Expression} = ANY($1)", connection);
        mark.Parameters.Add(new NpgsqlParameter { Value = owners.ToArray() });
        await mark.ExecuteNonQueryAsync(cancel).ConfigureAwait(false);
        return await PostgresServer.ScalarAsync<long>(connection, $"SELECT count(*) FROM pg_temp.{Marks(number)}", cancel).ConfigureAwait(false);
    }

    /// <summary>
    /// Deletes the marked rows of a table at once. Where rows of others refer to some, those let go of them, where their column may be empty; then one by one. How many went.
    /// </summary>
    private static async Task<long> DeleteAsync(NpgsqlConnection connection, TableInfo table, TableCatalog catalog, int number, CancellationToken cancel)
    {
        var all = $"DELETE FROM ONLY {table.Sql} AS t USING pg_temp.{Marks(number)} AS m WHERE t.ctid = m.place";
        if (await TryAsync(connection, all, cancel).ConfigureAwait(false) is { } count)
        {
            return count;
        }
        foreach (var (child, key) in catalog.Tables.SelectMany(child => child.ForeignKeys.Where(key => key.Target == table.Oid && key.Columns.Count == 1).Select(key => (child, key))))
        {
            await TryAsync(connection, $"""
                UPDATE ONLY {child.Sql} AS c SET {SqlText.Name(key.Columns[0])} = NULL FROM ONLY {table.Sql} AS t, pg_temp.{Marks(number)} AS m
                WHERE t.ctid = m.place AND c.{SqlText.Name(key.Columns[0])} = t.{SqlText.Name(key.TargetColumns[0])}
                """, cancel).ConfigureAwait(false);
        }
        if (await TryAsync(connection, all, cancel).ConfigureAwait(false) is { } freed)
        {
            return freed;
        }
        var places = new List<string>();
        await using (var command = new NpgsqlCommand($"SELECT place::text FROM pg_temp.{Marks(number)}", connection))
        await using (var reader = await command.ExecuteReaderAsync(cancel).ConfigureAwait(false))
        {
            while (await reader.ReadAsync(cancel).ConfigureAwait(false))
            {
                places.Add(reader.GetString(0));
            }
        }
        long deleted = 0;
        foreach (var place in places)
        {
            deleted += await TryAsync(connection, $"DELETE FROM ONLY {table.Sql} WHERE ctid = '{place}'::tid", cancel).ConfigureAwait(false) ?? 0;
        }
        return deleted;
    }

    /// <summary>Rows that a statement hit; null when a foreign key or a column that must not be empty forbade it, and nothing happened.</summary>
    private static async Task<long?> TryAsync(NpgsqlConnection connection, string sql, CancellationToken cancel)
    {
        await PostgresServer.ExecuteAsync(connection, "SAVEPOINT part", cancel).ConfigureAwait(false);
        try
        {
            var count = await PostgresServer.ExecuteAsync(connection, sql, cancel).ConfigureAwait(false);
            await PostgresServer.ExecuteAsync(connection, "SET CONSTRAINTS ALL IMMEDIATE; RELEASE SAVEPOINT part", cancel).ConfigureAwait(false);
            return count;
        }
        catch (PostgresException e) when (e.SqlState is PostgresErrorCodes.ForeignKeyViolation or PostgresErrorCodes.RestrictViolation or PostgresErrorCodes.NotNullViolation)
        {
            await PostgresServer.ExecuteAsync(connection, "ROLLBACK TO SAVEPOINT part", cancel).ConfigureAwait(false);
            return null;
        }
    }

    /// <summary>Tables that refer to others before these; where they refer to each other in a circle, any of them first.</summary>
    private static List<TableInfo> ChildrenFirst(TableCatalog catalog)
    {
        var ordered = new List<TableInfo>();
        var met = new HashSet<uint>();
        foreach (var table in catalog.Tables)
        {
            Visit(table);
        }
        ordered.Reverse();
        return [.. ordered.Where(table => !table.IsPartitioned)];

        void Visit(TableInfo table)
        {
            if (met.Add(table.Oid))
            {
                foreach (var parent in table.ForeignKeys.Select(key => catalog.Find(key.Target)).OfType<TableInfo>())
                {
                    Visit(parent);
                }
                ordered.Add(table);
            }
        }
    }

    private static string Marks(int number) => $"sting_erased_{number.ToString(System.Globalization.CultureInfo.InvariantCulture)}";
}
