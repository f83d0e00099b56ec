using System.Globalization;
using System.Text.Json;
using Npgsql;
using StingBackup.Engine.Reserve.Sample;
using StingBackup.Fixtures.PostgreSql;

namespace StingBackup.Fixtures.Sting;

/// <summary>Fills the databases of an installation.</summary>
internal sealed class StingRows(PostgresCluster cluster, StingPlan plan, StingSiteOptions options)
{
    private const string AssetColumns = "file_assets(id, file_id, filename, file_type, file_size, checksum, storage_backend, storage_path, owner_id, deleted_at, legal_hold, legal_hold_case_id)";
    private const string DocumentColumns = "documents(id, honey_jar_id, filename, content_type, size_bytes, file_path)";

    private readonly SampleRandom _random = SampleRandom.For(options.Seed, "rows");

    private IReadOnlyList<SamplePerson> People => plan.People;

    public async Task FillAsync()
    {
        await using (var app = await cluster.ConnectAsync("sting_app"))
        {
            await CopyAsync(app, "users(id, kratos_id, email, role, status)", People.Select(p => new object?[] { p.Id, p.KratosId, p.Email, p.Id == 1 ? "admin" : "user", "active" }));
            await CopyAsync(app, "user_settings(user_id, theme, limits, seen, sound, picture)", People.Select(p => new object?[]
                { p.Id, _random.Chance(0.5) ? "dark" : "light", $"{{{Quota()},{Used(p)}}}", $"{_random.Next(1000)} hours", _random.NextDouble(), "\\x" + Hex(12) }));
            await CopyAsync(app, "honey_jars", plan.Jars.Select(j => new object?[]
                { j.Id, j.Name, j.Owner == "system" ? "public" : "private", "active", j.Owner, JsonSerializer.Serialize(new { readers = new[] { _random.Pick(People).Email } }), plan.Documents.Count(d => d.Jar == j), plan.Documents.Where(d => d.Jar == j).Sum(d => d.Size) }));
            await AddDocumentsAsync(app, plan.Documents);
            await AddAssetsAsync(app, plan.Uploads.Where(u => u.HasRow));
            await CopyAsync(app, "file_permissions(file_id, user_id, permission)", plan.Uploads.Where(u => u is { HasRow: true, IsDeleted: false } && _random.Chance(0.2)).Select(u => new object?[] { u.FileId, _random.Pick(People).Id, _random.Chance(0.7) ? "read" : "write" }));
            await CopyAsync(app, "reports", plan.Uploads.Where(u => u is { Type: "report", HasRow: true }).Select(u => new object?[] { _random.NextUuid(), $"Report {u.Name}", u.FileId, "2026-12-01 00:00:00+00", u.Owner.Id }));
            await CopyAsync(app, "audit_logs(user_id, action, at)", Enumerable.Range(0, Scaled(40_000, 200)).Select(i => NewAudit(_random.Pick(People), i)));
            await CopyAsync(app, "pii_audit_logs", Enumerable.Range(0, Scaled(4000, 30)).Select(_ => new object?[] { $"{Prose.NextWord(_random)} seen", _random.Pick(People).Email, 0.25f * _random.Next(4) }));
            await CopyAsync(app, "jar_events(document_id, event)", plan.Documents.Select(d => new object?[] { d.Id, "read" }));
            await CopyAsync(app, "pii_deletion_requests(user_id, status)", [[People[StingPlan.Leaving].FolderName, "pending"], [People[StingPlan.Held].FolderName, "pending"]]);
            await StingTables.FillSystemAsync(cluster);
            await ExecuteAsync(app, "REFRESH MATERIALIZED VIEW jar_sizes; SELECT setval('users_id_seq', (SELECT max(id) FROM users)); SELECT setval('file_assets_id_seq', (SELECT max(id) FROM file_assets)); ANALYZE");
        }
        await using (var kratos = await cluster.ConnectAsync("kratos"))
        {
            await FillKratosAsync(kratos);
        }
        await using var messaging = await cluster.ConnectAsync("sting_messaging");
        await CopyAsync(messaging, "messages(id, sender_id, body, parent_id)", Enumerable.Range(1, Scaled(20_000, 60)).Select(i => NewMessage(_random, _random.Pick(People), i)));
        await ExecuteAsync(messaging, "SELECT setval('messages_id_seq', (SELECT max(id) FROM messages)); ANALYZE");
    }

    public static Task AddDocumentsAsync(NpgsqlConnection app, IEnumerable<StingDocument> documents) => CopyAsync(app, DocumentColumns,
        documents.Select(d => new object?[] { d.Id, d.Jar.Id, d.Name, d.ContentType, d.Size, d.DiskName is null ? null : PathOf(d.Jar, d.DiskName) }));

    public static Task AddAssetsAsync(NpgsqlConnection app, IEnumerable<StingUpload> uploads) => CopyAsync(app, AssetColumns, uploads.Select(u => new object?[]
    {
        u.Row, u.FileId, u.Name, u.Type, u.Size, u.Hash, u.Storage == StingStorage.OnDisk ? "filesystem" : "vault", u.StoragePath, u.OwnerId, u.IsDeleted ? "2024-01-10 12:00:00.5+00" : null, u.IsHeld ? "true" : "false", u.IsHeld ? "case 17/2024" : null,
    }));

    /// <summary>As STING's container sees a document's file.</summary>
    public static string PathOf(StingJar jar, string diskName) => $"/tmp/sting_uploads/{jar.Id}/{diskName}";

    public static object?[] NewAudit(SamplePerson person, int n) =>
        [n % 11 == 0 ? null : n % 3 == 0 ? StingPlan.Text(person.Id) : person.FolderName, $"action {n % 17}", SampleClock.Epoch.AddSeconds(-30.0 * n).ToString("yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture) + "+00"];

    public static object?[] NewMessage(SampleRandom random, SamplePerson sender, int n) =>
        [n, random.Chance(0.5) ? sender.FolderName : StingPlan.Text(sender.Id), $"{Prose.NextWord(random)} {Prose.NextWord(random)} {Prose.NextWord(random)} {n}", n > 20 && random.Chance(0.3) ? n - 1 - random.Next(20) : null];

    public static async Task CopyAsync(NpgsqlConnection connection, string target, IEnumerable<object?[]> rows)
    {
        await using var writer = await connection.BeginTextImportAsync($"COPY {target} FROM STDIN");
        foreach (var row in rows)
        {
            await writer.WriteAsync(string.Join('\t', row.Select(Escape)) + "\n");
        }
    }

    public static async Task ExecuteAsync(NpgsqlConnection connection, string sql)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync();
    }

    private async Task FillKratosAsync(NpgsqlConnection kratos)
    {
        var known = People.Where(p => p.KratosId is not null).Select(p => (Person: p, Credential: _random.NextUuid())).ToList();
        await CopyAsync(kratos, "identities", known.Select(k => new object?[] { k.Person.KratosId, "default", JsonSerializer.Serialize(new { email = k.Person.Email }), "active", "2024-01-01 00:00:00" }));
        await CopyAsync(kratos, "identity_credentials", known.Select(k => new object?[] { k.Credential, k.Person.KratosId, JsonSerializer.Serialize(new { hashed_password = Hex(20) }) }));
        await CopyAsync(kratos, "identity_credential_identifiers", known.Select(k => new object?[] { _random.NextUuid(), k.Person.Email, k.Credential }));
        await CopyAsync(kratos, "sessions", known.Take(3).Select(k => new object?[] { _random.NextUuid(), k.Person.KratosId, "session-secret" }));
        await CopyAsync(kratos, "schema_migration", [["20240101"]]);
    }

    private long Quota() => (long)(1e9 * options.Scale);

    private long Used(SamplePerson person) => plan.Uploads.Where(u => u.Owner == person && !u.IsDeleted).Sum(u => u.Size);

    private int Scaled(int full, int fewest) => Math.Max(fewest, (int)(full * Math.Sqrt(options.Scale)));

    private string Hex(int bytes)
    {
        var drawn = new byte[bytes];
        _random.Fill(drawn);
        return Convert.ToHexStringLower(drawn);
    }

    private static string Escape(object? value) => value is null ? "\\N"
        : Convert.ToString(value, CultureInfo.InvariantCulture)!.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\t", "\\t", StringComparison.Ordinal).Replace("\n", "\\n", StringComparison.Ordinal).Replace("\r", "\\r", StringComparison.Ordinal);
}
