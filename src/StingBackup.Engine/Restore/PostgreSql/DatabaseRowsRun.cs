using StingBackup.Engine.Jobs;
using StingBackup.Engine.Reserve;
using StingBackup.Engine.Reserve.Configuration;
using StingBackup.Engine.Restore.Scratch;
using StingBackup.Engine.Sources.PostgreSql.Logical;
using StingBackup.Engine.Sources.PostgreSql.Restore;
using StingBackup.Engine.Targets.PostgreSql;

namespace StingBackup.Engine.Restore.PostgreSql;

/// <summary>
/// One subject's rows as of any moment: the server is recovered to it in a place of its own, captured there by the same rules as each run captures it, and the subject's rows go into the running databases as those
/// of a restore point do. Nothing of the recovered server stays.
/// </summary>
internal sealed class DatabaseRowsRun(Installation installation, DatabaseRestorePlan plan, JobOutput output)
{
    private readonly DatabaseRowsSelection _selection = (DatabaseRowsSelection)plan.Exact!;

    public async Task<DatabaseRestoreResult> RunAsync(CancellationToken cancel)
    {
        var started = installation.Clock.GetUtcNow();
        var settings = installation.Configuration!.PostgreSql!;
        var left = new DrillLeft(_selection.Place);
        using var place = DrillPlace.Create(_selection.Place, folder => DrillLeft.Remove(installation, folder, output));
        try
        {
            var server = await left.RecoverServerAsync(_selection.Programs, _selection.Folder, installation.Configuration.Capture?.AdminUser ?? "postgres", async () => await new DatabaseRestoreRun(
                installation, plan with { Destination = _selection.Folder, Exact = _selection.Server }, output).RunAsync(cancel).ConfigureAwait(false), cancel).ConfigureAwait(false);
            output.Progress.Status = "reading rows";
            using var capture = await LogicalCapture.TakeAsync(server.Scratch.Settings with { Databases = settings.Databases }, new LogicalCaptureOptions(), cancel).ConfigureAwait(false);
            output.Progress.Status = "restoring rows";
            var rows = await RestoreAsync(settings.ForRestore, new SourceCaptureFiles(capture, cancel), cancel).ConfigureAwait(false);
            return server.Restored with
            {
                State = output.Errors > 0 ? JobState.CompletedWithErrors : JobState.Completed, DataDirectory = "", HowToStart = [], Subject = plan.Subject, Rows = rows, Duration = installation.Clock.GetUtcNow() - started,
            };
        }
        finally
        {
            await left.RemoveAsync(output).ConfigureAwait(false);
            place.Clear();
        }
    }

    private async Task<IReadOnlyList<RestoredRows>> RestoreAsync(PostgresSettings settings, SourceCaptureFiles capture, CancellationToken cancel)
    {
        var files = new WithoutErased(capture, installation);
        var there = files.Paths.Select(CapturePath.ParseRows).OfType<CapturedRows>().Select(r => r.Subject).Distinct(StringComparer.Ordinal).ToList();
        // A jar brings its contributors' rows along, by its own name.
        var subjects = _selection.Choice.Names.Where(name => there.Exists(s => s == name || (_selection.Choice.WithContributors && s.StartsWith(name + "/", StringComparison.Ordinal)))).ToList();
        if (subjects.Count == 0)
        {
            throw new StingException("PostgresSubjectMissing", FailureKind.NotFound, $"The databases held no rows of {plan.Subject} at that moment.", plan.Subject, "Choose a moment at which they had some; look at the subject's name.");
        }
        var conflict = plan.Conflict is ConflictAction.Overwrite or ConflictAction.Newer ? RowConflict.Overwrite : RowConflict.Keep;
        var restored = new List<RestoredRows>();
        foreach (var subject in subjects)
        {
            foreach (var report in await SubjectRestore.RunAsync(settings, files, subject, conflict, dryRun: false, cancel).ConfigureAwait(false))
            {
                RowWords.Tell(output, subject, report);
                restored.Add(new RestoredRows(report.Database, report.Table, report.Outcome.ToString(), report.Count));
            }
        }
        return restored;
    }

    /// <summary>The capture without whoever was erased since: the log knows nothing of that.</summary>
    private sealed class WithoutErased(SourceCaptureFiles files, Installation installation) : ICaptureFiles
    {
        public IReadOnlyList<string> Paths { get; } = [.. files.Paths.Where(p => CapturePath.ParseRows(p) is not { } rows || !IsErased(installation, rows.Subject))];

        public Stream Open(string path) => files.Open(path);

        private static bool IsErased(Installation installation, string subject) =>
            installation.Ledger.Entries.Count > 0 && (installation.Ledger.FindTag(installation.Subjects.TagOf(subject)) is not null
                || (SubjectNames.ContributorOf(subject) is { } person && installation.Ledger.FindTag(installation.Subjects.TagOf(person)) is not null));
    }
}
