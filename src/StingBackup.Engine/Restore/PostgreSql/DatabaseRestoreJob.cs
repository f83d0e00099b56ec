using StingBackup.Engine.Governance;

namespace StingBackup.Engine.Restore.PostgreSql;

/// <summary>Restores a whole database server to a moment, as a folder to start a server over: a plan first, then the run that executes exactly it.</summary>
public static class DatabaseRestoreJob
{
    /// <summary>Where things lie in the destination until they are whole; it goes at the end.</summary>
    internal const string WorkFolder = ".sting-restoring";

    /// <summary>What a restore would do. Writes nothing; asks for keys.</summary>
    /// <param name="installation">The installation.</param>
    /// <param name="date">A day, a moment (to the microsecond), or <c>latest</c>, which null means too: the last commit.</param>
    /// <param name="destination">A new or empty folder.</param>
    /// <param name="cancel">Cancels.</param>
    /// <exception cref="StingException"><c>DateNotUnderstood</c>, <c>DatabaseBackupMissing</c>, <c>DatabaseDestinationNotEmpty</c>, <c>RestoreRequestInvalid</c></exception>
    public static async ValueTask<DatabaseRestorePlan> PlanAsync(Installation installation, string? date, string destination, CancellationToken cancel)
    {
        Access.Require(installation, "Restore-StingDatabase");
        ArgumentNullException.ThrowIfNull(installation);
        using var repository = await RepositoryReading.OpenAsync(installation, cancel).ConfigureAwait(false);
        return await new DatabaseRestorePlanner(installation, repository).PlanAsync(date, destination, cancel).ConfigureAwait(false);
    }

    /// <summary>Executes a plan. The last event is a <see cref="CompletedEvent"/> with a <see cref="DatabaseRestoreResult"/>. Interrupted, it begins again when it is run again.</summary>
    /// <exception cref="StingException"><c>DatabaseRestoreIncomplete</c>, <c>WalGap</c>, <c>WalSpoolDamaged</c>, <c>PostgresBackupDamaged</c>, and what a restore of files can say</exception>
    public static IAsyncEnumerable<JobEvent> RunAsync(Installation installation, DatabaseRestorePlan plan, CancellationToken cancel)
    {
        Access.Require(installation, "Restore-StingDatabase");
        ArgumentNullException.ThrowIfNull(installation);
        ArgumentNullException.ThrowIfNull(plan);
        return JobStream.RunAsync(installation, "restore-database", async (output, token) =>
        {
            installation.Alarm = output.Warn;
            var exact = plan.Exact is DatabaseSelection ? plan : await PlanAsync(installation, plan.Target?.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.ffffff'Z'", System.Globalization.CultureInfo.InvariantCulture), plan.Destination, token).ConfigureAwait(false);
            async Task<DatabaseRestoreResult> RestoreAsync(CancellationToken stop) => await new DatabaseRestoreRun(installation, exact, output).RunAsync(stop).ConfigureAwait(false);
            return installation.Access.CountOf(GuardedOperation.Restore) > 0 ? await Guard.RunAsync(installation, DangerOf(exact), RestoreAsync, r => r.State.ToString(), token).ConfigureAwait(false)
                : await AuditTrail.RunAsync(installation, new AuditDeed("Restore-StingDatabase", []), r => r.State.ToString(), output, () => RestoreAsync(token)).ConfigureAwait(false);
        }, cancel);
    }

    /// <summary>The base backup and the moment say what comes back; which runs hold the log does not.</summary>
    internal static DangerousPlan DangerOf(DatabaseRestorePlan plan) => new("Restore-StingDatabase", plan.Destination)
    {
        Operation = GuardedOperation.Restore,
        Facts =
        [
            new PlanFact("Restores", "the whole database server"), new PlanFact("Base backup", plan.BaseBackupId),
            new PlanFact("Moment", plan.Target?.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.ffffff'Z'", System.Globalization.CultureInfo.InvariantCulture) ?? "the last commit"),
        ],
    };
}
