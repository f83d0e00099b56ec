using System.Collections.Concurrent;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authentication.Cookies;
using StingBackup.Portal.Access;

namespace StingBackup.Portal.SignIn;

/// <summary>Begins and ends sessions, and says which go on. A session lies in its cookie; what ended before its time is remembered here until that is over.</summary>
internal sealed class PortalSessions(PortalContext portal, IServiceProvider services)
{
    /// <summary>How many times as long a session lasts in all as without a request.</summary>
    public const int Lives = 12;

    private readonly ConcurrentDictionary<string, DateTimeOffset> _ended = new(StringComparer.Ordinal);

    /// <summary>Whether a session goes on.</summary>
    public async ValueTask<bool> GoesOnAsync(PortalUser user, HttpContext context)
    {
        if (portal.Clock.GetUtcNow() - user.Began > portal.Options.Session * Lives || _ended.ContainsKey(user.Session))
        {
            return false;
        }
        return user.Kratos is null || (services.GetService<KratosSessions>() is { } kratos && await kratos.GoesOnAsync(user, context.Request.Cookies, context.RequestAborted).ConfigureAwait(false));
    }

    /// <summary>Remembers that a session ended: a copy of its cookie is worth nothing.</summary>
    public void End(PortalUser user)
    {
        var now = portal.Clock.GetUtcNow();
        _ended[user.Session] = now;
        foreach (var over in _ended.Where(e => now - e.Value > portal.Options.Session * Lives).Select(e => e.Key).ToList())
        {
            _ended.TryRemove(over, out _);
        }
    }
}

internal static class PortalSessionsOfRequests
{
    /// <summary>Signs somebody in, whoever it was before.</summary>
    public static Task BeginSessionAsync(this HttpContext context, PortalUser user)
    {
        EndOf(context);
        return context.SignInAsync(CookieAuthenticationDefaults.AuthenticationScheme, user.ToPrincipal(CookieAuthenticationDefaults.AuthenticationScheme));
    }

    public static Task EndSessionAsync(this HttpContext context)
    {
        EndOf(context);
        return context.SignOutAsync(CookieAuthenticationDefaults.AuthenticationScheme);
    }

    private static void EndOf(HttpContext context)
    {
        if (PortalUser.Of(context.User) is { } user)
        {
            context.RequestServices.GetRequiredService<PortalSessions>().End(user);
        }
    }
}
