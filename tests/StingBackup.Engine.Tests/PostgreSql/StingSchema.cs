namespace StingBackup.Engine.Tests.PostgreSql;

/// <summary>
/// Few rows in the tables of a STING installation (<see cref="StingTables"/>), for tests of single rules: people with and without a Kratos identity, jars, documents, files, permissions,
/// audit rows, sessions, NULL owners, text with tabs, line ends and backslashes. A whole installation is <see cref="StingBackup.Fixtures.Sting.StingSite"/>.
/// </summary>
internal static class StingSchema
{
    /// <summary>The Kratos UUID of person <paramref name="n"/>, as the seed makes it.</summary>
    public static string KratosId(int n) => $"00000000-0000-4000-8000-{n:d12}";

    /// <summary>The UUID of jar <paramref name="n"/>.</summary>
    public static string JarId(int n) => $"11111111-0000-4000-8000-{n:d12}";

    public static async Task SeedAsync(PostgresCluster cluster, int people = 20)
    {
        await StingTables.CreateAsync(cluster);
        await cluster.ExecuteAsync("sting_app", App.Replace("{people}", $"{people}", StringComparison.Ordinal));
        await StingTables.FillSystemAsync(cluster);
        await cluster.ExecuteAsync("kratos", Kratos.Replace("{people}", $"{people}", StringComparison.Ordinal));
        await cluster.ExecuteAsync("sting_messaging", Messaging.Replace("{people}", $"{people}", StringComparison.Ordinal));
    }

    // Every fifth person has no Kratos identity; person 7 writes her address in capitals.
    private const string App = """
        INSERT INTO users(kratos_id, email, role, status) SELECT CASE WHEN g % 5 <> 0 THEN uid(g)::text END,
            CASE WHEN g = 7 THEN 'PERSON7@Example.org' ELSE 'person' || g || '@example.org' END, 'user', 'active' FROM generate_series(1, {people}) g;
        INSERT INTO honey_jars SELECT jid(g), 'Jar ' || g, 'private', 'active', CASE WHEN g = 1 THEN 'system' ELSE 'person' || g || '@example.org' END,
            jsonb_build_object('readers', g), 3, 1000 * g FROM generate_series(1, 6) g;
        INSERT INTO documents SELECT md5('doc' || g)::uuid, jid(1 + g % 6), E'na\tme\\ with\nline ' || g, 'text/markdown', 10 * g,
            CASE WHEN g % 7 <> 0 THEN '/tmp/sting_uploads/' || jid(1 + g % 6) || '/' || md5('f' || g) END FROM generate_series(1, 40) g;
        INSERT INTO file_assets(file_id, filename, file_type, file_size, checksum, storage_backend, storage_path, owner_id, deleted_at)
            SELECT md5('file' || g)::uuid, 'file ' || g, 'user_document', 100 + g, md5('sum' || g), 'vault', 'files/x/' || g,
            CASE WHEN (1 + g % {people}) % 5 <> 0 THEN uid(1 + g % {people})::text ELSE (1 + g % {people})::text END,
            CASE WHEN g % 9 = 0 THEN timestamptz '2026-01-02 03:04:05.678+00' END FROM generate_series(1, 5 * {people}) g;
        INSERT INTO file_permissions(file_id, user_id, permission) SELECT md5('file' || g)::uuid, 1 + (g + 3) % {people}, 'read' FROM generate_series(1, 2 * {people}) g;
        INSERT INTO reports SELECT md5('report' || g)::uuid, 'Report ' || g, md5('file' || g)::uuid, '2026-12-01', 1 FROM generate_series(1, 10) g;
        INSERT INTO user_settings SELECT g, 'dark', ARRAY[g, 1.50], make_interval(hours => g), g / 3.0, decode(md5(g::text), 'hex') FROM generate_series(1, {people}) g;
        INSERT INTO audit_logs(user_id, action, at) SELECT CASE WHEN g % 11 = 0 THEN NULL WHEN g % 3 = 0 THEN '7' ELSE uid(1 + g % 4)::text END, 'action ' || g,
            timestamptz '2026-01-01 00:00+00' + make_interval(mins => g) FROM generate_series(1, 200) g;
        INSERT INTO pii_audit_logs SELECT 'note ' || g % 3, 'person' || (2 + g % 7) || '@example.org', g % 4 / 3.0 FROM generate_series(1, 30) g;
        INSERT INTO pii_deletion_requests(user_id, status) VALUES (uid(3)::text, 'pending');
        INSERT INTO jar_events(document_id, event) SELECT md5('doc' || g)::uuid, 'read' FROM generate_series(1, 12) g;
        REFRESH MATERIALIZED VIEW jar_sizes;
        """;

    private const string Kratos = """
        INSERT INTO identities SELECT uid(g), 'default', jsonb_build_object('email', 'person' || g || '@example.org'), 'active', '2026-01-01' FROM generate_series(1, {people}) g WHERE g % 5 <> 0;
        INSERT INTO identity_credentials SELECT md5('cred' || id)::uuid, id, '{"hashed_password": "x"}' FROM identities;
        INSERT INTO identity_credential_identifiers SELECT md5('ident' || id)::uuid, 'login ' || identity_id, id FROM identity_credentials;
        INSERT INTO sessions SELECT md5('session' || id)::uuid, id, 'session-secret' FROM identities LIMIT 3;
        INSERT INTO schema_migration VALUES ('20260101');
        """;

    private const string Messaging = """
        INSERT INTO messages(sender_id, body, parent_id) SELECT CASE WHEN g % 2 = 0 THEN '00000000-0000-4000-8000-' || lpad((1 + g % 4)::text, 12, '0') ELSE (1 + g % {people})::text END,
            'Hello ' || g, CASE WHEN g > 5 THEN g - 5 END FROM generate_series(1, 50) g;
        """;
}
