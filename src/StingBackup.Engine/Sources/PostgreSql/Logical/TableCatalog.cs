using Npgsql;

namespace StingBackup.Engine.Sources.PostgreSql.Logical;

/// <summary>The tables of a database, read from its catalogue: no migration of STING is presumed. Tables of extensions are those of the extension.</summary>
internal sealed class TableCatalog
{
    private const string UserTables = """
        FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
        WHERE c.relkind IN ('r', 'p') AND c.relpersistence <> 't' AND n.nspname <> 'information_schema' AND n.nspname !~ '^pg_'
          AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d WHERE d.classid = 'pg_catalog.pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')
        """;

    private readonly Dictionary<uint, TableInfo> _byOid;

    private TableCatalog(IEnumerable<TableInfo> tables)
    {
        _byOid = tables.ToDictionary(t => t.Oid);
        Tables = [.. _byOid.Values.OrderBy(t => t.Schema, StringComparer.Ordinal).ThenBy(t => t.Name, StringComparer.Ordinal)];
    }

    /// <summary>The tables, sorted by schema and name.</summary>
    public IReadOnlyList<TableInfo> Tables { get; }

    /// <summary>A table by number; null when it is none of a user's.</summary>
    public TableInfo? Find(uint oid) => _byOid.GetValueOrDefault(oid);

    /// <summary>A table by name, or null.</summary>
    public TableInfo? Find(string schema, string name) => Tables.FirstOrDefault(t => t.Schema == schema && t.Name == name);

    /// <summary>Reads it in the connection's transaction.</summary>
    public static async Task<TableCatalog> ReadAsync(NpgsqlConnection connection, CancellationToken cancel)
    {
        var tables = new Dictionary<uint, TableInfo>();
        await EachAsync(connection, $"SELECT c.oid, n.nspname, c.relname, c.relkind = 'p' {UserTables}",
            r => tables.Add(r.GetFieldValue<uint>(0), new TableInfo(r.GetFieldValue<uint>(0), r.GetString(1), r.GetString(2), r.GetBoolean(3))), cancel).ConfigureAwait(false);
        await EachAsync(connection, $"""
            SELECT a.attrelid, a.attname, pg_catalog.format_type(a.atttypid, a.atttypmod) FROM pg_catalog.pg_attribute a
            WHERE a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = '' AND a.attrelid IN (SELECT c.oid {UserTables}) ORDER BY a.attrelid, a.attnum
            """, r => tables[r.GetFieldValue<uint>(0)].Columns.Add(new ColumnInfo(r.GetString(1), r.GetString(2))), cancel).ConfigureAwait(false);
        await EachAsync(connection, $"""
            SELECT i.indrelid, a.attname FROM pg_catalog.pg_index i CROSS JOIN LATERAL unnest(i.indkey::int2[]) WITH ORDINALITY k(attnum, n)
            JOIN pg_catalog.pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.attnum
            WHERE i.indisprimary AND i.indrelid IN (SELECT c.oid {UserTables}) ORDER BY i.indrelid, k.n
            """, r => tables[r.GetFieldValue<uint>(0)].Key.Add(r.GetString(1)), cancel).ConfigureAwait(false);
        await EachAsync(connection, $"""
            SELECT k.conrelid, k.conname, k.confrelid,
                ARRAY(SELECT a.attname::text FROM unnest(k.conkey) WITH ORDINALITY u(attnum, n) JOIN pg_catalog.pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = u.attnum ORDER BY u.n),
                ARRAY(SELECT a.attname::text FROM unnest(k.confkey) WITH ORDINALITY u(attnum, n) JOIN pg_catalog.pg_attribute a ON a.attrelid = k.confrelid AND a.attnum = u.attnum ORDER BY u.n)
            FROM pg_catalog.pg_constraint k WHERE k.contype = 'f' AND k.conrelid IN (SELECT c.oid {UserTables}) ORDER BY k.conrelid, k.conname
            """, r => tables[r.GetFieldValue<uint>(0)].ForeignKeys.Add(new ForeignKey(r.GetString(1), r.GetFieldValue<string[]>(3), r.GetFieldValue<uint>(2), r.GetFieldValue<string[]>(4))), cancel).ConfigureAwait(false);
        return new TableCatalog(tables.Values);
    }

    private static async Task EachAsync(NpgsqlConnection connection, string sql, Action<NpgsqlDataReader> take, CancellationToken cancel)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        await using var reader = await command.ExecuteReaderAsync(cancel).ConfigureAwait(false);
        while (await reader.ReadAsync(cancel).ConfigureAwait(false))
        {
            take(reader);
        }
    }
}
