using Microsoft.AspNetCore.Antiforgery;

namespace StingBackup.Portal.Http;

/// <summary>Takes nothing by the API that changes something without the token of a form or page of ours: a browser sends its cookie along from anywhere.</summary>
internal sealed class FormTokenFilter(IAntiforgery antiforgery) : IEndpointFilter
{
    public async ValueTask<object?> InvokeAsync(EndpointFilterInvocationContext context, EndpointFilterDelegate next)
    {
        var http = context.HttpContext;
        return HttpMethods.IsGet(http.Request.Method) || HttpMethods.IsHead(http.Request.Method) || await antiforgery.IsRequestValidAsync(http).ConfigureAwait(false) ? await next(context).ConfigureAwait(false)
            : TypedResults.Problem(Refusals.ProblemOf("FormTokenMissing", StatusCodes.Status400BadRequest, "The request does not carry the token that a page of the portal gives.", "Get /api/v1/token, and send its value in the header X-Form-Token."));
    }
}
