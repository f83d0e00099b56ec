using Microsoft.AspNetCore.Mvc;
using StingBackup.Engine.People;
using StingBackup.Portal.Access;
using StingBackup.Portal.Own;

namespace StingBackup.Portal.Pages.Own;

/// <summary>A file as of a run: what can be seen of it, and its versions.</summary>
[PortalRule(Audience.Person)]
internal sealed class FileModel(OwnPeople people) : OwnPage(people)
{
    private const int MostVersions = 100;

    [BindProperty(SupportsGet = true)]
    public string? Run { get; set; }

    [BindProperty(SupportsGet = true)]
    public string? Path { get; set; }

    public OwnFile Shown { get; private set; } = null!;
    public FilePreview Preview { get; private set; } = null!;
    public IReadOnlyList<ItemVersion> Versions { get; private set; } = [];
    public IReadOnlyList<Crumb> Crumbs { get; private set; } = [];

    public async Task OnGetAsync()
    {
        var own = await ShownAsync().ConfigureAwait(false);
        (Run, Path) = (Given.Run(Run), Given.Path(Path));
        Shown = await own.FileAsync(Run, Path, Cancel).ConfigureAwait(false);
        Path = Shown.Item.Path;
        Preview = await FilePreview.OfAsync(Shown, Cancel).ConfigureAwait(false);
        Versions = (await own.VersionsAsync(Path, MostVersions, Cancel).ConfigureAwait(false)).Versions;
        Crumbs = FilesModel.CrumbsOf(Path, (await own.FolderAsync(Run, null, null, 1, Cancel).ConfigureAwait(false)).Path);
    }
}
