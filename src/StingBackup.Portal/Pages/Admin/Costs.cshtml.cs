using Microsoft.AspNetCore.Mvc;
using StingBackup.Portal.Access;
using StingBackup.Portal.Admin;

namespace StingBackup.Portal.Pages.Admin;

/// <summary>What the backups cost by tier and data class, and what they will cost.</summary>
[PortalRule(Audience.Role, Command = "Measure-StingCost")]
internal sealed class CostsModel(AdminDesk desk) : AdminPage(desk)
{
    /// <summary>As of up to a minute ago; null where it could not be read.</summary>
    public Known<Costs>? Costs { get; private set; }

    public Task<IActionResult> OnGetAsync() => ShowAsync(async cancel => Costs = await Desk.CostsAsync(Me, cancel).ConfigureAwait(false));
}
