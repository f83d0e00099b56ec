using StingBackup.Engine.Governance;
using StingBackup.Engine.Jobs;
using StingBackup.Engine.Reserve;
using StingBackup.Engine.Tiering;

namespace StingBackup.Engine.Backup;

/// <summary>Backs up what is due: a plan first, then the run that executes it.</summary>
public static class BackupJob
{
    /// <summary>What a run would do now. Changes nothing.</summary>
    /// <param name="installation">The installation.</param>
    /// <param name="type">How sources are read.</param>
    /// <param name="classes">Data classes, or null for all.</param>
    /// <param name="due">Whether only those of them are taken whose time has come.</param>
    /// <param name="cancel">Cancels.</param>
    public static async ValueTask<BackupPlan> PlanAsync(Installation installation, BackupType type, IReadOnlyList<DataClass>? classes, bool due, CancellationToken cancel)
    {
        Access.Require(installation, "Invoke-StingBackup");
        ArgumentNullException.ThrowIfNull(installation);
        cancel.ThrowIfCancellationRequested();
        var now = installation.Clock.GetUtcNow();
        var chosen = DataClasses.TakenBy(type, classes);
        DateTimeOffset? next = null;
        if (due)
        {
            var view = await installation.LoadPointsAsync(cancel).ConfigureAwait(false);
            var schedule = DueClasses.ScheduleNow(installation);
            var times = DueClasses.Next(schedule, view.Backups.Select(p => p.Record));
            // A restore point that a clock in the future dated keeps nothing waiting.
            chosen = [.. chosen.Where(c => times[c] is not { } time || time <= now || time - now > schedule[c])];
            next = times.Where(t => !chosen.Contains(t.Key) && DataClasses.TakenBy(type, classes).Contains(t.Key)).Select(t => t.Value).Min();
        }
        return new BackupPlan
        {
            Type = type, Classes = chosen.OrderBy(c => installation.Priority.Index().First(p => p.Item == c).Index).ToArray(), Sources = [.. installation.Sources.Where(s => s.IsReadBy(type, chosen)).Select(s => s.Location)],
            Repository = installation.Store.Location, Time = TimeZoneInfo.ConvertTime(now, installation.Zone), NextDueTime = next is { } moment ? TimeZoneInfo.ConvertTime(moment, installation.Zone) : null,
        };
    }

    /// <summary>Executes a plan. The last event is a <see cref="CompletedEvent"/> with a <see cref="BackupResult"/>.</summary>
    public static IAsyncEnumerable<JobEvent> RunAsync(Installation installation, BackupPlan plan, CancellationToken cancel)
    {
        Access.Require(installation, "Invoke-StingBackup");
        ArgumentNullException.ThrowIfNull(installation);
        ArgumentNullException.ThrowIfNull(plan);
        return JobStream.RunAsync(installation, $"backup-{plan.Type.ToString().ToLowerInvariant()}",
            async (output, token) =>
            {
                // What is committed stands in the restore point, signed; what failed in the audit log.
                var result = await AuditTrail.OfFailureAsync(installation, new AuditDeed("Invoke-StingBackup", []), output, () => CountedAsync(installation, plan, output, token)).ConfigureAwait(false);
                await TierSyncJob.AfterCommitAsync(installation, output, token).ConfigureAwait(false);
                return result;
            }, cancel);
    }

    /// <summary>The run itself. How it ends is noted, for those that watch.</summary>
    private static async Task<BackupResult> CountedAsync(Installation installation, BackupPlan plan, JobOutput output, CancellationToken cancel)
    {
        var tally = new RunTally.Entry(installation, output);
        try
        {
            var packs = await LocalCap.PrepareAsync(installation, output, cancel).ConfigureAwait(false);
            var result = await new BackupRun(installation, plan, output) { Packs = packs, Tally = tally }.RunAsync(cancel).ConfigureAwait(false);
            tally.Complete();
            return result;
        }
        catch (Exception e)
        {
            tally.Fail(e);
            throw;
        }
    }
}
