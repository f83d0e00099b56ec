using Microsoft.AspNetCore.Mvc;
using StingBackup.Portal.Access;
using StingBackup.Portal.Own;

namespace StingBackup.Portal.Pages.Own;

/// <summary>What bringing a selection back would do, how conflicts go, and the button that does it.</summary>
[PortalRule(Audience.Person, Fresh = true)]
internal sealed class RestoreModel(OwnPeople people, Restores restores) : OwnPage(people)
{
    /// <summary>How many items the page names.</summary>
    public const int Named = 20;

    [BindProperty(SupportsGet = true)]
    public ConflictAction Conflict { get; set; } = ConflictAction.Rename;

    [BindProperty(SupportsGet = true)]
    public string Id { get; set; } = "";

    public Selection Selection { get; private set; } = null!;
    public RestorePlan Plan { get; private set; } = null!;
    /// <summary>Whether others must approve it first.</summary>
    public bool NeedsApproval => Plan.Approval is not (null or ApprovalState.Approved);

    /// <summary>The folder that all of it lies in.</summary>
    public string Folder => ZipNames.FolderOf(Selection.Paths);

    public string Shorten(string path) => Folder.Length > 0 && path.StartsWith(Folder + "/", StringComparison.Ordinal) ? path[(Folder.Length + 1)..] : path;

    public async Task OnGetAsync()
    {
        if (!ModelState.IsValid)
        {
            throw Given.Wrong("conflict");
        }
        (Selection, Plan) = await restores.PlanAsync(HttpContext, Id, Conflict, Cancel).ConfigureAwait(false);
    }

    public async Task<IActionResult> OnPostAsync()
    {
        if (!ModelState.IsValid)
        {
            throw Given.Wrong("conflict");
        }
        var job = await restores.BeginAsync(HttpContext, Id, Conflict, Cancel).ConfigureAwait(false);
        return LocalRedirect($"/jobs/{job.View.Id}");
    }
}
