using System.Collections.Concurrent;
using StingBackup.Engine.People;
using StingBackup.Portal.Access;

namespace StingBackup.Portal.Own;

/// <summary>Gives pages and the API the own reserve of whoever is signed in, and nobody else's. Who that is in the reserve is remembered for some minutes.</summary>
internal sealed class OwnPeople(SharedReserve shared, PortalContext portal)
{
    private const int MostKnown = 10_000;
    private static readonly TimeSpan Known = TimeSpan.FromMinutes(5);

    private readonly ConcurrentDictionary<string, (Person Person, DateTimeOffset Since)> _people = new(StringComparer.Ordinal);

    /// <summary>Whose jobs and selections are whose.</summary>
    public static string OwnerOf(HttpContext context) => PortalUser.Of(context.User)!.Identity.ToString();

    /// <summary>The own reserve of whoever asks, or a honey jar that he may read.</summary>
    /// <param name="context">The request.</param>
    /// <param name="jar">A jar's id; null or empty for the own reserve.</param>
    /// <param name="cancel">Cancels.</param>
    /// <exception cref="StingException"><c>NoOwnData</c>; where the jar is not his to read, whatever the engine says of one that does not exist</exception>
    public async ValueTask<OwnReserve> OfAsync(HttpContext context, string? jar, CancellationToken cancel)
    {
        var own = await shared.OfAsync(await PersonAsync(PortalUser.Of(context.User)!, cancel).ConfigureAwait(false), cancel).ConfigureAwait(false);
        return string.IsNullOrEmpty(jar) ? own : await own.JarAsync(jar, cancel).ConfigureAwait(false);
    }

    private async ValueTask<Person> PersonAsync(PortalUser user, CancellationToken cancel)
    {
        var (key, now) = ($"{user.Identity}\n{user.Email}", portal.Clock.GetUtcNow());
        if (_people.TryGetValue(key, out var known) && now - known.Since < Known)
        {
            return known.Person;
        }
        var person = await shared.FindPersonAsync(user.Claim, cancel).ConfigureAwait(false)
            ?? throw new StingException("NoOwnData", FailureKind.Refused, "The backups hold nothing that belongs to you.", null, "Ask your administrator who you are in STING.");
        if (_people.Count >= MostKnown)
        {
            _people.Clear();
        }
        _people[key] = (person, now);
        return person;
    }
}
