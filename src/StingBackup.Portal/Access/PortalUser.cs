using System.Globalization;
using System.Security.Claims;
using StingBackup.Engine.Governance;

namespace StingBackup.Portal.Access;

/// <summary>Who has signed in.</summary>
/// <param name="Identity">As the engine knows him.</param>
/// <param name="Name">For people.</param>
/// <param name="Subject">Whose data are his own: a canonical name; null for somebody who has none here.</param>
/// <param name="SignedIn">When he last proved who he is.</param>
internal sealed record PortalUser(AccessIdentity Identity, string Name, string? Subject, DateTimeOffset SignedIn)
{
    private const string IdentityClaim = "identity", SubjectClaim = "subject", TimeClaim = "signed-in";

    /// <summary>A session's claims. They are encrypted in the cookie.</summary>
    public ClaimsPrincipal ToPrincipal(string scheme) => new(new ClaimsIdentity(
        [
            new Claim(IdentityClaim, Identity.ToString()), new Claim(ClaimTypes.Name, Name), new Claim(TimeClaim, SignedIn.ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture)),
            .. Subject is { } subject ? [new Claim(SubjectClaim, subject)] : Array.Empty<Claim>(),
        ], scheme));

    /// <summary>Whoever a session's claims name; null for nobody.</summary>
    public static PortalUser? Of(ClaimsPrincipal principal) =>
        principal.Identity is { IsAuthenticated: true } && IdentityOf(principal.FindFirstValue(IdentityClaim)) is { } identity
            && long.TryParse(principal.FindFirstValue(TimeClaim), NumberStyles.None, CultureInfo.InvariantCulture, out var seconds)
            ? new PortalUser(identity, principal.FindFirstValue(ClaimTypes.Name) ?? identity.ToString(), principal.FindFirstValue(SubjectClaim), DateTimeOffset.FromUnixTimeSeconds(seconds)) : null;

    // What stands in a session was proven when it began; roles are given to fewer kinds.
    private static AccessIdentity? IdentityOf(string? text) =>
        (text ?? "").Split(':', 2) is [var kind, { Length: > 0 } name] && Enum.TryParse<IdentityKind>(kind, ignoreCase: true, out var known) ? new AccessIdentity(known, name) : null;
}
