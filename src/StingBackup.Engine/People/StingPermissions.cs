using System.Text.Json;
using Npgsql;
using StingBackup.Engine.Reserve;
using StingBackup.Engine.Reserve.Configuration;
using StingBackup.Engine.Sources.PostgreSql;

namespace StingBackup.Engine.People;

/// <summary>
/// STING's own permissions of honey jars, asked of its live database. Strict: somebody is whom exactly one active row of <c>users</c> says, by UUID or number; a jar is readable that is public, one's own, or names one's address;
/// roles and whatever else a jar's permissions may hold grant nothing here.
/// </summary>
internal sealed class StingPermissions(PostgresSettings settings)
{
    private const string Prepare = "SET search_path = ''; SET row_security = off; SET default_transaction_read_only = on; SET statement_timeout = '5s'";

    /// <summary>Jars that somebody may look into, by name.</summary>
    /// <param name="subjects">Canonical names of the person.</param>
    /// <param name="cancel">Cancels.</param>
    /// <exception cref="StingException">Of PostgreSQL</exception>
    public async ValueTask<IReadOnlyList<OwnJar>> JarsAsync(IReadOnlyList<string> subjects, CancellationToken cancel)
    {
        var jars = new List<OwnJar>();
        await EachAsync(async connection =>
        {
            if (await EmailAsync(connection, subjects, cancel).ConfigureAwait(false) is { } email)
            {
                await ReadAsync(connection, email, jars, cancel).ConfigureAwait(false);
            }
        }, cancel).ConfigureAwait(false);
        return [.. jars.OrderBy(j => j.Name, StringComparer.Ordinal).ThenBy(j => j.Id, StringComparer.Ordinal)];
    }

    /// <summary>The subject of the one active person who has an address; null where none or several have it.</summary>
    /// <exception cref="StingException">Of PostgreSQL</exception>
    public async ValueTask<string?> SubjectOfAsync(string verifiedEmail, CancellationToken cancel)
    {
        var found = new HashSet<string>(StringComparer.Ordinal);
        await EachAsync(async connection =>
        {
            await using var command = new NpgsqlCommand("SELECT id::text, kratos_id::text FROM public.users WHERE lower(email::text) = lower($1) AND status::text = 'active'", connection);
            command.Parameters.AddWithValue(verifiedEmail);
            await using var reader = await command.ExecuteReaderAsync(cancel).ConfigureAwait(false);
            while (await reader.ReadAsync(cancel).ConfigureAwait(false))
            {
                found.Add(!reader.IsDBNull(1) ? Guid.TryParseExact(reader.GetString(1), "D", out var uuid) ? SubjectNames.OfUser(uuid) : ""
                    : SubjectNames.TryParseRow(reader.GetString(0), out var row) ? SubjectNames.OfUser(row) : "");
            }
        }, cancel).ConfigureAwait(false);
        return found.Count == 1 && found.First() is { Length: > 0 } subject ? subject : null;
    }

    private async ValueTask EachAsync(Func<NpgsqlConnection, Task> ask, CancellationToken cancel)
    {
        var server = await PostgresServer.ConnectAsync(settings, cancel).ConfigureAwait(false);
        foreach (var database in await server.ListDatabasesAsync(cancel).ConfigureAwait(false))
        {
            await using var connection = await server.OpenAsync(database, cancel).ConfigureAwait(false);
            try
            {
                await PostgresServer.ExecuteAsync(connection, Prepare, cancel).ConfigureAwait(false);
                if (await HasTablesAsync(connection, cancel).ConfigureAwait(false))
                {
                    await ask(connection).ConfigureAwait(false);
                }
            }
            catch (Exception e) when (PostgresErrors.IsPostgres(e))
            {
                throw PostgresErrors.Wrap(e, $"read permissions from the database '{database}'", settings, database);
            }
        }
    }

    private static async Task<bool> HasTablesAsync(NpgsqlConnection connection, CancellationToken cancel) => await PostgresServer.ScalarAsync<long>(connection, """
        SELECT count(*) FROM pg_catalog.pg_attribute a WHERE NOT a.attisdropped AND (
            (a.attrelid = pg_catalog.to_regclass('public.users') AND a.attname IN ('id', 'kratos_id', 'email', 'status'))
            OR (a.attrelid = pg_catalog.to_regclass('public.honey_jars') AND a.attname IN ('id', 'name', 'type', 'status', 'owner', 'permissions')))
        """, cancel).ConfigureAwait(false) == 10;

    /// <summary>The address of the one active person that the subjects name; null where none or several are.</summary>
    private static async Task<string?> EmailAsync(NpgsqlConnection connection, IReadOnlyList<string> subjects, CancellationToken cancel)
    {
        var uuids = subjects.Where(s => s.StartsWith("user:", StringComparison.Ordinal)).Select(s => s["user:".Length..]).ToArray();
        var rows = subjects.Where(s => s.StartsWith("user#", StringComparison.Ordinal)).Select(s => s["user#".Length..]).ToArray();
        // Who has a UUID there is known by that alone: a number may be another's by now.
        await using var command = new NpgsqlCommand("SELECT email::text FROM public.users WHERE (kratos_id::text = ANY($1) OR (kratos_id IS NULL AND id::text = ANY($2))) AND status::text = 'active' AND email IS NOT NULL", connection);
        command.Parameters.AddWithValue(uuids);
        command.Parameters.AddWithValue(rows);
        await using var reader = await command.ExecuteReaderAsync(cancel).ConfigureAwait(false);
        string? email = null;
        while (await reader.ReadAsync(cancel).ConfigureAwait(false))
        {
            if (email is not null)
            {
                return null;
            }
            email = reader.GetString(0);
        }
        return string.IsNullOrWhiteSpace(email) ? null : email;
    }

    private static async Task ReadAsync(NpgsqlConnection connection, string email, List<OwnJar> jars, CancellationToken cancel)
    {
        await using var command = new NpgsqlCommand("SELECT id::text, coalesce(name::text, ''), type::text, owner::text, permissions::text FROM public.honey_jars WHERE status::text = 'active' AND id IS NOT NULL", connection);
        await using var reader = await command.ExecuteReaderAsync(cancel).ConfigureAwait(false);
        while (await reader.ReadAsync(cancel).ConfigureAwait(false))
        {
            string? Text(int column) => reader.IsDBNull(column) ? null : reader.GetString(column);
            var isOwner = Text(3) == email;
            var mayRead = isOwner || Text(2) == "public" || Names(Text(4), "allowed_users", email);
            if (mayRead && SubjectNames.IsCanonical(SubjectNames.OfJar(reader.GetString(0))))
            {
                jars.Add(new OwnJar(reader.GetString(0), reader.GetString(1), isOwner, isOwner || Names(Text(4), "edit_users", email)));
            }
        }
    }

    /// <summary>Whether permissions name an address in a list; anything but a list of texts names nobody.</summary>
    internal static bool Names(string? permissions, string list, string email)
    {
        if (permissions is null)
        {
            return false;
        }
        try
        {
            using var json = JsonDocument.Parse(permissions);
            return json.RootElement.ValueKind == JsonValueKind.Object && json.RootElement.TryGetProperty(list, out var names) && names.ValueKind == JsonValueKind.Array
                && names.EnumerateArray().All(n => n.ValueKind == JsonValueKind.String) && names.EnumerateArray().Any(n => n.ValueEquals(email));
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)   // the latter: text that is no Unicode
        {
            return false;
        }
    }
}
