using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc.RazorPages;
using Microsoft.AspNetCore.Mvc.RazorPages.Infrastructure;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using StingBackup.Portal.Access;
using StingBackup.Portal.Tests.Support;

namespace StingBackup.Portal.Tests.Security;

/// <summary>A way into the portal.</summary>
/// <param name="Method">GET or what else.</param>
/// <param name="Path">Its path, with every parameter filled in.</param>
/// <param name="Pattern">Its path as the program has it.</param>
/// <param name="Rule">For whom it is.</param>
internal sealed record Route(string Method, string Path, string Pattern, PortalRuleAttribute? Rule)
{
    public bool IsApi => Pattern.StartsWith("/api", StringComparison.Ordinal);
    public bool IsRead => Method is "GET" or "HEAD";
    public override string ToString() => $"{Method} {Pattern}";
}

/// <summary>All ways into the portal: what is mapped, and the pages with what their models answer to.</summary>
internal static class Routes
{
    public static async Task<IReadOnlyList<Route>> OfAsync(PortalSite site)
    {
        var loader = site.App.Services.GetRequiredService<PageLoader>();
        var routes = new List<Route>();
        foreach (var endpoint in site.App.Services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>())
        {
            var pattern = "/" + endpoint.RoutePattern.RawText!.TrimStart('/');
            if (endpoint.Metadata.GetMetadata<PageActionDescriptor>() is { } page)
            {
                var compiled = await loader.LoadAsync(page, EndpointMetadataCollection.Empty);
                var rule = compiled.ModelTypeInfo!.GetCustomAttributes(typeof(PortalRuleAttribute), inherit: true).OfType<PortalRuleAttribute>().SingleOrDefault();
                var methods = compiled.HandlerMethods!.Select(h => h.HttpMethod.ToUpperInvariant()).Append("GET").Distinct();
                routes.AddRange(methods.Select(m => new Route(m, PathOf(endpoint.RoutePattern), pattern, rule)));
            }
            else
            {
                routes.AddRange((endpoint.Metadata.GetMetadata<IHttpMethodMetadata>()?.HttpMethods ?? ["GET"]).Select(m => new Route(m, PathOf(endpoint.RoutePattern), pattern, endpoint.Metadata.GetMetadata<PortalRuleAttribute>())));
            }
        }
        return [.. routes.DistinctBy(r => (r.Method, r.Path)).OrderBy(r => r.Pattern, StringComparer.Ordinal)];
    }

    /// <summary>A path with something harmless for each parameter: nothing is there by that name, which is answered behind the gate.</summary>
    private static string PathOf(Microsoft.AspNetCore.Routing.Patterns.RoutePattern pattern) => "/" + string.Join('/', pattern.PathSegments.Select(segment => string.Concat(segment.Parts.Select(part => part switch
    {
        Microsoft.AspNetCore.Routing.Patterns.RoutePatternLiteralPart literal => literal.Content,
        Microsoft.AspNetCore.Routing.Patterns.RoutePatternParameterPart { Name: "documentName" } => "v1",
        Microsoft.AspNetCore.Routing.Patterns.RoutePatternParameterPart parameter => parameter.IsOptional || parameter.IsCatchAll ? "" : ValueOf(parameter),
        _ => "",
    }))).Where(s => s.Length > 0));

    private static string ValueOf(Microsoft.AspNetCore.Routing.Patterns.RoutePatternParameterPart parameter) => parameter.ParameterPolicies.Select(p => p.Content).FirstOrDefault() switch
    {
        "guid" => Guid.Empty.ToString(), "int" or "long" => "1", _ => "none-such",
    };
}
