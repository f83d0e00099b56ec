using StingBackup.Engine.Jobs;
using StingBackup.Engine.Reserve.Configuration;
using StingBackup.Engine.Sources.PostgreSql.Logical;
using StingBackup.Engine.Sources.PostgreSql.Restore;

namespace StingBackup.Engine.Targets.PostgreSql;

/// <summary>
/// Databases as the place where a restore writes. The whole capture is loaded into a server without these databases, or rows of single subjects into running ones, a transaction a database.
/// </summary>
/// <param name="settings">The server.</param>
/// <param name="plan">The restore: whether the whole reserve comes back, and what is done with what stands there.</param>
/// <param name="stateFolder">The host's state folder.</param>
/// <param name="output">Told what became of rows.</param>
/// <param name="cancel">Cancels.</param>
internal sealed class RowsRestoreTarget(PostgresSettings settings, RestorePlan plan, string stateFolder, JobOutput output, CancellationToken cancel) : StagedRestoreTarget(stateFolder, output)
{
    /// <inheritdoc/>
    public override string Location => settings.Location;

    /// <summary>Loads what was staged. What fails is reported; files that came back stay.</summary>
    public override void Flush()
    {
        try
        {
            LoadAsync().GetAwaiter().GetResult();
        }
        catch (StingException e)
        {
            Output.Failed(e);
        }
    }

    private async Task LoadAsync()
    {
        var files = new FolderCaptureFiles(Folder);
        if (plan.Request.Scope == RestoreScope.Reserve)
        {
            if (HasFailures)
            {
                // A table whose file is missing would come back empty, and look as if it had been.
                throw new StingException("PostgresCaptureNotWhole", FailureKind.Integrity, $"The databases at {Location} were left as they are: something could not be restored, and they come back whole or not at all.", Location,
                    "The errors before this one say what is missing. Where it is no part of the databases, restore them by themselves: -DataClass Metadata, AuditLogs, Reports, Settings; else take another point.");
            }
            foreach (var (database, rows) in await LogicalRestore.RunAsync(settings, files, new LogicalRestoreOptions { LetGo = plan.LeavesOutErased ? Output.Tell : null, Aside = plan.Request.DatabasesAside ? Output.Tell : null }, cancel).ConfigureAwait(false))
            {
                Output.Tell($"Database {database}: {rows} rows.");
            }
            return;
        }
        var conflict = plan.Conflict is ConflictAction.Overwrite or ConflictAction.Newer ? RowConflict.Overwrite : RowConflict.Keep;
        // A jar brings its contributors' rows along.
        var subjects = files.Paths.Select(CapturePath.ParseRows).OfType<CapturedRows>().Select(r => r.Subject.StartsWith("jar:", StringComparison.Ordinal) ? r.Subject.Split('/')[0] : r.Subject);
        foreach (var subject in subjects.Distinct(StringComparer.Ordinal).ToList())
        {
            foreach (var report in await SubjectRestore.RunAsync(settings, files, subject, conflict, dryRun: false, cancel).ConfigureAwait(false))
            {
                RowWords.Tell(Output, subject, report);
            }
        }
    }
}
