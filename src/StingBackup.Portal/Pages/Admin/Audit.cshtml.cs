using System.Text;
using Microsoft.AspNetCore.Mvc;
using StingBackup.Engine.Governance;
using StingBackup.Portal.Access;
using StingBackup.Portal.Admin;

namespace StingBackup.Portal.Pages.Admin;

/// <summary>The audit log, to be searched; and whether it is sound.</summary>
[PortalRule(Audience.Role, Command = "Get-StingAuditEvent")]
internal sealed class AuditModel(AdminDesk desk) : AdminPage(desk)
{
    [BindProperty(SupportsGet = true)]
    public DateOnly? From { get; set; }
    [BindProperty(SupportsGet = true)]
    public DateOnly? To { get; set; }
    [BindProperty(SupportsGet = true)]
    public AuditEvent? Event { get; set; }
    [BindProperty(SupportsGet = true)]
    public string? Command { get; set; }
    [BindProperty(SupportsGet = true)]
    public string? Actor { get; set; }
    [BindProperty(SupportsGet = true)]
    public string? Outcome { get; set; }
    [BindProperty(SupportsGet = true, Name = "request")]
    public string? RequestId { get; set; }
    [BindProperty(SupportsGet = true)]
    public string? After { get; set; }

    public AuditPage? Found { get; private set; }

    public Known<AuditLogCheck>? Check { get; private set; }

    private AuditWish Wish => new() { From = From, To = To, Event = Event, Command = Command, Actor = Actor, Outcome = Outcome, Request = RequestId, After = After };

    public Task<IActionResult> OnGetAsync() => ShowAsync(async cancel =>
    {
        Check = await Desk.AuditAsync(Me, cancel).ConfigureAwait(false);
        Found = AuditSearch.Find(await UseAsync(AuditReader.ReadAsync).ConfigureAwait(false), Wish);
    });

    /// <summary>What is found as a file, oldest first.</summary>
    public async Task<IActionResult> OnGetExportAsync(AuditFormat format = AuditFormat.Csv)
    {
        var entries = await UseAsync(AuditReader.ReadAsync).ConfigureAwait(false);
        var (type, ending) = format == AuditFormat.Csv ? ("text/csv", "csv") : ("application/x-ndjson", format == AuditFormat.Ocsf ? "ocsf" : "jsonl");
        return File(Encoding.UTF8.GetBytes(AuditExport.Write(entries.Where(Wish.Fits), format)), type, $"audit.{ending}");
    }

    /// <summary>The address of this search with something else.</summary>
    public string With(string? after = null, string? handler = null, string? format = null) => AdminHtml.To("/admin/audit",
        ("from", From?.ToString("yyyy-MM-dd", System.Globalization.CultureInfo.InvariantCulture)), ("to", To?.ToString("yyyy-MM-dd", System.Globalization.CultureInfo.InvariantCulture)), ("event", Event?.ToString()),
        ("command", Command), ("actor", Actor), ("outcome", Outcome), ("request", RequestId), ("after", after), ("handler", handler), ("format", format));
}
