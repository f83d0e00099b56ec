using StingBackup.Engine.Sources;
using StingBackup.Engine.Sources.PostgreSql;
using StingBackup.Engine.Sources.PostgreSql.Logical;
using StingBackup.Engine.Sources.PostgreSql.Restore;

namespace StingBackup.Engine.Restore.PostgreSql;

/// <summary>What a restore into running databases needs to know.</summary>
/// <param name="Settings">The server.</param>
/// <param name="StagingFolder">A new folder, private to this user, which holds the rows until all are there.</param>
/// <param name="IsWhole">Whether the whole reserve comes back, databases included; else rows of single subjects.</param>
/// <param name="Conflict">What is done with what stands there.</param>
internal sealed record RowsRestoreOptions(PostgresSettings Settings, string StagingFolder, bool IsWhole, ConflictAction Conflict);

/// <summary>
/// Databases as the place where a restore writes: the files of a logical capture are staged in a folder; with the flush at the end, when all are there, they are loaded: the whole capture
/// into a server without these databases, or rows of single subjects into running ones, a transaction a database.
/// </summary>
internal sealed class RowsRestoreTarget(RowsRestoreOptions options, JobOutput output, CancellationToken cancel) : IRestoreTarget
{
    private readonly IRestoreTarget _staging = DirectoryRestoreTarget.Open(options.StagingFolder);

    /// <inheritdoc/>
    public string Location => options.Settings.Location;

    /// <summary>Nothing: what stands in a database is judged row by row.</summary>
    public SourceEntry? Find(EntryPath path) => _staging.Find(path) is { Kind: ItemKind.Directory } folder ? folder : null;

    /// <inheritdoc/>
    public ItemMetadata ReadMetadata(SourceEntry entry) => _staging.ReadMetadata(entry);
    /// <inheritdoc/>
    public ISourceFile OpenExisting(SourceEntry entry) => _staging.OpenExisting(entry);
    /// <inheritdoc/>
    public void CreateDirectory(EntryPath path) => _staging.CreateDirectory(path);
    /// <inheritdoc/>
    public IRestoreFile CreateFile(EntryPath path, long length) => _staging.CreateFile(path, length);
    /// <inheritdoc/>
    public IReadOnlyList<string> CreateSpecial(EntryPath path, ItemKind kind, ItemMetadata metadata, bool replace) => _staging.CreateSpecial(path, kind, metadata, replace);
    /// <inheritdoc/>
    public void CreateHardLink(EntryPath path, EntryPath existing, bool replace) => _staging.CreateHardLink(path, existing, replace);
    /// <summary>Nothing: attributes of staged files serve nobody.</summary>
    public IReadOnlyList<string> ApplyMetadata(EntryPath path, ItemKind kind, ItemMetadata metadata) => [];
    /// <inheritdoc/>
    public void CleanUp(EntryPath directory) => _staging.CleanUp(directory);

    /// <summary>Loads what was staged. What fails is reported; files that came back stay.</summary>
    public void Flush()
    {
        try
        {
            LoadAsync().GetAwaiter().GetResult();
        }
        catch (StingException e)
        {
            output.Failed(e);
        }
    }

    /// <summary>Removes what was staged.</summary>
    public void Dispose()
    {
        _staging.Dispose();
        try
        {
            Directory.Delete(options.StagingFolder, recursive: true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            output.Warn($"Staged rows could not be removed from '{options.StagingFolder}': {e.Message} Remove the folder by hand: it holds people's data.");
        }
    }

    private async Task LoadAsync()
    {
        var files = new FolderCaptureFiles(options.StagingFolder);
        if (options.IsWhole)
        {
            foreach (var (database, rows) in await LogicalRestore.RunAsync(options.Settings, files, cancel).ConfigureAwait(false))
            {
                output.Tell($"Database {database}: {rows} rows.");
            }
            return;
        }
        var conflict = options.Conflict is ConflictAction.Overwrite or ConflictAction.Newer ? RowConflict.Overwrite : RowConflict.Keep;
        // A jar brings its contributors' rows along.
        var subjects = files.Paths.Select(CapturePath.ParseRows).OfType<CapturedRows>().Select(r => r.Subject.StartsWith("jar:", StringComparison.Ordinal) ? r.Subject.Split('/')[0] : r.Subject);
        foreach (var subject in subjects.Distinct(StringComparer.Ordinal).ToList())
        {
            foreach (var report in await SubjectRestore.RunAsync(options.Settings, files, subject, conflict, dryRun: false, cancel).ConfigureAwait(false))
            {
                Tell(subject, report);
            }
        }
    }

    private void Tell(string subject, RowReport report)
    {
        var text = $"{report.Database}: {report.Count} rows of {report.Table} of {subject} {Words(report.Outcome)}";
        if (report.Outcome is RowOutcome.Restored or RowOutcome.Equal or RowOutcome.Overwritten)
        {
            output.Tell(text + ".");
            return;
        }
        output.Warn($"{text}{(report.Keys.Count == 0 ? "" : $": {string.Join(", ", report.Keys.Take(5))}{(report.Keys.Count > 5 ? ", …" : "")}")}.");
    }

    private static string Words(RowOutcome outcome) => outcome switch
    {
        RowOutcome.Restored => "restored",
        RowOutcome.Equal => "stood there already",
        RowOutcome.Kept => "left as they stand, with other values (-ConflictAction Overwrite replaces them)",
        RowOutcome.Overwritten => "replaced",
        RowOutcome.Taken => "not restored, because their place is somebody else's now",
        RowOutcome.ParentMissing => "not restored, because a row that they refer to is gone",
        _ => "not restored, because the table is gone",
    };
}
