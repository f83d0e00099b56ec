using StingBackup.Portal.Access;
using StingBackup.Portal.Http;

namespace StingBackup.Portal.Api;

/// <summary>A part of a list.</summary>
/// <param name="Items">What is in it.</param>
/// <param name="Next">The cursor for the next part; null in the last one.</param>
internal sealed record Part<T>(IReadOnlyList<T> Items, string? Next);

/// <summary>What a person does with the own data. Each route is for somebody who has some, and answers about nobody else's.</summary>
internal static class OwnApi
{
    public static void Map(RouteGroupBuilder api)
    {
        var own = api.MapGroup("").WithMetadata(new PortalRuleAttribute(Audience.Person)).AddEndpointFilter<OwnOnlyFilter>().WithTags("Own data")
            .ProducesProblem(StatusCodes.Status401Unauthorized).ProducesProblem(StatusCodes.Status403Forbidden).ProducesProblem(StatusCodes.Status404NotFound);
        OwnFilesApi.Map(own);
        OwnJobsApi.Map(own);
        OwnRestoresApi.Map(own);
        OwnRecordsApi.Map(own);
    }
}

/// <summary>What is not there and what is somebody else's look the same: nobody learns which runs, jars, jobs or names there are.</summary>
internal sealed class OwnOnlyFilter : IEndpointFilter
{
    public async ValueTask<object?> InvokeAsync(EndpointFilterInvocationContext context, EndpointFilterDelegate next)
    {
        try
        {
            return await next(context).ConfigureAwait(false);
        }
        catch (StingException e) when (IsHidden(e))
        {
            return TypedResults.Problem(Refusals.ProblemOf(Refusal.NotFound.Id, Refusal.NotFound.Status, null, null));
        }
    }

    public static bool IsHidden(StingException e) => e.Kind == FailureKind.NotFound || e.ErrorId == "AccessDenied";
}
