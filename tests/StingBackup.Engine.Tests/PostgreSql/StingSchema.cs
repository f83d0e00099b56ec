namespace StingBackup.Engine.Tests.PostgreSql;

/// <summary>
/// The three databases of a STING installation with its tables, and rows that follow from a seed: people with and without a Kratos identity, jars, documents, files, permissions,
/// audit rows, sessions; and what is awkward: a table without a key, NULL owners, an unknown table, a generated column, a domain type, text with tabs, line ends and backslashes.
/// </summary>
internal static class StingSchema
{
    /// <summary>The Kratos UUID of person <paramref name="n"/>, as the seed makes it.</summary>
    public static string KratosId(int n) => $"00000000-0000-4000-8000-{n:d12}";

    /// <summary>The UUID of jar <paramref name="n"/>.</summary>
    public static string JarId(int n) => $"11111111-0000-4000-8000-{n:d12}";

    public static async Task SeedAsync(PostgresCluster cluster, int people = 20)
    {
        await cluster.ExecuteAsync("postgres", "CREATE ROLE sting_app LOGIN PASSWORD 'app-secret'; CREATE ROLE sting_readers; GRANT sting_readers TO sting_app;");
        foreach (var database in new[] { "sting_app", "kratos", "sting_messaging" })
        {
            await cluster.ExecuteAsync("postgres", $"CREATE DATABASE {database} OWNER sting_app");
        }
        await cluster.ExecuteAsync("postgres", "ALTER DATABASE sting_app SET work_mem = '5MB'; COMMENT ON DATABASE kratos IS 'identities'");
        await cluster.ExecuteAsync("sting_app", App.Replace("{people}", $"{people}", StringComparison.Ordinal));
        await cluster.ExecuteAsync("kratos", Kratos.Replace("{people}", $"{people}", StringComparison.Ordinal));
        await cluster.ExecuteAsync("sting_messaging", Messaging.Replace("{people}", $"{people}", StringComparison.Ordinal));
    }

    // Every fifth person has no Kratos identity; person 7 writes her address in capitals.
    private const string App = """
        CREATE FUNCTION uid(n int) RETURNS uuid LANGUAGE sql IMMUTABLE AS $$ SELECT ('00000000-0000-4000-8000-' || lpad(n::text, 12, '0'))::uuid $$;
        CREATE FUNCTION jid(n int) RETURNS uuid LANGUAGE sql IMMUTABLE AS $$ SELECT ('11111111-0000-4000-8000-' || lpad(n::text, 12, '0'))::uuid $$;
        CREATE DOMAIN address AS text CHECK (VALUE LIKE '%@%');
        CREATE TABLE users(id serial PRIMARY KEY, kratos_id text UNIQUE, email address NOT NULL UNIQUE, role text NOT NULL DEFAULT 'user', status text,
            mail_domain text GENERATED ALWAYS AS (split_part(email::text, '@', 2)) STORED);
        INSERT INTO users(kratos_id, email, role, status) SELECT CASE WHEN g % 5 <> 0 THEN uid(g)::text END,
            CASE WHEN g = 7 THEN 'PERSON7@Example.org' ELSE 'person' || g || '@example.org' END, 'user', 'active' FROM generate_series(1, {people}) g;
        CREATE TABLE honey_jars(id uuid PRIMARY KEY, name text, type text, status text, owner text, permissions jsonb, document_count int, total_size_bytes bigint);
        INSERT INTO honey_jars SELECT jid(g), 'Jar ' || g, 'private', 'active', CASE WHEN g = 1 THEN 'system' ELSE 'person' || g || '@example.org' END,
            jsonb_build_object('readers', g), 3, 1000 * g FROM generate_series(1, 6) g;
        CREATE TABLE documents(id uuid PRIMARY KEY, honey_jar_id uuid REFERENCES honey_jars(id) ON DELETE CASCADE, filename text, content_type text, size_bytes bigint, file_path text);
        INSERT INTO documents SELECT md5('doc' || g)::uuid, jid(1 + g % 6), E'na\tme\\ with\nline ' || g, 'text/markdown', 10 * g,
            CASE WHEN g % 7 <> 0 THEN '/tmp/sting_uploads/' || jid(1 + g % 6) || '/' || md5('f' || g) END FROM generate_series(1, 40) g;
        CREATE TABLE file_assets(id serial PRIMARY KEY, file_id uuid NOT NULL UNIQUE, filename text, file_type text, file_size bigint, checksum text, storage_backend text,
            storage_path text, owner_id text, deleted_at timestamptz);
        INSERT INTO file_assets(file_id, filename, file_type, file_size, checksum, storage_backend, storage_path, owner_id, deleted_at)
            SELECT md5('file' || g)::uuid, 'file ' || g, 'user_document', 100 + g, md5('sum' || g), 'vault', 'files/x/' || g,
            CASE WHEN (1 + g % {people}) % 5 <> 0 THEN uid(1 + g % {people})::text ELSE (1 + g % {people})::text END,
            CASE WHEN g % 9 = 0 THEN timestamptz '2026-01-02 03:04:05.678+00' END FROM generate_series(1, 5 * {people}) g;
        CREATE TABLE file_permissions(id serial PRIMARY KEY, file_id uuid REFERENCES file_assets(file_id), user_id int REFERENCES users(id), permission text);
        INSERT INTO file_permissions(file_id, user_id, permission) SELECT md5('file' || g)::uuid, 1 + (g + 3) % {people}, 'read' FROM generate_series(1, 2 * {people}) g;
        CREATE TABLE reports(id uuid PRIMARY KEY, title text, result_file_id uuid, expires_at timestamptz, created_by int);
        INSERT INTO reports SELECT md5('report' || g)::uuid, 'Report ' || g, md5('file' || g)::uuid, '2026-12-01', 1 FROM generate_series(1, 10) g;
        CREATE TABLE user_settings(user_id int PRIMARY KEY REFERENCES users(id), theme text, limits numeric[], seen interval, sound float8, picture bytea);
        INSERT INTO user_settings SELECT g, 'dark', ARRAY[g, 1.50], make_interval(hours => g), g / 3.0, decode(md5(g::text), 'hex') FROM generate_series(1, {people}) g;
        CREATE TABLE organization_preferences(key text PRIMARY KEY, value jsonb);
        INSERT INTO organization_preferences VALUES ('colour', '"honey"'), ('limits', '{"a": 1}');
        CREATE TABLE audit_logs(id bigserial PRIMARY KEY, user_id text, action text, at timestamptz);
        INSERT INTO audit_logs(user_id, action, at) SELECT CASE WHEN g % 11 = 0 THEN NULL WHEN g % 3 = 0 THEN '7' ELSE uid(1 + g % 4)::text END, 'action ' || g,
            timestamptz '2026-01-01 00:00+00' + make_interval(mins => g) FROM generate_series(1, 200) g;
        CREATE TABLE pii_audit_logs(note text, user_email text, weight real);
        INSERT INTO pii_audit_logs SELECT 'note ' || g % 3, 'person' || (2 + g % 7) || '@example.org', g % 4 / 3.0 FROM generate_series(1, 30) g;
        CREATE TABLE pii_deletion_requests(id serial PRIMARY KEY, user_id text, status text);
        INSERT INTO pii_deletion_requests(user_id, status) VALUES (uid(3)::text, 'pending');
        CREATE TABLE pii_retention_policies(id serial PRIMARY KEY, name text, days int);
        INSERT INTO pii_retention_policies(name, days) VALUES ('gdpr', 30), ('hipaa', 2192);
        CREATE TABLE compliance_events(id serial PRIMARY KEY, kind text);
        INSERT INTO compliance_events(kind) VALUES ('audit');
        CREATE TABLE user_sessions(id serial PRIMARY KEY, user_id int, token text);
        INSERT INTO user_sessions(user_id, token) VALUES (1, 'session-secret');
        CREATE TABLE app_sessions(id text PRIMARY KEY, data text);
        INSERT INTO app_sessions VALUES ('x', 'session-secret');
        CREATE TABLE passkey_registration_challenges(id text PRIMARY KEY, challenge text);
        INSERT INTO passkey_registration_challenges VALUES ('x', 'session-secret');
        CREATE TABLE "Strange.Table/50%"("Key" int, "Wert ""x"" y" text);
        INSERT INTO "Strange.Table/50%" VALUES (1, 'a'), (1, 'a'), (NULL, NULL);
        CREATE TABLE jar_events(id serial PRIMARY KEY, document_id uuid REFERENCES documents(id) ON DELETE CASCADE, event text);
        INSERT INTO jar_events(document_id, event) SELECT md5('doc' || g)::uuid, 'read' FROM generate_series(1, 12) g;
        CREATE TABLE measurements(at date, value int) PARTITION BY RANGE (at);
        CREATE TABLE measurements_2026 PARTITION OF measurements FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');
        INSERT INTO measurements SELECT date '2026-01-01' + g, g FROM generate_series(0, 20) g;
        CREATE VIEW active_users AS SELECT id, email FROM users WHERE status = 'active';
        CREATE MATERIALIZED VIEW jar_sizes AS SELECT honey_jar_id, sum(size_bytes) AS bytes FROM documents GROUP BY 1;
        CREATE INDEX documents_by_jar ON documents(honey_jar_id);
        GRANT SELECT ON ALL TABLES IN SCHEMA public TO sting_readers;
        """;

    private const string Kratos = """
        CREATE FUNCTION uid(n int) RETURNS uuid LANGUAGE sql IMMUTABLE AS $$ SELECT ('00000000-0000-4000-8000-' || lpad(n::text, 12, '0'))::uuid $$;
        CREATE TABLE identities(id uuid PRIMARY KEY, schema_id text, traits jsonb, state text, created_at timestamp);
        INSERT INTO identities SELECT uid(g), 'default', jsonb_build_object('email', 'person' || g || '@example.org'), 'active', '2026-01-01' FROM generate_series(1, {people}) g WHERE g % 5 <> 0;
        CREATE TABLE identity_credentials(id uuid PRIMARY KEY, identity_id uuid NOT NULL REFERENCES identities(id) ON DELETE CASCADE, config jsonb);
        INSERT INTO identity_credentials SELECT md5('cred' || id)::uuid, id, '{"hashed_password": "x"}' FROM identities;
        CREATE TABLE identity_credential_identifiers(id uuid PRIMARY KEY, identifier text, identity_credential_id uuid NOT NULL REFERENCES identity_credentials(id) ON DELETE CASCADE);
        INSERT INTO identity_credential_identifiers SELECT md5('ident' || id)::uuid, 'login ' || identity_id, id FROM identity_credentials;
        CREATE TABLE sessions(id uuid PRIMARY KEY, identity_id uuid REFERENCES identities(id), token text);
        INSERT INTO sessions SELECT md5('session' || id)::uuid, id, 'session-secret' FROM identities LIMIT 3;
        CREATE TABLE schema_migration(version text PRIMARY KEY);
        INSERT INTO schema_migration VALUES ('20260101');
        """;

    private const string Messaging = """
        CREATE TABLE messages(id bigserial PRIMARY KEY, sender_id text, body text, parent_id bigint REFERENCES messages(id));
        INSERT INTO messages(sender_id, body, parent_id) SELECT CASE WHEN g % 2 = 0 THEN '00000000-0000-4000-8000-' || lpad((1 + g % 4)::text, 12, '0') ELSE (1 + g % {people})::text END,
            'Hello ' || g, CASE WHEN g > 5 THEN g - 5 END FROM generate_series(1, 50) g;
        """;
}
