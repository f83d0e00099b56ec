using StingBackup.Engine.Basics;
using StingBackup.Engine.Reserve.Sample;
using StingBackup.Engine.Tests.Restore;
using StingBackup.Fixtures.Sting;

namespace StingBackup.Engine.Tests.Sting;

/// <summary>What an installation holds, a line an item: what restores are compared by. Read by SQL, by Vault's API and from the disk, never by what a backup reads with.</summary>
internal static class SiteImage
{
    /// <summary>Every row of every table, but those of sessions, which are left out of backups.</summary>
    public static async Task<List<string>> RowsAsync(StingSite site)
    {
        var rows = new List<string>();
        foreach (var database in StingTables.Databases)
        {
            var tables = await site.Cluster.RowsAsync(database, "SELECT quote_ident(table_name) FROM information_schema.tables WHERE table_schema = 'public' AND table_type = 'BASE TABLE' AND table_name !~ 'sessions$|challenges$'");
            foreach (var table in tables)
            {
                rows.AddRange((await site.Cluster.RowsAsync(database, $"SELECT t::text FROM ONLY {table} t")).Select(r => $"{database}.{table}: {r}"));
            }
        }
        return rows;
    }

    /// <summary>The rows of one person, by each table's own idea of whose they are. Replies hang on messages of others, and go where these are not.</summary>
    public static async Task<List<string>> RowsOfAsync(StingSite site, SamplePerson person)
    {
        var me = $"('{person.FolderName}', '{person.Id}')";
        var mine = $"(SELECT file_id FROM file_assets WHERE owner_id = '{person.FolderName}')";
        (string Database, string Table, string Where)[] tables =
        [
            ("sting_app", "users", $"id = {person.Id}"), ("sting_app", "user_settings", $"user_id = {person.Id}"), ("sting_app", "file_assets", $"owner_id = '{person.FolderName}'"),
            ("sting_app", "file_permissions", $"file_id IN {mine}"), ("sting_app", "reports", $"result_file_id IN {mine}"), ("sting_app", "audit_logs", $"user_id IN {me}"),
            ("sting_app", "pii_audit_logs", $"user_email = '{person.Email}'"), ("sting_app", "pii_deletion_requests", $"user_id IN {me}"),
            ("kratos", "identities", $"id::text = '{person.KratosId}'"), ("kratos", "identity_credentials", $"identity_id::text = '{person.KratosId}'"),
            ("kratos", "identity_credential_identifiers", $"identity_credential_id IN (SELECT id FROM identity_credentials WHERE identity_id::text = '{person.KratosId}')"),
            ("sting_messaging", "messages", $"id IN (WITH RECURSIVE own AS (SELECT id FROM messages WHERE sender_id IN {me} AND parent_id IS NULL UNION ALL SELECT m.id FROM messages m JOIN own ON m.parent_id = own.id WHERE m.sender_id IN {me}) SELECT id FROM own)"),
        ];
        var rows = new List<string>();
        foreach (var (database, table, where) in tables)
        {
            rows.AddRange((await site.Cluster.RowsAsync(database, $"SELECT t::text FROM {table} t WHERE {where}")).Select(r => $"{database}.{table}: {r}"));
        }
        return rows;
    }

    /// <summary>Paths of secrets, with their values' hashes.</summary>
    public static async Task<SortedDictionary<string, string>> SecretsAsync(StingSite site, string under = "files")
    {
        using var client = site.Vault.Client();
        var secrets = new SortedDictionary<string, string>(StringComparer.Ordinal);
        await AddAsync(under);
        return secrets;

        async Task AddAsync(string folder)
        {
            foreach (var name in await client.Kv().ListAsync(folder, default) ?? [])
            {
                if (name.EndsWith('/'))
                {
                    await AddAsync($"{folder}/{name[..^1]}");
                    continue;
                }
                using var secret = await client.Kv().ReadAsync($"{folder}/{name}", null, default);
                secrets.Add($"{folder}/{name}", Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(CanonicalJson.ToBytes(secret!.Data))));
            }
        }
    }

    /// <summary>Files on disk with content, mode, owner, time, links, holes and attributes: all that a backup takes, but the class Secrets, which needs an approval to come back.</summary>
    public static SortedDictionary<string, string> Files(StingSite site)
    {
        var files = new SortedDictionary<string, string>(StringComparer.Ordinal);
        foreach (var (path, line) in FolderImage.Files(site.Install).Where(f => !IsLeftOut(f.Key)))
        {
            files.Add("install/" + path, line);
        }
        foreach (var (path, line) in FolderImage.Files(site.Uploads))
        {
            files.Add("uploads/" + path, line);
        }
        return files;

        static bool IsLeftOut(string path) => path.StartsWith("env/", StringComparison.Ordinal) || path.StartsWith("cache/", StringComparison.Ordinal) || path.Contains("/__pycache__/", StringComparison.Ordinal)
            || path == "kratos/kratos.yml" || path.EndsWith("users.csv", StringComparison.Ordinal);
    }
}
