using StingBackup.Engine.Backup;
using StingBackup.Engine.Governance;
using StingBackup.Engine.Operations;
using StingBackup.Engine.People;
using StingBackup.Engine.Reserve;
using StingBackup.Engine.Reserve.Configuration;
using StingBackup.Engine.Tests.Support;

namespace StingBackup.Engine.Tests.People;

/// <summary>A reserve of a few people under a configuration file, with real keys; opened anew as a portal opens it. Ada and Bob have UUIDs and a users map, Cleo a folder named by an address.</summary>
internal sealed class PeopleFixture : IAsyncDisposable
{
    public const string Ada = "11111111-aaaa-4aaa-8aaa-111111111111", Bob = "22222222-bbbb-4bbb-8bbb-222222222222", Cleo = "cleo@example.org";

    private readonly TempFolder _folder = new();
    private InitializeResult _made = null!;
    private TestOfficer? _officer;

    public string Root => _folder.Path;
    public string Reserve => Path.Combine(Root, "reserve");
    public string Repository => Path.Combine(Root, "repository");
    public string State => Path.Combine(Root, "state");
    public MovedClock Clock { get; } = new();
    public string File => Path.Combine(Root, "sting-backup.yaml");
    public SharedReserve Shared { get; private set; } = null!;
    public int Opened { get; private set; }

    public static string UserOf(string uuid) => $"user:{uuid}";

    public static AccessIdentity Kratos(string uuid) => new(IdentityKind.Kratos, uuid);

    public static async Task<PeopleFixture> StartAsync(string sections = "", Action<PeopleFixture>? write = null)
    {
        var people = new PeopleFixture();
        try
        {
            await people.MakeAsync(sections, write);
            return people;
        }
        catch
        {
            await people.DisposeAsync();
            throw;
        }
    }

    private async Task MakeAsync(string sections, Action<PeopleFixture>? write)
    {
        Write("conf/config.yml", "a: 1");
        Write($"users/{Ada}/notes.txt", "Ada's notes");
        Write($"users/{Ada}/letters/first.txt", "Dear Bob");
        Write($"users/{Bob}/notes.txt", "Bob's notes");
        Write($"users/{Cleo}/plan.txt", "Cleo's plan");
        await System.IO.File.WriteAllTextAsync(Path.Combine(Root, "users.csv"), $"kratos_id,email,id\n{Ada},ada@example.org,7\n{Bob},bob@example.org,8\n");
        write?.Invoke(this);
        var request = new InitializeRequest
        {
            BackupRoot = Repository, Reserve = Reserve, ConfigurationFile = File, KeyDirectory = Path.Combine(Root, "keys"), StateDirectory = State,
            CacheDirectory = Path.Combine(Root, "cache"), LogDirectory = Path.Combine(Root, "logs"), TimeZone = "UTC", WithPassphrase = false, Setting = new Dictionary<string, string> { ["keys.spares"] = "20" },
        };
        _made = await ReserveInitializer.RunAsync(await ReserveInitializer.PlanAsync(request, default), null, Clock, default);
        Configure(sections);
        await BackupAsync();
        Shared = await SharedReserve.OpenAsync(OpenAsync, default);
    }

    public void Configure(string sections) => System.IO.File.WriteAllText(File, $$"""
        repository: { backup_root: {{Repository}}, reserve_id: {{_made.ReserveId}}, key_fingerprint: {{_made.KeyFingerprint}} }
        reserve: { path: {{Reserve}}, users_map: {{Path.Combine(Root, "users.csv")}}, rules: [ { glob: "users/*/mixed/*.rpt", class: Reports, subject: "user:{2}" } ] }
        keys: { spares: 20, directory: {{Path.Combine(Root, "keys")}} }
        state_directory: {{State}}
        cache_directory: {{Path.Combine(Root, "cache")}}
        log_directory: {{Path.Combine(Root, "logs")}}
        time_zone: UTC
        {{sections}}
        """);

    public async ValueTask<Installation> OpenAsync(CancellationToken cancel)
    {
        Opened++;
        return await Installation.OpenAsync(new ConfigurationLoader(new HostView()).Load(File), new InstallationOptions { Clock = Clock }, cancel);
    }

    public void Write(string path, string content)
    {
        var full = Path.Combine(Reserve, path);
        Directory.CreateDirectory(Path.GetDirectoryName(full)!);
        System.IO.File.WriteAllText(full, content);
    }

    /// <summary>Runs a backup a minute later; the shared reserve looks for it at the next question.</summary>
    public async Task<string> BackupAsync(BackupType type = BackupType.Incremental)
    {
        Clock.Advance(TimeSpan.FromMinutes(1));
        await using var installation = await OpenAsync(default);
        var plan = await BackupJob.PlanAsync(installation, type, null, due: false, default);
        var result = await TestInstallation.CompleteAsync<BackupResult>(BackupJob.RunAsync(installation, plan, default));
        Clock.Advance(TimeSpan.FromMinutes(6));   // longer than an old state is given without a look
        return result.BackupId!;
    }

    /// <summary>Opens the shared reserve anew, as a portal that is started again does; with another configuration no backup could be run by this account.</summary>
    public async Task ReopenAsync()
    {
        await Shared.DisposeAsync();
        Shared = await SharedReserve.OpenAsync(OpenAsync, default);
    }

    /// <summary>Approves an open request.</summary>
    public async Task ApproveAsync(string request)
    {
        await using var installation = await OpenAsync(default);
        await (_officer ??= new TestOfficer(Root, Clock)).ApproveAsync(installation, request);
    }

    public string Full(string path) => Path.Combine(Reserve, path);

    public async Task<Person> PersonAsync(string uuid) => (await Shared.FindPersonAsync(new PersonClaim(Kratos(uuid), null, null), default))!;

    public async Task<OwnReserve> OfAsync(string uuid) => await Shared.OfAsync(await PersonAsync(uuid), default);

    public async Task<IReadOnlyList<AuditEntry>> AuditAsync()
    {
        await using var installation = await OpenAsync(default);
        return await AuditReader.ReadAsync(installation, default);
    }

    public static async Task<string> TextAsync(OwnFile file)
    {
        await using var stream = await file.OpenAsync(0, file.Length, default);
        using var reader = new StreamReader(stream);
        return await reader.ReadToEndAsync();
    }

    public async ValueTask DisposeAsync()
    {
        if (Shared is not null)
        {
            await Shared.DisposeAsync();
        }
        _folder.Dispose();
    }
}
