using System.Collections.Concurrent;
using Microsoft.AspNetCore.Mvc;
using StingBackup.Engine.Operations.Drills;
using StingBackup.Portal.Access;
using StingBackup.Portal.Admin;

namespace StingBackup.Portal.Pages.Admin;

/// <summary>When recovery is tested, and the evidence of it.</summary>
[PortalRule(Audience.Role, Command = "Get-StingRecoveryTest")]
internal sealed class DrillsModel(AdminDesk desk) : AdminPage(desk)
{
    private const int Most = 50;

    public RecoveryTestSummary? Summary { get; private set; }

    /// <summary>Newest first.</summary>
    public IReadOnlyList<RecoveryTest> Evidence { get; private set; } = [];

    /// <summary>Evidence that is none.</summary>
    public IReadOnlyCollection<StingException> Damaged { get; private set; } = [];

    public Task<IActionResult> OnGetAsync() => ShowAsync(async _ =>
    {
        Summary = await UseAsync(DrillReader.SummaryAsync).ConfigureAwait(false);
        var damaged = new ConcurrentQueue<StingException>();
        Evidence = await UseAsync((installation, cancel) => DrillReader.ReadAsync(installation, new RecoveryTestQuery(), damaged.Enqueue, cancel).Take(Most).ToListAsync(cancel)).ConfigureAwait(false);
        Damaged = damaged;
    });
}
