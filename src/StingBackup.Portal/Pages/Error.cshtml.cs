using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;
using StingBackup.Portal.Access;
using StingBackup.Portal.Http;

namespace StingBackup.Portal.Pages;

/// <summary>What people see instead of a page that they cannot have.</summary>
[PortalRule(Audience.Anyone)]
[IgnoreAntiforgeryToken]
[ResponseCache(Duration = 0, Location = ResponseCacheLocation.None, NoStore = true)]
internal sealed class ErrorModel : PageModel
{
    /// <summary>The error's id, by which its text is found.</summary>
    public string Id => HttpContext.RefusalOf()?.Id ?? Failure?.ErrorId ?? (Response.StatusCode == StatusCodes.Status404NotFound ? Refusal.NotFound.Id : "UnexpectedFailure");

    /// <summary>What the engine said; null where it said nothing.</summary>
    public StingException? Failure => HttpContext.Items[typeof(StingException)] as StingException;
}
