using StingBackup.Engine;
using StingBackup.Engine.Governance;
using StingBackup.Engine.People;
using StingBackup.Engine.Reserve.Configuration;
using StingBackup.Portal.Access;
using StingBackup.Portal.Tests.Support;

namespace StingBackup.Portal.Tests.Security;

/// <summary>Whoever comes to the portal: two people, and one of each role.</summary>
internal static class Visitors
{
    public const string Anonymous = "anonymous", Ada = "ada", Bob = "bob", Operator = "operator", Approver = "approver", Compliance = "compliance", Administrator = "administrator", Expired = "expired";

    public static IReadOnlyList<string> All { get; } = [Anonymous, Ada, Bob, Operator, Approver, Compliance, Administrator, Expired];

    private static readonly Dictionary<string, AccessRole> Roles = new()
    {
        [Operator] = AccessRole.BackupOperator, [Approver] = AccessRole.SecurityTeam, [Compliance] = AccessRole.ComplianceOfficer, [Administrator] = AccessRole.SystemAdmin,
    };

    /// <summary>The configuration with the roles; the account of the tests is an administrator too.</summary>
    public static StingConfiguration WithRoles(StingConfiguration configuration) => configuration with
    {
        Access = new AccessPolicy(Roles.ToDictionary(r => r.Value, r => (IReadOnlyList<AccessIdentity>)(r.Key == Administrator ? [IdentityOf(r.Key), Caller.OfProcess.Identities[0]] : [IdentityOf(r.Key)])), []),
    };

    /// <summary>A client that is signed in as one; the caller turns the clock for <see cref="Expired"/>.</summary>
    public static async Task<HttpClient> ClientAsync(PortalSite site, string visitor) => visitor switch
    {
        Anonymous => site.Client(),
        Ada or Expired => await site.ClientAsync(PortalSite.Ada),
        Bob => await site.ClientAsync(PortalSite.Bob),
        _ => await PortalSite.SignInAsync(site.Client(), await site.LinkAsync(new SignInTicket(IdentityOf(visitor), null, visitor))),
    };

    /// <summary>What a rule says of one, from the rule and the table of rights alone: null for let in.</summary>
    public static string? Expected(PortalRuleAttribute rule, string visitor) => rule.Audience switch
    {
        Audience.Anyone => null,
        _ when visitor is Anonymous or Expired => "SignInNeeded",
        Audience.SignedIn => null,
        Audience.Person => visitor is Ada or Bob ? null : "NoOwnData",
        _ => Roles.TryGetValue(visitor, out var role) && AccessTable.HoldersOf(AccessTable.RightOf(rule.Command!)).Contains(role) ? null : "NoRole",
    };

    private static AccessIdentity IdentityOf(string visitor) => new(IdentityKind.User, visitor);
}
