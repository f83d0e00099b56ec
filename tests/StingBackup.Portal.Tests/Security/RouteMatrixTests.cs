using System.Net;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Time.Testing;
using StingBackup.Engine.Reserve.Configuration;
using StingBackup.Portal.Access;
using StingBackup.Portal.Tests.Support;

namespace StingBackup.Portal.Tests.Security;

/// <summary>Each route against each role: what its rule says, measured by HTTP.</summary>
public sealed class RouteMatrixTests
{
    private static readonly Dictionary<string, string> Titles = new() { ["NoOwnData"] = "No data of yours", ["NoRole"] = "Not for your role", ["SignInNeeded"] = "Please sign in", ["FreshSignInNeeded"] = "Please sign in again" };

    [Fact]
    public async Task Every_route_lets_in_whom_its_rule_says_and_nobody_else()
    {
        var clock = new FakeTimeProvider(TimeProvider.System.GetUtcNow());
        await using var site = await PortalSite.StartAsync(new Dictionary<string, string> { ["portal.requests_per_minute"] = "100000" }, clock: clock, change: Visitors.WithRoles);
        var routes = await Routes.OfAsync(site);
        Assert.All(routes, route => Assert.True(route.Rule is not null, $"{route} has no rule"));
        var wrong = new List<string>();
        var expired = await Visitors.ClientAsync(site, Visitors.Expired);
        clock.Advance(site.Portal.Options.Session + TimeSpan.FromMinutes(1));
        foreach (var visitor in Visitors.All)
        {
            using var client = visitor == Visitors.Expired ? expired : await Visitors.ClientAsync(site, visitor);
            // Signing out comes last: it ends the session of whoever asks.
            foreach (var route in routes.OrderBy(r => r.Pattern.Contains("sign-out", StringComparison.OrdinalIgnoreCase)))
            {
                var measured = await AskAsync(client, route);
                var expected = Visitors.Expected(route.Rule!, visitor);
                if (measured != expected)
                {
                    wrong.Add($"{route} as {visitor}: {measured ?? "let in"}, and not {expected ?? "let in"}");
                }
            }
        }
        Assert.Empty(wrong);
    }

    [Fact]
    public async Task What_needs_a_fresh_sign_in_is_refused_to_a_session_that_is_not()
    {
        var clock = new FakeTimeProvider(TimeProvider.System.GetUtcNow());
        await using var site = await PortalSite.StartAsync(clock: clock, change: Visitors.WithRoles);
        var routes = (await Routes.OfAsync(site)).Where(r => r.Rule is { Fresh: true }).ToList();
        using var ada = await Visitors.ClientAsync(site, Visitors.Ada);
        using var administrator = await Visitors.ClientAsync(site, Visitors.Administrator);
        clock.Advance(site.Portal.Options.Fresh + TimeSpan.FromMinutes(1));
        foreach (var route in routes)
        {
            foreach (var (visitor, client) in ((string, HttpClient)[])[(Visitors.Ada, ada), (Visitors.Administrator, administrator)])
            {
                Assert.Equal(Visitors.Expected(route.Rule!, visitor) ?? "FreshSignInNeeded", await AskAsync(client, route));
            }
        }
        // The rule itself, whatever routes there are.
        var gate = new PortalGate(_ => Task.CompletedTask, site.Portal);
        var user = new PortalUser(new(IdentityKind.Person, "user:a"), "A", "user:a", clock.GetUtcNow() - site.Portal.Options.Fresh - TimeSpan.FromSeconds(1));
        Assert.Equal("FreshSignInNeeded", gate.Judge(new PortalRuleAttribute(Audience.Person) { Fresh = true }, user)!.Id);
        Assert.Null(gate.Judge(new PortalRuleAttribute(Audience.Person), user));
    }

    // What changes something and needs no fresh sign-in: it begins or ends a session, remembers a choice, says what would be done, stops an own job, which loses nothing, or says that an alert is known.
    // To open somebody's backups as an administrator changes nothing but the audit log, which has it.
    // An approval that is pasted is good by the signature in it, whoever pastes it, and by nothing else.
    private static readonly string[] Light =
    [
        "/sign-in/link", "/sign-out", "/api/v1/selections", "/api/v1/restores/plan", "/selection", "/api/v1/jobs/{job}/stop", "/jobs/{id}",
        "/admin/alerts/{id}", "/api/v1/admin/alerts/{id}/acknowledge", "/admin/approvals/{id}", "/api/v1/admin/approvals/{id}/approvals", "/admin/points", "/api/v1/admin/subjects/{subject}/open",
    ];

    [Fact]
    public async Task What_changes_something_needs_a_fresh_sign_in()
    {
        await using var site = await PortalSite.StartAsync();
        var stale = (await Routes.OfAsync(site)).Where(r => !r.IsRead && r.Rule is { Fresh: false, Audience: not Audience.Anyone } && !Light.Contains(r.Pattern)).Select(r => r.ToString()).Distinct().ToList();
        Assert.Equal([], stale);
    }

    [Fact]
    public async Task The_document_of_the_api_names_each_of_its_routes()
    {
        await using var site = await PortalSite.StartAsync();
        using var client = await site.ClientAsync(PortalSite.Ada);
        var document = JsonDocument.Parse(await client.GetStringAsync(new Uri("/api/v1/openapi.json", UriKind.Relative))).RootElement;
        var told = document.GetProperty("paths").EnumerateObject().SelectMany(p => p.Value.EnumerateObject().Select(m => $"{m.Name.ToUpperInvariant()} {p.Name}")).Order(StringComparer.Ordinal);
        var mapped = (await Routes.OfAsync(site)).Where(r => r.Pattern.StartsWith("/api/v1/", StringComparison.Ordinal)).Select(r => $"{r.Method} {Plain(r.Pattern)}").Order(StringComparer.Ordinal);
        Assert.Equal(mapped, told);
    }

    [Fact]
    public async Task What_nobody_gave_a_rule_keeps_the_portal_from_starting_and_is_given_to_nobody()
    {
        await using var site = await PortalSite.StartAsync();
        var app = await PortalHost.BuildAsync(site.Portal with { Configuration = site.Configuration with { Portal = site.Configuration.Portal with { Address = "http://127.0.0.1:0" } } }, default);
        await using (app)
        {
            app.MapGet("/bare", () => "for whomever");
            Assert.Contains("/bare", Assert.Throws<InvalidOperationException>(() => EndpointRules.Require(app)).Message, StringComparison.Ordinal);
            await app.StartAsync();
            using var http = new HttpClient { BaseAddress = new Uri(app.Urls.First()) };
            Assert.Equal(HttpStatusCode.NotFound, (await http.GetAsync(new Uri("/bare", UriKind.Relative))).StatusCode);
        }
    }

    // A route's parameters as the document spells them: {id:guid} is {id}.
    private static string Plain(string pattern) => System.Text.RegularExpressions.Regex.Replace(pattern, @"\{\**([A-Za-z]+)[^}]*\}", "{$1}");

    /// <summary>The refusal that a route answers with; null for let in. Nothing that changes something carries a token: behind the gate that is refused for its own reason.</summary>
    private static async Task<string?> AskAsync(HttpClient client, Route route)
    {
        using var request = new HttpRequestMessage(new HttpMethod(route.Method), new Uri(route.Path, UriKind.Relative));
        using var answer = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        if (answer.StatusCode == HttpStatusCode.Redirect && answer.Headers.Location!.OriginalString.StartsWith("/sign-in?", StringComparison.Ordinal))
        {
            return answer.Headers.Location.OriginalString.Contains("fresh=true", StringComparison.Ordinal) ? "FreshSignInNeeded" : "SignInNeeded";
        }
        if (answer.StatusCode is not (HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden))
        {
            return null;
        }
        if (route.Method == "HEAD")
        {
            return answer.StatusCode == HttpStatusCode.Unauthorized ? "SignInNeeded" : route.Rule!.Audience == Audience.Person ? "NoOwnData" : "NoRole";   // nothing but the status tells
        }
        var body = await answer.Content.ReadAsStringAsync();
        if (route.IsApi)
        {
            var id = JsonDocument.Parse(body).RootElement.GetProperty("title").GetString();
            return id is "SignInNeeded" or "FreshSignInNeeded" or "NoOwnData" or "NoRole" ? id : null;
        }
        return Titles.FirstOrDefault(t => body.Contains($"<h1>{t.Value}</h1>", StringComparison.Ordinal)).Key ?? (answer.StatusCode == HttpStatusCode.Unauthorized ? "an error without a name" : null);
    }
}
