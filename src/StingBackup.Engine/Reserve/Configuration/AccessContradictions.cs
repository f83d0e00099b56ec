namespace StingBackup.Engine.Reserve.Configuration;

/// <summary>Roles and approvals that do not fit each other.</summary>
internal sealed class AccessContradictions(SettingValues values, FindingList findings, string file)
{
    /// <summary>What a look at the configuration says where nobody has a role; no run says it.</summary>
    public static ConfigurationFinding Unmapped(string file) => new()
    {
        Severity = FindingSeverity.Warning, Key = AccessSettings.Roles[AccessRole.SystemAdmin].Key, File = file, Line = 0,
        Problem = "no role is given to anybody: whoever runs this program on this host may do everything that its keys allow",
        Remedy = "Give the roles of the section 'access' to accounts and keys, where several people work with it.",
    };

    public void Run()
    {
        if (AccessSettings.Roles.Values.Any(values.IsRefused) || ApprovalSettings.Counts.Values.Any(values.IsRefused))
        {
            return;
        }
        var policy = AccessSettings.Bind(values);
        if (!policy.IsMapped)
        {
            return;
        }
        var approvers = policy.IdentitiesOf(AccessRole.SecurityTeam).Where(i => i.Kind == IdentityKind.Key).Distinct().ToList();
        if (approvers.Count == 0)
        {
            Tell(FindingSeverity.Warning, AccessSettings.Roles[AccessRole.SecurityTeam], "security_team names no key: nobody could approve anything", "Add key:FINGERPRINT of each approver, as Get-StingApprover shows it.");
            return;
        }
        foreach (var (operation, setting) in ApprovalSettings.Counts.OrderBy(c => c.Key))
        {
            if (policy.ApproversOf(operation).Count() is var able && able < policy.CountOf(operation))
            {
                Tell(FindingSeverity.Warning, setting, $"{policy.CountOf(operation)} approvals are asked for, and {able} keys may give one: it could never be done", "Name more keys in access.security_team, or lower the number.");
            }
        }
    }

    private void Tell(FindingSeverity severity, Setting setting, string problem, string remedy)
    {
        var origin = values.OriginOf(setting);
        findings.Add(severity, setting.Key, origin.File ?? file, origin.Line, problem, remedy);
    }
}
