using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;
using StingBackup.Engine;
using StingBackup.Portal.Access;
using StingBackup.Portal.Admin;
using StingBackup.Portal.Http;

namespace StingBackup.Portal.Pages.Admin;

/// <summary>What pages of administrators and approvers have in common: the engine as whoever asks, and a failure that is told on the page itself, with what to do.</summary>
internal abstract class AdminPage(AdminDesk desk) : PageModel
{
    public AdminDesk Desk => desk;

    public PortalUser Me => PortalUser.Of(User)!;

    /// <summary>Why the page could not be read; null where it could.</summary>
    public StingException? Failure { get; private set; }

    /// <summary>Does something as whoever asks.</summary>
    protected ValueTask<T> UseAsync<T>(Func<Installation, CancellationToken, ValueTask<T>> act) => desk.UseAsync(Me, act, HttpContext.RequestAborted);

    /// <summary>Reads what the page shows. What is refused, or not there, has the page of errors; anything else is told here.</summary>
    protected async Task<IActionResult> ShowAsync(Func<CancellationToken, Task> read)
    {
        try
        {
            await read(HttpContext.RequestAborted).ConfigureAwait(false);
        }
        catch (StingException e) when (e.Kind is not (FailureKind.Refused or FailureKind.NotFound))
        {
            Fail(e);
        }
        return Page();
    }

    /// <summary>Shows the page with what is wrong.</summary>
    protected IActionResult Fail(StingException failure)
    {
        Failure = failure;
        Response.StatusCode = Refusals.StatusOf(failure);
        return Page();
    }
}
