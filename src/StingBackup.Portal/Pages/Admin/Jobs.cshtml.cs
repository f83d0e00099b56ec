using Microsoft.AspNetCore.Mvc;
using StingBackup.Engine.Operations.Jobs;
using StingBackup.Portal.Access;
using StingBackup.Portal.Admin;

namespace StingBackup.Portal.Pages.Admin;

/// <summary>Jobs of this host: those that run, and the newest of the past.</summary>
[PortalRule(Audience.Role, Command = "Get-StingBackupJob")]
internal sealed class JobsModel(AdminDesk desk) : AdminPage(desk)
{
    private const int MostPast = 50;

    public IReadOnlyList<HostJob> Running { get; private set; } = [];

    /// <summary>Newest first.</summary>
    public IReadOnlyList<HostJob> Past { get; private set; } = [];

    public Task<IActionResult> OnGetAsync() => ShowAsync(async _ =>
    {
        var jobs = await UseAsync((installation, _) => ValueTask.FromResult(JobReader.List(installation, new JobQuery { Last = MostPast }))).ConfigureAwait(false);
        Running = [.. jobs.Where(j => j.IsRunning)];
        Past = [.. jobs.Where(j => !j.IsRunning).Reverse()];
    });

    /// <summary>How much of a job is done, 0 to 1; null while nobody knows.</summary>
    public static double? ShareOf(HostJob job) => job.TotalBytes > 0 ? (double)job.Bytes / job.TotalBytes : job.TotalItems > 0 ? (double)job.Items / job.TotalItems : null;
}
