using System.Globalization;
using System.Threading.RateLimiting;
using Microsoft.AspNetCore.Authentication.Cookies;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.AspNetCore.HttpOverrides;
using StingBackup.Engine.Governance;
using StingBackup.Engine.People;
using StingBackup.Portal.Access;
using StingBackup.Portal.Api;
using StingBackup.Portal.Http;
using StingBackup.Portal.Own;
using StingBackup.Portal.Pages;
using StingBackup.Portal.Reserve;
using StingBackup.Portal.SignIn;

namespace StingBackup.Portal;

/// <summary>Puts the portal together: services, the order in which a request passes them, pages, the API.</summary>
internal static class PortalHost
{
    private const int SessionLives = 12;

    public static async ValueTask<WebApplication> BuildAsync(PortalContext portal, CancellationToken cancel)
    {
        var builder = WebApplication.CreateSlimBuilder(new WebApplicationOptions { ContentRootPath = AppContext.BaseDirectory, ApplicationName = typeof(PortalHost).Assembly.GetName().Name });
        builder.WebHost.UseUrls(portal.Options.Address);
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = 1 << 20;   // forms and JSON: nothing is ever uploaded
        });
        // Requests name files: what ASP.NET logs of them stays out, and its keys lie in a folder of this account's own.
        builder.Logging.AddSimpleConsole(console => console.SingleLine = true).AddFilter("Microsoft", LogLevel.Warning).AddFilter("Microsoft.AspNetCore.DataProtection", LogLevel.Error);
        var services = builder.Services;
        services.AddSingleton(portal);
        services.AddSingleton(portal.Clock);
        var shared = await SharedReserve.OpenAsync(stop => portal.OpenAsync(Caller.OfProcess, stop), cancel).ConfigureAwait(false);
        services.AddSingleton(_ => shared);   // made by a factory, it is disposed with the rest
        services.AddSingleton<PortalMenu>();
        services.AddSingleton<OwnPeople>().AddSingleton<OwnJobs>().AddSingleton<Selections>().AddSingleton<Restores>().AddSingleton<PageTimes>();
        services.ConfigureHttpJsonOptions(json => json.SerializerOptions.Converters.Add(new System.Text.Json.Serialization.JsonStringEnumConverter(allowIntegerValues: false)));
        AddSessions(services, portal);
        services.AddLocalization(options => options.ResourcesPath = "Resources");
        services.AddRazorPages().AddViewLocalization();
        services.AddAntiforgery(options =>
        {
            options.Cookie.Name = CookieName(portal, "form");
            options.Cookie.SameSite = SameSiteMode.Strict;
            options.Cookie.SecurePolicy = Secure(portal);
            options.HeaderName = "X-Form-Token";
        });
        services.AddProblemDetails();
        services.AddExceptionHandler<StingFailures>();
        services.AddOpenApi("v1");
        services.AddRateLimiter(limiter => Limit(limiter, portal));
        var app = builder.Build();
        Arrange(app, portal);
        EndpointRules.Require(app);
        return app;
    }

    private static void AddSessions(IServiceCollection services, PortalContext portal)
    {
        // The keys of sessions lie in the host's state: whoever reads them there reads its keys too.
        services.AddDataProtection().SetApplicationName("sting-portal").PersistKeysToFileSystem(PortalFolder.Make(portal.Configuration.StateDirectory, "sessions"));
        services.AddAuthentication(CookieAuthenticationDefaults.AuthenticationScheme).AddCookie(options =>
        {
            options.Cookie.Name = CookieName(portal, "session");
            options.Cookie.HttpOnly = true;
            options.Cookie.SameSite = SameSiteMode.Lax;   // a provider of sign-ins sends people back from another site
            options.Cookie.SecurePolicy = Secure(portal);
            options.ExpireTimeSpan = portal.Options.Session;
            options.SlidingExpiration = true;
            options.TimeProvider = portal.Clock;
            options.Events.OnValidatePrincipal = context =>
            {
                if (PortalUser.Of(context.Principal!) is not { } user || portal.Clock.GetUtcNow() - user.SignedIn > portal.Options.Session * SessionLives)
                {
                    context.RejectPrincipal();
                }
                return Task.CompletedTask;
            };
        });
        services.AddAuthorization();
    }

    private static void Arrange(WebApplication app, PortalContext portal)
    {
        app.UseForwardedHeaders(new ForwardedHeadersOptions { ForwardedHeaders = portal.Options.PublicAddress is null ? ForwardedHeaders.None : ForwardedHeaders.XForwardedFor | ForwardedHeaders.XForwardedProto });
        app.UseMiddleware<SecurityHeaders>();
        if (portal.Options.Seen.Scheme == Uri.UriSchemeHttps)
        {
            app.UseHsts();
        }
        app.UseExceptionHandler("/error");
        app.UseStatusCodePagesWithReExecute("/error", "?status={0}");
        app.UseStaticFiles(new StaticFileOptions { OnPrepareResponse = static file => KeepForAnHour(file.Context.Response.Headers) });
        app.UseRouting();
        app.UseAuthentication();
        app.UseRateLimiter();
        app.UseMiddleware<PortalGate>();
        app.UseAntiforgery();
        app.MapRazorPages();
        var api = app.MapGroup("/api/v1").AddEndpointFilter<FormTokenFilter>();
        MeApi.Map(api);
        OwnApi.Map(api);
        app.MapOpenApi("/api/{documentName}/openapi.json").WithMetadata(new PortalRuleAttribute(Audience.SignedIn));
    }

    private static void Limit(Microsoft.AspNetCore.RateLimiting.RateLimiterOptions limiter, PortalContext portal)
    {
        limiter.RejectionStatusCode = StatusCodes.Status429TooManyRequests;
        limiter.OnRejected = (rejected, _) =>
        {
            if (rejected.Lease.TryGetMetadata(MetadataName.RetryAfter, out var after))
            {
                rejected.HttpContext.Response.Headers.RetryAfter = ((int)Math.Ceiling(after.TotalSeconds)).ToString(CultureInfo.InvariantCulture);
            }
            return new ValueTask(rejected.HttpContext.RefuseAsync(new Refusal("TooManyRequests", StatusCodes.Status429TooManyRequests)));
        };
        limiter.GlobalLimiter = PartitionedRateLimiter.Create<HttpContext, string>(context =>
        {
            var user = PortalUser.Of(context.User);
            var (key, rate) = user is null ? ($"address {context.Connection.RemoteIpAddress}", Math.Max(portal.Options.RequestsAMinute / 10, 30)) : ($"session {user.Identity}", portal.Options.RequestsAMinute);
            return RateLimitPartition.GetTokenBucketLimiter(key, _ => new TokenBucketRateLimiterOptions
            {
                TokenLimit = rate, TokensPerPeriod = Math.Max(rate / 6, 1), ReplenishmentPeriod = TimeSpan.FromSeconds(10), QueueLimit = 0,
            });
        });
    }

    private static void KeepForAnHour(IHeaderDictionary headers)
    {
        headers.CacheControl = "public, max-age=3600";
        headers.Remove("Pragma");
    }

    private static CookieSecurePolicy Secure(PortalContext portal) => portal.Options.Seen.Scheme == Uri.UriSchemeHttps ? CookieSecurePolicy.Always : CookieSecurePolicy.SameAsRequest;

    // A name that starts so is taken by browsers from this host alone, over TLS, for all paths.
    private static string CookieName(PortalContext portal, string what) => portal.Options.Seen.Scheme == Uri.UriSchemeHttps ? $"__Host-sting-{what}" : $"sting-{what}";
}
