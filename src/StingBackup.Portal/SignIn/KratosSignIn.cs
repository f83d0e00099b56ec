using StingBackup.Portal.Access;
using StingBackup.Portal.Http;

namespace StingBackup.Portal.SignIn;

/// <summary>Sign-in by a session of Ory Kratos, STING's own: the browser comes with Kratos' cookie, or is sent to its login and comes back.</summary>
internal static class KratosSignIn
{
    private const string Path = "/sign-in/kratos";

    public static void Map(IEndpointRouteBuilder app) => app.MapGet(Path, AnswerAsync).ExcludeFromDescription().WithMetadata(new PortalRuleAttribute(Audience.Anyone));

    private static async Task AnswerAsync(HttpContext context, PortalContext portal, KratosClient kratos, KratosSessions sessions)
    {
        var query = context.Request.Query;
        var (back, fresh, again) = (LocalPath.Of(query["return"]), query["fresh"] == "true", query["again"] == "true");
        var session = KratosClient.CookiesOf(context.Request.Cookies) is { } cookies ? await kratos.AskAsync(cookies, context.RequestAborted).ConfigureAwait(false) : new KratosSession(KratosAnswer.SignedOut);
        var isOld = fresh && session.Person is { } person && portal.Clock.GetUtcNow() - person.SignedIn > portal.Options.Fresh;
        if (session is { Answer: KratosAnswer.SignedIn, Person: { } who } && !isOld)
        {
            sessions.Begin(session.Session);
            await context.BeginSessionAsync(await who.ToUserAsync(context).ConfigureAwait(false) with { Kratos = session.Session }).ConfigureAwait(false);
            context.Response.Redirect(back);
        }
        else if (session.Answer == KratosAnswer.Unknown)
        {
            await context.RefuseAsync(new Refusal("SignInUnavailable", StatusCodes.Status503ServiceUnavailable)).ConfigureAwait(false);
        }
        else if (again)
        {
            // Back from there without what was asked for: sending him once more would go on for ever.
            await context.RefuseAsync(new Refusal("SignInFailed", StatusCodes.Status403Forbidden)).ConfigureAwait(false);
        }
        else
        {
            context.Response.Redirect(LoginOf(portal, back, fresh, isOld, session.Answer == KratosAnswer.SecondFactorNeeded));
        }
    }

    private static string LoginOf(PortalContext portal, string back, bool fresh, bool isOld, bool secondFactor)
    {
        var here = new UriBuilder(portal.Options.Seen) { Path = Path, Query = Query(("return", back), ("fresh", fresh ? "true" : null), ("again", "true")) }.Uri.AbsoluteUri;
        return $"{portal.Options.Kratos}/self-service/login/browser{Query(("return_to", here), ("refresh", isOld ? "true" : null), ("aal", secondFactor ? "aal2" : null))}";
    }

    private static string Query(params (string Name, string? Value)[] parts) => QueryString.Create(parts.Where(p => p.Value is not null).Select(p => KeyValuePair.Create(p.Name, p.Value))).ToUriComponent();
}
