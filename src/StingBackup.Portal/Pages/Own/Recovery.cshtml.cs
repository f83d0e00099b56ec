using Microsoft.AspNetCore.Mvc;
using StingBackup.Portal.Access;
using StingBackup.Portal.Own;

namespace StingBackup.Portal.Pages.Own;

/// <summary>A recovery that somebody asked for: the exact plan, and how it stands.</summary>
[PortalRule(Audience.Person)]
internal sealed class RecoveryModel(OwnPeople people) : OwnPage(people)
{
    [BindProperty(SupportsGet = true)]
    public string Id { get; set; } = "";

    public ApprovalRequest Asked { get; private set; } = null!;

    public async Task OnGetAsync() => Asked = await Restores.RecoveryAsync(await OwnAsync().ConfigureAwait(false), Id, Cancel).ConfigureAwait(false);
}

/// <summary>Begins a recovery that was approved.</summary>
[PortalRule(Audience.Person, Fresh = true)]
internal sealed class RecoveryBeginModel(OwnPeople people, Restores restores) : OwnPage(people)
{
    [BindProperty(SupportsGet = true)]
    public string Id { get; set; } = "";

    public ApprovalRequest Asked { get; private set; } = null!;

    public async Task OnGetAsync() => Asked = await Restores.RecoveryAsync(await OwnAsync().ConfigureAwait(false), Id, Cancel).ConfigureAwait(false);

    public async Task<IActionResult> OnPostAsync()
    {
        var job = await restores.RecoverAsync(HttpContext, Given.OptionalId(Jar, "jar"), Id, Cancel).ConfigureAwait(false);
        return LocalRedirect($"/jobs/{job.View.Id}");
    }
}
