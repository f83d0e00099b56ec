using StingBackup.Portal.Access;
using StingBackup.Portal.Pages;

namespace StingBackup.Portal.Admin;

/// <summary>The pages of administrators and approvers: whoever may see one finds it here.</summary>
internal sealed class AdminMenu(PortalContext portal)
{
    private static readonly MenuEntry[] Entries =
    [
        new("/admin", "Admin.Dashboard", For("Get-StingBackupStatus")), new("/admin/approvals", "Admin.Approvals", For("Get-StingApproval")), new("/admin/alerts", "Admin.Alerts", For("Get-StingAlert")),
        new("/admin/jobs", "Admin.Jobs", For("Get-StingBackupJob")), new("/admin/points", "Admin.Points", For("Get-StingRestorePointItem")), new("/admin/drills", "Admin.Drills", For("Get-StingRecoveryTest")),
        new("/admin/retrievals", "Admin.Retrievals", For("Get-StingArchiveRetrieval")), new("/admin/costs", "Admin.Costs", For("Measure-StingCost")), new("/admin/keys", "Admin.Keys", For("Get-StingKey")), new("/admin/holds", "Admin.Holds", For("Get-StingLegalHold")),
        new("/admin/reports", "Admin.Reports", For("Get-StingBackupReport")), new("/admin/audit", "Admin.Audit", For("Get-StingAuditEvent")),
    ];

    private readonly PortalGate _gate = new(_ => Task.CompletedTask, portal);

    public IEnumerable<MenuEntry> Of(PortalUser user) => Entries.Where(entry => _gate.Judge(entry.Rule, user) is null);

    /// <summary>Whether somebody may do what a command does: for what a page offers. The page itself asks again.</summary>
    public bool May(PortalUser user, string command) => _gate.MayRun(user, command);

    private static PortalRuleAttribute For(string command) => new(Audience.Role) { Command = command };
}
