using StingBackup.Engine.Governance;
using StingBackup.Engine.Reserve.Configuration;

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

    /// <summary>What the return of one subject's rows as of a moment would do: the server is recovered to it in a place of its own, and its rows go into the running databases. Writes nothing; asks for keys.</summary>
    /// <exception cref="StingException"><c>UserNotFound</c>, <c>JarNotFound</c>, <c>SubjectErased</c>, <c>PostgresToolMissing</c> where no server can be started here, and as of a whole server</exception>
    public static async ValueTask<DatabaseRestorePlan> PlanRowsAsync(Installation installation, DatabaseRowsRequest request, CancellationToken cancel)
    {
        Access.Require(installation, "Restore-StingDatabase");
        ArgumentNullException.ThrowIfNull(installation);
        ArgumentNullException.ThrowIfNull(request);
        using var repository = await RepositoryReading.OpenAsync(installation, cancel).ConfigureAwait(false);
        return await new DatabaseRowsPlanner(installation, repository).PlanAsync(request, cancel).ConfigureAwait(false);
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
            var exact = plan.Exact is not null ? plan : await PlanAgainAsync(installation, plan, token).ConfigureAwait(false);
            async Task<DatabaseRestoreResult> RestoreAsync(CancellationToken stop) => exact.Exact is DatabaseRowsSelection ? await new DatabaseRowsRun(installation, exact, output).RunAsync(stop).ConfigureAwait(false)
                : await new DatabaseRestoreRun(installation, exact, output).RunAsync(stop).ConfigureAwait(false);
            return installation.Access.CountOf(OperationOf(installation.Access, exact)) > 0 ? await Guard.RunAsync(installation, DangerOf(installation.Access, exact), RestoreAsync, r => r.State.ToString(), token).ConfigureAwait(false)
                : await AuditTrail.RunAsync(installation, new AuditDeed("Restore-StingDatabase", []), r => r.State.ToString(), output, () => RestoreAsync(token)).ConfigureAwait(false);
        }, cancel);
    }

    /// <summary>A plan that crossed a process boundary has lost what the engine attached to it.</summary>
    private static ValueTask<DatabaseRestorePlan> PlanAgainAsync(Installation installation, DatabaseRestorePlan plan, CancellationToken cancel)
    {
        var date = plan.Target?.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.ffffff'Z'", System.Globalization.CultureInfo.InvariantCulture);
        return plan.Subject is not { } subject ? PlanAsync(installation, date, plan.Destination, cancel) : PlanRowsAsync(installation, new DatabaseRowsRequest
        {
            Scope = subject.StartsWith("jar:", StringComparison.Ordinal) ? RestoreScope.HoneyJar : RestoreScope.User, Subject = subject, Date = date, Conflict = plan.Conflict,
        }, cancel);
    }

    /// <summary>Rows go into databases that people work with: of two that apply what asks for more counts.</summary>
    internal static GuardedOperation OperationOf(AccessPolicy policy, DatabaseRestorePlan plan) =>
        plan.Subject is not null && policy.CountOf(GuardedOperation.RestoreInPlace) > policy.CountOf(GuardedOperation.Restore) ? GuardedOperation.RestoreInPlace : GuardedOperation.Restore;

    /// <summary>The base backup and the moment say what comes back; which runs hold the log does not.</summary>
    internal static DangerousPlan DangerOf(AccessPolicy policy, DatabaseRestorePlan plan) => new("Restore-StingDatabase", plan.Destination)
    {
        Operation = OperationOf(policy, plan),
        Facts =
        [
            new PlanFact("Restores", plan.Subject is { } subject ? $"rows of {subject} into the running databases, {plan.Conflict} where others stand" : "the whole database server"), new PlanFact("Base backup", plan.BaseBackupId),
            new PlanFact("Moment", plan.Target?.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.ffffff'Z'", System.Globalization.CultureInfo.InvariantCulture) ?? "the last commit"),
        ],
    };
}
