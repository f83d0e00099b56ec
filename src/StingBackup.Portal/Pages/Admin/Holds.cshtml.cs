using Microsoft.AspNetCore.Mvc;
using StingBackup.Engine.Lifecycle;
using StingBackup.Portal.Access;
using StingBackup.Portal.Admin;

namespace StingBackup.Portal.Pages.Admin;

/// <summary>Legal holds: whose data must be kept, and why.</summary>
[PortalRule(Audience.Role, Command = "Get-StingLegalHold")]
internal sealed class HoldsModel(AdminDesk desk) : AdminPage(desk)
{
    /// <summary>Those that stand first; null where they could not be read.</summary>
    public IReadOnlyList<LegalHold>? Holds { get; private set; }

    public Task<IActionResult> OnGetAsync() => ShowAsync(async _ => Holds =
        [.. (await UseAsync((installation, _) => ValueTask.FromResult(LegalHolds.List(installation, withLifted: true))).ConfigureAwait(false)).OrderByDescending(h => h.IsActive).ThenByDescending(h => h.SetTime)]);
}
