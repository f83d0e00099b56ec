namespace StingBackup.Engine.Backup;

/// <summary>Backs up what is due: a plan first, then the run that executes it.</summary>
public static class BackupJob
{
    /// <summary>What a run would do now. Changes nothing.</summary>
    /// <param name="installation">The installation.</param>
    /// <param name="type">How sources are read.</param>
    /// <param name="classes">Data classes, or null for all.</param>
    /// <param name="cancel">Cancels.</param>
    public static ValueTask<BackupPlan> PlanAsync(Installation installation, BackupType type, IReadOnlyList<DataClass>? classes, CancellationToken cancel)
    {
        ArgumentNullException.ThrowIfNull(installation);
        cancel.ThrowIfCancellationRequested();
        return ValueTask.FromResult(new BackupPlan
        {
            Type = type, Classes = classes is { Count: > 0 } ? [.. classes.Distinct().Order()] : Enum.GetValues<DataClass>(), Sources = [installation.ReserveRoot],
            Repository = installation.Store.Location, Time = TimeZoneInfo.ConvertTime(installation.Clock.GetUtcNow(), installation.Zone),
        });
    }

    /// <summary>Executes a plan. The last event is a <see cref="CompletedEvent"/> with a <see cref="BackupResult"/>.</summary>
    public static IAsyncEnumerable<JobEvent> RunAsync(Installation installation, BackupPlan plan, CancellationToken cancel)
    {
        ArgumentNullException.ThrowIfNull(installation);
        ArgumentNullException.ThrowIfNull(plan);
        return JobStream.RunAsync(installation, $"backup-{plan.Type.ToString().ToLowerInvariant()}",
            async (output, token) => await new BackupRun(installation, plan, output).RunAsync(token).ConfigureAwait(false), cancel);
    }
}
