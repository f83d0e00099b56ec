using StingBackup.Engine.Governance;
using StingBackup.Engine.Jobs;

namespace StingBackup.Engine.Operations.Jobs;

/// <summary>Asks a job of this host to end in order, in whatever process it runs: plan, then the request. Whoever may begin a job may stop it.</summary>
public static class JobStop
{
    private const string Command = "Stop-StingBackupJob";
    private static readonly TimeSpan Every = TimeSpan.FromMilliseconds(100);

    /// <summary>The command whose right a job takes, by the beginning of its kind.</summary>
    private static readonly (string Kind, string Command)[] Rights =
    [
        ("backup-", "Invoke-StingBackup"), ("import", "Import-StingLegacyBackup"), ("sync-", "Sync-StingTier"), ("archive-tier", "Sync-StingTier"), ("capture", "Stop-StingMetadataCapture"), ("daemon", "Start-StingBackupDaemon"),
        ("restore-database", "Restore-StingDatabase"), ("restore", "Restore-StingReserve"), ("thaw", "Request-StingArchiveRetrieval"), ("verify", "Test-StingBackupIntegrity"), ("repair", "Repair-StingRepository"),
        ("retention", "Invoke-StingRetention"), ("prune", "Optimize-StingRepository"), ("erasure", "Complete-StingErasure"), ("rotation", "Update-StingKey"), ("update", "Update-StingRepository"), ("drill", "Test-StingRecovery"), ("portal", "Start-StingPortal"),
    ];

    /// <summary>What it would do. Changes nothing.</summary>
    /// <exception cref="StingException"><c>JobNotFound</c>, <c>JobNotRunning</c>, <c>AccessDenied</c>, <c>JobsUnreadable</c></exception>
    public static JobStopPlan Plan(Installation installation, string id)
    {
        Access.Require(installation, Command);
        ArgumentNullException.ThrowIfNull(installation);
        ArgumentNullException.ThrowIfNull(id);
        var job = Find(installation, id);
        Access.Require(installation, RightOf(job.Kind));
        return job.IsRunning ? new JobStopPlan { Job = job, Effect = EffectOf(job.Kind) } : throw new StingException("JobNotRunning", FailureKind.NotFound,
            $"{job.Kind} {job.Id} does not run: {(job.State == HostJobState.Died ? "its process died" : $"it ended as {job.State}")}.", job.Id, "Nothing needs to be stopped.");
    }

    /// <summary>Asks the job to stop and waits until it has; gives how it ended. What was asked stands in the audit log.</summary>
    /// <param name="installation">The installation.</param>
    /// <param name="plan">The plan.</param>
    /// <param name="patience">How long to wait for it.</param>
    /// <param name="cancel">Waits no longer; the request stands.</param>
    /// <exception cref="StingException"><c>JobNotStopped</c>, and as <see cref="Plan"/></exception>
    public static async ValueTask<HostJob> RunAsync(Installation installation, JobStopPlan plan, TimeSpan patience, CancellationToken cancel)
    {
        Access.Require(installation, Command);
        ArgumentNullException.ThrowIfNull(plan);
        var job = Plan(installation, plan.Job.Id).Job;
        var place = PlaceOf(installation);
        await AuditLog.NoteAsync(installation, Command, [], $"Stop({job.Kind})", cancel).ConfigureAwait(false);
        try
        {
            var request = place.StopOf(job.Id) + ".new";
            await File.WriteAllTextAsync(request, installation.Caller.Actor, cancel).ConfigureAwait(false);
            File.Move(request, place.StopOf(job.Id), overwrite: true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new StingException("JobNotStopped", FailureKind.PermissionDenied, $"{job.Kind} {job.Id} could not be asked to stop: {e.Message}", job.Id,
                $"Run as the account that the job runs under ({job.User}), or as root.", e);
        }
        // Waiting is in real time, as the job's own looks are.
        for (var waited = TimeSpan.Zero; waited < patience; waited += Every)
        {
            if (Find(installation, job.Id) is { IsRunning: false } ended)
            {
                return ended;
            }
            await Task.Delay(Every, cancel).ConfigureAwait(false);
        }
        throw new StingException("JobNotStopped", FailureKind.Busy, $"{job.Kind} {job.Id} was asked to stop and has not ended yet.", job.Id,
            $"It stops when it can: look again with Get-StingBackupJob -Id {job.Id}. Where it hangs, end process {job.ProcessId}; nothing that is committed is lost by that.");
    }

    private static HostJob Find(Installation installation, string id) => JobReader.List(PlaceOf(installation), new JobQuery { Id = id }, installation.Zone)[0];

    private static JobPlace PlaceOf(Installation installation) => installation.JobPlace ?? throw JobReader.NotFound("without a configuration");

    private static string RightOf(string kind) => Rights.FirstOrDefault(right => kind.StartsWith(right.Kind, StringComparison.Ordinal)).Command ?? "Repair-StingRepository";

    private static string EffectOf(string kind) => kind switch
    {
        _ when kind.StartsWith("backup-", StringComparison.Ordinal) => "No restore point is made; what is stored is used by the next run.",
        _ when kind.StartsWith("restore", StringComparison.Ordinal) => "Files that are restored stay, whole; the same restore goes on from there.",
        "capture" => "The server keeps its log until the capture runs again; commits that wait for it wait on (see docs/operations.md). Stop-StingMetadataCapture takes that back.",
        "portal" => "Nobody reaches the portal until it is started again; downloads that go on break off.",
        "daemon" => "What it runs ends without a commit, and nothing is scheduled until it is started again.",
        _ => "What is done stays done; the next run goes on from there.",
    };
}
