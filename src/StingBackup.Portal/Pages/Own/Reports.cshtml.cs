using System.Globalization;
using Microsoft.AspNetCore.Mvc;
using StingBackup.Engine.People;
using StingBackup.Portal.Access;
using StingBackup.Portal.Own;

namespace StingBackup.Portal.Pages.Own;

/// <summary>What a month's backups were to somebody.</summary>
[PortalRule(Audience.Person)]
internal sealed class ReportsModel(OwnPeople people, PageTimes times) : OwnPage(people)
{
    /// <summary><c>yyyy-MM</c>; this one where it is not given.</summary>
    [BindProperty(SupportsGet = true)]
    public string? Month { get; set; }

    public OwnReport Report { get; private set; } = null!;
    public string Id => Report.Month.ToString("yyyy-MM", CultureInfo.InvariantCulture);

    public async Task OnGetAsync()
    {
        Jar = null;
        Report = await (await OwnAsync().ConfigureAwait(false)).ReportAsync(ReportFiles.Month(Month, times.Today), Cancel).ConfigureAwait(false);
    }
}
