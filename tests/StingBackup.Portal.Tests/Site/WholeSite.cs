using System.Net;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using StingBackup.Engine;
using StingBackup.Engine.Backup;
using StingBackup.Engine.Cryptography;
using StingBackup.Engine.Governance;
using StingBackup.Engine.Reserve;
using StingBackup.Engine.Reserve.Configuration;
using StingBackup.Fixtures;
using StingBackup.Fixtures.Ceph;
using StingBackup.Fixtures.Sting;
using StingBackup.Fixtures.Vault;
using StingBackup.Portal.Tests.Own;
using StingBackup.Portal.Tests.Support;

namespace StingBackup.Portal.Tests.Site;

/// <summary>
/// A whole STING, small: a real PostgreSQL server, a stand-in for Vault, folders; backed up into a bucket of a real S3 server; the portal over it, with sign-in by STING's own sessions, and a mail server.
/// Ada owns a jar and is named in another; Bob has one that is his alone, and an address that nobody verified.
/// </summary>
public sealed class WholeSite : IAsyncLifetime, IAsyncDisposable
{
    internal const string OwnJar = "aaaaaaaa-0000-4000-8000-000000000001", PublicJar = "aaaaaaaa-0000-4000-8000-000000000002", SharedJar = "aaaaaaaa-0000-4000-8000-000000000003", BobsJar = "aaaaaaaa-0000-4000-8000-000000000004";

    private const string Anna = "11111111-1111-4111-8111-111111111111", Olga = "33333333-3333-4333-8333-333333333333";

    private const string Policy = """
        path "sting/metadata/files/*" { capabilities = ["read", "list", "create", "update"] }
        path "sting/data/files/*"     { capabilities = ["read", "create", "update"] }
        """;

    private readonly TempFolder _folder = new();
    private readonly List<WebApplication> _portals = [];
    private KratosDouble _kratos = null!;
    private CephCluster _ceph = null!;
    private NewApproverResult _officer = null!;

    internal StingSite Sting { get; private set; } = null!;
    internal MailReceiver Mail { get; private set; } = null!;
    internal StingConfiguration Configuration { get; private set; } = null!;
    internal Uri Address { get; private set; } = null!;
    internal HttpClient Ada { get; private set; } = null!;
    internal HttpClient Bob { get; private set; } = null!;

    internal StingPerson AdaInSting => Sting.Known;
    internal StingPerson BobInSting => Sting.Awkward;

    /// <summary>A file of Ada's on disk, not in Vault.</summary>
    internal string NoteFile => Path.Combine(Sting.Install, "honey-reserve", AdaInSting.Name, "note.txt");

    public async Task InitializeAsync()
    {
        if (SiteFactAttribute.Missing is not null)
        {
            return;
        }
        var ceph = CephCluster.GetAsync();
        Mail = new MailReceiver();
        _kratos = await KratosDouble.StartAsync();
        Sting = await StingSite.CreateAsync(_folder["site"], new StingSiteOptions { Seed = 8, Scale = 0.001, Edges = false, Encrypted = 0.6 });
        _kratos.Sessions["ada"] = new KratosDoubleSession("session-of-ada", AdaInSting.Name, AdaInSting.Email);
        _kratos.Sessions["bob"] = new KratosDoubleSession("session-of-bob", BobInSting.Name, BobInSting.Email) { Verified = false };
        await FillAsync();
        _ceph = await ceph;
        Configuration = await ProtectAsync("backup", $"s3://{await _ceph.NewBucketAsync()}/main");
        await BackUpAsync(Configuration);
        await EnrolAsync();
        Address = await StartPortalAsync(Configuration with { Access = Roles() });
        (Ada, Bob) = (await SignedInAsync("ada", Address), await SignedInAsync("bob", Address));
    }

    Task IAsyncLifetime.DisposeAsync() => DisposeAsync().AsTask();

    public async ValueTask DisposeAsync()
    {
        Ada?.Dispose();
        Bob?.Dispose();
        foreach (var portal in _portals)
        {
            await portal.DisposeAsync();
        }
        if (Sting is not null)
        {
            await Sting.DisposeAsync();
            await _kratos.DisposeAsync();
            Mail.Dispose();
        }
        _folder.Dispose();
    }

    internal string this[string name] => _folder[name];

    internal Task<string> NewBucketAsync() => _ceph.NewBucketAsync();

    /// <summary>Keys, repository and configuration; the bucket's login is a file, as a service would have it.</summary>
    internal async Task<StingConfiguration> ProtectAsync(string name, string root, params (string Name, string Value)[] more)
    {
        var login = _folder[name + "-s3-login"];
        await File.WriteAllTextAsync(login, "");
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(login, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        }
        await File.WriteAllTextAsync(login, $"[default]\naws_access_key_id = {CephCluster.AccessKey}\naws_secret_access_key = {CephCluster.SecretKey}\n");
        var settings = new Dictionary<string, string>(more.Select(m => KeyValuePair.Create(m.Name, m.Value)))
        {
            ["keys.spares"] = "20", ["remote.endpoint"] = _ceph.Address.GetLeftPart(UriPartial.Authority), ["remote.credentials"] = "profile", ["remote.credentials_file"] = login,
            ["portal.sign_in"] = "kratos", ["portal.kratos"] = _kratos.Address, ["portal.requests_per_minute"] = "100000", ["postgresql.restore_user"] = "postgres",
            ["alerts.mail_server"] = "127.0.0.1", ["alerts.mail_port"] = $"{Mail.Port}", ["alerts.mail_tls"] = "none", ["alerts.mail_from"] = "backup@example.org",
        };
        var file = await Sting.ProtectAsync(_folder[name], TimeProvider.System, request => request with { BackupRoot = root, Setting = settings });
        // What STING sealed is opened, so that it is given to people as what they uploaded.
        await File.WriteAllTextAsync(file, (await File.ReadAllTextAsync(file)).Replace("\nvault:\n", $"\nvault:\n  master_key_files: [\"{Path.Combine(Sting.Install, "env", "app.env")}\"]\n", StringComparison.Ordinal));
        await File.WriteAllTextAsync(Path.Combine(_folder[name], "vault-token"), Sting.Vault.TokenWith(Policy));
        await File.WriteAllTextAsync(Path.Combine(_folder[name], "pgpass"), "*:*:*:*:not asked for\n");
        var configuration = new ConfigurationLoader(new HostView()).Examine(file).Require();
        return configuration with { Portal = configuration.Portal with { Address = $"http://127.0.0.1:{PortalSite.FreePort()}" } };
    }

    internal static async Task BackUpAsync(StingConfiguration configuration)
    {
        await using var installation = await Installation.OpenAsync(configuration, new InstallationOptions(), default);
        await foreach (var told in BackupJob.RunAsync(installation, await BackupJob.PlanAsync(installation, BackupType.Full, null, false, default), default))
        {
            Assert.False(told is ItemFailedEvent, $"{told}");
        }
    }

    internal async Task<Uri> StartPortalAsync(StingConfiguration configuration)
    {
        var portal = await PortalHost.BuildAsync(new PortalContext(configuration), default);
        _portals.Add(portal);
        await portal.StartAsync();
        return new Uri(portal.Urls.First());
    }

    /// <summary>A client that Kratos knows, signed in.</summary>
    internal static async Task<HttpClient> SignedInAsync(string session, Uri address)
    {
        var cookies = new CookieContainer();
        cookies.Add(new Cookie(KratosDouble.Cookie, session, "/", "127.0.0.1"));
        var client = new HttpClient(new SocketsHttpHandler { CookieContainer = cookies }) { BaseAddress = address };
        Assert.Contains("Hello", await client.GetStringAsync(new Uri("/sign-in/kratos", UriKind.Relative)), StringComparison.Ordinal);
        return client;
    }

    /// <summary>Anna administers, Olga approves, each with a session of Kratos; the officer's key is Olga's. The account of the tests may do what it always may.</summary>
    private AccessPolicy Roles()
    {
        var (anna, olga) = (new AccessIdentity(IdentityKind.Kratos, Anna), new AccessIdentity(IdentityKind.Kratos, Olga));
        var (me, key) = (Caller.OfProcess.Identities[0], new AccessIdentity(IdentityKind.Key, _officer.Fingerprint));
        return new AccessPolicy(new Dictionary<AccessRole, IReadOnlyList<AccessIdentity>> { [AccessRole.SystemAdmin] = [anna, me], [AccessRole.SecurityTeam] = [olga, key], [AccessRole.ComplianceOfficer] = [me] }, [[olga, key]]);
    }

    /// <summary>An approver with a key of her own.</summary>
    private async Task EnrolAsync()
    {
        using var passphrase = SecretBytes.CopyOf("the approver's own words"u8);
        await using var installation = await Installation.OpenAsync(Configuration, new InstallationOptions(), default);
        _officer = ApproverJobs.New(ApproverJobs.PlanNew("Officer", _folder["officer.approver"]), passphrase, TimeProvider.System, new Argon2Parameters(64, 1, 1));
        await ApproverJobs.RegisterAsync(installation, await ApproverJobs.PlanRegisterAsync(installation, _officer.PublicFile, default), default);
        _kratos.Sessions["anna"] = new KratosDoubleSession("session-of-anna", Anna, "anna@example.org");
        _kratos.Sessions["olga"] = new KratosDoubleSession("session-of-olga", Olga, "olga@example.org");
    }

    /// <summary>Signs a request that was downloaded, on a machine of the approver's own; the text of the approval.</summary>
    internal async Task<string> SignAsync(string request, string id)
    {
        var path = _folder[$"{id}-{Guid.NewGuid():n}.request"];
        File.Copy(request, path);
        using var passphrase = SecretBytes.CopyOf("the approver's own words"u8);
        return await File.ReadAllTextAsync(ApprovalDesk.Approve(ApprovalDesk.PlanApproval(path, _officer.KeyFile, TimeProvider.System), passphrase, TimeProvider.System).ApprovalFile);
    }

    /// <summary>Somebody else approves a request, with a key of his own.</summary>
    internal void Approve(string request)
    {
        using var passphrase = SecretBytes.CopyOf("the approver's own words"u8);
        ApprovalDesk.Approve(ApprovalDesk.PlanApproval(Path.Combine(Configuration.StateDirectory, "approvals", request + ".request"), _officer.KeyFile, TimeProvider.System), passphrase, TimeProvider.System);
    }

    /// <summary>Asks for a recovery, has it approved and carries it out; how it ended, and the request's id.</summary>
    internal async Task<(JsonElement Job, string Request)> RecoverAsync(HttpClient client, object wish)
    {
        var id = (await OwnSite.PostedAsync(client, "/api/v1/recoveries", wish)).GetProperty("id").GetString()!;
        Approve(id);
        var job = (await OwnSite.PostedAsync(client, $"/api/v1/recoveries/{id}/begin", null)).GetProperty("id").GetString()!;
        for (var look = 0; look < 600; look++)
        {
            using var now = await OwnSite.JsonAsync(client, $"/api/v1/jobs/{job}");
            if (now.RootElement.GetProperty("ended").ValueKind != JsonValueKind.Null)
            {
                return (now.RootElement.Clone(), id);
            }
            await Task.Delay(50);
        }
        throw new TimeoutException("The recovery does not end.");
    }

    /// <summary>Rows of a person in the live database: some of each class that has any but Metadata.</summary>
    internal Task<List<string>> RowsAsync(StingPerson person) => Sting.Cluster.RowsAsync("sting_app",
        $"SELECT 's ' || t::text FROM user_settings t WHERE user_id = {person.Id} UNION ALL SELECT 'a ' || t::text FROM audit_logs t WHERE user_id IN ('{person.Name}', '{person.Id}') UNION ALL SELECT 'r ' || t::text FROM reports t WHERE {ReportsOf(person)}");

    internal static string ReportsOf(StingPerson person) => $"result_file_id IN (SELECT file_id FROM file_assets WHERE owner_id = '{person.Name}')";

    private async Task FillAsync()
    {
        var (ada, bob) = (AdaInSting.Email, BobInSting.Email);
        await Sting.Cluster.ExecuteAsync("sting_app", $$"""
            INSERT INTO honey_jars(id, name, type, status, owner, permissions) VALUES
                ('{{OwnJar}}', 'Ada''s jar', 'private', 'active', '{{ada}}', '{}'), ('{{PublicJar}}', 'Everybody''s jar', 'public', 'active', 'system', '{}'),
                ('{{SharedJar}}', 'Shared jar', 'private', 'active', '{{bob}}', '{"allowed_users": ["{{ada}}"]}'), ('{{BobsJar}}', 'Bob''s jar', 'private', 'active', '{{bob}}', '{}');
            INSERT INTO reports SELECT gen_random_uuid(), 'A report', file_id, '2030-01-01', NULL FROM
                (SELECT DISTINCT ON (owner_id) owner_id, file_id FROM file_assets WHERE owner_id IN ('{{AdaInSting.Name}}', '{{BobInSting.Name}}') AND deleted_at IS NULL ORDER BY owner_id, id) f;
            """);
        foreach (var jar in new[] { OwnJar, PublicJar, SharedJar, BobsJar })
        {
            Directory.CreateDirectory(Path.Combine(Sting.Uploads, jar));
            await File.WriteAllTextAsync(Path.Combine(Sting.Uploads, jar, "handbook.md"), TextOf(jar));
        }
        Directory.CreateDirectory(Path.GetDirectoryName(NoteFile)!);
        await File.WriteAllTextAsync(NoteFile, "A note of Ada's.\n");
    }

    internal static string TextOf(string jar) => $"# The handbook of {jar}\n";
}
