using Microsoft.AspNetCore.Mvc;
using StingBackup.Engine.Operations.Reports;
using StingBackup.Portal.Access;
using StingBackup.Portal.Admin;

namespace StingBackup.Portal.Pages.Admin;

/// <summary>A month's report, to look at and to take along.</summary>
[PortalRule(Audience.Role, Command = "Get-StingBackupReport")]
internal sealed class ReportsModel(AdminDesk desk) : AdminPage(desk)
{
    [BindProperty(SupportsGet = true)]
    public string? Month { get; set; }

    public Known<BackupReport>? Report { get; private set; }

    public string Chosen => string.IsNullOrWhiteSpace(Month) ? AdminDesk.MonthName(Desk.Now) : Month;

    public Task<IActionResult> OnGetAsync() => ShowAsync(async cancel => Report = await Desk.MonthAsync(Me, Chosen, cancel).ConfigureAwait(false));

    /// <summary>The report as a file, by the engine's writer.</summary>
    public async Task<IActionResult> OnGetFileAsync(ReportFormat format)
    {
        var report = await Desk.MonthAsync(Me, Chosen, HttpContext.RequestAborted).ConfigureAwait(false);
        var (type, ending) = TypeOf(format);
        return File(ReportWriter.WriteBytes(report.Value, format), type, $"backups-{report.Value.Month}.{ending}");
    }

    internal static (string Type, string Ending) TypeOf(ReportFormat format) => format switch
    {
        ReportFormat.Html => ("text/html; charset=utf-8", "html"), ReportFormat.Pdf => ("application/pdf", "pdf"), ReportFormat.Markdown => ("text/markdown; charset=utf-8", "md"), ReportFormat.Csv => ("text/csv; charset=utf-8", "csv"),
        _ => ("application/json", "json"),
    };
}
