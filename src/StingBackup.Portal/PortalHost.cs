using System.Net.Mime;
using Microsoft.AspNetCore.Authentication.Cookies;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.AspNetCore.HttpOverrides;
using Microsoft.AspNetCore.Mvc.ModelBinding;
using StingBackup.Engine.Reserve.Configuration;
using StingBackup.Portal.Access;
using StingBackup.Portal.Admin;
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
    public static async ValueTask<WebApplication> BuildAsync(PortalContext portal, CancellationToken cancel)
    {
        var builder = WebApplication.CreateSlimBuilder(new WebApplicationOptions { ContentRootPath = AppContext.BaseDirectory, ApplicationName = typeof(PortalHost).Assembly.GetName().Name });
        var tls = portal.Options.Certificate is { } files ? new PortalTls(files, portal.Clock) : null;
        tls?.Current();   // what is wrong with it is told before anybody comes
        builder.WebHost.UseKestrelHttpsConfiguration();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            PortalTls.Listen(kestrel, portal.Options.Address, tls);
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = 1 << 20;   // forms and JSON: nothing is ever uploaded
        });
        // Requests name files: what ASP.NET logs of them stays out, and its keys lie in a folder of this account's own.
        builder.Logging.AddSimpleConsole(console => console.SingleLine = true).AddFilter("Microsoft", LogLevel.Warning).AddFilter("Microsoft.AspNetCore.DataProtection", LogLevel.Error)
            .AddFilter("Microsoft.AspNetCore.Diagnostics", LogLevel.None);   // it tells what an exception says; StingFailures tells which it is
        var services = builder.Services;
        services.AddSingleton(portal);
        services.AddSingleton(portal.Clock);
        var shared = await portal.OpenSharedAsync(cancel).ConfigureAwait(false);
        services.AddSingleton(_ => shared);   // made by a factory, it is disposed with the rest
        services.AddSingleton<PortalMenu>();
        services.AddSingleton<AdminDesk>();
        services.AddSingleton<AdminMenu>();
        services.AddSingleton<OwnPeople>().AddSingleton<OwnJobs>().AddSingleton<Selections>().AddSingleton<Restores>().AddSingleton<RecoveryMails>().AddSingleton<PageTimes>();
        services.ConfigureHttpJsonOptions(json => json.SerializerOptions.Converters.Add(new System.Text.Json.Serialization.JsonStringEnumConverter(allowIntegerValues: false)));
        services.AddSingleton<PortalSessions>();
        services.Configure<HostOptions>(host => host.ShutdownTimeout = TimeSpan.FromSeconds(5));
        AddSessions(services, portal);
        services.AddLocalization(options => options.ResourcesPath = "Resources");
        // Forms of ours have plain names; jQuery's way to write names fails on whatever it does not understand.
        services.AddRazorPages().AddViewLocalization().AddMvcOptions(mvc =>
        {
            mvc.Filters.Add(new PageMethods());
            mvc.ValueProviderFactories.RemoveType<JQueryFormValueProviderFactory>();
            mvc.ValueProviderFactories.RemoveType<JQueryQueryStringValueProviderFactory>();
        });
        services.AddAntiforgery(options =>
        {
            options.Cookie.Name = CookieName(portal, "form");
            options.Cookie.SameSite = SameSiteMode.Strict;
            options.Cookie.SecurePolicy = Secure(portal);
            options.HeaderName = "X-Form-Token";
        });
        services.AddHsts(hsts => hsts.MaxAge = TimeSpan.FromDays(365));
        services.AddProblemDetails();
        services.AddExceptionHandler<StingFailures>();
        services.AddOpenApi("v1");
        services.AddRateLimiter(limiter => AtOnce.Configure(limiter, portal));
        var app = builder.Build();
        if (tls is not null)
        {
            tls.Log = app.Services.GetRequiredService<ILogger<PortalTls>>();
        }
        Arrange(app, portal);
        EndpointRules.Require(app);
        return app;
    }

    private static void AddSessions(IServiceCollection services, PortalContext portal)
    {
        // The keys of sessions lie in the host's state: whoever reads them there reads its keys too.
        services.AddDataProtection().SetApplicationName("sting-portal").PersistKeysToFileSystem(PortalFolder.Make(portal.Configuration.StateDirectory, "sessions"));
        var authentication = services.AddAuthentication(CookieAuthenticationDefaults.AuthenticationScheme).AddCookie(options =>
        {
            options.Cookie.Name = CookieName(portal, "session");
            options.Cookie.HttpOnly = true;
            options.Cookie.SameSite = SameSiteMode.Lax;   // a provider of sign-ins sends people back from another site
            options.Cookie.SecurePolicy = Secure(portal);
            options.ExpireTimeSpan = portal.Options.Session;
            options.SlidingExpiration = true;
            options.TimeProvider = portal.Clock;
            // What a page asks for by itself is no click: a session ends beside a page that is left open.
            options.Events.OnCheckSlidingExpiration = static context =>
            {
                context.ShouldRenew &= !context.HttpContext.Request.Headers.ContainsKey("X-Refresh") && !context.HttpContext.Request.Headers.Accept.ToString().Contains(MediaTypeNames.Text.EventStream, StringComparison.Ordinal);
                return Task.CompletedTask;
            };
            options.Events.OnValidatePrincipal = async context =>
            {
                var sessions = context.HttpContext.RequestServices.GetRequiredService<PortalSessions>();
                if (PortalUser.Of(context.Principal!) is not { } user || !await sessions.GoesOnAsync(user, context.HttpContext).ConfigureAwait(false))
                {
                    context.RejectPrincipal();
                }
            };
        });
        if (portal.Options is { SignIn: PortalSignIn.Kratos, Kratos: { } kratos })
        {
            services.AddSingleton(new KratosClient(new Uri(kratos.TrimEnd('/') + "/")));
            services.AddSingleton<KratosSessions>();
        }
        if (portal.Options is { SignIn: PortalSignIn.OpenIdConnect, Oidc: { } provider })
        {
            OidcSignIn.Add(authentication, portal, provider, name => CookieName(portal, name));
        }
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
        app.UseWhen(static context => context.IsApi(), static api => api.UseStatusCodePages());   // a program gets a problem, and no page
        app.UseStaticFiles(new StaticFileOptions { OnPrepareResponse = static file => KeepForAnHour(file.Context.Response.Headers) });
        app.UseRouting();
        app.UseAuthentication();
        app.UseRateLimiter();
        app.UseMiddleware<PortalGate>();
        app.UseAntiforgery();
        app.MapRazorPages();
        var api = app.MapGroup("/api/v1").AddEndpointFilter<FormTokenFilter>();
        MeApi.Map(api);
        AdminApi.Map(api);
        OwnApi.Map(api);
        MapSignIn(app, portal);
        app.MapOpenApi("/api/{documentName}/openapi.json").WithMetadata(new PortalRuleAttribute(Audience.SignedIn));
    }

    private static void MapSignIn(WebApplication app, PortalContext portal)
    {
        switch (portal.Options.SignIn)
        {
            case PortalSignIn.Kratos:
                KratosSignIn.Map(app);
                break;
            case PortalSignIn.OpenIdConnect:
                OidcSignIn.Map(app);
                break;
        }
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
