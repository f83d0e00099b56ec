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

    /// <summary>What STING says of the jar; null in the own reserve.</summary>
    public OwnJar? JarInfo { get; private set; }

    /// <summary>Whether what is shown may be brought back by whoever looks.</summary>
    public bool MayRestore => JarInfo is null or { MayRestore: true };

    protected CancellationToken Cancel => HttpContext.RequestAborted;

    protected string Owner => OwnPeople.OwnerOf(HttpContext);

    protected ValueTask<OwnReserve> OwnAsync() => people.OfAsync(HttpContext, Jar = Given.OptionalId(Jar, "jar"), Cancel);

    /// <summary>The same, for a page that shows what may be done with it.</summary>
    protected async ValueTask<OwnReserve> ShownAsync()
    {
        var own = await OwnAsync().ConfigureAwait(false);
        JarInfo = Jar is null ? null : (await (await people.OfAsync(HttpContext, null, Cancel).ConfigureAwait(false)).JarsAsync(Cancel).ConfigureAwait(false)).FirstOrDefault(j => j.Id == Jar)
            ?? throw new StingException("JarNotFound", FailureKind.NotFound, "There is no such honey jar that you may look into.", Jar, "Look at the list of your honey jars.");
        return own;
    }
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
