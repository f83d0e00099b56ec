namespace StingBackup.Engine.Reserve.Configuration;

/// <summary>Who may do what.</summary>
public static class AccessSettings
{
    private const string Identities = "Identities: user:NAME and group:NAME of the operating system, key:FINGERPRINT of a host's or approver's signing key, kratos:UUID and oidc:SUBJECT of who signs in at the portal.";

    /// <summary>Whom each role is given to.</summary>
    public static readonly IReadOnlyDictionary<AccessRole, Setting<IReadOnlyList<AccessIdentity>>> Roles = new Dictionary<AccessRole, Setting<IReadOnlyList<AccessIdentity>>>
    {
        [AccessRole.BackupOperator] = Role("backup_operator", "- user:sting-backup", $"Who makes backups and reads what they hold: the account of the timers. {Identities} Where all four lists are empty there is one administrator, who may do everything."),
        [AccessRole.SystemAdmin] = Role("system_admin", "- group:sting-admins", "Who does the same, and restores (with the approvals of the section 'approvals'), renews keys, enrols hosts and approvers, repairs."),
        [AccessRole.SecurityTeam] = Role("security_team", "- key:00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff",
            "Who approves: approvers by key:FINGERPRINT, as Get-StingApprover shows it. Once any role is given, no approval by another key counts, save one of compliance_officer for what that role asks for."),
        [AccessRole.ComplianceOfficer] = Role("compliance_officer", "- user:dpo", "Who erases, sets and lifts legal holds, lets restore points go and gives back room; the account of the cleanup timer too. What destroys takes a second identity besides (dual control)."),
    };

    /// <summary>Identities of one person.</summary>
    public static readonly Setting<IReadOnlyList<string>> SamePerson = new()
    {
        Key = "access.same_person",
        Type = new ListType<string>("a list of identities that are one person, with commas", new ScalarType<string>(
            "identities of one person, with commas",
            (text, _) => AccessPolicy.PersonOf(text) is { Count: > 1 } ? text : SettingTypes.Bad<string>($"'{text}' does not name two identities", "Write them with commas: \"user:ada, key:FINGERPRINT\"."),
            text => text)),
        Default = [],
        Example = "- \"user:ada, key:00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff\"",
        Summary = "Identities that are one and the same person, one line a person: the approval of whoever asked does not count, nor do two of one person count twice.",
    };

    /// <summary>In the order of the file.</summary>
    public static IEnumerable<Setting> All => [.. Roles.OrderBy(r => r.Key).Select(r => (Setting)r.Value), SamePerson];

    internal static AccessPolicy Bind(SettingValues values) => new(
        Roles.ToDictionary(r => r.Key, r => values.Get(r.Value)),
        [.. values.Get(SamePerson).Select(person => AccessPolicy.PersonOf(person)!)])
    {
        Counts = ApprovalSettings.Bind(values), BreakGlass = values.Get(ApprovalSettings.BreakGlass).ToHashSet(),
    };

    private static Setting<IReadOnlyList<AccessIdentity>> Role(string name, string example, string summary) => new()
    {
        Key = "access." + name,
        Type = new ListType<AccessIdentity>("a list of identities", new ScalarType<AccessIdentity>(
            "an identity: user:NAME, group:NAME, key:FINGERPRINT, kratos:UUID or oidc:SUBJECT",
            (text, _) => AccessIdentity.TryParse(text, out var identity) ? identity : SettingTypes.Bad<AccessIdentity>($"'{text}' is no identity", "Write user:NAME, group:NAME, key:FINGERPRINT (64 hexadecimal digits), kratos:UUID or oidc:SUBJECT."),
            identity => identity.ToString())),
        Default = [],
        Example = example,
        Summary = summary,
    };
}
