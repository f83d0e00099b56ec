using StingBackup.Engine.Governance;
using StingBackup.Portal.Access;

namespace StingBackup.Portal.SignIn;

/// <summary>Who somebody is, as the provider of sign-ins says.</summary>
/// <param name="Identity">As roles name him.</param>
/// <param name="VerifiedEmail">An address that the provider has verified; null for none.</param>
/// <param name="Name">For people.</param>
/// <param name="SignedIn">When he proved it.</param>
internal sealed record SignedInPerson(AccessIdentity Identity, string? VerifiedEmail, string Name, DateTimeOffset SignedIn)
{
    /// <summary>The session's user: whose data are his own the reserve tells.</summary>
    public async ValueTask<PortalUser> ToUserAsync(PortalContext portal, CancellationToken cancel) => new(Identity, Name, await portal.FindPersonAsync(this, cancel).ConfigureAwait(false), SignedIn) { Began = portal.Clock.GetUtcNow() };
}
