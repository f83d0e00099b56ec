using StingBackup.Engine.Governance;
using StingBackup.Portal.Access;

namespace StingBackup.Portal.Admin;

internal static class PortalCaller
{
    /// <summary>Whoever signed in, as the engine judges.</summary>
    public static Caller ToCaller(this PortalUser user) => user.Identity.Kind == IdentityKind.Kratos && Guid.TryParse(user.Identity.Name, out var id) ? new Caller { Session = id } : Caller.OfProcess;
}
