using System.Globalization;
using Npgsql;
using StingBackup.Engine.Reserve;

namespace StingBackup.Engine.Sources.PostgreSql.Logical;

/// <summary>Who is meant by what a column of owners holds: a Kratos UUID, a number of <c>users.id</c>, an e-mail address. From the table of users, of whichever database has one.</summary>
internal sealed class KnownPeople
{
    private readonly Dictionary<long, string> _byId = [];
    private readonly Dictionary<string, string> _byEmail = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>Takes the people of a database's <c>users</c>, where there is such a table.</summary>
    public async Task AddAsync(NpgsqlConnection connection, TableCatalog catalog, CancellationToken cancel)
    {
        foreach (var users in catalog.Tables.Where(OwnerRules.IsUsers))
        {
            string Column(string name) => users.Column(name) is null ? "NULL" : $"{SqlText.Name(name)}::text";
            await using var command = new NpgsqlCommand($"SELECT {Column("id")}, {Column("kratos_id")}, {Column("email")} FROM ONLY {users.Sql} ORDER BY 1", connection);
            await using var reader = await command.ExecuteReaderAsync(cancel).ConfigureAwait(false);
            while (await reader.ReadAsync(cancel).ConfigureAwait(false))
            {
                Add(await TextAsync(reader, 0, cancel).ConfigureAwait(false), await TextAsync(reader, 1, cancel).ConfigureAwait(false), await TextAsync(reader, 2, cancel).ConfigureAwait(false));
            }
        }
    }

    /// <summary>The subject of a person; null when the value names none.</summary>
    public string? Resolve(string value)
    {
        value = value.Trim();
        return Guid.TryParse(value, out var uuid) ? SubjectNames.OfUser(uuid)
            : SubjectNames.TryParseRow(value, out var row) ? _byId.GetValueOrDefault(row) ?? SubjectNames.OfUser(row)
            : _byEmail.GetValueOrDefault(value);
    }

    private void Add(string? id, string? kratosId, string? email)
    {
        var row = 0L;
        var subject = Guid.TryParse(kratosId, out var uuid) ? SubjectNames.OfUser(uuid)
            : id is not null && SubjectNames.TryParseRow(id, out row) ? SubjectNames.OfUser(row)
            : Guid.TryParse(id, out uuid) ? SubjectNames.OfUser(uuid) : null;
        if (subject is null)
        {
            return;
        }
        if (row != 0 || (id is not null && SubjectNames.TryParseRow(id, out row)))
        {
            _byId.TryAdd(row, subject);
        }
        if (!string.IsNullOrWhiteSpace(email))
        {
            _byEmail.TryAdd(email.Trim(), subject);
        }
    }

    private static async ValueTask<string?> TextAsync(NpgsqlDataReader reader, int column, CancellationToken cancel) =>
        await reader.IsDBNullAsync(column, cancel).ConfigureAwait(false) ? null : Convert.ToString(reader.GetValue(column), CultureInfo.InvariantCulture);
}
