using StingBackup.Portal.Access;
using StingBackup.Portal.Own;

namespace StingBackup.Portal.Pages.Own;

/// <summary>Recoveries that somebody asked for, and how each stands.</summary>
[PortalRule(Audience.Person)]
internal sealed class RecoveriesModel(OwnPeople people) : OwnPage(people)
{
    public IReadOnlyList<RecoveryEntry> Entries { get; private set; } = [];

    public async Task OnGetAsync() => Entries = await RecoveryEntry.AllAsync(await OwnAsync().ConfigureAwait(false), Cancel).ConfigureAwait(false);
}
