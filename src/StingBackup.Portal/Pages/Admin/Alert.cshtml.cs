using Microsoft.AspNetCore.Mvc;
using StingBackup.Engine.Operations.Alerts;
using StingBackup.Portal.Access;
using StingBackup.Portal.Admin;

namespace StingBackup.Portal.Pages.Admin;

/// <summary>An alert, and saying that one knows of it.</summary>
[PortalRule(Audience.Role, Command = "Confirm-StingAlert")]
internal sealed class AlertModel(AdminDesk desk, PortalContext portal) : AdminPage(desk)
{
    public const int LongestComment = 500;

    [BindProperty(SupportsGet = true)]
    public string Id { get; set; } = "";

    [BindProperty]
    public string? Comment { get; set; }

    public StingAlert? Alert { get; private set; }

    /// <summary>What is kept of a comment.</summary>
    internal static string Short(string? comment)
    {
        var text = (comment ?? "").Trim();
        return text.Length > LongestComment ? text[..LongestComment] : text;
    }

    private AlertCenter Center => new(portal.Configuration, portal.Clock);

    public Task<IActionResult> OnGetAsync() => ShowAsync(_ =>
    {
        Alert = Center.Find(Id);
        return Task.CompletedTask;
    });

    public async Task<IActionResult> OnPostAsync()
    {
        try
        {
            await UseAsync(async (installation, cancel) => await Center.AcknowledgeAsync(installation, Id, Short(Comment), cancel).ConfigureAwait(false)).ConfigureAwait(false);
        }
        catch (StingException e) when (e.Kind == FailureKind.Busy)
        {
            Alert = Center.Find(Id);
            return Fail(e);
        }
        Desk.Changed();
        return LocalRedirect($"/admin/alerts/{Id}");
    }
}
