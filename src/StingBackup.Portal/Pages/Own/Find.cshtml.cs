using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.RateLimiting;
using StingBackup.Portal.Access;
using StingBackup.Portal.Http;
using StingBackup.Portal.Own;

namespace StingBackup.Portal.Pages.Own;

/// <summary>Finds files by name, in whichever backup they are.</summary>
[PortalRule(Audience.Person)]
[EnableRateLimiting(AtOnce.Searches)]
internal sealed class FindModel(OwnPeople people) : OwnPage(people)
{
    private const int MostVersions = 60, LongestName = 200;

    [BindProperty(SupportsGet = true)]
    public string? Name { get; set; }

    /// <summary>Files and their versions; null before anything was asked for.</summary>
    public IReadOnlyList<(string Name, IGrouping<string, ItemVersion> Versions)>? Found { get; private set; }
    public bool IsCut { get; private set; }

    public async Task OnGetAsync()
    {
        Name = Name?.Trim();
        if (!string.IsNullOrEmpty(Name))
        {
            var pattern = Name.Length <= LongestName ? Given.Path(Name) : throw Given.Wrong("name");
            var own = await OwnAsync().ConfigureAwait(false);
            var versions = await own.VersionsAsync(pattern, MostVersions, Cancel).ConfigureAwait(false);
            IsCut = versions.Versions.Count == MostVersions;
            Found = [.. versions.Versions.GroupBy(v => v.Path).Select(file => (versions.NameOf(file.First()), file))];
        }
    }
}
