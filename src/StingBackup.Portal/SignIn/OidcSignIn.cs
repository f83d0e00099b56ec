using System.Globalization;
using System.Security.Claims;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authentication.Cookies;
using Microsoft.AspNetCore.Authentication.OpenIdConnect;
using Microsoft.IdentityModel.Protocols.OpenIdConnect;
using StingBackup.Engine.Reserve.Configuration;
using StingBackup.Portal.Access;

namespace StingBackup.Portal.SignIn;

/// <summary>Sign-in by OpenID Connect: code flow with PKCE, and of the answer nothing is kept but who somebody is and when he proved it.</summary>
internal static class OidcSignIn
{
    private const string Scheme = OpenIdConnectDefaults.AuthenticationScheme, Fresh = "fresh";
    private static readonly TimeSpan Skew = TimeSpan.FromMinutes(1);

    public static void Map(IEndpointRouteBuilder app) => app.MapGet("/sign-in/oidc/start", (HttpContext context) =>
    {
        var properties = new AuthenticationProperties { RedirectUri = LocalPath.Of(context.Request.Query["return"]) };
        if (context.Request.Query["fresh"] == "true")
        {
            properties.Items[Fresh] = "true";
        }
        return Results.Challenge(properties, [Scheme]);
    }).ExcludeFromDescription().WithMetadata(new PortalRuleAttribute(Audience.Anyone));

    public static void Add(AuthenticationBuilder authentication, PortalContext portal, OidcProvider provider, Func<string, string> cookieName) => authentication.AddOpenIdConnect(Scheme, options =>
    {
        var isSecure = portal.Options.Seen.Scheme == Uri.UriSchemeHttps;
        options.SignInScheme = CookieAuthenticationDefaults.AuthenticationScheme;
        options.Authority = provider.Issuer;
        options.RequireHttpsMetadata = !new Uri(provider.Issuer).IsLoopback;
        options.ClientId = provider.ClientId;
        options.ClientSecret = provider.SecretFile is { } file ? SecretOf(file) : null;
        options.ResponseType = OpenIdConnectResponseType.Code;
        options.ResponseMode = OpenIdConnectResponseMode.Query;
        options.UsePkce = true;
        options.CallbackPath = "/sign-in/oidc";
        options.Scope.Clear();
        options.Scope.Add("openid");
        options.Scope.Add("profile");
        options.Scope.Add("email");
        options.MapInboundClaims = false;
        options.SaveTokens = false;
        options.GetClaimsFromUserInfoEndpoint = true;
        options.ClaimActions.MapUniqueJsonKey("email", "email");
        options.ClaimActions.MapUniqueJsonKey("email_verified", "email_verified");
        options.ClaimActions.MapUniqueJsonKey("name", "name");
        options.TokenValidationParameters.ValidIssuer = provider.Issuer;
        options.TokenValidationParameters.ClockSkew = Skew;
        options.TokenValidationParameters.NameClaimType = "name";
        // The answer is a redirect: what is set before it comes back with it, and by TLS alone where there is any.
        foreach (var (cookie, name) in new (CookieBuilder, string)[] { (options.NonceCookie, "nonce"), (options.CorrelationCookie, "sign-in") })
        {
            cookie.Name = cookieName(name) + ".";
            cookie.Path = "/";
            cookie.SameSite = SameSiteMode.Lax;
            cookie.SecurePolicy = isSecure ? CookieSecurePolicy.Always : CookieSecurePolicy.SameAsRequest;
        }
        options.Events = new OpenIdConnectEvents
        {
            OnRedirectToIdentityProvider = context => Ask(context, portal),
            // What comes from the provider itself need not be signed, says the standard; here it must.
            OnTokenValidated = context =>
            {
                if (context.SecurityToken.SignatureAlgorithm is null or "" or "none")
                {
                    context.Fail("The token has no signature.");
                }
                return Task.CompletedTask;
            },
            OnTicketReceived = context => TakeAsync(context, portal),
            OnRemoteFailure = context =>
            {
                // Why it failed is nobody's on this page; a text from elsewhere is shown to no one.
                context.Response.Redirect("/sign-in?failed=true");
                context.HandleResponse();
                return Task.CompletedTask;
            },
        };
    });

    private static Task Ask(RedirectContext context, PortalContext portal)
    {
        context.ProtocolMessage.RedirectUri = new Uri(portal.Options.Seen, "/sign-in/oidc").AbsoluteUri;
        // With max_age the provider must say when somebody proved who he is.
        context.ProtocolMessage.MaxAge = ((long)(context.Properties.Items.ContainsKey(Fresh) ? portal.Options.Fresh : portal.Options.Session * PortalSessions.Lives).TotalSeconds).ToString(CultureInfo.InvariantCulture);
        if (context.Properties.Items.ContainsKey(Fresh))
        {
            context.ProtocolMessage.Prompt = OpenIdConnectPrompt.Login;
        }
        return Task.CompletedTask;
    }

    private static async Task TakeAsync(TicketReceivedContext context, PortalContext portal)
    {
        var said = context.Principal!;
        var now = portal.Clock.GetUtcNow();
        var proven = long.TryParse(said.FindFirstValue("auth_time"), NumberStyles.None, CultureInfo.InvariantCulture, out var seconds) && seconds <= now.ToUnixTimeSeconds() + Skew.TotalSeconds ? DateTimeOffset.FromUnixTimeSeconds(seconds) : (DateTimeOffset?)null;
        if (said.FindFirstValue("sub") is not { Length: > 0 and <= 255 } subject || subject.Any(char.IsControl)
            || (context.Properties!.Items.ContainsKey(Fresh) && (proven is not { } time || now - time > portal.Options.Fresh + Skew)))
        {
            context.Response.Redirect("/sign-in?failed=true");
            context.HandleResponse();
            return;
        }
        // The token and the provider's own answer must not differ about it.
        var email = said.FindAll("email_verified").Select(c => c.Value).Distinct(StringComparer.OrdinalIgnoreCase).ToList() is ["true" or "True"] && said.FindAll("email").Select(c => c.Value).Distinct(StringComparer.Ordinal).ToList() is [var one] ? one : null;
        // A provider that does not tell when is believed that it is so, and never that it was just now.
        var person = new SignedInPerson(new AccessIdentity(IdentityKind.Oidc, subject), email, said.FindFirstValue("name") is { Length: > 0 and < 200 } name ? name : email ?? subject, proven ?? now - portal.Options.Fresh - Skew);
        context.Principal = (await person.ToUserAsync(context.HttpContext).ConfigureAwait(false)).ToPrincipal(CookieAuthenticationDefaults.AuthenticationScheme);
        // The session's own times count, not a token's; and the properties of the way here are no part of it.
        var back = LocalPath.Of(context.ReturnUri);
        context.Properties = new AuthenticationProperties();
        context.ReturnUri = back;
    }

    private static string SecretOf(string file)
    {
        try
        {
            return File.ReadAllText(file).Trim() is { Length: > 0 } secret ? secret : throw new StingException("PortalSecretUnreadable", FailureKind.InvalidConfiguration, $"'{file}' is empty.", file, "Put the client's secret of the provider of OpenID Connect there.");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new StingException("PortalSecretUnreadable", FailureKind.InvalidConfiguration, $"The secret of portal.oidc_secret_file cannot be read: {e.Message}", file, "Make the file readable for the portal's account, and for nobody else.", e);
        }
    }
}
