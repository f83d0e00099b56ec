using StingBackup.Engine.Reserve.Configuration;
using StingBackup.Engine.Sources.PostgreSql.Logical;

namespace StingBackup.Engine.Sources.PostgreSql.Restore;

/// <summary>
/// Brings one subject's rows back into running databases: a transaction a database, parents before children, nobody else's row touched. All databases' work is done before the first
/// commits, so that what can fail fails everywhere. Triggers of the tables fire as they do for the application.
/// </summary>
public static class SubjectRestore
{
    private const string Prepare =
        "SET search_path = ''; SET row_security = off; SET DateStyle = 'ISO, YMD'; SET IntervalStyle = 'postgres'; SET extra_float_digits = 3; SET bytea_output = 'hex'; SET TimeZone = 'UTC'; BEGIN";

    /// <summary>Restores.</summary>
    /// <param name="settings">The server.</param>
    /// <param name="files">A capture, or the part of it that is the subject's.</param>
    /// <param name="subject">Canonical name; a jar brings its contributors' rows along.</param>
    /// <param name="conflict">What is done with rows that stand there with other values.</param>
    /// <param name="dryRun">Does all but commit: the report tells what would be.</param>
    /// <param name="cancel">Cancels; nothing is restored then.</param>
    /// <exception cref="StingException"><c>PostgresRowConflict</c> under <see cref="RowConflict.Fail"/>; nothing is restored then</exception>
    public static async Task<IReadOnlyList<RowReport>> RunAsync(PostgresSettings settings, ICaptureFiles files, string subject, RowConflict conflict, bool dryRun, CancellationToken cancel)
    {
        ArgumentNullException.ThrowIfNull(settings);
        ArgumentNullException.ThrowIfNull(files);
        var server = await PostgresServer.ConnectAsync(settings, cancel).ConfigureAwait(false);
        var mine = files.Paths.Select(CapturePath.ParseRows).OfType<CapturedRows>()
            .Where(r => r.Subject == subject || (subject.StartsWith("jar:", StringComparison.Ordinal) && r.Subject.StartsWith(subject + "/", StringComparison.Ordinal))).ToList();
        if (mine.Count == 0)
        {
            throw new StingException("PostgresSubjectMissing", FailureKind.NotFound, $"The capture holds no rows of {subject}.", subject, "Choose a point at which it had some; look at the subject's name.");
        }
        var databases = mine.Select(r => r.Database).Distinct().Order(StringComparer.Ordinal);
        return await CatalogSessions.RunAsync<IReadOnlyList<RowReport>>(server, databases, Prepare, $"restore rows of {subject} into", async sessions =>
        {
            var reports = new List<RowReport>();
            foreach (var (connection, database, catalog) in sessions.Each())
            {
                var work = new SubjectRows(connection, database, catalog, sessions.People, subject, conflict);
                reports.AddRange(await work.RunAsync(files, [.. mine.Where(r => r.Database == database)], cancel).ConfigureAwait(false));
            }
            await sessions.ExecuteAsync(dryRun ? "ROLLBACK" : "COMMIT", cancel).ConfigureAwait(false);
            return reports;
        }, cancel).ConfigureAwait(false);
    }
}
