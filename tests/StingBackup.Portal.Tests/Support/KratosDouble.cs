using System.Collections.Concurrent;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace StingBackup.Portal.Tests.Support;

/// <summary>A session that the double knows.</summary>
internal sealed record KratosDoubleSession(string Id, string Identity, string Email)
{
    public DateTimeOffset AuthenticatedAt { get; set; } = TimeProvider.System.GetUtcNow();
    public bool Active { get; set; } = true;
    public bool Verified { get; init; } = true;
    public bool NeedsSecondFactor { get; init; }
}

/// <summary>Ory Kratos as the portal meets it: <c>/sessions/whoami</c> in its JSON form, and the browser's way to a login and back.</summary>
internal sealed class KratosDouble : Double
{
    public const string Cookie = "ory_kratos_session";

    public ConcurrentDictionary<string, KratosDoubleSession> Sessions { get; } = new();
    /// <summary>Cookie headers that came to whoami.</summary>
    public ConcurrentQueue<string> Cookies { get; } = new();
    /// <summary>Queries that came to the login.</summary>
    public ConcurrentQueue<IQueryCollection> Logins { get; } = new();
    /// <summary>Whom a login signs in: a session's token; null for nobody.</summary>
    public string? LogsIn { get; set; }
    /// <summary>Whether it fails.</summary>
    public bool IsDown { get; set; }

    public static async Task<KratosDouble> StartAsync()
    {
        var made = new KratosDouble();
        await made.BeginAsync();
        return made;
    }

    protected override void Map(WebApplication app)
    {
        app.MapGet("/sessions/whoami", (HttpContext context) =>
        {
            Cookies.Enqueue(context.Request.Headers.Cookie.ToString());
            if (IsDown)
            {
                return Results.StatusCode(StatusCodes.Status502BadGateway);
            }
            return !Sessions.TryGetValue(context.Request.Cookies[Cookie] ?? "", out var session) || !session.Active ? Results.Json(new { error = new { code = 401, status = "Unauthorized", reason = "No valid session credentials found in the request." } }, statusCode: 401)
                : session.NeedsSecondFactor ? Results.Json(new { error = new { id = "session_aal2_required", code = 403, status = "Forbidden" }, redirect_browser_to = $"{Address}/self-service/login/browser?aal=aal2" }, statusCode: 403)
                : Results.Json(new
                {
                    id = session.Id, active = true, expires_at = TimeProvider.System.GetUtcNow().AddHours(1), authenticated_at = session.AuthenticatedAt, authenticator_assurance_level = "aal1",
                    authentication_methods = new[] { new { method = "password", aal = "aal1", completed_at = session.AuthenticatedAt } }, issued_at = session.AuthenticatedAt,
                    identity = new
                    {
                        id = session.Identity, schema_id = "default", schema_url = $"{Address}/schemas/ZGVmYXVsdA", state = "active", state_changed_at = session.AuthenticatedAt,
                        traits = new { email = session.Email, name = new { first = "Ada", last = "Lovelace" } },
                        verifiable_addresses = new[] { new { id = Guid.NewGuid(), value = session.Email, verified = session.Verified, via = "email", status = session.Verified ? "completed" : "pending" } },
                        recovery_addresses = new[] { new { id = Guid.NewGuid(), value = session.Email, via = "email" } }, metadata_public = (object?)null,
                    },
                    devices = Array.Empty<object>(),
                });
        });
        app.MapGet("/self-service/login/browser", (HttpContext context) =>
        {
            Logins.Enqueue(context.Request.Query);
            if (LogsIn is { } token)
            {
                Sessions[token].AuthenticatedAt = context.Request.Query["refresh"] == "true" ? TimeProvider.System.GetUtcNow() : Sessions[token].AuthenticatedAt;
                context.Response.Cookies.Append(Cookie, token, new CookieOptions { HttpOnly = true, Path = "/" });
            }
            return Results.Redirect(context.Request.Query["return_to"]!);
        });
    }
}
