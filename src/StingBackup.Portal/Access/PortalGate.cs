using StingBackup.Portal.Admin;
using StingBackup.Portal.Http;

namespace StingBackup.Portal.Access;

/// <summary>Keeps the rule that each endpoint carries. An endpoint without one is given to nobody.</summary>
internal sealed class PortalGate(RequestDelegate next, PortalContext portal)
{
    public async Task InvokeAsync(HttpContext context)
    {
        var endpoint = context.GetEndpoint();
        var rule = endpoint?.Metadata.GetMetadata<PortalRuleAttribute>();
        if (endpoint is null)
        {
            await context.RefuseAsync(Refusal.NotFound).ConfigureAwait(false);
            return;
        }
        if (Judge(rule, PortalUser.Of(context.User)) is { } refusal)
        {
            await context.RefuseAsync(refusal).ConfigureAwait(false);
            return;
        }
        await next(context).ConfigureAwait(false);
    }

    /// <summary>Why somebody is not let in; null when he is. The one place where rules are judged.</summary>
    public Refusal? Judge(PortalRuleAttribute? rule, PortalUser? user) => rule switch
    {
        null => Refusal.NotFound,
        { Audience: Audience.Anyone } => null,
        _ when user is null => Refusal.SignInNeeded,
        { Audience: Audience.Person } when user.Subject is null => Refusal.NoOwnData,
        { Audience: Audience.Role } when !MayRun(user, rule.Command) => Refusal.NoRole,
        { Fresh: true } when portal.Clock.GetUtcNow() - user.SignedIn > portal.Options.Fresh => Refusal.FreshSignInNeeded,
        _ => null,
    };

    /// <summary>Whether the engine would let somebody run a command.</summary>
    public bool MayRun(PortalUser user, string? command) => command is not null && Engine.Governance.Access.Allows(portal.Configuration, user.ToCaller(), command);
}
