using StingBackup.Engine.Sources.PostgreSql;
using StingBackup.Engine.Sources.PostgreSql.Restore;

namespace StingBackup.Engine.Lifecycle;

/// <summary>
/// Applies the erasure ledger to the running databases: a server that was restored as of before an erasure has the rows again. Finds them by the tag of whoever each row belongs to,
/// since the ledger has no names. Needs this host's directory key and no passphrase.
/// </summary>
public static class ErasureSync
{
    /// <summary>What would be deleted.</summary>
    /// <exception cref="StingException"><c>ErasureSyncNoServer</c>, and PostgreSQL's</exception>
    public static ValueTask<ErasureSyncPlan> PlanAsync(Installation installation, CancellationToken cancel) => RunAsync(installation, dryRun: true, cancel);

    /// <summary>Deletes it, in one transaction a database.</summary>
    /// <exception cref="StingException"><c>ErasureSyncNoServer</c>, and PostgreSQL's; nothing is deleted then</exception>
    public static async ValueTask<ErasureSyncResult> RunAsync(Installation installation, CancellationToken cancel)
    {
        var done = await RunAsync(installation, dryRun: false, cancel).ConfigureAwait(false);
        return new ErasureSyncResult { State = done.Rows.Any(rows => rows.Kept > 0) ? JobState.CompletedWithErrors : JobState.Completed, Server = done.Server, Erased = done.Erased, Rows = done.Rows };
    }

    private static async ValueTask<ErasureSyncPlan> RunAsync(Installation installation, bool dryRun, CancellationToken cancel)
    {
        ArgumentNullException.ThrowIfNull(installation);
        if (installation.Configuration?.PostgreSql is not { } settings)
        {
            throw new StingException("ErasureSyncNoServer", FailureKind.InvalidConfiguration, "No database server is configured: there is nothing to apply the erasure ledger to.", installation.Configuration?.File,
                "Set postgresql.host to the server that was restored.");
        }
        var subjects = installation.Subjects;
        var ledger = installation.Ledger;
        IReadOnlyList<ErasedRows> rows = ledger.Entries.Count == 0 ? []
            : await SubjectErasure.RunAsync(settings, name => ledger.FindTag(subjects.TagOf(name)) is not null, dryRun, cancel).ConfigureAwait(false);
        return new ErasureSyncPlan
        {
            Server = settings.Location, Erased = ledger.Entries.Count, Rows = rows.Select(table => new ErasedRowCount(table.Database, table.Table, table.Rows, table.Kept)).ToArray(),
        };
    }
}
