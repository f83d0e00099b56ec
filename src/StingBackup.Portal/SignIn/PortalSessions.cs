using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authentication.Cookies;
using StingBackup.Portal.Access;

namespace StingBackup.Portal.SignIn;

/// <summary>Begins and ends sessions.</summary>
internal static class PortalSessions
{
    /// <summary>Signs somebody in, whoever it was before.</summary>
    public static Task BeginSessionAsync(this HttpContext context, PortalUser user) => context.SignInAsync(CookieAuthenticationDefaults.AuthenticationScheme, user.ToPrincipal(CookieAuthenticationDefaults.AuthenticationScheme));

    public static Task EndSessionAsync(this HttpContext context) => context.SignOutAsync(CookieAuthenticationDefaults.AuthenticationScheme);
}
