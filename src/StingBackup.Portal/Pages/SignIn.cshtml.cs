using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;
using StingBackup.Portal.Access;

namespace StingBackup.Portal.Pages;

[PortalRule(Audience.Anyone)]
internal sealed class SignInModel : PageModel
{
    /// <summary>Whether somebody is signed in, and must do so anew.</summary>
    [BindProperty(SupportsGet = true)]
    public bool Fresh { get; set; }

    /// <summary>Where to go then: a path of the portal's own.</summary>
    [BindProperty(SupportsGet = true, Name = "return")]
    public string? Back { get; set; }
}
