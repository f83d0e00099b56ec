using StingBackup.Engine;
using StingBackup.Engine.Reserve.Configuration;
using StingBackup.Portal.Access;

namespace StingBackup.Portal.Admin;

internal static class PortalCaller
{
    /// <summary>Whoever signed in, as the engine judges. Only a link that an account of this host made for itself gives an account.</summary>
    public static Caller ToCaller(this PortalUser user) => new() { Portal = user.Identity, IsAccount = user.Identity.Kind == IdentityKind.User };
}
