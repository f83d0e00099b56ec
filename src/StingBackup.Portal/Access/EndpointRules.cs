using Microsoft.AspNetCore.Mvc.RazorPages;

namespace StingBackup.Portal.Access;

/// <summary>Whatever is new has a rule, or the portal does not start.</summary>
internal static class EndpointRules
{
    public static void Require(WebApplication app)
    {
        var pages = typeof(EndpointRules).Assembly.GetTypes().Where(t => t.IsSubclassOf(typeof(PageModel)) && !t.IsAbstract);
        var bare = pages.Where(t => !Attribute.IsDefined(t, typeof(PortalRuleAttribute))).Select(t => t.Name)
            .Concat(Routes(app).Where(e => e.Metadata.GetMetadata<PortalRuleAttribute>() is null).Select(e => e.RoutePattern.RawText!)).ToList();
        if (bare.Count > 0)
        {
            throw new InvalidOperationException($"Nobody said for whom these are: {string.Join(", ", bare)}.");
        }
    }

    /// <summary>All routes but those of pages, whose models carry the rule.</summary>
    public static IEnumerable<RouteEndpoint> Routes(WebApplication app) =>
        ((IEndpointRouteBuilder)app).DataSources.SelectMany(s => s.Endpoints).OfType<RouteEndpoint>().Where(e => e.Metadata.GetMetadata<PageActionDescriptor>() is null);
}
