using System.Net.Mime;
using Microsoft.AspNetCore.Mvc;
using StingBackup.Engine.Governance;
using StingBackup.Engine.Lifecycle;
using StingBackup.Engine.Operations.Drills;
using StingBackup.Engine.Operations.Reports;
using StingBackup.Engine.People;
using StingBackup.Engine.Restore.Thawing;
using StingBackup.Portal.Admin;
using StingBackup.Portal.Pages.Admin;

namespace StingBackup.Portal.Api;

/// <summary>Which folder of a person or jar.</summary>
/// <param name="Subject">Whose: a canonical name, an address or an id.</param>
/// <param name="Run">The run, or <c>latest</c>.</param>
/// <param name="Path">The folder; none for the one that all items have in common.</param>
/// <param name="After">The cursor of the part before.</param>
/// <param name="Limit">The most items, 1 to 1,000; 200 where it is not said.</param>
internal sealed record FolderWish(
    [FromRoute(Name = "subject")] string Subject, [FromRoute(Name = "run")] string Run, [FromQuery(Name = "path")] string? Path, [FromQuery(Name = "after")] string? After, [FromQuery(Name = "limit")] int? Limit);

/// <summary>What the backups cost.</summary>
/// <param name="Now">As they are.</param>
/// <param name="ToCome">If the reserve goes on as it is; null where that cannot be told.</param>
internal sealed record CostsTold(CostReport Now, CostForecast? ToCome);

/// <summary>Whose backups are open now.</summary>
/// <param name="Subject">The canonical name, by which they are asked for.</param>
internal sealed record SubjectOpened(string Subject);

/// <summary>What is kept on record: the audit log, drills, retrievals, keys, holds, reports, and what subjects have in the backups.</summary>
internal static class AdminRecordApi
{
    private const int MostTests = 200, MostRuns = 1000, UsualItems = 200;

    public static void Map(RouteGroupBuilder admin)
    {
        admin.MapGet("/audit", async ([AsParameters] AuditWish wish, HttpContext context, AdminDesk desk, CancellationToken cancel) =>
        {
            var found = AuditSearch.Find(await desk.UseAsync(context.Me(), AuditReader.ReadAsync, cancel).ConfigureAwait(false), wish);
            return TypedResults.Ok(new Part<AuditEntry>(found.Entries, found.Next));
        }).For("Get-StingAuditEvent", "Audit records, newest first; texts are found anywhere in their field");
        admin.MapGet("/audit/check", async (HttpContext context, AdminDesk desk, CancellationToken cancel) =>
        {
            var known = await desk.AuditAsync(context.Me(), cancel).ConfigureAwait(false);
            return TypedResults.Ok(new AsOf<AuditLogCheck>(known.Time, known.Value));
        }).For("Test-StingAuditLog", "Whether every record of the audit log is sound, as of at most a minute ago");
        admin.MapGet("/drills", async (HttpContext context, AdminDesk desk, CancellationToken cancel) => TypedResults.Ok(await desk.UseAsync(context.Me(), DrillReader.SummaryAsync, cancel).ConfigureAwait(false)))
            .For("Get-StingRecoveryTest", "When each kind of recovery test was held and is due");
        admin.MapGet("/drills/evidence", async (HttpContext context, AdminDesk desk, CancellationToken cancel) => TypedResults.Ok(new Part<RecoveryTest>(
            await desk.UseAsync(context.Me(), (installation, stop) => DrillReader.ReadAsync(installation, new RecoveryTestQuery(), static _ => { }, stop).Take(MostTests).ToListAsync(stop), cancel).ConfigureAwait(false), null)))
            .For("Get-StingRecoveryTest", "The signed evidence of recovery tests, newest first");
        admin.MapGet("/retrievals", async (HttpContext context, AdminDesk desk, CancellationToken cancel) => TypedResults.Ok(new Part<ArchiveRetrieval>(
            await desk.UseAsync(context.Me(), (installation, stop) => RetrievalJob.GetAsync(installation, null, stop).ToListAsync(stop), cancel).ConfigureAwait(false), null)))
            .For("Get-StingArchiveRetrieval", "Retrievals from the archive tier, their estimated cost, and how far they are");
        admin.MapGet("/keys", async (HttpContext context, AdminDesk desk, CancellationToken cancel) => TypedResults.Ok(new Part<KeyInfo>(
            [.. (await desk.UseAsync(context.Me(), KeysModel.ListAsync, cancel).ConfigureAwait(false)).Where(k => k.Kind != KeyKind.Subject)], null)))
            .For("Get-StingKey", "Keys but those of subjects: age, state, when they are due. Never a key");
        admin.MapGet("/holds", async (HttpContext context, AdminDesk desk, CancellationToken cancel, bool all = false) => TypedResults.Ok(new Part<LegalHold>(
            await desk.UseAsync(context.Me(), (installation, _) => ValueTask.FromResult(LegalHolds.List(installation, all)), cancel).ConfigureAwait(false), null)))
            .For("Get-StingLegalHold", "Legal holds that stand; with all=true those that were lifted too");
        admin.MapGet("/costs", async (HttpContext context, AdminDesk desk, CancellationToken cancel) =>
        {
            var known = await desk.CostsAsync(context.Me(), cancel).ConfigureAwait(false);
            return TypedResults.Ok(new AsOf<CostsTold>(known.Time, new CostsTold(known.Value.Now, known.Value.ToCome)));
        }).For("Measure-StingCost", "What the backups cost by tier and class, and what they will, as of at most a minute ago");
        MapReports(admin);
        MapSubjects(admin);
    }

    private static void MapReports(RouteGroupBuilder admin)
    {
        admin.MapGet("/reports/{month}", async (string month, HttpContext context, AdminDesk desk, CancellationToken cancel) => TypedResults.Ok((await desk.MonthAsync(context.Me(), month, cancel).ConfigureAwait(false)).Value))
            .For("Get-StingBackupReport", "A month's report (yyyy-MM)");
        admin.MapGet("/reports/{month}/file", async (string month, ReportFormat format, HttpContext context, AdminDesk desk, CancellationToken cancel) =>
        {
            var report = (await desk.MonthAsync(context.Me(), month, cancel).ConfigureAwait(false)).Value;
            var (type, ending) = ReportsModel.TypeOf(format);
            return TypedResults.File(ReportWriter.WriteBytes(report, format), type, $"backups-{report.Month}.{ending}");
        }).For("Export-StingBackupReport", "A month's report as a file: Html, Pdf, Markdown, Json or Csv").Produces(StatusCodes.Status200OK, contentType: MediaTypeNames.Application.Octet);
    }

    private static void MapSubjects(RouteGroupBuilder admin)
    {
        admin.MapPost("/subjects/{subject}/open", async (string subject, HttpContext context, AdminDesk desk, CancellationToken cancel) =>
            TypedResults.Ok(new SubjectOpened((await desk.OpenSubjectAsync(context.Me(), subject, cancel).ConfigureAwait(false)).Subjects[0])))
            .For("Get-StingRestorePointItem", "Opens what backups hold of a person or jar, for this session and a quarter of an hour; it stands in the audit log");
        admin.MapGet("/subjects/{subject}/runs", async (string subject, HttpContext context, AdminDesk desk, CancellationToken cancel) =>
            TypedResults.Ok(new Part<OwnRun>([.. (await Opened(desk, context, subject).RunsAsync(null, null, cancel).ConfigureAwait(false)).Take(MostRuns)], null)))
            .For("Get-StingRestorePointItem", "Runs that hold something of a person or jar that was opened, newest first").ProducesProblem(StatusCodes.Status409Conflict);
        admin.MapGet("/subjects/{subject}/runs/{run}/folder", async ([AsParameters] FolderWish wish, HttpContext context, AdminDesk desk, CancellationToken cancel) =>
            TypedResults.Ok(await Opened(desk, context, wish.Subject).FolderAsync(wish.Run, wish.Path, wish.After, Math.Clamp(wish.Limit ?? UsualItems, 1, OwnReserve.MostItems), cancel).ConfigureAwait(false)))
            .For("Get-StingRestorePointItem", "What is directly in a folder of a person or jar that was opened, as of a run").ProducesProblem(StatusCodes.Status409Conflict);
    }

    private static OwnReserve Opened(AdminDesk desk, HttpContext context, string subject) => desk.OpenedSubject(context.Me(), subject)
        ?? throw new StingException("SubjectNotOpened", FailureKind.Busy, "This session has not opened that person or jar, or too long ago.", null, "Open it first, by its canonical name from then on: that stands in the audit log.");
}
