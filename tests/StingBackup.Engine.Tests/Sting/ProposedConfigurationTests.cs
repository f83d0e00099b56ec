using System.Text;
using StingBackup.Engine.Basics;
using StingBackup.Engine.Discovery;
using StingBackup.Engine.Reserve;
using StingBackup.Engine.Reserve.Configuration;
using StingBackup.Engine.Tests.Support;
using StingBackup.Fixtures;

namespace StingBackup.Engine.Tests.Sting;

/// <summary>The configuration that a STING installation gets.</summary>
public sealed class ProposedConfigurationTests : IAsyncLifetime, IDisposable
{
    private const string Person = "11111111-1111-4111-8111-111111111111", Jar = "22222222-2222-4222-8222-222222222222";

    private readonly StingFolder _sting = new(Path.Join(Golden.Root(), "tests", "fixtures"));
    private StingInstallation _found = null!;

    private AlteredHost Host => new(_sting.Bin + ":/usr/bin:/bin", _sting.Root);

    private string ConfigurationFile => Path.Combine(_sting.Root, "etc", "sting-backup.yaml");

    public async Task InitializeAsync() => _found = await InstallationFinder.FindAsync(_sting.Install, true, Host, TimeProvider.System, default).FirstAsync();

    public Task DisposeAsync() => Task.CompletedTask;

    public void Dispose() => _sting.Dispose();

    private string Render(StingInstallation? installation = null)
    {
        var writer = new ConfigurationWriter().Set(Settings.BackupRoot, Path.Combine(_sting.Root, "backups")).Set(Settings.KeyDirectory, Path.Combine(_sting.Root, "keys"));
        ProposedConfiguration.Of(installation ?? _found, ConfigurationFile, Host).ApplyTo(writer);
        return writer.Render();
    }

    private StingConfiguration Load() => new ConfigurationLoader(Host).ExamineText(Render(), ConfigurationFile).Require();

    [Fact]
    public void It_is_sound_and_names_every_source()
    {
        var configuration = Load();
        Assert.Equal(_sting.Install, configuration.Reserve.Path);
        Assert.Equal(
            [("app-uploads", _sting.Volume("app_uploads")), ("container-certs", _sting.Volume("certs")), ("container-logs", _sting.Volume("sting_logs")), ("jars", _sting.Volume("jar_documents")),
             ("knowledge-data", _sting.Volume("knowledge")), ("shared-conf", _sting.Volume("config_data")), ("vault-files", Path.Combine(_sting.Install, "vault")), ("vault-keys", _sting.Volume("vault_persistent"))],
            configuration.Reserve.Folders.Select(f => (f.At, f.Path)).Order());
        Assert.Equal(new Uri("http://172.19.0.2:8200"), configuration.Vault!.Address);
        Assert.Equal(("sting", "files"), (configuration.Vault.Mount, configuration.Vault.Prefix));
        Assert.Equal(("127.0.0.1", 5433, "sting_backup", "sting-ce-db"),
            (configuration.PostgreSql!.Host, configuration.PostgreSql.Port, configuration.PostgreSql.User, configuration.PostgreSql.Container));
    }

    [Theory]
    [InlineData("env/app.env", DataClass.Secrets, "system")]
    [InlineData("conf/secrets/backup_key.txt", DataClass.Secrets, "system")]
    [InlineData("conf/db.env", DataClass.Secrets, "system")]
    [InlineData("conf/.env", DataClass.Secrets, "system")]
    [InlineData("conf/.vault-auto-init.json", DataClass.Secrets, "system")]
    [InlineData(".vault-init.json", DataClass.Secrets, "system")]
    [InlineData(".env", DataClass.Secrets, "system")]
    [InlineData("vault-files/vault-init.json", DataClass.Secrets, "system")]
    [InlineData("vault-keys/.vault-backup-20251201.json", DataClass.Secrets, "system")]
    [InlineData("shared-conf/.vault-auto-init.json", DataClass.Secrets, "system")]
    [InlineData("shared-conf/app.env", DataClass.Secrets, "system")]
    [InlineData("certs/server.key", DataClass.Secrets, "system")]
    [InlineData("container-certs/live/privkey.pem", DataClass.Secrets, "system")]
    [InlineData("kratos/kratos.yml", DataClass.Secrets, "system")]
    [InlineData("conf/config.yml", DataClass.Settings, "system")]
    [InlineData("kratos/identity.schema.json", DataClass.Settings, "system")]
    [InlineData("certs/server.crt", DataClass.Settings, "system")]
    [InlineData("app/models/user_models.py", DataClass.Settings, "system")]
    [InlineData("logs/manage.log", DataClass.AuditLogs, "system")]
    [InlineData("container-logs/app.log", DataClass.AuditLogs, "system")]
    [InlineData("honey-reserve/" + Person + "/file-1", DataClass.UserFiles, "user:" + Person)]
    [InlineData("honey-reserve/" + Person + "/vault-init.json", DataClass.UserFiles, "user:" + Person)]
    [InlineData("temp-uploads/" + Person + "/file-2", DataClass.TempFiles, "user:" + Person)]
    [InlineData("archives/2025/12/" + Person + "/file-3.gz", DataClass.UserFiles, "user:" + Person)]
    [InlineData("jars/" + Jar + "/x_notes.md", DataClass.HoneyJars, "jar:" + Jar)]
    [InlineData("jars/" + Jar + "/x_vault-init.json", DataClass.HoneyJars, "jar:" + Jar)]
    [InlineData("app-uploads/a", DataClass.UserFiles, "path:UserFiles/app-uploads")]
    [InlineData("knowledge-data/jars.json", DataClass.Metadata, "system")]
    public void Every_file_gets_its_class_and_owner(string path, DataClass dataClass, string subject)
    {
        var place = Classify(path);
        Assert.False(place.IsExcluded);
        Assert.Equal((dataClass, subject), (place.DataClass, place.Subject));
    }

    [Theory]
    [InlineData("local-models/model.gguf")]
    [InlineData("models/model.gguf")]
    [InlineData("redis_cache/dump.rdb")]
    [InlineData("old-backups/sting_backup_20251201.tar.gz")]
    [InlineData("backups/sting_backup_20251201.tar.gz")]
    [InlineData("support_bundles/a.tar.gz")]
    [InlineData("build_20251201/a")]
    [InlineData("llm_logs/a")]
    [InlineData("mailpit/mailpit.db")]
    [InlineData(".venv/bin/python")]
    [InlineData("venv/bin/python")]
    [InlineData("frontend/node_modules/a/index.js")]
    [InlineData("app/__pycache__/a.pyc")]
    [InlineData("vault/vault.hcl")]
    public void What_is_no_part_of_the_reserve_is_left_out(string path) => Assert.True(Classify(path).IsExcluded);

    private Placement Classify(string path)
    {
        var configuration = Load();
        return ReserveMap.Compile(configuration.Reserve, UsersMap.Empty).Classify(EntryPath.FromBytes(Encoding.UTF8.GetBytes(path)), ItemKind.File);
    }

    [Fact]
    public void Files_of_secrets_are_named_and_neither_made_nor_filled()
    {
        var text = Render();
        Assert.DoesNotContain("SECRET-", text, StringComparison.Ordinal);
        var configuration = Load();
        Assert.Equal(Path.Combine(_sting.Root, "etc", "pgpass"), configuration.PostgreSql!.PassFile);
        Assert.Equal(("sting-backup", Path.Combine(_sting.Root, "etc", "vault-secret-id")), (configuration.Vault!.RoleId, configuration.Vault.SecretIdFile));
        Assert.False(Directory.Exists(Path.Combine(_sting.Root, "etc")));
        var proposed = ProposedConfiguration.Of(_found, ConfigurationFile, Host);
        Assert.Contains(proposed.Tasks, t => t.Contains("127.0.0.1:5433:*:sting_backup:", StringComparison.Ordinal) && t.Contains("pg_read_all_data", StringComparison.Ordinal));
        Assert.Contains(proposed.Tasks, t => t.Contains("vault-secret-id", StringComparison.Ordinal));
        // The file itself says what is still to be done.
        Assert.Equal(proposed.Tasks.Count, text.Split("# To do before the first run:").Length - 1);
    }

    [Fact]
    public void Files_of_secrets_in_the_installation_s_own_folder_are_of_class_Secrets()
    {
        var file = Path.Combine(_sting.Install, "conf", "sting-backup.yaml");
        var writer = new ConfigurationWriter().Set(Settings.BackupRoot, Path.Combine(_sting.Root, "backups")).Set(Settings.KeyDirectory, Path.Combine(_sting.Root, "keys"));
        ProposedConfiguration.Of(_found, file, Host).ApplyTo(writer);
        var map = ReserveMap.Compile(new ConfigurationLoader(Host).ExamineText(writer.Render(), file).Require().Reserve, UsersMap.Empty);
        Assert.Equal(DataClass.Secrets, map.Classify(EntryPath.Parse("conf/pgpass"), ItemKind.File).DataClass);
        Assert.Equal(DataClass.Secrets, map.Classify(EntryPath.Parse("conf/vault-secret-id"), ItemKind.File).DataClass);
    }

    [Fact]
    public void What_was_not_found_is_not_proposed()
    {
        var settings = ProposedConfiguration.Of(_found with { Vault = null, Database = null, Places = [] }, ConfigurationFile, Host).Settings.Select(s => s.Key).ToList();
        Assert.DoesNotContain(settings, k => k.StartsWith("vault.", StringComparison.Ordinal) || k.StartsWith("postgresql.", StringComparison.Ordinal));
        Assert.Contains("reserve.rules", settings);
    }

    [Fact]
    public void A_folder_whose_name_is_taken_gets_another()
    {
        Directory.CreateDirectory(Path.Combine(_sting.Install, "jars"));
        var configuration = Load();
        Assert.Contains(configuration.Reserve.Folders, f => f.At == "jars-2" && f.Path == _sting.Volume("jar_documents"));
        Assert.Equal("jar:" + Jar, Classify($"jars-2/{Jar}/a.md").Subject);
    }

    [Fact]
    public void A_volume_in_the_installation_s_own_folder_is_classified_where_it_lies()
    {
        var within = Path.Combine(_sting.Install, "data", "up{loads}");
        Directory.CreateDirectory(within);
        var places = _found.Places.Select(p => p.Kind == StingPlaceKind.JarDocuments ? p with { Path = within } : p.Kind == StingPlaceKind.DatabaseFiles ? p with { Path = Path.Combine(_sting.Install, "data", "pg") } : p).ToList();
        var configuration = new ConfigurationLoader(Host).ExamineText(Render(_found with { Places = places }), ConfigurationFile).Require();
        var map = ReserveMap.Compile(configuration.Reserve, UsersMap.Empty);
        Assert.Equal("jar:" + Jar, map.Classify(EntryPath.Parse($"data/up{{loads}}/{Jar}/a.md"), ItemKind.File).Subject);
        Assert.True(map.Classify(EntryPath.Parse("data/pg/PG_VERSION"), ItemKind.File).IsExcluded);
        Assert.DoesNotContain(configuration.Reserve.Folders, f => f.Path == within);
    }
}
