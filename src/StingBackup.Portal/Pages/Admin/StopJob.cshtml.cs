using Microsoft.AspNetCore.Mvc;
using StingBackup.Engine.Operations.Jobs;
using StingBackup.Portal.Access;
using StingBackup.Portal.Admin;

namespace StingBackup.Portal.Pages.Admin;

/// <summary>Asks a job to end in order. Whoever may begin such a job may stop it: the engine asks for that right too.</summary>
[PortalRule(Audience.Role, Command = "Stop-StingBackupJob", Fresh = true)]
internal sealed class StopJobModel(AdminDesk desk) : AdminPage(desk)
{
    // A browser is not kept waiting: the list shows when it has ended.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(3);

    [BindProperty(SupportsGet = true)]
    public string Id { get; set; } = "";

    public JobStopPlan? Plan { get; private set; }

    public Task<IActionResult> OnGetAsync() => ShowAsync(async _ => Plan = await UseAsync((installation, _) => ValueTask.FromResult(JobStop.Plan(installation, Id))).ConfigureAwait(false));

    public async Task<IActionResult> OnPostAsync()
    {
        try
        {
            await UseAsync((installation, cancel) => JobStop.RunAsync(installation, JobStop.Plan(installation, Id), Patience, cancel)).ConfigureAwait(false);
        }
        catch (StingException e) when (e is { ErrorId: "JobNotStopped", Kind: FailureKind.Busy })
        {
            // It was asked, and ends when it can.
        }
        return LocalRedirect("/admin/jobs");
    }
}
