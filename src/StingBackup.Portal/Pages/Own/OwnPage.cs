using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.Filters;
using Microsoft.AspNetCore.Mvc.RazorPages;
using StingBackup.Engine.People;
using StingBackup.Portal.Api;
using StingBackup.Portal.Own;

namespace StingBackup.Portal.Pages.Own;

/// <summary>A page about the own reserve, or about a jar that its reader may read.</summary>
[OwnOnly]
internal abstract class OwnPage(OwnPeople people) : PageModel
{
    /// <summary>A jar's id; null in the own reserve.</summary>
    [BindProperty(SupportsGet = true)]
    public string? Jar { get; set; }

    protected CancellationToken Cancel => HttpContext.RequestAborted;

    protected string Owner => OwnPeople.OwnerOf(HttpContext);

    protected ValueTask<OwnReserve> OwnAsync() => people.OfAsync(HttpContext, Jar = Given.OptionalId(Jar, "jar"), Cancel);
}

/// <summary>What is not there and what is somebody else's are the same page.</summary>
[AttributeUsage(AttributeTargets.Class)]
internal sealed class OwnOnlyAttribute : ExceptionFilterAttribute
{
    public override void OnException(ExceptionContext context)
    {
        if (context.Exception is StingException e && OwnOnlyFilter.IsHidden(e))
        {
            (context.Result, context.ExceptionHandled) = (new NotFoundResult(), true);
        }
    }
}
