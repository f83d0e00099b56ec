using Microsoft.AspNetCore.Mvc;
using StingBackup.Engine.People;
using StingBackup.Portal.Access;
using StingBackup.Portal.Admin;

namespace StingBackup.Portal.Pages.Admin;

/// <summary>Restore points of whoever is named, to look into. To open somebody's is a deed: the engine puts it into the audit log before it shows anything.</summary>
[PortalRule(Audience.Role, Command = "Get-StingRestorePointItem")]
internal sealed class PointsModel(AdminDesk desk) : AdminPage(desk)
{
    private const int PageSize = 200, MostRuns = 200;

    /// <summary>A person or jar, as people or the reserve name it.</summary>
    [BindProperty(SupportsGet = true)]
    public string? Subject { get; set; }

    /// <summary>The run; null before one is chosen.</summary>
    [BindProperty(SupportsGet = true)]
    public string? Run { get; set; }

    [BindProperty(SupportsGet = true)]
    public string? Path { get; set; }

    [BindProperty(SupportsGet = true)]
    public string? After { get; set; }

    /// <summary>Canonical names of what is looked into; none where nothing is.</summary>
    public IReadOnlyList<string> Opened { get; private set; } = [];

    public IReadOnlyList<OwnRun>? Runs { get; private set; }

    public FolderPage? Folder { get; private set; }

    /// <summary>Nobody has this name.</summary>
    public StingException? Unknown { get; private set; }

    /// <summary>Somebody is named whom this session has not opened.</summary>
    public bool IsClosed { get; private set; }

    public Task<IActionResult> OnGetAsync() => ShowAsync(async cancel =>
    {
        if (string.IsNullOrWhiteSpace(Subject))
        {
            return;
        }
        if (Desk.OpenedSubject(Me, Subject) is not { } reserve)
        {
            IsClosed = true;
            return;
        }
        Opened = reserve.Subjects;
        if (Run is null)
        {
            Runs = [.. (await reserve.RunsAsync(null, null, cancel).ConfigureAwait(false)).Take(MostRuns)];
        }
        else
        {
            Folder = await reserve.FolderAsync(Run, Path, After, PageSize, cancel).ConfigureAwait(false);
        }
    });

    public async Task<IActionResult> OnPostAsync()
    {
        if (string.IsNullOrWhiteSpace(Subject))
        {
            return Page();
        }
        try
        {
            Subject = (await Desk.OpenSubjectAsync(Me, Subject, HttpContext.RequestAborted).ConfigureAwait(false)).Subjects[0];
            return LocalRedirect(To());
        }
        catch (StingException e) when (e.Kind == FailureKind.NotFound || e.ErrorId == "SubjectErased")
        {
            Unknown = e;
            return Page();
        }
        catch (StingException e) when (e.Kind is not FailureKind.Refused)
        {
            return Fail(e);
        }
    }

    /// <summary>The folders above, the reserve's root first.</summary>
    public IEnumerable<(string Name, string Path)> Above()
    {
        var at = "";
        foreach (var name in (Folder?.Path ?? "").Split('/', StringSplitOptions.RemoveEmptyEntries))
        {
            at = at.Length == 0 ? name : $"{at}/{name}";
            yield return (name, at);
        }
    }

    /// <summary>The address of a folder or run of this subject.</summary>
    public string To(string? run = null, string? path = null, string? after = null) => AdminHtml.To("/admin/points", ("subject", Subject), ("run", run), ("path", path), ("after", after));
}
