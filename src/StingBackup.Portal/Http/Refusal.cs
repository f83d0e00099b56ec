using Microsoft.AspNetCore.Diagnostics;
using Microsoft.AspNetCore.Mvc;

namespace StingBackup.Portal.Http;

/// <summary>Why a request is not answered.</summary>
/// <param name="Id">The error's id.</param>
/// <param name="Status">HTTP status.</param>
internal sealed record Refusal(string Id, int Status)
{
    public static Refusal NotFound { get; } = new("NotFound", StatusCodes.Status404NotFound);
    public static Refusal SignInNeeded { get; } = new("SignInNeeded", StatusCodes.Status401Unauthorized);
    public static Refusal FreshSignInNeeded { get; } = new("FreshSignInNeeded", StatusCodes.Status401Unauthorized);
    public static Refusal NoOwnData { get; } = new("NoOwnData", StatusCodes.Status403Forbidden);
    public static Refusal NoRole { get; } = new("NoRole", StatusCodes.Status403Forbidden);
}

/// <summary>Answers of errors: a problem (RFC 9457) to the API, a page to people.</summary>
internal static class Refusals
{
    private const string Key = "refusal";

    /// <summary>Whether a program asks, not a page. Where an exception is answered, the path is that of the page of errors, and not what was asked.</summary>
    public static bool IsApi(this HttpContext context) => (context.Features.Get<IExceptionHandlerPathFeature>() is { } failed ? new PathString(failed.Path) : context.Request.Path).StartsWithSegments("/api", StringComparison.Ordinal);

    /// <summary>The refusal that the page of errors is to show.</summary>
    public static Refusal? RefusalOf(this HttpContext context) => context.Items[Key] as Refusal;

    public static async Task RefuseAsync(this HttpContext context, Refusal refusal)
    {
        if (context.IsApi())
        {
            await Results.Problem(ProblemOf(refusal.Id, refusal.Status, null, null)).ExecuteAsync(context).ConfigureAwait(false);
        }
        else if (refusal.Status == StatusCodes.Status401Unauthorized && HttpMethods.IsGet(context.Request.Method))
        {
            var back = context.Request.Path + context.Request.QueryString;
            context.Response.Redirect(QueryString.Create([new("return", back), .. refusal == Refusal.FreshSignInNeeded ? [new("fresh", "true")] : Array.Empty<KeyValuePair<string, string?>>()]).ToUriComponent() is var query ? "/sign-in" + query : "");
        }
        else
        {
            // The page is made by StatusCodePages' second run of the pipeline.
            context.Items[Key] = refusal;
            context.Response.StatusCode = refusal.Status;
        }
    }

    public static ProblemDetails ProblemOf(string id, int status, string? detail, string? remedy)
    {
        var problem = new ProblemDetails { Type = $"urn:sting-backup:{id}", Title = id, Status = status, Detail = detail };
        if (remedy is not null)
        {
            problem.Extensions["remedy"] = remedy;
        }
        return problem;
    }

    /// <summary>The HTTP status of an engine's failure.</summary>
    public static int StatusOf(StingException e) => e.Kind switch
    {
        FailureKind.NotFound => StatusCodes.Status404NotFound,
        FailureKind.InvalidArgument => StatusCodes.Status400BadRequest,
        FailureKind.Refused => StatusCodes.Status403Forbidden,
        FailureKind.Busy => StatusCodes.Status409Conflict,
        _ => StatusCodes.Status503ServiceUnavailable,
    };
}
