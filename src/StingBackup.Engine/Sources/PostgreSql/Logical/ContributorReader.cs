using Npgsql;
using StingBackup.Engine.Basics;
using StingBackup.Engine.Reserve;
using StingBackup.Engine.Reserve.Configuration;

namespace StingBackup.Engine.Sources.PostgreSql.Logical;

/// <summary>Reads from the databases, in the clear and before any file is read, who brought which document into a jar; by the same rules as rows are given to contributors (<see cref="OwnerPlan"/>).</summary>
internal static class ContributorReader
{
    /// <summary>Reads.</summary>
    /// <exception cref="StingException">Of PostgreSQL</exception>
    public static async Task<ContributorReading> ReadAsync(PostgresSettings settings, CancellationToken cancel)
    {
        ArgumentNullException.ThrowIfNull(settings);
        var server = await PostgresServer.ConnectAsync(settings, cancel).ConfigureAwait(false);
        // Everybody first: documents of one database may name people of another.
        return await CatalogSessions.RunAsync(server, null, CatalogSessions.ReadOnly, "read who contributed which document from", async sessions =>
        {
            var documents = new Dictionary<EntryPath, string?>();
            foreach (var session in sessions.Each())
            {
                foreach (var table in session.Catalog.Tables.Where(t => OwnerRules.IsDocuments(t) && t.Column("file_path") is not null))
                {
                    await ReadAsync(session.Connection, table, OwnerPlan.Of(table, session.Catalog), sessions.People, documents, cancel).ConfigureAwait(false);
                }
            }
            return new ContributorReading(documents, sessions.People.Resolve);
        }, cancel).ConfigureAwait(false);
    }

    private static async Task ReadAsync(NpgsqlConnection connection, TableInfo table, OwnerPlan plan, KnownPeople people, Dictionary<EntryPath, string?> documents, CancellationToken cancel)
    {
        await using var command = new NpgsqlCommand($"SELECT t.\"file_path\"::text, {plan.Expression} FROM ONLY {table.Sql} AS t{plan.Joins} WHERE t.\"file_path\" IS NOT NULL", connection);
        await using var reader = await command.ExecuteReaderAsync(cancel).ConfigureAwait(false);
        while (await reader.ReadAsync(cancel).ConfigureAwait(false))
        {
            if (FileReferences.OfUpload(reader.GetString(0)) is not { } path)
            {
                continue;
            }
            var subject = OwnerPlan.Subject(await reader.IsDBNullAsync(1, cancel).ConfigureAwait(false) ? null : reader.GetString(1), people);
            var contributor = SubjectNames.ContributorOf(subject) is null ? null : subject;
            // Two rows that name one file for two people: it is the jar's.
            documents[path] = documents.TryGetValue(path, out var before) && before != contributor ? null : contributor;
        }
    }
}

/// <summary>What the databases say of contributors.</summary>
/// <param name="Documents">Each document's path in the reserve, and the subject of its contributor; null where nothing tells.</param>
/// <param name="Resolve">Gives the subject of a person by UUID, number or e-mail address; null where none is meant.</param>
internal sealed record ContributorReading(IReadOnlyDictionary<EntryPath, string?> Documents, Func<string, string?> Resolve);
