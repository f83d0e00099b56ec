using Microsoft.AspNetCore.Mvc;
using StingBackup.Engine.People;
using StingBackup.Portal.Access;
using StingBackup.Portal.Own;

namespace StingBackup.Portal.Pages.Own;

/// <summary>What erasing the own data means, and how what was asked for stands.</summary>
[PortalRule(Audience.Person)]
internal sealed class ErasureModel(OwnPeople people) : OwnPage(people)
{
    public IReadOnlyList<OwnErasure> Erasures { get; private set; } = [];

    public async Task OnGetAsync()
    {
        Jar = null;
        Erasures = await (await OwnAsync().ConfigureAwait(false)).ErasuresAsync(Cancel).ConfigureAwait(false);
    }
}

/// <summary>Asks for the erasure of the own data.</summary>
[PortalRule(Audience.Person, Fresh = true)]
internal sealed class ErasureAskModel(OwnPeople people) : OwnPage(people)
{
    [BindProperty]
    public string? Reason { get; set; }

    [BindProperty]
    public bool Understood { get; set; }

    public StingException? Problem { get; private set; }

    public async Task<IActionResult> OnPostAsync()
    {
        Jar = null;
        try
        {
            if (!Understood)
            {
                throw Given.Wrong("form");
            }
            await (await OwnAsync().ConfigureAwait(false)).AskForErasureAsync(Reason ?? "", Cancel).ConfigureAwait(false);
            return LocalRedirect("/erasure");
        }
        catch (StingException e) when (e.Kind is FailureKind.InvalidArgument or FailureKind.Refused or FailureKind.Busy || e.ErrorId == "NothingToErase")
        {
            Problem = e;
            return Page();
        }
    }
}

/// <summary>Confirms an erasure that was approved.</summary>
[PortalRule(Audience.Person, Fresh = true)]
internal sealed class ErasureConfirmModel(OwnPeople people) : OwnPage(people)
{
    [BindProperty(SupportsGet = true)]
    public string Id { get; set; } = "";

    public OwnErasure Erasure { get; private set; } = null!;

    public async Task OnGetAsync()
    {
        Jar = null;
        Erasure = (await (await OwnAsync().ConfigureAwait(false)).ErasuresAsync(Cancel).ConfigureAwait(false)).FirstOrDefault(e => e.Id == Id)
            ?? throw new StingException("ErasureNotFound", FailureKind.NotFound, "There is no such request of yours.", Id, "Look at the list of your requests.");
    }

    public async Task<IActionResult> OnPostAsync()
    {
        Jar = null;
        await (await OwnAsync().ConfigureAwait(false)).ConfirmErasureAsync(Id, Cancel).ConfigureAwait(false);
        return LocalRedirect("/erasure");
    }
}
