using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;
using StingBackup.Engine.People;
using StingBackup.Portal.Access;
using StingBackup.Portal.SignIn;

namespace StingBackup.Portal.Pages;

/// <summary>A link for one use: looking at it uses nothing, since mail programs look at links by themselves.</summary>
[PortalRule(Audience.Anyone)]
internal sealed class SignInLinkModel(PortalContext portal) : PageModel
{
    [BindProperty(SupportsGet = true)]
    public string? Code { get; set; }

    public SignInTicket? Ticket { get; private set; }

    public void OnGet() => Ticket = SignInLinks.Look(portal.Configuration.StateDirectory, Code, portal.Clock.GetUtcNow());

    public async Task<IActionResult> OnPostAsync()
    {
        if (SignInLinks.Take(portal.Configuration.StateDirectory, Code, portal.Clock.GetUtcNow()) is not { } ticket)
        {
            return Page();
        }
        await HttpContext.BeginSessionAsync(new PortalUser(ticket.Identity, ticket.Name, ticket.Subject, portal.Clock.GetUtcNow())).ConfigureAwait(false);
        return LocalRedirect("/");
    }
}
