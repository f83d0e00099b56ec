using System.Net;
using System.Text.RegularExpressions;
using Microsoft.Extensions.Time.Testing;
using StingBackup.Portal.Tests.Support;

namespace StingBackup.Portal.Tests.Security;

/// <summary>What each answer carries and each request must carry.</summary>
public sealed partial class HttpTests(HttpSite http) : IClassFixture<HttpSite>
{
    private readonly PortalSite _site = http.Site;
    private readonly FakeTimeProvider _clock = http.Clock;

    private static Uri To(string path) => new(path, UriKind.Relative);

    [Fact]
    public async Task Every_answer_and_every_error_carries_the_headers_and_nothing_inline()
    {
        using var nobody = _site.Client();
        using var ada = await Visitors.ClientAsync(_site, Visitors.Ada);
        using var administrator = await Visitors.ClientAsync(_site, Visitors.Administrator);
        string[] further = ["/none", "/api/v1/none", "/site.css", "/site.js", "/icon.svg", "/error?status=418", "/sign-in?return=//evil.example", "/sign-in/link?code=%3Cscript%3E"];
        var paths = (await Routes.OfAsync(_site)).Where(r => r.IsRead).Select(r => r.Path).Concat(further).Distinct();
        foreach (var path in paths)
        {
            foreach (var client in (HttpClient[])[nobody, ada, administrator])
            {
                using var answer = await client.GetAsync(To(path), HttpCompletionOption.ResponseHeadersRead);   // some tell on and on
                Require(answer, path);
                if (answer.Content.Headers.ContentType?.MediaType == "text/html")
                {
                    var page = await answer.Content.ReadAsStringAsync();
                    Assert.DoesNotMatch(Inline(), page);
                    Assert.DoesNotMatch(Elsewhere(), page);
                }
            }
        }
        using var wrong = await ada.PutAsync(To("/api/v1/me"), null);
        Assert.Equal(HttpStatusCode.NotFound, wrong.StatusCode);   // what carries no rule is given to nobody
        Require(wrong, "PUT");
    }

    private static void Require(HttpResponseMessage answer, string path)
    {
        string Of(string name) => answer.Headers.TryGetValues(name, out var values) ? string.Join(", ", values) : "";
        Assert.True(Of("Content-Security-Policy").StartsWith("default-src 'none'; style-src 'self'; script-src 'self'", StringComparison.Ordinal), path);
        Assert.Contains("frame-ancestors 'none'", Of("Content-Security-Policy"), StringComparison.Ordinal);
        Assert.DoesNotContain("unsafe", Of("Content-Security-Policy"), StringComparison.Ordinal);
        Assert.Equal(("nosniff", "DENY", "same-origin", "same-origin"), (Of("X-Content-Type-Options"), Of("X-Frame-Options"), Of("Referrer-Policy"), Of("Cross-Origin-Resource-Policy")));
        Assert.Equal("", Of("Server"));
        Assert.True(answer.Headers.CacheControl is { NoStore: true } || path is "/site.css" or "/site.js" or "/icon.svg" || path.EndsWith(".css", StringComparison.Ordinal) || path.EndsWith(".js", StringComparison.Ordinal), $"{path}: {answer.Headers.CacheControl}");
    }

    [Fact]
    public async Task Errors_are_pages_to_people_and_problems_to_programs()
    {
        using var nobody = _site.Client();
        using var page = await nobody.GetAsync(To("/none"));
        Assert.Equal((HttpStatusCode.NotFound, "text/html"), (page.StatusCode, page.Content.Headers.ContentType!.MediaType));
        foreach (var (path, status) in ((string, HttpStatusCode)[])[("/api/v1/none", HttpStatusCode.NotFound), ("/api/v1/me", HttpStatusCode.Unauthorized)])
        {
            using var problem = await nobody.GetAsync(To(path));
            Assert.Equal((status, "application/problem+json"), (problem.StatusCode, problem.Content.Headers.ContentType!.MediaType));
        }
        // Not even a status of its own lets the page of errors be anything but an error.
        Assert.NotEqual(HttpStatusCode.InternalServerError, (await nobody.GetAsync(To("/error"))).StatusCode);
    }

    [Fact]
    public async Task Nothing_is_changed_without_the_token_of_a_form_of_ours_nor_with_another_s()
    {
        using var ada = await Visitors.ClientAsync(_site, Visitors.Ada);
        using var bob = await Visitors.ClientAsync(_site, Visitors.Bob);
        var foreign = PortalSite.TokenIn(await bob.GetStringAsync(To("/")));
        foreach (var route in (await Routes.OfAsync(_site)).Where(r => !r.IsRead && Visitors.Expected(r.Rule!, Visitors.Ada) is null))
        {
            foreach (var token in (string?[])[null, foreign, "made up"])
            {
                using var request = new HttpRequestMessage(new HttpMethod(route.Method), To(route.Path)) 
                {
                    Content = route.IsApi ? new StringContent("{}", System.Text.Encoding.UTF8, "application/json") : new FormUrlEncodedContent(token is null ? [] : [new("__RequestVerificationToken", token)]),
                };
                if (token is not null)
                {
                    request.Headers.Add("X-Form-Token", token);
                }
                using var answer = await ada.SendAsync(request);
                Assert.True(answer.StatusCode == HttpStatusCode.BadRequest, $"{route} with {token ?? "no token"}: {answer.StatusCode}");
                Assert.True(!route.IsApi || (await answer.Content.ReadAsStringAsync()).Contains("FormTokenMissing", StringComparison.Ordinal), $"{route} with {token ?? "no token"}");
            }
        }
        Assert.Contains("Hello, Ada", await ada.GetStringAsync(To("/")), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_session_begins_anew_at_each_sign_in_and_a_copy_of_one_that_ended_is_worth_nothing()
    {
        var cookies = new CookieContainer();
        using var client = new HttpClient(new SocketsHttpHandler { CookieContainer = cookies, AllowAutoRedirect = false }) { BaseAddress = _site.Address };
        await PortalSite.SignInAsync(client, await _site.LinkAsync(PortalSite.Bob));
        var first = cookies.GetCookies(_site.Address)["sting-session"]!;
        Assert.True(first is { HttpOnly: true, Path: "/", Secure: false });
        var old = first.Value;
        await PortalSite.SignInAsync(client, await _site.LinkAsync(PortalSite.Ada));
        Assert.NotEqual(old, cookies.GetCookies(_site.Address)["sting-session"]!.Value);
        Assert.Equal(HttpStatusCode.Unauthorized, (await WithAsync(old)).StatusCode);   // Bob's session ended as Ada's began
        var copy = cookies.GetCookies(_site.Address)["sting-session"]!.Value;
        Assert.Equal(HttpStatusCode.OK, (await WithAsync(copy)).StatusCode);
        using var form = new FormUrlEncodedContent([new("__RequestVerificationToken", PortalSite.TokenIn(await client.GetStringAsync(To("/"))))]);
        using var signedOut = await client.PostAsync(To("/sign-out"), form);
        Assert.Equal(HttpStatusCode.Redirect, signedOut.StatusCode);
        Assert.Equal(HttpStatusCode.Unauthorized, (await WithAsync(copy)).StatusCode);
        Assert.Equal(HttpStatusCode.Unauthorized, (await WithAsync(copy[..^4] + "AAAA")).StatusCode);
    }

    private async Task<HttpResponseMessage> WithAsync(string session)
    {
        using var client = new HttpClient(new SocketsHttpHandler { UseCookies = false }) { BaseAddress = _site.Address };
        using var request = new HttpRequestMessage(HttpMethod.Get, To("/api/v1/me"));
        request.Headers.Add("Cookie", $"sting-session={session}");
        return await client.SendAsync(request);
    }

    [Fact]
    public async Task A_session_ends_however_busy_it_is()
    {
        using var ada = await Visitors.ClientAsync(_site, Visitors.Ada);
        for (var passed = TimeSpan.Zero; passed < _site.Portal.Options.Session * 12; passed += TimeSpan.FromMinutes(20))
        {
            Assert.Equal(HttpStatusCode.OK, (await ada.GetAsync(To("/api/v1/me"))).StatusCode);
            _clock.Advance(TimeSpan.FromMinutes(20));
        }
        _clock.Advance(TimeSpan.FromMinutes(1));
        Assert.Equal(HttpStatusCode.Unauthorized, (await ada.GetAsync(To("/api/v1/me"))).StatusCode);
    }

    [Fact]
    public async Task Files_of_the_host_are_no_files_of_the_portal()
    {
        foreach (var path in (string[])["/../sting-portal.dll", "/%2e%2e/sting-portal.dll", "/..%2fsting-portal.dll", "/....//etc/passwd", "/%2e%2e%2f%2e%2e%2fetc%2fpasswd", "/wwwroot/site.css", "/sting-portal.deps.json", "/%5c..%5csting-portal.dll", "/site.css%00.html"])
        {
            using var tcp = new System.Net.Sockets.TcpClient();
            await tcp.ConnectAsync(IPAddress.Loopback, _site.Address.Port);   // as it is: a client would tidy the path up
            var stream = tcp.GetStream();
            await stream.WriteAsync(System.Text.Encoding.ASCII.GetBytes($"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n"));
            using var reader = new StreamReader(stream);
            var answer = await reader.ReadToEndAsync();
            Assert.True(answer.StartsWith("HTTP/1.1 404", StringComparison.Ordinal) || answer.StartsWith("HTTP/1.1 400", StringComparison.Ordinal), $"{path}: {answer.Split('\n')[0]}");
        }
    }

    [Fact]
    public async Task A_body_that_is_too_big_is_not_read()
    {
        using var ada = await Visitors.ClientAsync(_site, Visitors.Ada);
        // It waits for leave to send: who does not may find the connection closed before the answer is read.
        using var request = new HttpRequestMessage(HttpMethod.Post, To("/sign-out")) { Headers = { ExpectContinue = true }, Content = new ByteArrayContent(new byte[2 << 20]) { Headers = { ContentType = new("application/x-www-form-urlencoded") } } };
        using var answer = await ada.SendAsync(request);
        Assert.True(answer.StatusCode is HttpStatusCode.RequestEntityTooLarge or HttpStatusCode.BadRequest, answer.StatusCode.ToString());
        Assert.Equal(HttpStatusCode.OK, (await ada.GetAsync(To("/api/v1/me"))).StatusCode);
    }

    [GeneratedRegex("""<style|\sstyle=|<script(?![^>]*\ssrc=)|\son[a-z]+\s*=|javascript:""", RegexOptions.IgnoreCase)]
    private static partial Regex Inline();

    [GeneratedRegex("""(?:src|href|action)="(?:https?:)?//""", RegexOptions.IgnoreCase)]
    private static partial Regex Elsewhere();
}

/// <summary>A site with roles and a clock of its own, which the tests of a class share.</summary>
public sealed class HttpSite : IAsyncLifetime
{
    private const string Limitless = "100000";

    internal FakeTimeProvider Clock { get; } = new(TimeProvider.System.GetUtcNow());
    internal PortalSite Site { get; private set; } = null!;

    public async Task InitializeAsync() => Site = await PortalSite.StartAsync(new Dictionary<string, string> { ["portal.requests_per_minute"] = Limitless }, clock: Clock, change: Visitors.WithRoles);

    public async Task DisposeAsync() => await Site.DisposeAsync();
}

/// <summary>Where people are sent after a sign-in.</summary>
public sealed class LocalPathTests
{
    [Theory]
    [InlineData("//evil.example")]
    [InlineData("/\\evil.example")]
    [InlineData("\\\\evil.example")]
    [InlineData("https://evil.example")]
    [InlineData("/\t/evil.example")]
    [InlineData("javascript:alert(1)")]
    [InlineData("/a\r\nSet-Cookie: x=y")]
    [InlineData("")]
    [InlineData(null)]
    public void No_address_sends_anybody_elsewhere(string? path) => Assert.Equal("/", StingBackup.Portal.SignIn.LocalPath.Of(path));

    [Theory]
    [InlineData("/runs/1?path=a%20b#x")]
    [InlineData("/%2F%2Fevil.example")]
    public void A_path_of_ours_stays(string path) => Assert.Equal(path, StingBackup.Portal.SignIn.LocalPath.Of(path));
}

/// <summary>Requests beyond the limit.</summary>
public sealed class RateTests
{
    [Fact]
    public async Task Who_asks_too_often_waits_and_nobody_else_does()
    {
        await using var site = await PortalSite.StartAsync(new Dictionary<string, string> { ["portal.requests_per_minute"] = "40" });
        using var ada = await site.ClientAsync(PortalSite.Ada);
        using var bob = await site.ClientAsync(PortalSite.Bob);
        HttpResponseMessage? refused = null;
        for (var i = 0; i < 60 && refused is null; i++)
        {
            var answer = await ada.GetAsync(new Uri("/api/v1/me", UriKind.Relative));
            refused = answer.StatusCode == HttpStatusCode.TooManyRequests ? answer : null;
        }
        Assert.NotNull(refused);
        Assert.Equal("application/problem+json", refused.Content.Headers.ContentType!.MediaType);
        Assert.InRange(refused.Headers.RetryAfter!.Delta!.Value.TotalSeconds, 1, 60);
        Assert.Contains("TooManyRequests", await refused.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        using var page = await ada.GetAsync(new Uri("/", UriKind.Relative));
        Assert.Equal(HttpStatusCode.TooManyRequests, page.StatusCode);
        Assert.Contains("Too many requests", await page.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.OK, (await bob.GetAsync(new Uri("/api/v1/me", UriKind.Relative))).StatusCode);
    }
}
