using Microsoft.AspNetCore.Mvc;
using StingBackup.Engine.People;
using StingBackup.Portal.Access;
using StingBackup.Portal.Own;

namespace StingBackup.Portal.Pages.Own;

/// <summary>A folder on the way from the top to where somebody is.</summary>
/// <param name="Name">What it is called; null for the top.</param>
/// <param name="Path">Its path; null for the top.</param>
internal sealed record Crumb(string? Name, string? Path);

/// <summary>A folder as of a run.</summary>
[PortalRule(Audience.Person)]
internal sealed class FilesModel(OwnPeople people, PageTimes times) : OwnPage(people)
{
    private const int PageSize = 100, MostRuns = 60;

    [BindProperty(SupportsGet = true)]
    public string? Run { get; set; }

    [BindProperty(SupportsGet = true)]
    public string? Path { get; set; }

    [BindProperty(SupportsGet = true)]
    public string? Cursor { get; set; }

    /// <summary>Whether somebody asked for something to be done with a selection, and had selected nothing.</summary>
    [BindProperty(SupportsGet = true)]
    public bool Nothing { get; set; }

    public FolderPage Folder { get; private set; } = null!;
    public IReadOnlyList<Crumb> Crumbs { get; private set; } = [];
    /// <summary>Runs to choose from: the newest in which something changed, and the one that is shown.</summary>
    public IReadOnlyList<OwnRun> Runs { get; private set; } = [];
    public OwnRun? Shown { get; private set; }
    /// <summary>What an item is called.</summary>
    public string NameOf(RestorePointItem item) => Folder.Names.GetValueOrDefault(item.Path, item.Name);

    public string? Next => Given.ToCursor(Folder.Next);

    public async Task OnGetAsync()
    {
        var own = await ShownAsync().ConfigureAwait(false);
        Folder = await own.FolderAsync(Given.Run(Run), Given.OptionalPath(Path), Given.FromCursor(Cursor), PageSize, Cancel).ConfigureAwait(false);
        Run = Folder.BackupId;
        var top = Path is null ? Folder.Path : (await own.FolderAsync(Run, null, null, 1, Cancel).ConfigureAwait(false)).Path;
        Crumbs = CrumbsOf(Folder.Path, top);
        var recent = await Overview.RecentAsync(own, times.Now, Cancel).ConfigureAwait(false);
        Shown = recent.FirstOrDefault(r => r.BackupId == Run);
        Runs = [.. recent.Where((r, i) => r.Items > 0 && (r.Changed || i == 0 || r == Shown)).Take(MostRuns)];
        if (Shown is not null && !Runs.Contains(Shown))
        {
            Runs = [.. Runs, Shown];
        }
    }

    /// <summary>Folders above one: from the top, which has no name of its own, where it lies in that.</summary>
    internal static IReadOnlyList<Crumb> CrumbsOf(string path, string top)
    {
        var crumbs = new List<Crumb> { new(null, null) };
        var inTop = top.Length == 0 || path == top || path.StartsWith(top + "/", StringComparison.Ordinal);
        for (var at = inTop ? top.Length : 0; at < path.Length;)
        {
            var end = path.IndexOf('/', at + 1) is > 0 and var slash ? slash : path.Length;
            crumbs.Add(new Crumb(path[at..end].TrimStart('/'), path[..end]));
            at = end;
        }
        return crumbs;
    }
}
