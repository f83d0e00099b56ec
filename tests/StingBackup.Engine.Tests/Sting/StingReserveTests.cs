using System.Security.Cryptography;
using System.Text;
using StingBackup.Engine.Backup;
using StingBackup.Engine.Basics;
using StingBackup.Engine.Operations.Verification;
using StingBackup.Engine.Reserve;
using StingBackup.Engine.Reserve.Configuration;
using StingBackup.Engine.Restore;
using StingBackup.Engine.Tests.PostgreSql;
using StingBackup.Engine.Tests.Vault;
using StingBackup.Fixtures.Vault;

namespace StingBackup.Engine.Tests.Sting;

/// <summary>A STING installation of folder, Vault and PostgreSQL through backups and back into a living one.</summary>
public sealed class StingReserveTests : IAsyncLifetime, IAsyncDisposable
{
    private VaultStandIn _vault = null!;
    private PostgresCluster _cluster = null!;
    private TestInstallation _test = null!;

    private static string Person => $"user:{StingSchema.KratosId(3)}";
    private static string Secret(int person, int n) => $"files/{StingSchema.KratosId(person)}/user_document/{n:x16}";

    public async Task InitializeAsync()
    {
        if (PostgresBinaries.Missing is not null)
        {
            return;
        }
        _vault = await VaultStandIn.StartAsync();
        _vault.Mount("sting");
        for (var i = 0; i < 40; i++)
        {
            _vault.Mount("sting").Seed(Secret(1 + (i % 4), i), VaultClients.Upload(RandomNumberGenerator.GetBytes(100 + (i * 997)), $"f{i}"));
        }
        _cluster = await PostgresCluster.StartNewAsync("fsync=off");
        await StingSchema.SeedAsync(_cluster);
        _test = new TestInstallation();
        _test.Write("conf/config.yml", "a: 1"u8);
        _test.FurtherSources = [.. ConfiguredSources.Of(Configuration(), ReserveMap.Compile(_test.Settings, UsersMap.Empty), UsersMap.Empty, _test.HostView, TimeProvider.System)];
    }

    private StingConfiguration Configuration()
    {
        var token = Path.Combine(_test.Root, "token");
        File.WriteAllText(token, VaultStandIn.RootToken);
        var uploads = Path.Combine(_test.Root, "uploads");
        Directory.CreateDirectory(Path.Combine(uploads, StingSchema.JarId(1)));
        File.WriteAllText(Path.Combine(uploads, StingSchema.JarId(1), "doc.md"), "# a jar's document");
        var file = Path.Combine(_test.Root, "sting-backup.yaml");
        File.WriteAllText(file, $$"""
            repository: { backup_root: {{_test.RepositoryRoot}} }
            reserve:
              path: {{_test.ReserveRoot}}
              folders: [ { at: jars, path: {{uploads}} } ]
            keys: { spares: 20, directory: {{Path.Combine(_test.Root, "keys")}} }
            vault: { address: "{{_vault.Address.GetLeftPart(UriPartial.Authority)}}", token_file: {{token}} }
            postgresql: { host: {{_cluster.Root}}, port: {{_cluster.Port}}, user: postgres, tool_directory: {{PostgresBinaries.Folder}}, databases: [sting_app, kratos, sting_messaging] }
            state_directory: {{Path.Combine(_test.Root, "state")}}
            """);
        return new ConfigurationLoader(new HostView()).Load(file);
    }

    public async Task DisposeAsync() => await ((IAsyncDisposable)this).DisposeAsync();

    async ValueTask IAsyncDisposable.DisposeAsync()
    {
        if (_vault is not null)
        {
            await _vault.DisposeAsync();
            await _cluster.DisposeAsync();
            await _test.DisposeAsync();
        }
    }

    private async Task<RestoreResult> RestoreAsync(RestoreRequest request, List<StingException>? errors = null)
    {
        var plan = await RestoreJob.PlanAsync(_test.Installation, request, default);
        return await TestInstallation.CompleteAsync<RestoreResult>(RestoreJob.RunAsync(_test.Installation, plan, default), errors);
    }

    [PostgresFact]
    public async Task A_second_run_reads_no_value_and_stores_next_to_nothing()
    {
        var first = await _test.BackupAsync();
        Assert.Equal(40, _vault.DataReads);
        _vault.Log.Clear();
        var second = await _test.BackupAsync();
        Assert.Equal(0, _vault.DataReads);
        Assert.Equal(first.Items, second.Items);
        Assert.True(second.BytesStored < 100_000, $"{second.BytesStored} bytes stored");
        Assert.Equal(1, second.ItemsRead);   // the moment of the databases
    }

    [PostgresFact]
    public async Task A_person_comes_back_into_a_living_installation()
    {
        await _test.BackupAsync();
        var before = await RowsAsync();
        using var client = _vault.Client();
        var kv = client.Kv();
        var mine = Enumerable.Range(0, 40).Where(i => 1 + (i % 4) == 3).Select(i => Secret(3, i)).ToList();
        var values = new Dictionary<string, string>();
        foreach (var path in mine)
        {
            using var secret = await kv.ReadAsync(path, null, default);
            values[path] = secret!.Data.GetRawText();
            await kv.RemoveAsync(path, default);
        }
        await _cluster.ExecuteAsync("sting_app", "DELETE FROM user_settings WHERE user_id = 3; DELETE FROM file_permissions WHERE file_id IN (SELECT file_id FROM file_assets WHERE owner_id LIKE '%000000003'); DELETE FROM file_assets WHERE owner_id LIKE '%000000003'");

        // What a restore left that was killed goes, too.
        var left = Directory.CreateDirectory(Path.Combine(_test.Root, "state", "restoring", "of a dead process")).FullName;
        await File.WriteAllTextAsync(Path.Combine(left, "rows"), "in the clear");
        await RestoreAsync(new RestoreRequest { Scope = RestoreScope.User, Subject = Person });
        foreach (var (path, value) in values)
        {
            using var secret = await kv.ReadAsync(path, null, default);
            Assert.Equal(CanonicalText(value), CanonicalText(secret!.Data.GetRawText()));
        }
        Assert.Equal(before, await RowsAsync());
        Assert.Empty(Directory.GetFileSystemEntries(Path.Combine(_test.Root, "state", "restoring")));
    }

    [PostgresFact]
    public async Task Everything_comes_back_into_an_empty_server_and_Vault()
    {
        await _test.BackupAsync();
        await using var fresh = await PostgresCluster.StartNewAsync("fsync=off");
        await using var other = await VaultStandIn.StartAsync();
        other.Mount("sting");
        var (cluster, vault) = (_cluster, _vault);
        try
        {
            (_cluster, _vault) = (fresh, other);
            _test.FurtherSources = [.. ConfiguredSources.Of(Configuration(), ReserveMap.Compile(_test.Settings, UsersMap.Empty), UsersMap.Empty, _test.HostView, TimeProvider.System)];
            var installation = _test.Open();
            var plan = await RestoreJob.PlanAsync(installation, new RestoreRequest { Scope = RestoreScope.Reserve }, default);

            // Where anything fails, databases come back whole or not at all.
            var file = Path.Combine(_test.ReserveRoot, "conf/config.yml");
            File.Delete(file);
            Directory.CreateDirectory(Path.Combine(file, "in the way"));
            var errors = new List<StingException>();
            await TestInstallation.CompleteAsync<RestoreResult>(RestoreJob.RunAsync(installation, plan with { Conflict = ConflictAction.Overwrite }, default), errors);
            Assert.Contains(errors, e => e.ErrorId == "PostgresCaptureNotWhole");
            Assert.Equal("0", await fresh.ValueAsync("postgres", "SELECT count(*) FROM pg_database WHERE datname = 'sting_app'"));
            Directory.Delete(file, recursive: true);

            await TestInstallation.CompleteAsync<RestoreResult>(RestoreJob.RunAsync(installation, plan, default));
            var restored = await RowsAsync();
            _cluster = cluster;
            Assert.Equal(await RowsAsync(), restored);
            Assert.Equal(40, await CountAsync(other));
        }
        finally
        {
            (_cluster, _vault) = (cluster, vault);
        }
    }

    [PostgresFact]
    public async Task A_sealed_Vault_and_a_database_that_is_down_leave_the_other_classes_whole()
    {
        _vault.Sealed = true;
        var errors = new List<StingException>();
        var result = await _test.BackupAsync(errors: errors);
        Assert.Equal("VaultSealed", Assert.Single(errors).ErrorId);
        Assert.DoesNotContain(DataClass.UserFiles, result.Classes);
        Assert.Contains(DataClass.Metadata, result.Classes);
        Assert.Contains(DataClass.HoneyJars, result.Classes);

        _vault.Sealed = false;
        await _cluster.StopAsync();
        errors.Clear();
        result = await _test.BackupAsync(errors: errors);
        Assert.Equal("PostgresUnreachable", Assert.Single(errors).ErrorId);
        Assert.DoesNotContain(DataClass.Metadata, result.Classes);
        Assert.Contains(DataClass.UserFiles, result.Classes);
    }

    [PostgresFact]
    public async Task References_are_proved_and_what_is_gone_is_named()
    {
        // Every row names a secret or a document that is there.
        await _cluster.ExecuteAsync("sting_app", $"UPDATE file_assets SET storage_path = '{Secret(3, 2)}'; UPDATE documents SET file_path = CASE WHEN file_path IS NULL THEN NULL ELSE '/tmp/sting_uploads/{StingSchema.JarId(1)}/doc.md' END");
        await _test.BackupAsync();
        var whole = await VerifyAsync();
        Assert.Empty(whole.Faults);
        Assert.True(whole.Chunks > 100, $"{whole.Chunks} references");

        await _cluster.ExecuteAsync("sting_app", $"UPDATE file_assets SET storage_path = 'files/nobody/user_document/00' WHERE id = 1; UPDATE documents SET file_path = '/tmp/sting_uploads/x/gone.md' WHERE id = md5('doc1')::uuid; UPDATE reports SET result_file_id = md5('no file')::uuid WHERE title = 'Report 2'");
        await _test.BackupAsync();
        var faults = (await VerifyAsync()).Faults;
        Assert.Equal(3, faults.Count);
        Assert.Contains(faults, f => f.Problem.Contains("vault/files/nobody/user_document/00", StringComparison.Ordinal));
        Assert.Contains(faults, f => f.Problem.Contains("jars/x/gone.md", StringComparison.Ordinal) && f.Object.StartsWith("documents ", StringComparison.Ordinal));
        Assert.Contains(faults, f => f.Object.StartsWith("reports ", StringComparison.Ordinal));
    }

    [PostgresFact]
    public async Task What_is_uploaded_while_the_run_reads_is_in_the_cut()
    {
        var database = _test.FurtherSources.Single(s => s.Stage == CaptureStage.Databases);
        var late = $"files/{StingSchema.KratosId(2)}/user_document/00000000000000aa";
        _test.FurtherSources = [.. _test.FurtherSources.Where(s => s != database), database with
        {
            Begin = null,
            OpenAsync = async (output, cancel) =>
            {
                _vault.Mount("sting").Seed(late, VaultClients.Upload([1, 2, 3]));
                await _cluster.ExecuteAsync("sting_app", $"UPDATE file_assets SET storage_path = '{Secret(3, 2)}'; UPDATE file_assets SET storage_path = '{late}' WHERE id = 2; UPDATE documents SET file_path = NULL");
                return await database.OpenAsync(output, cancel);
            },
        }];
        await _test.BackupAsync();
        Assert.Empty((await VerifyAsync()).Faults);
        using var catalog = new Catalog(_test.Installation);
        var items = await catalog.ItemsAsync("latest", DataClass.UserFiles, null, $"vault/files/{StingSchema.KratosId(2)}", recurse: true, default).Select(i => i.Path).ToListAsync();
        Assert.Contains($"vault/{late}", items);
        Assert.Equal(items.Order(StringComparer.Ordinal), items);
    }

    private async Task<IntegrityResult> VerifyAsync() => await TestInstallation.CompleteAsync<IntegrityResult>(
        VerifyJob.RunAsync(_test.Installation, new VerifyRequest { Level = IntegrityLevel.References }, default), [], []);

    private static string CanonicalText(string json) => Encoding.UTF8.GetString(CanonicalJson.ToBytes(System.Text.Json.JsonDocument.Parse(json).RootElement));

    private static async Task<int> CountAsync(VaultStandIn vault)
    {
        using var client = vault.Client();
        var count = 0;
        foreach (var owner in await client.Kv().ListAsync("files", default) ?? [])
        {
            count += (await client.Kv().ListAsync($"files/{owner}user_document", default))?.Count ?? 0;
        }
        return count;
    }

    private async Task<List<string>> RowsAsync()
    {
        var rows = new List<string>();
        foreach (var table in (string[])["users", "user_settings", "file_assets", "file_permissions", "honey_jars", "documents", "audit_logs", "organization_preferences"])
        {
            rows.AddRange((await _cluster.RowsAsync("sting_app", $"SELECT t::text FROM {table} t ORDER BY 1")).Select(r => $"{table}: {r}"));
        }
        rows.AddRange((await _cluster.RowsAsync("kratos", "SELECT t::text FROM identities t ORDER BY 1")).Select(r => $"identities: {r}"));
        return rows;
    }
}
