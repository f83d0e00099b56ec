using StingBackup.Engine.Tests.PostgreSql;
using StingBackup.Engine.Tests.Restore;
using StingBackup.Fixtures.Sting;

namespace StingBackup.Engine.Tests.Sting;

/// <summary>A whole imitated installation, small, through backups by a real configuration and back into fresh servers.</summary>
public sealed class StingSiteTests : IAsyncLifetime, IDisposable
{
    private static readonly StingSiteOptions Options = new() { Seed = 20261125 };

    private readonly TempFolder _folder = new();
    private StingSite _site = null!;
    private string _configuration = "";

    public async Task InitializeAsync()
    {
        if (PostgresBinaries.Missing is null)
        {
            _site = await StingSite.CreateAsync(_folder["site"], Options);
            _configuration = await _site.ProtectAsync(_folder["backup"], TimeProvider.System);
        }
    }

    public async Task DisposeAsync() => await (_site?.DisposeAsync() ?? ValueTask.CompletedTask);

    public void Dispose() => _folder.Dispose();

    [PostgresFact]
    public async Task A_person_s_whole_reserve_restored_into_a_fresh_server_and_Vault_equals_the_original()
    {
        await SiteJobs.BackupAsync(_configuration, BackupType.Full);
        var person = _site.Plan.People[Engine.Reserve.Sample.SamplePeople.Awkward];
        await using var fresh = await StingSite.EmptyAsync(_folder["fresh"], Options);
        // The others have registered again: permissions to the person's files name them.
        foreach (var other in _site.Plan.People.Where(p => p != person))
        {
            await fresh.Cluster.ExecuteAsync("sting_app", $"INSERT INTO users(id, kratos_id, email, role, status) VALUES ({other.Id}, {(other.KratosId is null ? "NULL" : $"'{other.KratosId}'")}, '{other.Email}', 'user', 'new')");
        }
        var others = await fresh.Cluster.RowsAsync("sting_app", "SELECT u::text FROM users u");

        var warnings = await SiteJobs.RestoreAsync(await fresh.RestoreIntoAsync(_site, _configuration), new RestoreRequest { Scope = RestoreScope.User, Subject = $"user:{person.KratosId}" });

        var rows = await SiteImage.RowsOfAsync(_site, person);
        Assert.Equal(rows, await SiteImage.RowsOfAsync(fresh, person));
        Assert.All((string[])["sting_app.users", "sting_app.user_settings", "sting_app.file_assets", "sting_app.file_permissions", "sting_app.audit_logs", "kratos.identities", "kratos.identity_credential_identifiers"],
            table => Assert.Contains(rows, r => r.StartsWith(table + ":", StringComparison.Ordinal)));
        // Nobody else's row came along or changed. What hangs on others' messages could not come, and is told.
        Assert.Equal(others, (await fresh.Cluster.RowsAsync("sting_app", $"SELECT u::text FROM users u WHERE id <> {person.Id}")));
        Assert.Equal("0", await fresh.Cluster.ValueAsync("sting_app", $"SELECT count(*) FROM file_assets WHERE owner_id <> '{person.FolderName}'"));
        Assert.All(warnings.Where(w => w.Contains("refer to is gone", StringComparison.Ordinal)), w => Assert.Contains("messages", w, StringComparison.Ordinal));

        var secrets = await SiteImage.SecretsAsync(_site, $"files/{person.FolderName}");
        Assert.True(secrets.Count > 1);
        Assert.Equal(secrets, await SiteImage.SecretsAsync(fresh));
        FolderImage.AssertSame(FolderImage.Files(_site.Install, $"honey-reserve/{person.FolderName}"), FolderImage.Files(fresh.Install));
    }

    [PostgresFact]
    public async Task The_whole_installation_restored_into_fresh_servers_equals_the_original()
    {
        await SiteJobs.BackupAsync(_configuration, BackupType.Full);
        await _site.TickAsync(1);
        await SiteJobs.BackupAsync(_configuration);
        await using var fresh = await StingSite.EmptyAsync(_folder["fresh"], Options, withTables: false);
        await SiteJobs.RestoreAsync(await fresh.RestoreIntoAsync(_site, _configuration), new RestoreRequest { Scope = RestoreScope.Reserve });

        Assert.Equal(await SiteImage.RowsAsync(_site), await SiteImage.RowsAsync(fresh));
        Assert.Equal(await SiteImage.SecretsAsync(_site), await SiteImage.SecretsAsync(fresh));
        FolderImage.AssertSame(SiteImage.Files(_site), SiteImage.Files(fresh));
        const string Grants = "SELECT grantee || ' ' || table_name || ' ' || privilege_type FROM information_schema.role_table_grants WHERE grantee = 'sting_readers'";
        Assert.Equal(await _site.Cluster.RowsAsync("sting_app", Grants), await fresh.Cluster.RowsAsync("sting_app", Grants));
    }

    [PostgresFact]
    public async Task A_run_reads_and_stores_what_changed_and_no_more()
    {
        var first = await SiteJobs.BackupAsync(_configuration, BackupType.Full);
        _site.Vault.Log.Clear();
        var second = await SiteJobs.BackupAsync(_configuration);
        Assert.Equal(0, _site.Vault.DataReads);
        Assert.Equal(first.Items, second.Items);
        Assert.Equal(1, second.ItemsRead);   // the moment of the databases
        Assert.True(second.BytesStored < 100_000, $"{second.BytesStored} bytes stored");

        var change = await _site.TickAsync(2);
        _site.Vault.Log.Clear();
        var tick = await SiteJobs.BackupAsync(_configuration);
        Assert.Equal(change.Secrets, _site.Vault.DataReads);
        // Besides: the moment, and in each database the numbers that its sequences have reached.
        var besides = 1 + StingTables.Databases.Length;
        Assert.InRange(tick.ItemsRead, change.Secrets + change.Files, change.Secrets + change.Files + change.RowGroups + besides);
        // A secret is its upload and a description; an owner's rows of a table are short here.
        Assert.InRange(tick.BytesRead, change.SecretBytes, change.SecretBytes + (change.Secrets * 1024) + change.FileBytes + ((change.RowGroups + besides) * 20_000L));
        Assert.True(tick.BytesStored < tick.BytesRead + 200_000, $"{tick.BytesStored} bytes stored, {tick.BytesRead} read");
        Assert.True(tick.BytesRead * 2 < first.BytesRead, $"{tick.BytesRead} of {first.BytesRead} bytes read");
    }

    [PostgresFact]
    public async Task Every_row_that_names_a_file_has_its_bytes_in_the_restore_point()
    {
        await SiteJobs.BackupAsync(_configuration, BackupType.Full);
        var whole = await SiteJobs.VerifyAsync(_configuration, IntegrityLevel.References);
        Assert.Empty(whole.Faults);
        var named = _site.Plan.Uploads.Count(u => u is { HasRow: true, IsDeleted: false } && u.Storage != StingStorage.OnDisk) + _site.Plan.Documents.Count(d => d.DiskName is not null) + _site.Plan.Uploads.Count(u => u.Type == "report");
        Assert.Equal(named, whole.Chunks);

        // STING puts "files/" before the path of a row.
        var gone = _site.Plan.Uploads.First(u => u is { HasRow: true, IsDeleted: false, Storage: StingStorage.Encrypted });
        using (var client = _site.Vault.Client())
        {
            await client.Kv().RemoveAsync(gone.SecretPath, default);
        }
        await SiteJobs.BackupAsync(_configuration);
        var faults = (await SiteJobs.VerifyAsync(_configuration, IntegrityLevel.References)).Faults;
        Assert.NotEmpty(faults);
        Assert.All(faults, f => Assert.Contains($"vault/{gone.SecretPath}", f.Problem, StringComparison.Ordinal));
    }
}
