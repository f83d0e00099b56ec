using StingBackup.Portal.Access;

namespace StingBackup.Portal.Api;

/// <summary>Who asks, and what he may do.</summary>
/// <param name="Name">For people.</param>
/// <param name="Identity">As roles name him.</param>
/// <param name="HasOwnData">Whether the reserve holds data of his own.</param>
/// <param name="Roles">The roles that he has.</param>
/// <param name="SignedIn">When he last proved who he is.</param>
internal sealed record Me(string Name, string Identity, bool HasOwnData, IReadOnlyList<string> Roles, DateTimeOffset SignedIn);

/// <summary>What a request that changes something carries in the header X-Form-Token.</summary>
/// <param name="Value">The token, good for this session.</param>
internal sealed record FormToken(string Value);

internal static class MeApi
{
    public static void Map(RouteGroupBuilder api)
    {
        api.MapGet("/me", (HttpContext context, PortalContext portal) =>
        {
            var user = PortalUser.Of(context.User)!;
            return TypedResults.Ok(new Me(user.Name, user.Identity.ToString(), user.Subject is not null, [.. portal.Configuration.Access.RolesOf([user.Identity]).Select(r => r.ToString())], user.SignedIn));
        })
        .WithMetadata(new PortalRuleAttribute(Audience.SignedIn)).WithSummary("Who you are here");
        api.MapGet("/token", (HttpContext context, Microsoft.AspNetCore.Antiforgery.IAntiforgery antiforgery) => TypedResults.Ok(new FormToken(antiforgery.GetAndStoreTokens(context).RequestToken!)))
            .WithMetadata(new PortalRuleAttribute(Audience.SignedIn)).WithSummary("The token that requests carry which change something");
    }
}
