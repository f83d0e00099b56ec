using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using StingBackup.Engine;
using StingBackup.Engine.Cryptography;
using StingBackup.Engine.Governance;
using StingBackup.Portal.Tests.Support;

namespace StingBackup.Portal.Tests.Own;

/// <summary>A site for a class of tests: Ada has files of every sort, two backups, and a change between them; Bob has his secret.</summary>
public sealed class OwnSite : IAsyncLifetime
{
    internal const int Many = 450;
    internal const string Carol = "3f0c8f0a-5f3e-4a0e-9d0b-0d9f3c2b1a10";
    internal const string Home = $"users/{PortalSite.Ada}", Letter = $"{Home}/documents/letter.txt", SecondLetter = "Dear Bob,\nthis is the second version.\n";
    internal const string Odd = "quote\" and, semi;colon über 日本\r\n.txt", Script = "<script>document.title='run'</script><img src=x onerror=\"document.title='run'\">";

    // One pixel.
    internal static readonly byte[] Png = Convert.FromBase64String("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==");
    internal static readonly byte[] Big = Bytes(700_000);
    internal static readonly string Long = string.Concat(Enumerable.Repeat("zeile für zeile ü\n", 6000));

    private NewApproverResult? _officer;

    internal PortalSite Site { get; private set; } = null!;
    internal HttpClient Ada { get; private set; } = null!;
    internal HttpClient Bob { get; private set; } = null!;
    /// <summary>The runs, the older one first.</summary>
    internal IReadOnlyList<string> Runs { get; private set; } = [];

    public async Task InitializeAsync()
    {
        Site = await PortalSite.StartAsync(new Dictionary<string, string> { ["portal.requests_per_minute"] = "100000", ["erasure.delay_days"] = "0" }, Fill, then: async site =>
        {
            site.Write(Letter, SecondLetter);
            await site.BackUpAsync();
        });
        Ada = await Site.ClientAsync(PortalSite.Ada);
        Bob = await Site.ClientAsync(PortalSite.Bob);
        using var runs = await JsonAsync(Ada, "/api/v1/runs");
        Runs = [.. runs.RootElement.GetProperty("items").EnumerateArray().Select(r => r.GetProperty("backupId").GetString()!).Reverse()];
    }

    public async Task DisposeAsync()
    {
        Ada?.Dispose();
        Bob?.Dispose();
        await Site.DisposeAsync();
    }

    /// <summary>Somebody else approves a request.</summary>
    internal async Task ApproveAsync(string request)
    {
        await using var installation = await Installation.OpenAsync(Site.Configuration, new InstallationOptions(), default);
        using var passphrase = SecretBytes.CopyOf("the approver's own words"u8);
        if (_officer is null)
        {
            _officer = ApproverJobs.New(ApproverJobs.PlanNew("Officer", Path.Combine(Site.Configuration.StateDirectory, "officer.approver")), passphrase, TimeProvider.System, new Argon2Parameters(64, 1, 1));
            await ApproverJobs.RegisterAsync(installation, await ApproverJobs.PlanRegisterAsync(installation, _officer.PublicFile, default), default);
        }
        ApprovalDesk.Approve(ApprovalDesk.PlanApproval(Path.Combine(Site.Configuration.StateDirectory, "approvals", request + ".request"), _officer.KeyFile, TimeProvider.System), passphrase, TimeProvider.System);
    }

    internal static async Task<JsonDocument> JsonAsync(HttpClient client, string path)
    {
        using var answer = await client.GetAsync(new Uri(path, UriKind.Relative));
        var text = await answer.Content.ReadAsStringAsync();
        Assert.True(answer.IsSuccessStatusCode, $"{path}: {(int)answer.StatusCode} {text}");
        return JsonDocument.Parse(text);
    }

    /// <summary>Posts as a page of the portal would: with its token.</summary>
    internal static async Task<HttpResponseMessage> PostAsync(HttpClient client, string path, object? body)
    {
        using var token = await JsonAsync(client, "/api/v1/token");
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(path, UriKind.Relative)) { Content = body is null ? null : JsonContent.Create(body) };
        request.Headers.Add("X-Form-Token", token.RootElement.GetProperty("value").GetString());
        return await client.SendAsync(request);
    }

    internal static async Task<JsonElement> PostedAsync(HttpClient client, string path, object? body)
    {
        using var answer = await PostAsync(client, path, body);
        var text = await answer.Content.ReadAsStringAsync();
        Assert.True(answer.IsSuccessStatusCode, $"{path}: {(int)answer.StatusCode} {text}");
        return JsonDocument.Parse(text).RootElement;
    }

    internal static string Content(string run, string path) => $"/api/v1/runs/{run}/content?path={Uri.EscapeDataString(path)}";

    private static void Fill(PortalSite site)
    {
        void Put(string path, byte[] bytes)
        {
            var full = Path.Combine(site.ReserveRoot, Home, path);
            Directory.CreateDirectory(Path.GetDirectoryName(full)!);
            File.WriteAllBytes(full, bytes);
        }
        site.Write($"users/{Carol}/note.txt", "Carol was here.\n");
        Put("pictures/dot.png", Png);
        Put("pictures/lies.png", Encoding.UTF8.GetBytes($"<html>{Script}</html>"));
        Put("pages/evil.html", Encoding.UTF8.GetBytes(Script));
        Put("pages/drawing.svg", Encoding.UTF8.GetBytes($"<svg xmlns='http://www.w3.org/2000/svg'>{Script}</svg>"));
        Put("pages/long.txt", Encoding.UTF8.GetBytes(Long));
        Put("pages/empty.txt", []);
        Put("data/big.bin", Big);
        Put($"odd/{Odd}", Encoding.UTF8.GetBytes("odd"));
        Put("odd/CON.txt", Encoding.UTF8.GetBytes("device"));
        Put("odd/<b>bold</b>.txt", Encoding.UTF8.GetBytes("bold"));
        Put("odd/..\\..\\up.txt", Encoding.UTF8.GetBytes("up"));
        for (var i = 0; i < Many; i++)
        {
            Put($"many/file-{i:D4}.txt", Encoding.UTF8.GetBytes($"{i}"));
        }
    }

    private static byte[] Bytes(int count)
    {
        var bytes = new byte[count];
        new Random(8).NextBytes(bytes);
        return bytes;
    }
}
