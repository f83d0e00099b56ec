using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using StingBackup.Engine;
using StingBackup.Engine.Cryptography;
using StingBackup.Engine.Governance;
using StingBackup.Engine.Lifecycle;
using StingBackup.Engine.Operations.Alerts;
using StingBackup.Engine.Operations.Drills;
using StingBackup.Engine.Operations.Verification;
using StingBackup.Engine.People;
using StingBackup.Engine.Reserve.Configuration;
using StingBackup.Engine.Restore;
using StingBackup.Fixtures;
using StingBackup.Portal.Tests.Support;

namespace StingBackup.Portal.Tests.Admin;

/// <summary>A portal with roles: an administrator, an operator, an approver with a key, somebody with none. Tests of a class share one.</summary>
public sealed class AdminSite : IAsyncLifetime, IAsyncDisposable
{
    internal static readonly AccessIdentity Administrator = Kratos("1"), Operator = Kratos("2"), Approver = Kratos("3"), Nobody = Kratos("4");

    private static readonly Argon2Parameters LittleWork = new(64, 1, 1);

    private readonly TempFolder _folder = new();

    internal PortalSite Site { get; private set; } = null!;
    /// <summary>The key of the approver who signs in.</summary>
    internal NewApproverResult Officer { get; private set; } = null!;
    /// <summary>A key that nobody enrolled.</summary>
    internal NewApproverResult Stranger { get; private set; } = null!;

    public async Task InitializeAsync()
    {
        (Officer, Stranger) = (MakeApprover("Officer"), MakeApprover("Stranger"));
        var me = Caller.OfProcess.Identities[0];
        var key = new AccessIdentity(IdentityKind.Key, Officer.Fingerprint);
        var access = new AccessPolicy(new Dictionary<AccessRole, IReadOnlyList<AccessIdentity>>
        {
            [AccessRole.SystemAdmin] = [Administrator, me], [AccessRole.BackupOperator] = [Operator], [AccessRole.SecurityTeam] = [Approver, key], [AccessRole.ComplianceOfficer] = [me],
        }, [[Approver, key]]);
        Site = await PortalSite.StartAsync(new Dictionary<string, string> { ["portal.requests_per_minute"] = "100000" }, change: configuration => configuration with { Access = access });
        await using var installation = await OpenAsync(Caller.OfProcess);
        await ApproverJobs.RegisterAsync(installation, await ApproverJobs.PlanRegisterAsync(installation, Officer.PublicFile, default), default);
    }

    /// <summary>Fills what is empty in a new reserve: a verification, a drill, a hold, an alert.</summary>
    internal async Task FillAsync()
    {
        await using var installation = await OpenAsync(Caller.OfProcess);
        await foreach (var _ in VerifyJob.RunAsync(installation, new VerifyRequest { Level = IntegrityLevel.Data }, default)) { }
        await foreach (var _ in DrillJob.RunAsync(installation, await DrillJob.PlanAsync(installation, new RecoveryTestRequest { Type = RecoveryTestType.File, Files = 2, Seed = 1 }, default), default)) { }
        Remember(installation, "1111111111111111", "All of January", asked: true);
        Remember(installation, "2222222222222222", "user:7", asked: false);
        await LegalHolds.AddAsync(installation, await LegalHolds.PlanAsync(installation, RestoreScope.User, $"user:{PortalSite.Bob}", "Case 12/2026", default), "dpo", default);
        await new AlertCenter(Site.Configuration, TimeProvider.System).UpdateAsync(new StingException("StoreUnavailable", FailureKind.Io, "The store could not be reached.", null, "See whether it is there."), static _ => { }, default);
    }

    /// <summary>What a host keeps of a retrieval that it asked for: a record, and a line for each pack that the store has taken the request of. Where nothing is archived all of it is there at once.</summary>
    private static void Remember(Installation installation, string id, string scope, bool asked)
    {
        var root = installation.Store.Location;
        var pack = new FileInfo(Directory.EnumerateFiles(Path.Combine(root, "data"), "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal).First());
        var name = Path.GetRelativePath(root, pack.FullName);
        var now = TimeProvider.System.GetUtcNow();
        var folder = Directory.CreateDirectory(Path.Combine(installation.StateFolder, "tiers", "thaw")).FullName;
        File.WriteAllText(Path.Combine(folder, id + ".json"), JsonSerializer.Serialize(new
        {
            Id = id, Reserve = installation.Reserve.ToString(), Tier = Tier.Local, Scope = scope, Speed = RetrievalSpeed.Standard, Days = 5, Created = now, Due = now.AddHours(12), Cost = 1.25m, Currency = "USD",
            BackupIds = Array.Empty<string>(), Packs = new[] { new { Name = name, Length = pack.Length } },
        }));
        if (asked)
        {
            File.WriteAllText(Path.Combine(folder, id + ".log"), $"{name} {now:yyyy-MM-ddTHH:mm:ssZ} Begun\n");
        }
    }

    public async ValueTask DisposeAsync()
    {
        await Site.DisposeAsync();
        _folder.Dispose();
    }

    Task IAsyncLifetime.DisposeAsync() => DisposeAsync().AsTask();

    internal ValueTask<Installation> OpenAsync(Caller caller) => Installation.OpenAsync(Site.Configuration, new InstallationOptions { Caller = caller }, default);

    internal Task<Uri> LinkAsync(AccessIdentity who) => Site.LinkAsync(new SignInTicket(who, null, who == Approver ? "Olga Officer" : who == Administrator ? "Anna Admin" : who == Operator ? "Otto Operator" : "Nina Nobody"));

    /// <summary>A client that is signed in.</summary>
    internal async Task<HttpClient> ClientAsync(AccessIdentity who) => await PortalSite.SignInAsync(Site.Client(), await LinkAsync(who));

    /// <summary>The administrator tries to restore a file of Ada's, which takes an approval; the request's id.</summary>
    internal async Task<string> AskAsync(string folder)
    {
        var error = await Assert.ThrowsAsync<StingException>(() => RestoreAsync(folder));
        Assert.Equal("ApprovalRequired", error.ErrorId);
        return error.Target!;
    }

    /// <summary>The administrator restores a file of Ada's to a folder of the test; gives its text.</summary>
    internal async Task<string> RestoreAsync(string folder)
    {
        await using var installation = await OpenAsync(new Caller { Portal = Administrator });
        var plan = await RestoreJob.PlanAsync(installation, new RestoreRequest { Scope = RestoreScope.File, Subject = $"user:{PortalSite.Ada}", Files = ["letter.txt"], Destination = _folder[folder] }, default);
        await foreach (var _ in RestoreJob.RunAsync(installation, plan, default)) { }
        return await File.ReadAllTextAsync(Directory.EnumerateFiles(_folder[folder], "letter.txt", SearchOption.AllDirectories).Single());
    }

    /// <summary>Signs a copy of a request, as an approver does on his own machine; the text of the approval.</summary>
    internal string Sign(byte[] request, string id, NewApproverResult approver)
    {
        var path = _folder[$"{id}-{Guid.NewGuid():n}.request"];
        File.WriteAllBytes(path, request);
        using var passphrase = SecretBytes.CopyOf("the approver's own words"u8);
        return File.ReadAllText(ApprovalDesk.Approve(ApprovalDesk.PlanApproval(path, approver.KeyFile, TimeProvider.System), passphrase, TimeProvider.System).ApprovalFile);
    }

    internal byte[] FileOf(string id) => File.ReadAllBytes(Path.Combine(Site.Configuration.StateDirectory, "approvals", id + ".request"));

    internal string[] ApprovalsOf(string id) => Directory.GetFiles(Path.Combine(Site.Configuration.StateDirectory, "approvals"), id + "*.approval*");

    /// <summary>Posts to the API with the token that it asks for.</summary>
    internal static async Task<HttpResponseMessage> PostAsync(HttpClient client, string path, object body)
    {
        var token = (await client.GetFromJsonAsync<JsonElement>(new Uri("/api/v1/token", UriKind.Relative))).GetProperty("value").GetString();
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(path, UriKind.Relative)) { Content = JsonContent.Create(body) };
        request.Headers.Add("X-Form-Token", token);
        return await client.SendAsync(request);
    }

    /// <summary>Posts a page's form as a browser would.</summary>
    internal static async Task<HttpResponseMessage> SubmitAsync(HttpClient client, string path, params (string Name, string Value)[] fields)
    {
        var page = await client.GetStringAsync(new Uri(path, UriKind.Relative));
        using var form = new FormUrlEncodedContent([.. fields.Select(f => new KeyValuePair<string, string>(f.Name, f.Value)), new("__RequestVerificationToken", PortalSite.TokenIn(page))]);
        return await client.PostAsync(new Uri(path, UriKind.Relative), form);
    }

    internal static async Task<HttpStatusCode> StatusAsync(HttpClient client, string path) => (await client.GetAsync(new Uri(path, UriKind.Relative))).StatusCode;

    internal static Task<JsonElement> GetAsync(HttpClient client, string path) => client.GetFromJsonAsync<JsonElement>(new Uri("/api/v1/admin" + path, UriKind.Relative));

    private NewApproverResult MakeApprover(string name)
    {
        using var passphrase = SecretBytes.CopyOf("the approver's own words"u8);
        return ApproverJobs.New(ApproverJobs.PlanNew(name, _folder[name + ".approver"]), passphrase, TimeProvider.System, LittleWork);
    }

    private static AccessIdentity Kratos(string digit) => new(IdentityKind.Kratos, $"{new string(digit[0], 8)}-1111-4111-8111-111111111111");
}
