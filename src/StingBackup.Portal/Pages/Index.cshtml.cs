using Microsoft.AspNetCore.Mvc.RazorPages;
using StingBackup.Portal.Access;
using StingBackup.Portal.Own;

namespace StingBackup.Portal.Pages;

/// <summary>The first page: of somebody who has own data, what they are.</summary>
[PortalRule(Audience.SignedIn)]
internal sealed class IndexModel(OwnPeople people, OwnJobs jobs, PageTimes times) : PageModel
{
    /// <summary>Null for somebody without own data.</summary>
    public Overview? Overview { get; private set; }

    public async Task OnGetAsync()
    {
        if (PortalUser.Of(User)!.Subject is not null)
        {
            var own = await people.OfAsync(HttpContext, null, HttpContext.RequestAborted).ConfigureAwait(false);
            Overview = await StingBackup.Portal.Own.Overview.OfAsync(own, jobs.Of(OwnPeople.OwnerOf(HttpContext)), times.Now, HttpContext.RequestAborted).ConfigureAwait(false);
        }
    }
}
