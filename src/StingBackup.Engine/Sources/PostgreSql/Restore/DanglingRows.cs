using Npgsql;
using StingBackup.Engine.Sources.PostgreSql.Logical;

namespace StingBackup.Engine.Sources.PostgreSql.Restore;

/// <summary>
/// Databases come back without whoever was erased, and rows of others may refer to theirs. Foreign keys are made unchecked then; rows that refer to nothing let go, their columns becoming empty, or go
/// where a column must not be empty; then each key is checked. What the living databases did by their own cascades is so done here too.
/// </summary>
internal static class DanglingRows
{
    /// <summary>Mends a database, and gives what was done, a sentence a table.</summary>
    public static async Task<IReadOnlyList<string>> MendAsync(NpgsqlConnection connection, string database, CancellationToken cancel)
    {
        var catalog = await TableCatalog.ReadAsync(connection, cancel).ConfigureAwait(false);
        var open = await UncheckedAsync(connection, cancel).ConfigureAwait(false);
        var keys = catalog.Tables.SelectMany(table => table.ForeignKeys.Where(key => open.Contains((table.Oid, key.Name))).Select(key => (Table: table, Key: key, Parent: catalog.Find(key.Target)!))).Where(k => k.Parent is not null).ToList();
        await PostgresServer.ExecuteAsync(connection, "SET search_path = ''; SET row_security = off; BEGIN", cancel).ConfigureAwait(false);
        // Cascades and triggers of the application are for its own changes; a role that may not turn them off lets them fire.
        await TryAsync(connection, "SET LOCAL session_replication_role = replica", cancel).ConfigureAwait(false);
        var (freed, gone) = (new SortedDictionary<string, long>(StringComparer.Ordinal), new SortedDictionary<string, long>(StringComparer.Ordinal));
        for (var changed = true; changed;)
        {
            changed = false;
            foreach (var (table, key, parent) in keys)
            {
                var dangling = Dangling(key, parent);
                var letGo = $"UPDATE ONLY {table.Sql} AS c SET {string.Join(", ", key.Columns.Select(c => $"{SqlText.Name(c)} = NULL"))} WHERE {dangling}";
                var count = await TryAsync(connection, letGo, cancel).ConfigureAwait(false);
                var tally = count is null ? gone : freed;
                count ??= await PostgresServer.ExecuteAsync(connection, $"DELETE FROM ONLY {table.Sql} AS c WHERE {dangling}", cancel).ConfigureAwait(false);
                if (count > 0)
                {
                    tally[table.Display] = tally.GetValueOrDefault(table.Display) + count.Value;
                    changed = true;
                }
            }
        }
        await PostgresServer.ExecuteAsync(connection, "COMMIT", cancel).ConfigureAwait(false);
        foreach (var (table, key, _) in keys)
        {
            await PostgresServer.ExecuteAsync(connection, $"ALTER TABLE {table.Sql} VALIDATE CONSTRAINT {SqlText.Name(key.Name)}", cancel).ConfigureAwait(false);
        }
        return
        [
            .. freed.Select(table => FormattableString.Invariant($"{database}: {table.Value} rows of {table.Key} referred to rows of whoever was erased, and let go of them.")),
            .. gone.Select(table => FormattableString.Invariant($"{database}: {table.Value} rows of {table.Key} are left out: they are nothing without rows of whoever was erased.")),
        ];
    }

    private static string Dangling(ForeignKey key, TableInfo parent) =>
        $"{string.Join(" AND ", key.Columns.Select(c => $"c.{SqlText.Name(c)} IS NOT NULL"))} AND NOT EXISTS (SELECT FROM {parent.Sql} AS p WHERE {string.Join(" AND ", key.Columns.Select((c, i) => $"p.{SqlText.Name(key.TargetColumns[i])} = c.{SqlText.Name(c)}"))})";

    private static async Task<HashSet<(uint Table, string Name)>> UncheckedAsync(NpgsqlConnection connection, CancellationToken cancel)
    {
        var found = new HashSet<(uint, string)>();
        await using var command = new NpgsqlCommand("SELECT conrelid, conname FROM pg_catalog.pg_constraint WHERE contype = 'f' AND NOT convalidated", connection);
        await using var reader = await command.ExecuteReaderAsync(cancel).ConfigureAwait(false);
        while (await reader.ReadAsync(cancel).ConfigureAwait(false))
        {
            found.Add((reader.GetFieldValue<uint>(0), reader.GetString(1)));
        }
        return found;
    }

    /// <summary>Rows that a statement hit; null when a column that must not be empty, or a missing right, forbade it.</summary>
    private static async Task<int?> TryAsync(NpgsqlConnection connection, string sql, CancellationToken cancel)
    {
        await PostgresServer.ExecuteAsync(connection, "SAVEPOINT part", cancel).ConfigureAwait(false);
        try
        {
            var count = await PostgresServer.ExecuteAsync(connection, sql, cancel).ConfigureAwait(false);
            await PostgresServer.ExecuteAsync(connection, "RELEASE SAVEPOINT part", cancel).ConfigureAwait(false);
            return count;
        }
        catch (PostgresException e) when (e.SqlState is PostgresErrorCodes.NotNullViolation or PostgresErrorCodes.CheckViolation or PostgresErrorCodes.InsufficientPrivilege)
        {
            await PostgresServer.ExecuteAsync(connection, "ROLLBACK TO SAVEPOINT part", cancel).ConfigureAwait(false);
            return null;
        }
    }
}
