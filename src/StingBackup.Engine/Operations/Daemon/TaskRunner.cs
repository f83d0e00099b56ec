using StingBackup.Engine.Backup;
using StingBackup.Engine.Lifecycle.Pruning;
using StingBackup.Engine.Lifecycle.Retention;
using StingBackup.Engine.Operations.Drills;
using StingBackup.Engine.Operations.Verification;
using StingBackup.Engine.Tiering;

namespace StingBackup.Engine.Operations.Daemon;

/// <summary>Does one task on an installation that is opened for it alone, as a command line would: nothing stays behind from one to the next.</summary>
/// <param name="open">Opens it.</param>
/// <param name="tell">Told of every event of the jobs.</param>
internal sealed class TaskRunner(Func<CancellationToken, ValueTask<Installation>> open, Action<ScheduledTask, JobEvent> tell)
{
    private static readonly TimeSpan VerifyAge = TimeSpan.FromDays(30), VerifyTime = TimeSpan.FromMinutes(10);

    /// <summary>Does it; gives how it ended.</summary>
    public async Task<JobState> RunAsync(ScheduledTask task, CancellationToken cancel)
    {
        var installation = await open(cancel).ConfigureAwait(false);
        await using var opened = installation.ConfigureAwait(false);
        var worst = JobState.Completed;
        await foreach (var job in JobsAsync(installation, task, cancel).ConfigureAwait(false))
        {
            await foreach (var happened in job.ConfigureAwait(false))
            {
                tell(task, happened);
                if (happened is ItemFailedEvent || (happened is CompletedEvent { Result: IntegrityResult { Passed: false } }))
                {
                    worst = JobState.CompletedWithErrors;
                }
            }
        }
        return worst;
    }

    private static async IAsyncEnumerable<IAsyncEnumerable<JobEvent>> JobsAsync(Installation installation, ScheduledTask task, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancel)
    {
        switch (task)
        {
            case ScheduledTask.Incremental or ScheduledTask.Full or ScheduledTask.Archive:
                var type = task switch { ScheduledTask.Full => BackupType.Full, ScheduledTask.Archive => BackupType.Archive, _ => BackupType.Incremental };
                var plan = await BackupJob.PlanAsync(installation, type, null, due: task == ScheduledTask.Incremental, cancel).ConfigureAwait(false);
                if (plan.Classes.Count > 0)
                {
                    yield return BackupJob.RunAsync(installation, plan, cancel);
                }
                break;
            case ScheduledTask.Sync:
                foreach (var tier in TierSyncJob.FurtherTiers(installation))
                {
                    yield return TierSyncJob.RunAsync(installation, tier, cancel);
                }
                break;
            case ScheduledTask.Cleanup:
                yield return RetentionJob.RunAsync(installation, await RetentionJob.PlanAsync(installation, null, cancel).ConfigureAwait(false), cancel);
                foreach (var tier in installation.Tiers.Where(t => t != Tier.Archive))
                {
                    yield return PruneJob.RunAsync(installation, tier, cancel);
                }
                break;
            case ScheduledTask.Verify:
                yield return VerifyJob.RunAsync(installation, new VerifyRequest { Level = IntegrityLevel.Structure }, cancel);
                yield return VerifyJob.RunAsync(installation, new VerifyRequest { Level = IntegrityLevel.Packs, OlderThan = VerifyAge, MaxDuration = VerifyTime }, cancel);
                break;
            case ScheduledTask.Drill when installation.Keys is { HasKeyDirectory: false }:
                break;   // a host that only writes can restore nothing; another one's tests count for all
            case ScheduledTask.Drill:
                foreach (var due in await DrillJob.DueAsync(installation, cancel).ConfigureAwait(false))
                {
                    yield return DrillJob.RunAsync(installation, await DrillJob.PlanAsync(installation, new RecoveryTestRequest { Type = due }, cancel).ConfigureAwait(false), cancel);
                }
                break;
            default:
                throw new ArgumentOutOfRangeException(nameof(task));
        }
    }
}
