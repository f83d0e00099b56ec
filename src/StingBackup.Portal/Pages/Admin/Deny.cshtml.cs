using Microsoft.AspNetCore.Mvc;
using StingBackup.Engine.Governance;
using StingBackup.Portal.Access;
using StingBackup.Portal.Admin;

namespace StingBackup.Portal.Pages.Admin;

/// <summary>Denies a request for good, with a reason for whoever asked.</summary>
[PortalRule(Audience.Role, Command = "Deny-StingApproval", Fresh = true)]
internal sealed class DenyModel(AdminDesk desk) : AdminPage(desk)
{
    public const int LongestReason = 500;

    [BindProperty(SupportsGet = true)]
    public string Id { get; set; } = "";

    [BindProperty]
    public string? Reason { get; set; }

    public new ApprovalRequest? Request { get; private set; }

    public Task<IActionResult> OnGetAsync() => ShowAsync(ReadAsync);

    public async Task<IActionResult> OnPostAsync()
    {
        if (string.IsNullOrWhiteSpace(Reason) || Reason.Length > LongestReason)
        {
            return await ShowAsync(async cancel =>
            {
                await ReadAsync(cancel).ConfigureAwait(false);
                Fail(new StingException("ReasonNeeded", FailureKind.InvalidArgument, "A denial needs a reason.", null, "Say in a sentence why, for whoever asked."));
            }).ConfigureAwait(false);
        }
        await UseAsync((installation, cancel) => ApprovalDesk.DenyAsync(installation, Id, Reason, cancel)).ConfigureAwait(false);
        Desk.Changed();
        return LocalRedirect($"/admin/approvals/{Id}");
    }

    private async Task ReadAsync(CancellationToken cancel) => Request = await Desk.UseAsync(Me, (installation, _) => ValueTask.FromResult(ApprovalDesk.PlanDenial(installation, Id)), cancel).ConfigureAwait(false);
}
