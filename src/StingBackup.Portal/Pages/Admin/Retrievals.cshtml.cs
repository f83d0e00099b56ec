using Microsoft.AspNetCore.Mvc;
using StingBackup.Engine.Restore.Thawing;
using StingBackup.Portal.Access;
using StingBackup.Portal.Admin;

namespace StingBackup.Portal.Pages.Admin;

/// <summary>Retrievals from the archive tier, with their cost and how far they are.</summary>
[PortalRule(Audience.Role, Command = "Get-StingArchiveRetrieval")]
internal sealed class RetrievalsModel(AdminDesk desk) : AdminPage(desk)
{
    /// <summary>Newest first; null where they could not be read.</summary>
    public IReadOnlyList<ArchiveRetrieval>? Retrievals { get; private set; }

    public Task<IActionResult> OnGetAsync() => ShowAsync(async _ => Retrievals =
        [.. (await UseAsync((installation, cancel) => RetrievalJob.GetAsync(installation, null, cancel).ToListAsync(cancel)).ConfigureAwait(false)).OrderByDescending(r => r.RequestedTime)]);
}
