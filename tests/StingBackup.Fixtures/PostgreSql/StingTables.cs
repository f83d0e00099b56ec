namespace StingBackup.Fixtures.PostgreSql;

/// <summary>
/// The three databases of a STING installation with its tables, still empty; and what is awkward: a table without a key, an unknown table, a generated column, a domain type, a partitioned
/// table, views. Columns are those of STING-CE 1.0.0 that a backup looks at, and some of a kind that its others have.
/// </summary>
internal static class StingTables
{
    /// <summary>Databases, as an installation names them.</summary>
    public static readonly string[] Databases = ["sting_app", "kratos", "sting_messaging"];

    /// <summary>Makes roles, databases and tables in a new cluster.</summary>
    public static async Task CreateAsync(PostgresCluster cluster)
    {
        await cluster.ExecuteAsync("postgres", "CREATE ROLE sting_app LOGIN PASSWORD 'app-secret'; CREATE ROLE sting_readers; GRANT sting_readers TO sting_app;");
        foreach (var database in Databases)
        {
            await cluster.ExecuteAsync("postgres", $"CREATE DATABASE {database} OWNER sting_app");
        }
        await cluster.ExecuteAsync("postgres", "ALTER DATABASE sting_app SET work_mem = '5MB'; COMMENT ON DATABASE kratos IS 'identities'");
        await cluster.ExecuteAsync("sting_app", App);
        await cluster.ExecuteAsync("kratos", Kratos);
        await cluster.ExecuteAsync("sting_messaging", Messaging);
    }

    /// <summary>Rows of the installation itself, of sessions, and of what is awkward; the same ones in every installation. Needs a person 1.</summary>
    public static Task FillSystemAsync(PostgresCluster cluster) => cluster.ExecuteAsync("sting_app", SystemRows);

    private const string App = """
        CREATE FUNCTION uid(n int) RETURNS uuid LANGUAGE sql IMMUTABLE AS $$ SELECT ('00000000-0000-4000-8000-' || lpad(n::text, 12, '0'))::uuid $$;
        CREATE FUNCTION jid(n int) RETURNS uuid LANGUAGE sql IMMUTABLE AS $$ SELECT ('11111111-0000-4000-8000-' || lpad(n::text, 12, '0'))::uuid $$;
        CREATE DOMAIN address AS text CHECK (VALUE LIKE '%@%');
        CREATE TABLE users(id serial PRIMARY KEY, kratos_id text UNIQUE, email address NOT NULL UNIQUE, role text NOT NULL DEFAULT 'user', status text,
            mail_domain text GENERATED ALWAYS AS (split_part(email::text, '@', 2)) STORED);
        CREATE TABLE honey_jars(id uuid PRIMARY KEY, name text, type text, status text, owner text, permissions jsonb, document_count int, total_size_bytes bigint);
        CREATE TABLE documents(id uuid PRIMARY KEY, honey_jar_id uuid REFERENCES honey_jars(id) ON DELETE CASCADE, filename text, content_type text, size_bytes bigint, file_path text);
        CREATE TABLE file_assets(id serial PRIMARY KEY, file_id uuid NOT NULL UNIQUE, filename text, file_type text, file_size bigint, checksum text, storage_backend text,
            storage_path text, owner_id text, deleted_at timestamptz, legal_hold boolean NOT NULL DEFAULT false, legal_hold_case_id text);
        CREATE TABLE file_permissions(id serial PRIMARY KEY, file_id uuid REFERENCES file_assets(file_id), user_id int REFERENCES users(id), permission text);
        CREATE TABLE reports(id uuid PRIMARY KEY, title text, result_file_id uuid, expires_at timestamptz, created_by int);
        CREATE TABLE user_settings(user_id int PRIMARY KEY REFERENCES users(id), theme text, limits numeric[], seen interval, sound float8, picture bytea);
        CREATE TABLE organization_preferences(key text PRIMARY KEY, value jsonb);
        CREATE TABLE audit_logs(id bigserial PRIMARY KEY, user_id text, action text, at timestamptz);
        CREATE TABLE pii_audit_logs(note text, user_email text, weight real);
        CREATE TABLE pii_deletion_requests(id serial PRIMARY KEY, user_id text, status text);
        CREATE TABLE pii_retention_policies(id serial PRIMARY KEY, name text, days int);
        CREATE TABLE compliance_events(id serial PRIMARY KEY, kind text);
        CREATE TABLE user_sessions(id serial PRIMARY KEY, user_id int, token text);
        CREATE TABLE app_sessions(id text PRIMARY KEY, data text);
        CREATE TABLE passkey_registration_challenges(id text PRIMARY KEY, challenge text);
        CREATE TABLE "Strange.Table/50%"("Key" int, "Wert ""x"" y" text);
        CREATE TABLE jar_events(id serial PRIMARY KEY, document_id uuid REFERENCES documents(id) ON DELETE CASCADE, event text);
        CREATE TABLE measurements(at date, value int) PARTITION BY RANGE (at);
        CREATE TABLE measurements_2026 PARTITION OF measurements FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');
        CREATE VIEW active_users AS SELECT id, email FROM users WHERE status = 'active';
        CREATE MATERIALIZED VIEW jar_sizes AS SELECT honey_jar_id, sum(size_bytes) AS bytes FROM documents GROUP BY 1;
        CREATE INDEX documents_by_jar ON documents(honey_jar_id);
        GRANT SELECT ON ALL TABLES IN SCHEMA public TO sting_readers;
        """;

    private const string SystemRows = """
        INSERT INTO organization_preferences VALUES ('colour', '"honey"'), ('limits', '{"a": 1}');
        INSERT INTO pii_retention_policies(name, days) VALUES ('gdpr', 30), ('hipaa', 2192);
        INSERT INTO compliance_events(kind) VALUES ('audit');
        INSERT INTO user_sessions(user_id, token) VALUES (1, 'session-secret');
        INSERT INTO app_sessions VALUES ('x', 'session-secret');
        INSERT INTO passkey_registration_challenges VALUES ('x', 'session-secret');
        INSERT INTO "Strange.Table/50%" VALUES (1, 'a'), (1, 'a'), (NULL, NULL);
        INSERT INTO measurements SELECT date '2026-01-01' + g, g FROM generate_series(0, 20) g;
        """;

    private const string Kratos = """
        CREATE FUNCTION uid(n int) RETURNS uuid LANGUAGE sql IMMUTABLE AS $$ SELECT ('00000000-0000-4000-8000-' || lpad(n::text, 12, '0'))::uuid $$;
        CREATE TABLE identities(id uuid PRIMARY KEY, schema_id text, traits jsonb, state text, created_at timestamp);
        CREATE TABLE identity_credentials(id uuid PRIMARY KEY, identity_id uuid NOT NULL REFERENCES identities(id) ON DELETE CASCADE, config jsonb);
        CREATE TABLE identity_credential_identifiers(id uuid PRIMARY KEY, identifier text, identity_credential_id uuid NOT NULL REFERENCES identity_credentials(id) ON DELETE CASCADE);
        CREATE TABLE sessions(id uuid PRIMARY KEY, identity_id uuid REFERENCES identities(id), token text);
        CREATE TABLE schema_migration(version text PRIMARY KEY);
        """;

    private const string Messaging = """
        CREATE TABLE messages(id bigserial PRIMARY KEY, sender_id text, body text, parent_id bigint REFERENCES messages(id));
        """;
}
