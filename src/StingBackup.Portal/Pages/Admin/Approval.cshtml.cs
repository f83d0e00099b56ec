using System.Net.Mime;
using Microsoft.AspNetCore.Mvc;
using StingBackup.Engine.Governance;
using StingBackup.Portal.Access;
using StingBackup.Portal.Admin;

namespace StingBackup.Portal.Pages.Admin;

/// <summary>A request with its exact plan, and the way to approve it: the approver signs it elsewhere, with a key that never comes here, and pastes what was signed.</summary>
[PortalRule(Audience.Role, Command = "Get-StingApproval")]
internal sealed class ApprovalModel(AdminDesk desk) : AdminPage(desk)
{
    [BindProperty(SupportsGet = true)]
    public string Id { get; set; } = "";

    /// <summary>The text of an approval.</summary>
    [BindProperty]
    public string? Signed { get; set; }

    public new ApprovalRequest? Request { get; private set; }

    /// <summary>An approval that was taken in just now; null for none.</summary>
    public ApprovalResult? Taken { get; private set; }

    public bool IsOpen => Request is { } request && ApprovalsModel.IsOpen(request);

    public string FileName => Id + ".request";

    public Task<IActionResult> OnGetAsync() => ShowAsync(ReadAsync);

    public async Task<IActionResult> OnGetFileAsync() =>
        File(await UseAsync((installation, _) => ValueTask.FromResult(ApprovalInbox.RequestFile(installation, Id))).ConfigureAwait(false), MediaTypeNames.Application.Octet, FileName);

    public Task<IActionResult> OnPostAsync() => ShowAsync(async cancel =>
    {
        StingException? refused = null;
        try
        {
            Taken = await UseAsync((installation, stop) => ApprovalInbox.TakeInAsync(installation, Id, Signed ?? "", stop)).ConfigureAwait(false);
            Desk.Changed();
        }
        catch (StingException e) when (e.Kind == FailureKind.Refused && e.ErrorId != "AccessDenied")
        {
            refused = e;
        }
        await ReadAsync(cancel).ConfigureAwait(false);
        if (refused is not null)
        {
            Fail(refused);
        }
    });

    private async Task ReadAsync(CancellationToken cancel)
    {
        var all = await Desk.UseAsync(Me, (installation, stop) => ApprovalDesk.ListAsync(installation, all: true, stop), cancel).ConfigureAwait(false);
        Request = all.FirstOrDefault(r => r.Id.Equals(Id, StringComparison.OrdinalIgnoreCase))
            ?? throw new StingException("ApprovalRequestUnknown", FailureKind.NotFound, $"This host has no request '{Id}'.", Id, "The list of approvals shows what there is.");
    }
}
