using System.Net;
using Microsoft.AspNetCore.Builder;
using StingBackup.Engine;
using StingBackup.Engine.Backup;
using StingBackup.Engine.Operations;
using StingBackup.Engine.People;
using StingBackup.Engine.Reserve;
using StingBackup.Engine.Reserve.Configuration;
using StingBackup.Fixtures;

namespace StingBackup.Portal.Tests.Support;

/// <summary>A small reserve of two people and a jar, backed up, and the portal over it on a free port of the loopback address.</summary>
internal sealed class PortalSite : IAsyncDisposable
{
    public const string Ada = "75c469b7-18dc-4c38-b360-b5541639905b", Bob = "9543643b-7e04-400c-9eb0-7551d52c1cfa";

    private readonly TempFolder _folder = new();

    private PortalSite() { }

    public string ReserveRoot => _folder["reserve"];
    public string ConfigurationFile => _folder["sting-backup.yaml"];
    public StingConfiguration Configuration { get; private set; } = null!;
    public PortalContext Portal { get; private set; } = null!;
    public WebApplication App { get; private set; } = null!;
    public Uri Address { get; private set; } = null!;

    /// <summary>Starts one.</summary>
    /// <param name="settings">Settings beyond the usual, by key.</param>
    /// <param name="fill">Adds to the reserve before the first backup.</param>
    /// <param name="clock">The portal's clock.</param>
    /// <param name="change">Changes the configuration that the portal gets, after the first backup: roles, which would end this account's right to make one.</param>
    /// <param name="then">Does something more after the first backup, before the portal starts.</param>
    public static async Task<PortalSite> StartAsync(
        IReadOnlyDictionary<string, string>? settings = null, Action<PortalSite>? fill = null, TimeProvider? clock = null, Func<StingConfiguration, StingConfiguration>? change = null, Func<PortalSite, Task>? then = null)
    {
        var site = new PortalSite();
        site.Write($"users/{Ada}/documents/letter.txt", "Dear Bob,\nthis is the first version.\n");
        site.Write($"users/{Ada}/documents/plans/garden.md", "# Garden\n\nRoses by the wall.\n");
        site.Write($"users/{Bob}/secret-of-bob.txt", "Only Bob reads this.\n");
        site.Write("jars/jar_123/handbook.md", "# Handbook\n");
        fill?.Invoke(site);
        var request = new InitializeRequest
        {
            BackupRoot = site._folder["backups"], Reserve = site.ReserveRoot, ConfigurationFile = site.ConfigurationFile, KeyDirectory = site._folder["keys"], StateDirectory = site._folder["state"],
            CacheDirectory = site._folder["cache"], LogDirectory = site._folder["logs"], WithPassphrase = false, TimeZone = "UTC",
            Setting = new Dictionary<string, string>(settings ?? new Dictionary<string, string>()) { ["keys.spares"] = "20" },
        };
        await ReserveInitializer.RunAsync(await ReserveInitializer.PlanAsync(request, default), null, TimeProvider.System, default);
        site.Configuration = new ConfigurationLoader(new HostView()).Examine(site.ConfigurationFile).Require();
        await site.BackUpAsync();
        await (then?.Invoke(site) ?? Task.CompletedTask);
        site.Configuration = site.Configuration with { Portal = site.Configuration.Portal with { Address = $"{(site.Configuration.Portal.Certificate is null ? "http" : "https")}://127.0.0.1:{FreePort()}" } };
        site.Configuration = change?.Invoke(site.Configuration) ?? site.Configuration;
        site.Portal = new PortalContext(site.Configuration) { Clock = clock ?? TimeProvider.System };
        site.App = await PortalHost.BuildAsync(site.Portal, default);
        await site.App.StartAsync();
        site.Address = new Uri(site.App.Urls.First());
        return site;
    }

    // Providers of sign-ins send people back to an address that must be known before.
    public static int FreePort() => Fixtures.FreePorts.Next();

    /// <summary>Writes a file of the reserve.</summary>
    public void Write(string path, string text)
    {
        var full = Path.Combine(ReserveRoot, path);
        Directory.CreateDirectory(Path.GetDirectoryName(full)!);
        File.WriteAllText(full, text);
    }

    /// <summary>A full backup; its id.</summary>
    public async Task<string> BackUpAsync()
    {
        await using var installation = await Installation.OpenAsync(Configuration, new InstallationOptions(), default);
        string? id = null;
        await foreach (var told in BackupJob.RunAsync(installation, await BackupJob.PlanAsync(installation, BackupType.Full, null, false, default), default))
        {
            id = told is CompletedEvent { Result: BackupResult result } ? result.BackupId : id;
        }
        return id!;
    }

    /// <summary>A link for one use, for a person.</summary>
    public async Task<Uri> LinkAsync(string person)
    {
        var subject = $"user:{person}";
        return await LinkAsync(new SignInTicket(new AccessIdentity(IdentityKind.Person, subject), subject, person == Ada ? "Ada" : "Bob"));
    }

    /// <summary>A link for one use.</summary>
    public async Task<Uri> LinkAsync(SignInTicket ticket)
    {
        await using var installation = await Installation.OpenAsync(Configuration, new InstallationOptions { Clock = Portal.Clock }, default);
        return new Uri(Address, $"/sign-in/link?code={SignInLinks.Make(installation, ticket, TimeSpan.FromMinutes(10))}");
    }

    /// <summary>A client without a session, which keeps cookies and follows nothing.</summary>
    public HttpClient Client() => new(new SocketsHttpHandler { CookieContainer = new CookieContainer(), AllowAutoRedirect = false }) { BaseAddress = Address };

    /// <summary>A client that is signed in as a person.</summary>
    public async Task<HttpClient> ClientAsync(string person) => await SignInAsync(Client(), await LinkAsync(person));

    /// <summary>Signs a client in by a link, as a browser would.</summary>
    public static async Task<HttpClient> SignInAsync(HttpClient client, Uri link)
    {
        var page = await client.GetStringAsync(link);
        using var form = new FormUrlEncodedContent([new("code", System.Web.HttpUtility.ParseQueryString(link.Query)["code"]), new("__RequestVerificationToken", TokenIn(page))]);
        using var answer = await client.PostAsync(new Uri("/sign-in/link", UriKind.Relative), form);
        Assert.Equal(HttpStatusCode.Redirect, answer.StatusCode);
        return client;
    }

    /// <summary>The token that a page's form carries.</summary>
    public static string TokenIn(string page)
    {
        const string Mark = "name=\"__RequestVerificationToken\" type=\"hidden\" value=\"";
        var start = page.IndexOf(Mark, StringComparison.Ordinal) + Mark.Length;
        return page[start..page.IndexOf('"', start)];
    }

    public async ValueTask DisposeAsync()
    {
        await App.DisposeAsync();
        _folder.Dispose();
    }
}
