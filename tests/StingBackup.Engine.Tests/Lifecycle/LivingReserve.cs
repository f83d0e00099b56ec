using StingBackup.Engine.Backup;
using StingBackup.Engine.Lifecycle;
using StingBackup.Engine.Operations;
using StingBackup.Engine.Reserve;
using StingBackup.Engine.Reserve.Configuration;
using StingBackup.Engine.Restore;
using StingBackup.Engine.Tests.Chroma.StandIn;
using StingBackup.Engine.Tests.PostgreSql;
using StingBackup.Engine.Tests.Support;
using StingBackup.Fixtures.Vault;

namespace StingBackup.Engine.Tests.Lifecycle;

/// <summary>
/// A small living STING under a configuration file, with real keys: PostgreSQL, stand-ins for Vault and Chroma, folders. Each job opens it anew, as commands do; its clock is the test's.
/// Documents know who brought them by the column <c>uploaded_by</c>.
/// </summary>
internal sealed class LivingReserve : IAsyncDisposable
{
    private readonly TempFolder _folder = new();
    private TestOfficer? _officer;
    private InitializeResult _made = null!;

    public string Root => _folder.Path;
    public MovedClock Clock { get; } = new();
    public PostgresCluster Cluster { get; private set; } = null!;
    public VaultStandIn Vault { get; private set; } = null!;
    public ChromaStandIn Chroma { get; private set; } = null!;
    public string File => Path.Combine(Root, "sting-backup.yaml");
    public string Uploads => Path.Combine(Root, "uploads");
    public string Repository => Path.Combine(Root, "repository");

    /// <summary>The jar of the tests.</summary>
    public static string Jar => StingSchema.JarId(2);

    public static string Contributor(int person, string? jar = null) => $"jar:{jar ?? Jar}/user:{StingSchema.KratosId(person)}";

    /// <summary>Starts one.</summary>
    /// <param name="sections">Further sections of the configuration.</param>
    /// <param name="options">The database server's settings.</param>
    public static async Task<LivingReserve> StartAsync(string sections = "", params string[] options)
    {
        var living = new LivingReserve();
        try
        {
            await living.MakeAsync(sections, options);
            return living;
        }
        catch
        {
            await living.DisposeAsync();
            throw;
        }
    }

    private async Task MakeAsync(string sections, string[] options)
    {
        foreach (var folder in (string[])["reserve/conf", "uploads"])
        {
            Directory.CreateDirectory(Path.Combine(Root, folder));
        }
        await System.IO.File.WriteAllTextAsync(Path.Combine(Root, "reserve/conf/config.yml"), "a: 1");
        Vault = await VaultStandIn.StartAsync();
        Vault.Mount("sting");
        Chroma = await ChromaStandIn.StartAsync();
        Cluster = await PostgresCluster.StartNewAsync([.. options, "fsync=off"]);
        await StingSchema.SeedAsync(Cluster);
        await Cluster.ExecuteAsync("sting_app", "ALTER TABLE documents ADD uploaded_by text; UPDATE documents SET file_path = NULL; UPDATE file_assets SET deleted_at = now()");
        var request = new InitializeRequest
        {
            BackupRoot = Repository, Reserve = Path.Combine(Root, "reserve"), ConfigurationFile = File, KeyDirectory = Path.Combine(Root, "keys"), StateDirectory = Path.Combine(Root, "state"),
            CacheDirectory = Path.Combine(Root, "cache"), LogDirectory = Path.Combine(Root, "logs"), TimeZone = "UTC", WithPassphrase = false, Setting = new Dictionary<string, string> { ["keys.spares"] = "20" },
        };
        _made = await ReserveInitializer.RunAsync(await ReserveInitializer.PlanAsync(request, default), null, Clock, default);
        Configure(sections);
    }

    /// <summary>Writes the configuration; jobs take it when they open the installation next.</summary>
    public void Configure(string sections = "", PostgresCluster? cluster = null)
    {
        cluster ??= Cluster;
        var token = Path.Combine(Root, "token");
        System.IO.File.WriteAllText(token, VaultStandIn.RootToken);
        System.IO.File.WriteAllText(File, $$"""
            repository: { backup_root: {{Repository}}, reserve_id: {{_made.ReserveId}}, key_fingerprint: {{_made.KeyFingerprint}} }
            reserve:
              path: {{Path.Combine(Root, "reserve")}}
              folders: [ { at: jars, path: {{Uploads}} } ]
            keys: { spares: 20, directory: {{Path.Combine(Root, "keys")}} }
            state_directory: {{Path.Combine(Root, "state")}}
            cache_directory: {{Path.Combine(Root, "cache")}}
            log_directory: {{Path.Combine(Root, "logs")}}
            time_zone: UTC
            vault: { address: "{{Vault.Address.GetLeftPart(UriPartial.Authority)}}", token_file: {{token}} }
            chroma: { address: "{{Chroma.Address.GetLeftPart(UriPartial.Authority)}}" }
            postgresql: { host: {{cluster.Root}}, port: {{cluster.Port}}, user: postgres, tool_directory: {{PostgresBinaries.Folder}} }
            {{sections}}
            """);
    }

    public StingConfiguration Configuration => new ConfigurationLoader(new HostView()).Load(File);

    public ValueTask<Installation> OpenAsync() => Installation.OpenAsync(Configuration, new InstallationOptions { Clock = Clock }, default);

    /// <summary>A document of a jar, on the disk and in the database.</summary>
    public async Task AddDocumentAsync(string name, string content, int? person, string? jar = null, bool withRow = true)
    {
        jar ??= Jar;
        var path = Path.Combine(Uploads, jar, name);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        await System.IO.File.WriteAllTextAsync(path, content);
        if (withRow)
        {
            await Cluster.ExecuteAsync("sting_app", $"INSERT INTO documents(id, honey_jar_id, filename, file_path, uploaded_by) VALUES (md5('{name}')::uuid, '{jar}', '{name} {content}', '/tmp/sting_uploads/{jar}/{name}', {(person is { } p ? $"'{StingSchema.KratosId(p)}'" : "NULL")})");
        }
    }

    public async Task<BackupResult> BackupAsync(BackupType type = BackupType.Incremental, List<StingException>? errors = null, List<string>? warnings = null)
    {
        Clock.Advance(TimeSpan.FromMinutes(1));
        await using var installation = await OpenAsync();
        var plan = await BackupJob.PlanAsync(installation, type, null, due: false, default);
        BackupResult? result = null;
        await foreach (var happened in BackupJob.RunAsync(installation, plan, default))
        {
            switch (happened)
            {
                case ItemFailedEvent failed when errors is null: throw failed.Error;
                case ItemFailedEvent failed: errors.Add(failed.Error); break;
                case WarningEvent warning: warnings?.Add(warning.Message); break;
                case CompletedEvent completed: result = (BackupResult)completed.Result!; break;
            }
        }
        return result!;
    }

    /// <summary>Restores into a folder of its own and gives it.</summary>
    public async Task<string> RestoreAsync(RestoreRequest request, List<StingException>? errors = null)
    {
        var destination = Path.Combine(Root, $"restored-{Guid.NewGuid():n}");
        await using var installation = await OpenAsync();
        var plan = await RestoreJob.PlanAsync(installation, request with { Destination = destination }, default);
        await TestInstallation.CompleteAsync<RestoreResult>(RestoreJob.RunAsync(installation, plan, default), errors);
        return destination;
    }

    public static ErasureRequest Request(RestoreScope scope, string subject, string? contributor = null, bool keep = false) =>
        new(scope, subject, "GDPR Art. 17", "ticket 12", "dpo") { Contributor = contributor, KeepContributions = keep };

    public async Task<ErasurePlan> PlanAsync(ErasureRequest request)
    {
        await using var installation = await OpenAsync();
        return await ErasureJob.PlanAsync(installation, request, default);
    }

    public async Task<Erasure> RequestAsync(ErasureRequest request)
    {
        await using var installation = await OpenAsync();
        var plan = await ErasureJob.PlanAsync(installation, request, default);
        return await ApprovedAsync(installation, () => ErasureJob.RequestAsync(installation, plan, default));
    }

    /// <summary>Asks for an erasure, lets its delay pass, and carries it out.</summary>
    public async Task<Erasure> EraseAsync(ErasureRequest request)
    {
        await RequestAsync(request);
        Clock.Advance(TimeSpan.FromDays(8));
        await using var installation = await OpenAsync();
        var done = await TestInstallation.CompleteAsync<ErasureResult>(ErasureJob.CompleteAsync(installation, "key officer", default));
        var erasure = Assert.Single(done.Erasures);
        Assert.Equal(ErasureState.Completed, erasure.State);
        return erasure;
    }

    /// <summary>Tries without an approval, which must be refused, has it approved, and does it.</summary>
    public Task<T> ApprovedAsync<T>(Installation installation, Func<Task<T>> deed) => (_officer ??= new TestOfficer(Root, Clock)).ApprovedAsync(installation, deed);

    /// <summary>The names of all subjects of the repository.</summary>
    public async Task<IReadOnlySet<string>> SubjectsAsync()
    {
        await using var installation = await OpenAsync();
        using var repository = await RepositoryReading.OpenAsync(installation, default);
        return await repository.Subjects.NamesAsync([.. repository.Finder.All], default);
    }

    /// <summary>Paths of a folder's files and what they hold.</summary>
    public static Dictionary<string, string> Content(string folder) => Directory.Exists(folder)
        ? Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories).ToDictionary(path => Path.GetRelativePath(folder, path), System.IO.File.ReadAllText) : [];

    public async ValueTask DisposeAsync()
    {
        if (Chroma is not null)
        {
            await Chroma.DisposeAsync();
        }
        if (Vault is not null)
        {
            await Vault.DisposeAsync();
        }
        if (Cluster is not null)
        {
            await Cluster.DisposeAsync();
        }
        _folder.Dispose();
    }
}
