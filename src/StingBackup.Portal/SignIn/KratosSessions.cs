using System.Collections.Concurrent;
using StingBackup.Portal.Access;

namespace StingBackup.Portal.SignIn;

/// <summary>Keeps sessions of the portal to the sessions of Kratos that they came from: whoever is signed out there is so here within a minute.</summary>
internal sealed class KratosSessions(KratosClient kratos, TimeProvider clock)
{
    private const int Most = 10_000;
    private static readonly TimeSpan Every = TimeSpan.FromMinutes(1), Grace = TimeSpan.FromMinutes(5);

    private readonly ConcurrentDictionary<string, Seen> _seen = new(StringComparer.Ordinal);

    /// <summary>Whether a session goes on. Kratos is asked once a minute at most; where it does not answer, what it last said counts for five minutes more.</summary>
    public async ValueTask<bool> GoesOnAsync(PortalUser user, IRequestCookieCollection cookies, CancellationToken cancel)
    {
        if (user.Kratos is not { } session)
        {
            return true;
        }
        var now = clock.GetUtcNow();
        var known = _seen.GetValueOrDefault(session);
        if (known is not null && now - known.Asked < Every)
        {
            return known.GoesOn;
        }
        // Whoever comes first asks; others meanwhile go by what was said before.
        if (known is not null && !_seen.TryUpdate(session, known with { Asked = now }, known))
        {
            return known.GoesOn;
        }
        var answer = KratosClient.CookiesOf(cookies) is { } own ? await kratos.AskAsync(own, cancel).ConfigureAwait(false) : new KratosSession(KratosAnswer.SignedOut);
        var goesOn = answer.Answer switch
        {
            KratosAnswer.SignedIn => answer.Session == session && answer.Person!.Identity.Is(user.Identity),
            KratosAnswer.Unknown => known is { GoesOn: true } && now - known.Confirmed < Grace,
            _ => false,
        };
        Keep(session, new Seen(now, answer.Answer == KratosAnswer.Unknown ? known?.Confirmed ?? now : now, goesOn));
        return goesOn;
    }

    /// <summary>Takes a session that Kratos has just confirmed.</summary>
    public void Begin(string session) => Keep(session, new Seen(clock.GetUtcNow(), clock.GetUtcNow(), GoesOn: true));

    private void Keep(string session, Seen seen)
    {
        _seen[session] = seen;
        if (_seen.Count > Most)
        {
            foreach (var old in _seen.Where(s => seen.Asked - s.Value.Asked > Grace).Select(s => s.Key).ToList())
            {
                _seen.TryRemove(old, out _);
            }
        }
    }

    private sealed record Seen(DateTimeOffset Asked, DateTimeOffset Confirmed, bool GoesOn);
}
