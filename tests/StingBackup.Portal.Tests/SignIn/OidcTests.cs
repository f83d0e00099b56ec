using System.Net;
using System.Text.Json;
using StingBackup.Portal.Tests.Support;

namespace StingBackup.Portal.Tests.SignIn;

/// <summary>Sign-in by OpenID Connect.</summary>
public sealed class OidcTests : IClassFixture<OidcSite>
{
    private readonly OidcDouble _provider;
    private readonly PortalSite _site;

    public OidcTests(OidcSite oidc)
    {
        (_provider, _site) = (oidc.Provider, oidc.Site);
        (_provider.Fault, _provider.EmailVerified) = (TokenFault.None, true);
        _provider.Asked.Clear();
        _provider.Wrong.Clear();
    }

    private HttpClient Browser(out CookieContainer cookies) => new(new SocketsHttpHandler { CookieContainer = cookies = new CookieContainer() }) { BaseAddress = _site.Address };

    private static Uri To(string path) => new(path, UriKind.Relative);

    [Fact]
    public async Task Somebody_signs_in_and_what_is_sent_on_the_way_is_as_it_must_be()
    {
        using var client = Browser(out var cookies);
        Assert.Contains("href=\"/sign-in/oidc/start?return=%2F", await client.GetStringAsync(To("/")), StringComparison.Ordinal);
        using var there = await client.GetAsync(To("/sign-in/oidc/start?return=%2Fapi%2Fv1%2Fme"));
        Assert.Equal("/api/v1/me", there.RequestMessage!.RequestUri!.AbsolutePath);
        var me = JsonDocument.Parse(await there.Content.ReadAsStringAsync()).RootElement;
        Assert.Equal(($"oidc:{OidcDouble.Subject}", "Ada Lovelace"), (me.GetProperty("identity").GetString(), me.GetProperty("name").GetString()));
        Assert.InRange(me.GetProperty("signedIn").GetDateTimeOffset(), TimeProvider.System.GetUtcNow().AddMinutes(-2), TimeProvider.System.GetUtcNow());
        Assert.Empty(_provider.Wrong);
        Assert.True(_provider.Asked.TryDequeue(out var asked));
        Assert.False(asked.ContainsKey("prompt"));
        Assert.All(cookies.GetAllCookies(), cookie => Assert.True(cookie.HttpOnly, cookie.Name));

        await client.GetAsync(To("/sign-in/oidc/start?fresh=true"));
        Assert.True(_provider.Asked.TryDequeue(out asked));
        Assert.Equal(("login", "600"), (asked["prompt"].ToString(), asked["max_age"].ToString()));
    }

    [Theory]
    [InlineData(TokenFault.ForgedSignature)]
    [InlineData(TokenFault.NoSignature)]
    [InlineData(TokenFault.Expired)]
    [InlineData(TokenFault.OtherIssuer)]
    [InlineData(TokenFault.OtherAudience)]
    [InlineData(TokenFault.OtherNonce)]
    [InlineData(TokenFault.OtherSubjectAtUserInfo)]
    public async Task A_token_that_is_not_what_it_should_be_signs_nobody_in(TokenFault fault)
    {
        _provider.Fault = fault;
        using var client = Browser(out _);
        using var there = await client.GetAsync(To("/sign-in/oidc/start"));
        Assert.Equal("/sign-in?failed=true", there.RequestMessage!.RequestUri!.PathAndQuery);
        Assert.Contains("That was no sign-in", await there.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.Unauthorized, (await client.GetAsync(To("/api/v1/me"))).StatusCode);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task An_address_is_an_identity_where_the_provider_has_verified_it(bool verified)
    {
        _provider.EmailVerified = verified;
        using var client = Browser(out _);
        await client.GetAsync(To("/sign-in/oidc/start"));
        Assert.Equal(verified, JsonDocument.Parse(await client.GetStringAsync(To("/api/v1/me"))).RootElement.GetProperty("hasOwnData").GetBoolean());
    }

    [Theory]
    [InlineData(TokenFault.StaleSignIn)]
    [InlineData(TokenFault.NoAuthTime)]
    public async Task A_sign_in_of_before_is_one_and_never_a_fresh_one(TokenFault fault)
    {
        _provider.Fault = fault;
        using var client = Browser(out _);
        Assert.Equal("/sign-in?failed=true", (await client.GetAsync(To("/sign-in/oidc/start?fresh=true"))).RequestMessage!.RequestUri!.PathAndQuery);
        await client.GetAsync(To("/sign-in/oidc/start"));
        var me = JsonDocument.Parse(await client.GetStringAsync(To("/api/v1/me"))).RootElement;
        Assert.True(me.GetProperty("signedIn").GetDateTimeOffset() < TimeProvider.System.GetUtcNow().AddMinutes(-10));
    }

    [Fact]
    public async Task An_answer_that_nobody_asked_for_or_that_was_taken_before_signs_nobody_in()
    {
        using var client = Browser(out _);
        Assert.Equal("/sign-in?failed=true", (await client.GetAsync(To("/sign-in/oidc?code=stolen&state=made-up"))).RequestMessage!.RequestUri!.PathAndQuery);
        using var first = new HttpClient(new SocketsHttpHandler { CookieContainer = new CookieContainer(), AllowAutoRedirect = false }) { BaseAddress = _site.Address };
        using var begun = await first.GetAsync(To("/sign-in/oidc/start"));
        using var open = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false });
        using var answer = await open.GetAsync(begun.Headers.Location);
        // Whoever has another's answer, without the cookies of whoever asked, gets nowhere: nobody is signed in as somebody else unseen.
        using var victim = Browser(out _);
        Assert.Equal("/sign-in?failed=true", (await victim.GetAsync(answer.Headers.Location)).RequestMessage!.RequestUri!.PathAndQuery);
        using var taken = await first.GetAsync(answer.Headers.Location);
        Assert.Equal("/", taken.Headers.Location!.OriginalString);
        using var twice = await first.GetAsync(answer.Headers.Location);
        Assert.Equal("/sign-in?failed=true", twice.Headers.Location!.OriginalString);
    }
}

/// <summary>A provider and a portal that sends people to it, which the tests of a class share.</summary>
public sealed class OidcSite : IAsyncLifetime, IDisposable
{
    private readonly TempSecret _secret = new(OidcDouble.Secret);

    internal OidcDouble Provider { get; private set; } = null!;
    internal PortalSite Site { get; private set; } = null!;

    public async Task InitializeAsync()
    {
        Provider = await OidcDouble.StartAsync();
        Site = await PortalSite.StartAsync(new Dictionary<string, string>
        {
            ["portal.sign_in"] = "oidc", ["portal.oidc_issuer"] = Provider.Address, ["portal.oidc_client_id"] = OidcDouble.Client, ["portal.oidc_secret_file"] = _secret.Path, ["portal.requests_per_minute"] = "100000",
        }, fill: s => s.Write("users/ada@example.org/letter.txt", "A letter.\n"));
    }

    public async Task DisposeAsync()
    {
        await Site.DisposeAsync();
        await Provider.DisposeAsync();
    }

    public void Dispose() => _secret.Dispose();
}

/// <summary>A file with a secret.</summary>
internal sealed class TempSecret : IDisposable
{
    public TempSecret(string text) => File.WriteAllText(Path, text + "\n");

    public string Path { get; } = System.IO.Path.GetTempFileName();

    public void Dispose() => File.Delete(Path);
}
