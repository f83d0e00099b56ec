using Microsoft.AspNetCore.Mvc;
using StingBackup.Engine.Governance;
using StingBackup.Portal.Access;
using StingBackup.Portal.Admin;

namespace StingBackup.Portal.Pages.Admin;

/// <summary>Requests that wait for an approver, and those of the past.</summary>
[PortalRule(Audience.Role, Command = "Get-StingApproval")]
internal sealed class ApprovalsModel(AdminDesk desk) : AdminPage(desk)
{
    private const int MostPast = 100;

    public IReadOnlyList<ApprovalRequest> Open { get; private set; } = [];

    /// <summary>Newest first.</summary>
    public IReadOnlyList<ApprovalRequest> Past { get; private set; } = [];

    public Task<IActionResult> OnGetAsync() => ShowAsync(async _ =>
    {
        var all = await UseAsync((installation, cancel) => ApprovalDesk.ListAsync(installation, all: true, cancel)).ConfigureAwait(false);
        Open = [.. all.Where(IsOpen)];
        Past = [.. all.Where(r => !IsOpen(r)).Reverse().Take(MostPast)];
    });

    internal static bool IsOpen(ApprovalRequest request) => request.State is ApprovalState.Open or ApprovalState.Approved or ApprovalState.Refused;
}
