namespace StingBackup.Engine.Reserve.Configuration;

/// <summary>Who has which role, who may approve what, and how many must. Holds what the configuration says; <c>Access</c> and <c>Guard</c> act on it.</summary>
public sealed class AccessPolicy
{
    private readonly IReadOnlyDictionary<AccessRole, IReadOnlyList<AccessIdentity>> _roles;
    private readonly IReadOnlyList<IReadOnlyList<AccessIdentity>> _people;

    /// <summary>Makes one.</summary>
    /// <param name="roles">Whom each role is given to.</param>
    /// <param name="people">Identities that are one person.</param>
    public AccessPolicy(IReadOnlyDictionary<AccessRole, IReadOnlyList<AccessIdentity>> roles, IReadOnlyList<IReadOnlyList<AccessIdentity>> people) => (_roles, _people) = (roles, people);

    /// <summary>One administrator, who may do everything.</summary>
    public static AccessPolicy None { get; } = new(new Dictionary<AccessRole, IReadOnlyList<AccessIdentity>>(), []);

    /// <summary>Configured numbers of approvals; null for the default.</summary>
    public IReadOnlyDictionary<GuardedOperation, int?> Counts { get; init; } = new Dictionary<GuardedOperation, int?>();

    /// <summary>What may be done without an approval in an emergency.</summary>
    public IReadOnlySet<GuardedOperation> BreakGlass { get; init; } = ApprovalSettings.BreakGlass.Default.ToHashSet();

    /// <summary>Whether any role is given to anybody.</summary>
    public bool IsMapped => _roles.Values.Any(identities => identities.Count > 0);

    /// <summary>Whom a role is given to.</summary>
    public IReadOnlyList<AccessIdentity> IdentitiesOf(AccessRole role) => _roles.GetValueOrDefault(role) ?? [];

    /// <summary>Which roles somebody has.</summary>
    public IReadOnlyList<AccessRole> RolesOf(IReadOnlyList<AccessIdentity> identities) =>
        [.. _roles.Where(role => role.Value.Any(given => identities.Any(given.Is))).Select(role => role.Key).Order()];

    /// <summary>How many others must approve an operation.</summary>
    public int CountOf(GuardedOperation operation) => Counts.GetValueOrDefault(operation)
        ?? (operation is GuardedOperation.Restore or GuardedOperation.RestoreInPlace or GuardedOperation.RetentionCut && !IsMapped ? 0 : 1);

    /// <summary>Keys whose approval of an operation counts, once roles are given: the security team's, and for what is deleted those of compliance officers, who control each other.</summary>
    public IEnumerable<AccessIdentity> ApproversOf(GuardedOperation operation) => IdentitiesOf(AccessRole.SecurityTeam)
        .Concat(operation is GuardedOperation.Erasure or GuardedOperation.ErasureSync or GuardedOperation.LegalHold or GuardedOperation.RetentionCut ? IdentitiesOf(AccessRole.ComplianceOfficer) : [])
        .Where(identity => identity.Kind == IdentityKind.Key).Distinct();

    /// <summary>Whether an approver's key counts for an operation.</summary>
    public bool MayApprove(GuardedOperation operation, string fingerprint) => !IsMapped || ApproversOf(operation).Any(new AccessIdentity(IdentityKind.Key, fingerprint).Is);

    /// <summary>Whether two identities are one, or one person's.</summary>
    public bool IsSamePerson(AccessIdentity one, AccessIdentity other) => one.Is(other) || _people.Any(person => person.Any(one.Is) && person.Any(other.Is));

    /// <summary>Reads the identities of one person, with commas; null where one of them is none.</summary>
    internal static IReadOnlyList<AccessIdentity>? PersonOf(string text)
    {
        var found = text.Split(',').Select(part => AccessIdentity.TryParse(part, out var identity) ? identity : null).ToList();
        return found.Contains(null) ? null : [.. found.Select(identity => identity!)];
    }
}
