using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;
using StingBackup.Portal.Access;
using StingBackup.Portal.SignIn;

namespace StingBackup.Portal.Pages;

[PortalRule(Audience.SignedIn)]
internal sealed class SignOutModel : PageModel
{
    public IActionResult OnGet() => LocalRedirect("/");

    public async Task<IActionResult> OnPostAsync()
    {
        await HttpContext.EndSessionAsync().ConfigureAwait(false);
        return LocalRedirect("/sign-in");
    }
}
