using Npgsql;
using StingBackup.Engine.Sources.PostgreSql.Logical;

namespace StingBackup.Engine.Sources.PostgreSql.Restore;

/// <summary>One database's part in restoring a subject, within a transaction. Captured rows are staged in temporary tables of the target's own types and compared there.</summary>
internal sealed class SubjectRows(NpgsqlConnection connection, string database, TableCatalog catalog, KnownPeople people, string subject, RowConflict conflict)
{
    private const int KeysTold = 100;
    private const string Stage = "pg_temp.sting_stage";

    private readonly List<RowReport> _reports = [];

    public async Task<IReadOnlyList<RowReport>> RunAsync(ICaptureFiles files, IReadOnlyList<CapturedRows> rows, CancellationToken cancel)
    {
        // What can be checked at the end is: rows may refer to each other in a circle.
        await ExecuteAsync("SET CONSTRAINTS ALL DEFERRED", cancel).ConfigureAwait(false);
        var byTable = rows.GroupBy(r => (r.Schema, r.Table)).ToDictionary(g => g.Key, g => g.ToList());
        foreach (var missing in byTable.Where(g => catalog.Find(g.Key.Schema, g.Key.Table) is null))
        {
            _reports.Add(new RowReport(database, $"{missing.Key.Schema}.{missing.Key.Table}", RowOutcome.TableMissing, 0, []));
        }
        foreach (var table in ParentsFirst([.. byTable.Keys.Select(k => catalog.Find(k.Schema, k.Table)).OfType<TableInfo>()]))
        {
            foreach (var part in byTable[(table.Schema, table.Name)])
            {
                await RestoreAsync(table, files, part, cancel).ConfigureAwait(false);
            }
            await AdvanceSequencesAsync(table, cancel).ConfigureAwait(false);
        }
        return _reports;
    }

    private async Task RestoreAsync(TableInfo table, ICaptureFiles files, CapturedRows part, CancellationToken cancel)
    {
        await using var file = RowFile.Open(files, part.Path);
        await ExecuteAsync($"DROP TABLE IF EXISTS {Stage}", cancel).ConfigureAwait(false);
        // A column that is gone is staged as text and then left out.
        await ExecuteAsync($"CREATE TEMPORARY TABLE sting_stage ({string.Join(", ", file.Columns.Select(c => $"{SqlText.Name(c)} {table.Column(c)?.Type ?? "text"}"))}, sting_row bigserial) ON COMMIT DROP", cancel).ConfigureAwait(false);
        await file.CopyIntoAsync(connection, Stage, file.Columns, cancel).ConfigureAwait(false);
        var columns = file.Columns.Where(c => table.Column(c) is not null).ToList();
        await DropWithoutParentsAsync(table, columns, cancel).ConfigureAwait(false);
        if (table.Key.Count > 0 && table.Key.All(columns.Contains))
        {
            await ByKeyAsync(table, columns, cancel).ConfigureAwait(false);
        }
        else
        {
            await ByValueAsync(table, columns, cancel).ConfigureAwait(false);
        }
    }

    private async Task ByKeyAsync(TableInfo table, List<string> columns, CancellationToken cancel)
    {
        var same = string.Join(" AND ", table.Key.Select(k => $"t.{SqlText.Name(k)} = s.{SqlText.Name(k)}"));
        // Compared as text: some types (json, xml, point) have no equality.
        string Row(string alias) => $"ROW({string.Join(", ", columns.Select(c => $"{alias}.{SqlText.Name(c)}::text"))})";
        await ReportAsync(table, RowOutcome.Equal, $"DELETE FROM {Stage} s USING {table.Sql} t WHERE {same} AND {Row("s")} IS NOT DISTINCT FROM {Row("t")} RETURNING NULL::text", cancel).ConfigureAwait(false);

        // Whose the rows are that stand there now: a number may have gone to somebody else since.
        var plan = OwnerPlan.Of(table, catalog);
        var foreign = new List<long>();
        var mine = new List<long>();
        await EachAsync($"SELECT s.sting_row, {plan.Expression} FROM {table.Sql} AS t{plan.Joins} JOIN {Stage} s ON {same}", reader =>
            (IsMine(OwnerPlan.Subject(reader.IsDBNull(1) ? null : reader.GetString(1), people)) ? mine : foreign).Add(reader.GetInt64(0)), cancel).ConfigureAwait(false);
        if (conflict == RowConflict.Fail && (foreign.Count > 0 || mine.Count > 0))
        {
            throw Conflicting(table, foreign.Count + mine.Count, "stand there with other values");
        }
        await ReportAsync(table, RowOutcome.Taken, $"DELETE FROM {Stage} s WHERE s.sting_row IN ({List(foreign)}) RETURNING {KeyText(table, "s")}", cancel).ConfigureAwait(false);
        if (conflict == RowConflict.Overwrite && columns.Except(table.Key).ToList() is { Count: > 0 } rest)
        {
            await ReportAsync(table, RowOutcome.Overwritten,
                $"UPDATE {table.Sql} AS t SET {string.Join(", ", rest.Select(c => $"{SqlText.Name(c)} = s.{SqlText.Name(c)}"))} FROM {Stage} s WHERE {same} AND s.sting_row IN ({List(mine)}) RETURNING {KeyText(table, "t")}", cancel).ConfigureAwait(false);
            await ExecuteAsync($"DELETE FROM {Stage} s WHERE s.sting_row IN ({List(mine)})", cancel).ConfigureAwait(false);
        }
        else
        {
            await ReportAsync(table, RowOutcome.Kept, $"DELETE FROM {Stage} s WHERE s.sting_row IN ({List(mine)}) RETURNING {KeyText(table, "s")}", cancel).ConfigureAwait(false);
        }
        await InsertAsync(table, columns, cancel).ConfigureAwait(false);
        // What is still missing has met another unique value than the key.
        await ReportAsync(table, RowOutcome.Taken, $"SELECT {KeyText(table, "s")} FROM {Stage} s WHERE NOT EXISTS (SELECT FROM {table.Sql} t WHERE {same})", cancel).ConfigureAwait(false);
        FailIfTaken(table);
    }

    /// <summary>Without a key, equal rows are told apart by their number: as many come back as are missing.</summary>
    private async Task ByValueAsync(TableInfo table, List<string> columns, CancellationToken cancel)
    {
        string Row(string alias) => $"ROW({string.Join(", ", columns.Select(c => $"{alias}.{SqlText.Name(c)}::text"))})::text";
        await ReportAsync(table, RowOutcome.Equal, $"""
            DELETE FROM {Stage} s USING
                (SELECT sting_row, {Row("x")} AS r, row_number() OVER (PARTITION BY {Row("x")}) AS n FROM {Stage} x) i JOIN
                (SELECT {Row("t")} AS r, count(*) AS n FROM {table.Sql} t GROUP BY 1) t ON t.r = i.r AND i.n <= t.n
            WHERE s.sting_row = i.sting_row RETURNING NULL::text
            """, cancel).ConfigureAwait(false);
        await InsertAsync(table, columns, cancel).ConfigureAwait(false);
    }

    private Task InsertAsync(TableInfo table, List<string> columns, CancellationToken cancel)
    {
        var names = string.Join(", ", columns.Select(SqlText.Name));
        return ReportAsync(table, RowOutcome.Restored, $"INSERT INTO {table.Sql} ({names}) OVERRIDING SYSTEM VALUE SELECT {names} FROM {Stage} ORDER BY sting_row ON CONFLICT DO NOTHING RETURNING NULL::text", cancel);
    }

    /// <summary>Rows whose parent is neither there nor among those restored just now cannot come back.</summary>
    private async Task DropWithoutParentsAsync(TableInfo table, List<string> columns, CancellationToken cancel)
    {
        foreach (var key in table.ForeignKeys.Where(k => k.Columns.All(columns.Contains)))
        {
            if (catalog.Find(key.Target) is not { } parent)
            {
                continue;
            }
            string Pairs(string alias) => string.Join(" AND ", key.Columns.Select((c, i) => $"{alias}.{SqlText.Name(key.TargetColumns[i])} = s.{SqlText.Name(c)}"));
            var among = parent.Oid == table.Oid && key.TargetColumns.All(columns.Contains) ? $" AND NOT EXISTS (SELECT FROM {Stage} x WHERE {Pairs("x")})" : "";
            await ReportAsync(table, RowOutcome.ParentMissing, $"""
                DELETE FROM {Stage} s WHERE {string.Join(" AND ", key.Columns.Select(c => $"s.{SqlText.Name(c)} IS NOT NULL"))}
                    AND NOT EXISTS (SELECT FROM {parent.Sql} p WHERE {Pairs("p")}){among} RETURNING {KeyText(table, "s")}
                """, cancel).ConfigureAwait(false);
        }
        if (conflict == RowConflict.Fail && _reports.Find(r => r.Outcome == RowOutcome.ParentMissing) is { } lost)
        {
            throw Conflicting(table, lost.Count, "refer to rows that are not there");
        }
    }

    private void FailIfTaken(TableInfo table)
    {
        if (conflict == RowConflict.Fail && _reports.Find(r => r.Outcome == RowOutcome.Taken && r.Table == table.Display) is { } taken)
        {
            throw Conflicting(table, taken.Count, "hold values that rows of others hold");
        }
    }

    /// <summary>A number that came back must not be given out again.</summary>
    private async Task AdvanceSequencesAsync(TableInfo table, CancellationToken cancel)
    {
        foreach (var column in table.Columns.Where(c => c.Type is "integer" or "bigint" or "smallint"))
        {
            var name = SqlText.Literal(table.Sql);
            await ExecuteAsync($"""
                SELECT pg_catalog.setval(q.seq, q.top) FROM (SELECT pg_catalog.pg_get_serial_sequence({name}, {SqlText.Literal(column.Name)})::regclass AS seq, (SELECT max({SqlText.Name(column.Name)}) FROM {table.Sql}) AS top) q
                WHERE q.seq IS NOT NULL AND q.top > coalesce(pg_catalog.pg_sequence_last_value(q.seq), 0)
                """, cancel).ConfigureAwait(false);
        }
    }

    private List<TableInfo> ParentsFirst(List<TableInfo> tables)
    {
        var ordered = new List<TableInfo>();
        var met = new HashSet<uint>();
        tables.ForEach(Visit);
        return ordered;

        void Visit(TableInfo table)
        {
            if (met.Add(table.Oid))
            {
                tables.Where(p => table.ForeignKeys.Any(k => k.Target == p.Oid)).ToList().ForEach(Visit);
                ordered.Add(table);
            }
        }
    }

    private bool IsMine(string owner) => owner == subject || owner.StartsWith(subject + "/", StringComparison.Ordinal);

    private StingException Conflicting(TableInfo table, long count, string how) => new("PostgresRowConflict", FailureKind.AlreadyExists,
        $"{count} rows of {subject} in {database}.{table.Display} {how}; nothing was restored.", $"{database}.{table.Display}", "Choose to keep or to overwrite what stands there; the report of a dry run names the rows.");

    private async Task ReportAsync(TableInfo table, RowOutcome outcome, string sql, CancellationToken cancel)
    {
        var count = 0L;
        var keys = new List<string>();
        await EachAsync(sql, reader =>
        {
            count++;
            if (keys.Count < KeysTold && !reader.IsDBNull(0))
            {
                keys.Add(reader.GetString(0));
            }
        }, cancel).ConfigureAwait(false);
        if (count > 0)
        {
            _reports.Add(new RowReport(database, table.Display, outcome, count, keys));
        }
    }

    private static string KeyText(TableInfo table, string alias) => table.Key.Count == 0 ? "NULL::text" : string.Join(" || ',' || ", table.Key.Select(k => $"{alias}.{SqlText.Name(k)}::text"));

    private static string List(List<long> numbers) => numbers.Count == 0 ? "NULL" : string.Join(',', numbers);

    private Task<int> ExecuteAsync(string sql, CancellationToken cancel) => PostgresServer.ExecuteAsync(connection, sql, cancel);

    private async Task EachAsync(string sql, Action<NpgsqlDataReader> take, CancellationToken cancel)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        await using var reader = await command.ExecuteReaderAsync(cancel).ConfigureAwait(false);
        while (await reader.ReadAsync(cancel).ConfigureAwait(false))
        {
            take(reader);
        }
    }
}
