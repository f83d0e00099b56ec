using StingBackup.Engine.Governance;
using StingBackup.Engine.Repository;
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
            var view = await RepositoryView.LoadAsync(installation.Store, installation.Reserve, installation.Writers, cancel).ConfigureAwait(false);
            var times = DueClasses.Next(DueClasses.ScheduleOf(installation), view.Backups.Select(p => p.Record));
            next = chosen.Select(c => times[c]).Where(t => t > now).Min();
            chosen = [.. chosen.Where(c => times[c] is not { } time || time <= now)];
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
                var packs = await LocalCap.PrepareAsync(installation, output, token).ConfigureAwait(false);
                // What is committed stands in the restore point, signed; what failed in the audit log.
                var result = await AuditTrail.OfFailureAsync(installation, new AuditDeed("Invoke-StingBackup", []), output, () => new BackupRun(installation, plan, output) { Packs = packs }.RunAsync(token)).ConfigureAwait(false);
                await TierSyncJob.AfterCommitAsync(installation, output, token).ConfigureAwait(false);
                return result;
            }, cancel);
    }
}
