using StingBackup.Engine.People;
using StingBackup.Portal.Access;
using StingBackup.Portal.Own;

namespace StingBackup.Portal.Pages.Own;

/// <summary>Honey jars that somebody may look into, as STING says now.</summary>
[PortalRule(Audience.Person)]
internal sealed class JarsModel(OwnPeople people) : OwnPage(people)
{
    public IReadOnlyList<OwnJar> Jars { get; private set; } = [];

    /// <summary>Whether STING could be asked.</summary>
    public bool IsKnown { get; private set; }

    public async Task OnGetAsync()
    {
        Jar = null;
        (Jars, var trouble) = await (await OwnAsync().ConfigureAwait(false)).AskForJarsAsync(Cancel).ConfigureAwait(false);
        IsKnown = trouble is null;
    }
}
