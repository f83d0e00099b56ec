using System.Globalization;
using Npgsql;
using StingBackup.Engine.Reserve.Configuration;

namespace StingBackup.Engine.Sources.PostgreSql.Logical;

/// <summary>A row of STING's <c>pii_deletion_requests</c>.</summary>
/// <param name="Database">Its database.</param>
/// <param name="Id">Its key, or empty where the table has none.</param>
/// <param name="Person">Whom it means, as it says it.</param>
/// <param name="Subject">The same as a canonical name; null where nobody is known by that.</param>
/// <param name="Status">What STING says of it.</param>
/// <param name="Time">When it was made; null where no column says.</param>
internal sealed record DeletionRow(string Database, string Id, string Person, string? Subject, string Status, DateTimeOffset? Time);

/// <summary>Reads what people asked STING to delete. Columns are found in the catalogue, since migrations differ; what cannot be found is an error, never an empty list: a request that is not seen is one that is not kept.</summary>
internal static class DeletionRequestReader
{
    /// <summary>STING's table.</summary>
    public const string Table = "pii_deletion_requests";

    private static readonly IReadOnlyList<string> People = ["user_id", "subject_user_id", "subject_id", "target_user_id", "kratos_id", "kratos_identity_id", "identity_id", "user_uuid", "user_email", "subject_email", "email"];
    private static readonly IReadOnlyList<string> States = ["status", "state", "request_status"];
    private static readonly IReadOnlyList<string> Times = ["requested_at", "created_at", "submitted_at", "request_date"];

    /// <summary>Reads them all, in the order of their keys.</summary>
    /// <exception cref="StingException"><c>ErasureFeedMissing</c>, and of PostgreSQL</exception>
    public static async Task<IReadOnlyList<DeletionRow>> ReadAsync(PostgresSettings settings, CancellationToken cancel)
    {
        var server = await PostgresServer.ConnectAsync(settings, cancel).ConfigureAwait(false);
        return await CatalogSessions.RunAsync<IReadOnlyList<DeletionRow>>(server, null, CatalogSessions.ReadOnly, "read requests for deletion from", async sessions =>
        {
            var tables = sessions.Each().SelectMany(session => session.Catalog.Tables.Where(table => table.Name == Table).Select(table => (Session: session, Table: table))).ToLookup(found => found.Session);
            if (tables.Count == 0)
            {
                throw Missing(settings, sessions.Each().Select(session => (session.Database, session.Catalog)));
            }
            var rows = new List<DeletionRow>();
            foreach (var session in sessions.Each())
            {
                foreach (var (_, table) in tables[session])
                {
                    rows.AddRange(await ReadAsync(session.Connection, session.Database, table, sessions.People, settings, cancel).ConfigureAwait(false));
                }
            }
            return rows;
        }, cancel).ConfigureAwait(false);
    }

    private static async Task<List<DeletionRow>> ReadAsync(NpgsqlConnection connection, string database, TableInfo table, KnownPeople people, PostgresSettings settings, CancellationToken cancel)
    {
        var person = Require(table, People, "whom a request means", database, settings);
        var status = Require(table, States, "how a request stands", database, settings);
        var time = Times.FirstOrDefault(c => table.Column(c) is not null);
        var key = table.Key.Count > 0 ? string.Join(" || ',' || ", table.Key.Select(k => $"{SqlText.Name(k)}::text")) : "''";
        var order = table.Key.Count > 0 ? string.Join(", ", table.Key.Select(SqlText.Name)) : "1, 2";
        var rows = new List<DeletionRow>();
        await using var command = new NpgsqlCommand($"SELECT {key}, {SqlText.Name(person)}::text, {SqlText.Name(status)}::text, {(time is null ? "NULL" : $"{SqlText.Name(time)}::timestamptz")} FROM ONLY {table.Sql} WHERE {SqlText.Name(person)} IS NOT NULL ORDER BY {order}", connection);
        await using var reader = await command.ExecuteReaderAsync(cancel).ConfigureAwait(false);
        while (await reader.ReadAsync(cancel).ConfigureAwait(false))
        {
            var who = reader.GetString(1);
            rows.Add(new DeletionRow(database, reader.GetString(0), who, people.Resolve(who), await reader.IsDBNullAsync(2, cancel).ConfigureAwait(false) ? "" : reader.GetString(2),
                await reader.IsDBNullAsync(3, cancel).ConfigureAwait(false) ? null : new DateTimeOffset(reader.GetDateTime(3), TimeSpan.Zero)));
        }
        return rows;
    }

    private static string Require(TableInfo table, IReadOnlyList<string> columns, string what, string database, PostgresSettings settings) => columns.FirstOrDefault(c => table.Column(c) is not null)
        ?? throw new StingException("ErasureFeedMissing", FailureKind.NotFound,
            $"The table {database}.{table.Display} at {settings.Location} has no column that says {what}: it has {string.Join(", ", table.Columns.Select(c => c.Name))}, and none of {string.Join(", ", columns)}.", $"{database}.{table.Display}",
            "A migration of STING may have renamed it: read the table by hand, and ask for each erasure with Remove-StingSubject -User; tell us the column's name.");

    private static StingException Missing(PostgresSettings settings, IEnumerable<(string Database, TableCatalog Catalog)> databases)
    {
        var all = databases.ToList();
        var near = all.SelectMany(d => d.Catalog.Tables.Where(t => t.Name.Contains("delet", StringComparison.Ordinal) || t.Name.Contains("eras", StringComparison.Ordinal) || t.Name.Contains("pii", StringComparison.Ordinal)).Select(t => $"{d.Database}.{t.Display}")).ToList();
        return new StingException("ErasureFeedMissing", FailureKind.NotFound,
            string.Create(CultureInfo.InvariantCulture, $"None of the {all.Count} databases at {settings.Location} ({string.Join(", ", all.Select(d => d.Database))}) has the table '{Table}'{(near.Count > 0 ? $"; there are {string.Join(", ", near)}" : "")}."), Table,
            "Look whether postgresql.databases leaves STING's database out, and whether a migration renamed the table; requests can be made by hand with Remove-StingSubject -User.");
    }
}
