using StingBackup.Engine.People;
using StingBackup.Engine.Reserve.Configuration;
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
    public async ValueTask<PortalUser> ToUserAsync(HttpContext context)
    {
        var services = context.RequestServices;
        var person = await services.GetRequiredService<SharedReserve>().FindPersonAsync(new PersonClaim(Identity, VerifiedEmail, Name), context.RequestAborted).ConfigureAwait(false);
        return new(Identity, Name, person is { Subjects: [var subject, ..] } ? subject : null, SignedIn) { Email = VerifiedEmail, Began = services.GetRequiredService<PortalContext>().Clock.GetUtcNow() };
    }
}
