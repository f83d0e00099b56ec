using System.Globalization;
using System.Security.Claims;
using System.Security.Cryptography;
using StingBackup.Engine.People;
using StingBackup.Engine.Reserve.Configuration;

namespace StingBackup.Portal.Access;

/// <summary>Who has signed in.</summary>
/// <param name="Identity">As the engine knows him.</param>
/// <param name="Name">For people.</param>
/// <param name="Subject">Whose data are his own: a canonical name; null for somebody who has none here.</param>
/// <param name="SignedIn">When he last proved who he is.</param>
internal sealed record PortalUser(AccessIdentity Identity, string Name, string? Subject, DateTimeOffset SignedIn)
{
    private const string IdentityClaim = "identity", SubjectClaim = "subject", TimeClaim = "signed-in", SessionClaim = "session", BeganClaim = "began", KratosClaim = "kratos-session", EmailClaim = "email";
    private const int SessionLength = 16;

    /// <summary>The session's id, by which it is known to have ended.</summary>
    public string Session { get; init; } = RandomNumberGenerator.GetHexString(SessionLength * 2, lowercase: true);
    /// <summary>When the session began.</summary>
    public DateTimeOffset Began { get; init; } = SignedIn;
    /// <summary>An address that the provider of sign-ins has verified; null for none.</summary>
    public string? Email { get; init; }
    /// <summary>Who he is to the reserve.</summary>
    public PersonClaim Claim => new(Identity, Email, Name);
    /// <summary>The session of Kratos that it came from; null for another way.</summary>
    public string? Kratos { get; init; }

    /// <summary>A session's claims. They are encrypted in the cookie.</summary>
    public ClaimsPrincipal ToPrincipal(string scheme) => new(new ClaimsIdentity(
        [
            new Claim(IdentityClaim, Identity.ToString()), new Claim(ClaimTypes.Name, Name), new Claim(TimeClaim, SignedIn.ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture)),
            new Claim(SessionClaim, Session), new Claim(BeganClaim, Began.ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture)),
            .. Subject is { } subject ? [new Claim(SubjectClaim, subject)] : Array.Empty<Claim>(),
            .. Email is { } email ? [new Claim(EmailClaim, email)] : Array.Empty<Claim>(),
            .. Kratos is { } kratos ? [new Claim(KratosClaim, kratos)] : Array.Empty<Claim>(),
        ], scheme));

    /// <summary>Whoever a session's claims name; null for nobody.</summary>
    public static PortalUser? Of(ClaimsPrincipal principal) =>
        principal.Identity is { IsAuthenticated: true } && IdentityOf(principal.FindFirstValue(IdentityClaim)) is { } identity && TimeOf(principal, TimeClaim) is { } time && TimeOf(principal, BeganClaim) is { } began
            && principal.FindFirstValue(SessionClaim) is { } session
            ? new PortalUser(identity, principal.FindFirstValue(ClaimTypes.Name) ?? identity.ToString(), principal.FindFirstValue(SubjectClaim), time) { Session = session, Began = began, Kratos = principal.FindFirstValue(KratosClaim), Email = principal.FindFirstValue(EmailClaim) } : null;

    private static DateTimeOffset? TimeOf(ClaimsPrincipal principal, string claim) =>
        long.TryParse(principal.FindFirstValue(claim), NumberStyles.None, CultureInfo.InvariantCulture, out var seconds) ? DateTimeOffset.FromUnixTimeSeconds(seconds) : null;

    // What stands in a session was proven when it began; roles are given to fewer kinds.
    private static AccessIdentity? IdentityOf(string? text) =>
        (text ?? "").Split(':', 2) is [var kind, { Length: > 0 } name] && Enum.TryParse<IdentityKind>(kind, ignoreCase: true, out var known) ? new AccessIdentity(known, name) : null;
}
