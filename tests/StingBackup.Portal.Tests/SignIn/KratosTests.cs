using System.Net;
using System.Text.Json;
using Microsoft.Extensions.Time.Testing;
using StingBackup.Portal.Tests.Support;

namespace StingBackup.Portal.Tests.SignIn;

/// <summary>Sign-in by STING's own sessions of Ory Kratos.</summary>
public sealed class KratosTests : IAsyncLifetime
{
    private readonly FakeTimeProvider _clock = new(TimeProvider.System.GetUtcNow());
    private KratosDouble _kratos = null!;
    private PortalSite _site = null!;

    public async Task InitializeAsync()
    {
        _kratos = await KratosDouble.StartAsync();
        _site = await PortalSite.StartAsync(new Dictionary<string, string> { ["portal.sign_in"] = "kratos", ["portal.kratos"] = _kratos.Address }, fill: s => s.Write("users/stranger@example.org/letter.txt", "A letter.\n"), clock: _clock);
        _kratos.Sessions["ada-token"] = new KratosDoubleSession("session-of-ada", PortalSite.Ada, "ada@example.org");
        _kratos.Sessions["bob-token"] = new KratosDoubleSession("session-of-bob", PortalSite.Bob, "bob@example.org");
    }

    public async Task DisposeAsync()
    {
        await _site.DisposeAsync();
        await _kratos.DisposeAsync();
    }

    private (HttpClient Client, CookieContainer Cookies) Browser(string? token = null)
    {
        var cookies = new CookieContainer();
        if (token is not null)
        {
            cookies.Add(new Cookie(KratosDouble.Cookie, token, "/", "127.0.0.1"));
        }
        return (new HttpClient(new SocketsHttpHandler { CookieContainer = cookies }) { BaseAddress = _site.Address }, cookies);
    }

    private static Uri To(string path) => new(path, UriKind.Relative);

    private static async Task<JsonElement> MeAsync(HttpClient client) => JsonDocument.Parse(await client.GetStringAsync(To("/api/v1/me"))).RootElement;

    [Fact]
    public async Task Whoever_is_signed_in_there_is_so_here_and_nothing_but_its_own_cookies_goes_to_it()
    {
        var (client, cookies) = Browser("ada-token");
        cookies.Add(new Cookie("another", "secret", "/", "127.0.0.1"));
        Assert.Contains("Hello, Ada Lovelace", await client.GetStringAsync(To("/sign-in/kratos")), StringComparison.Ordinal);
        var me = await MeAsync(client);
        Assert.Equal(($"kratos:{PortalSite.Ada}", true), (me.GetProperty("identity").GetString(), me.GetProperty("hasOwnData").GetBoolean()));
        Assert.All(_kratos.Cookies, header => Assert.Equal($"{KratosDouble.Cookie}=ada-token", header));
        Assert.Empty(_kratos.Logins);
    }

    [Fact]
    public async Task Whoever_is_not_is_sent_to_its_login_and_comes_back_to_where_he_was()
    {
        var (client, _) = Browser();
        _kratos.LogsIn = "ada-token";
        Assert.Contains("href=\"/sign-in/kratos?return=%2F", await client.GetStringAsync(To("/")), StringComparison.Ordinal);
        using var there = await client.GetAsync(To("/sign-in/kratos?return=%2Fapi%2Fv1%2Fme"));
        Assert.Equal("/api/v1/me", there.RequestMessage!.RequestUri!.AbsolutePath);
        Assert.True(there.IsSuccessStatusCode);
        Assert.True(_kratos.Logins.TryDequeue(out var login));
        Assert.StartsWith($"{_site.Address}sign-in/kratos?return=", login["return_to"].ToString(), StringComparison.Ordinal);
        Assert.False(login.ContainsKey("refresh"));
    }

    [Fact]
    public async Task What_needs_a_fresh_sign_in_asks_for_one_and_a_second_time_is_not_sent_there()
    {
        var ada = _kratos.Sessions["ada-token"];
        ada.AuthenticatedAt = TimeProvider.System.GetUtcNow().AddHours(-1);
        var (client, _) = Browser("ada-token");
        Assert.Equal(HttpStatusCode.Forbidden, (await client.GetAsync(To("/sign-in/kratos?fresh=true"))).StatusCode);   // there, and back without
        Assert.True(_kratos.Logins.TryDequeue(out var login));
        Assert.Equal("true", login["refresh"]);
        Assert.Equal(HttpStatusCode.Unauthorized, (await client.GetAsync(To("/api/v1/me"))).StatusCode);
        _kratos.LogsIn = "ada-token";
        Assert.True((await client.GetAsync(To("/sign-in/kratos?fresh=true"))).IsSuccessStatusCode);
        Assert.InRange((await MeAsync(client)).GetProperty("signedIn").GetDateTimeOffset(), _clock.GetUtcNow().AddMinutes(-2), _clock.GetUtcNow().AddMinutes(2));
    }

    [Fact]
    public async Task A_session_that_ends_there_ends_here_within_a_minute()
    {
        var (client, cookies) = Browser("ada-token");
        await client.GetStringAsync(To("/sign-in/kratos"));
        _kratos.Sessions["ada-token"].Active = false;
        await MeAsync(client);   // it was asked just now
        var asked = _kratos.Cookies.Count;
        _clock.Advance(TimeSpan.FromSeconds(61));
        Assert.Equal(HttpStatusCode.Unauthorized, (await client.GetAsync(To("/api/v1/me"))).StatusCode);
        Assert.Equal(asked + 1, _kratos.Cookies.Count);

        // Another person's session of Kratos does not keep a session going, nor does none.
        var (second, jar) = Browser("bob-token");
        await second.GetStringAsync(To("/sign-in/kratos"));
        _kratos.Sessions["ada-token"].Active = true;
        jar.GetCookies(_site.Address)[KratosDouble.Cookie]!.Value = "ada-token";
        _clock.Advance(TimeSpan.FromSeconds(61));
        Assert.Equal(HttpStatusCode.Unauthorized, (await second.GetAsync(To("/api/v1/me"))).StatusCode);
        Assert.NotEmpty(cookies.GetAllCookies());
    }

    [Fact]
    public async Task While_it_does_not_answer_nobody_signs_in_and_sessions_go_on_for_minutes_alone()
    {
        var (client, _) = Browser("ada-token");
        await client.GetStringAsync(To("/sign-in/kratos"));
        _kratos.IsDown = true;
        var (second, _) = Browser("bob-token");
        using var refused = await second.GetAsync(To("/sign-in/kratos"));
        Assert.Equal(HttpStatusCode.ServiceUnavailable, refused.StatusCode);
        Assert.Contains("does not answer", await refused.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        _clock.Advance(TimeSpan.FromMinutes(2));
        await MeAsync(client);
        _clock.Advance(TimeSpan.FromMinutes(4));
        Assert.Equal(HttpStatusCode.Unauthorized, (await client.GetAsync(To("/api/v1/me"))).StatusCode);
    }

    [Fact]
    public async Task An_address_that_nobody_verified_is_no_identity_and_a_missing_second_factor_is_asked_for()
    {
        _kratos.Sessions["stranger"] = new KratosDoubleSession("session-of-stranger", Guid.NewGuid().ToString(), "stranger@example.org") { Verified = false };
        _kratos.Sessions["known"] = new KratosDoubleSession("session-of-known", Guid.NewGuid().ToString(), "stranger@example.org");
        _kratos.Sessions["half"] = new KratosDoubleSession("session-of-half", PortalSite.Ada, "ada@example.org") { NeedsSecondFactor = true };
        var (client, _) = Browser("stranger");
        await client.GetStringAsync(To("/sign-in/kratos"));
        Assert.False((await MeAsync(client)).GetProperty("hasOwnData").GetBoolean());
        var (known, _) = Browser("known");
        await known.GetStringAsync(To("/sign-in/kratos"));
        Assert.True((await MeAsync(known)).GetProperty("hasOwnData").GetBoolean());
        var (half, _) = Browser("half");
        Assert.Equal(HttpStatusCode.Forbidden, (await half.GetAsync(To("/sign-in/kratos"))).StatusCode);
        Assert.Equal("aal2", _kratos.Logins.Last()["aal"]);
    }
}
