using System.Net;
using System.Text;
using StingBackup.Engine;
using StingBackup.Portal.Admin;
using StingBackup.Portal.Tests.Support;

namespace StingBackup.Portal.Tests.Admin;

/// <summary>Who sees what, and what looking leaves behind.</summary>
public sealed class RecordTests(AdminSite site) : IClassFixture<AdminSite>
{
    private static readonly string[] ForAll = ["/admin", "/admin/approvals", "/admin/alerts", "/admin/jobs", "/admin/drills", "/admin/retrievals", "/admin/keys", "/admin/holds", "/admin/reports", "/admin/audit"];

    [Fact]
    public async Task Each_sees_the_pages_of_the_own_role_and_the_menu_has_no_others()
    {
        using var administrator = await site.ClientAsync(AdminSite.Administrator);
        using var worker = await site.ClientAsync(AdminSite.Operator);
        using var approver = await site.ClientAsync(AdminSite.Approver);
        using var nobody = await site.ClientAsync(AdminSite.Nobody);
        using var ada = await site.Site.ClientAsync(PortalSite.Ada);
        foreach (var path in ForAll)
        {
            foreach (var client in (HttpClient[])[administrator, worker, approver])
            {
                Assert.Equal((path, HttpStatusCode.OK), (path, await AdminSite.StatusAsync(client, path)));
            }
            foreach (var client in (HttpClient[])[nobody, ada])
            {
                Assert.Equal((path, HttpStatusCode.Forbidden), (path, await AdminSite.StatusAsync(client, path)));
            }
        }
        Assert.Equal([HttpStatusCode.OK, HttpStatusCode.OK, HttpStatusCode.Forbidden], [await AdminSite.StatusAsync(administrator, "/admin/points"), await AdminSite.StatusAsync(worker, "/admin/points"), await AdminSite.StatusAsync(approver, "/admin/points")]);
        Assert.Equal([HttpStatusCode.OK, HttpStatusCode.OK, HttpStatusCode.Forbidden], [await AdminSite.StatusAsync(administrator, "/admin/costs"), await AdminSite.StatusAsync(worker, "/admin/costs"), await AdminSite.StatusAsync(approver, "/admin/costs")]);
        var costs = (await AdminSite.GetAsync(worker, "/costs")).GetProperty("value").GetProperty("now");
        Assert.True(costs.GetProperty("tiers")[0].GetProperty("length").GetInt64() > 0);
        Assert.Contains("UserFiles", costs.GetProperty("classes").EnumerateArray().Select(c => c.GetProperty("dataClass").GetString()));
        const string Points = "href=\"/admin/points\"";
        Assert.Contains(Points, await worker.GetStringAsync(new Uri("/admin/jobs", UriKind.Relative)), StringComparison.Ordinal);
        Assert.DoesNotContain(Points, await approver.GetStringAsync(new Uri("/admin/jobs", UriKind.Relative)), StringComparison.Ordinal);
        Assert.Contains("href=\"/admin\"", await approver.GetStringAsync(new Uri("/", UriKind.Relative)), StringComparison.Ordinal);
        Assert.DoesNotContain("href=\"/admin\"", await nobody.GetStringAsync(new Uri("/", UriKind.Relative)), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Opening_somebody_s_backups_stands_in_the_audit_log_and_shows_nobody_else_s()
    {
        using var worker = await site.ClientAsync(AdminSite.Operator);
        var ada = Uri.EscapeDataString($"user:{PortalSite.Ada}");
        var before = await OpeningsAsync(worker);
        // An address that somebody follows opens nothing, and shows nothing.
        Assert.Contains("Nothing of it is open", await worker.GetStringAsync(new Uri($"/admin/points?subject={ada}", UriKind.Relative)), StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.Conflict, await AdminSite.StatusAsync(worker, $"/api/v1/admin/subjects/{ada}/runs"));
        Assert.Equal(before, await OpeningsAsync(worker));
        using (var bare = await worker.PostAsync(new Uri("/admin/points", UriKind.Relative), new FormUrlEncodedContent([new("subject", $"user:{PortalSite.Ada}")])))
        {
            Assert.Equal((HttpStatusCode.BadRequest, before), (bare.StatusCode, await OpeningsAsync(worker)));
        }
        using (var opened = await AdminSite.SubmitAsync(worker, "/admin/points", ("subject", $"user:{PortalSite.Ada}")))
        {
            Assert.Equal($"/admin/points?subject={ada}", opened.Headers.Location!.OriginalString);
        }
        Assert.Equal(before + 1, await OpeningsAsync(worker));
        var page = await worker.GetStringAsync(new Uri($"/admin/points?subject={ada}", UriKind.Relative));
        var run = (await AdminSite.GetAsync(worker, $"/subjects/{ada}/runs")).GetProperty("items")[0].GetProperty("backupId").GetString()!;
        Assert.Contains(run, page, StringComparison.Ordinal);
        var folder = await AdminSite.GetAsync(worker, $"/subjects/{ada}/runs/{run}/folder?path={Uri.EscapeDataString($"users/{PortalSite.Ada}/documents")}");
        Assert.Equal(["plans", "letter.txt"], folder.GetProperty("items").EnumerateArray().Select(i => i.GetProperty("name").GetString()).OrderByDescending(n => n, StringComparer.Ordinal));
        Assert.InRange(await OpeningsAsync(worker), before + 1, before + 2);   // and that somebody looked, once an hour
        using (var again = await AdminSite.PostAsync(worker, $"/api/v1/admin/subjects/{ada}/open", new { }))
        {
            Assert.Contains($"user:{PortalSite.Ada}", await again.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        }
        Assert.InRange(await OpeningsAsync(worker), before + 2, before + 3);
        // What one session opened is open to no other, not even of the same person.
        using var elsewhere = await site.ClientAsync(AdminSite.Operator);
        Assert.Equal(HttpStatusCode.Conflict, await AdminSite.StatusAsync(elsewhere, $"/api/v1/admin/subjects/{ada}/runs"));
        // Another's folder is not in it, whatever path is asked for.
        using var bob = await worker.GetAsync(new Uri($"/api/v1/admin/subjects/{ada}/runs/{run}/folder?path={Uri.EscapeDataString($"users/{PortalSite.Bob}")}", UriKind.Relative));
        Assert.Equal(HttpStatusCode.NotFound, bob.StatusCode);
        using var unknown = await AdminSite.SubmitAsync(worker, "/admin/points", ("subject", "user:99999"));
        Assert.Contains("role=\"alert\"", await unknown.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        using var approver = await site.ClientAsync(AdminSite.Approver);
        Assert.Equal(HttpStatusCode.Forbidden, await AdminSite.StatusAsync(approver, $"/api/v1/admin/subjects/{ada}/runs"));
    }

    private static async Task<int> OpeningsAsync(HttpClient client) =>
        (await AdminSite.GetAsync(client, $"/audit?command=Portal-Browse&actor={AdminSite.Operator}")).GetProperty("items").GetArrayLength();

    [Fact]
    public async Task The_audit_log_is_searched_page_by_page_and_taken_along()
    {
        for (var i = 0; i < 5; i++)
        {
            await site.AskAsync($"search-{i}");
        }
        using var approver = await site.ClientAsync(AdminSite.Approver);
        var seen = new List<long>();
        string? next = null;
        do
        {
            var part = await AdminSite.GetAsync(approver, $"/audit?event=Requested&actor={AdminSite.Administrator}&limit=2{(next is null ? "" : $"&after={next}")}");
            seen.AddRange(part.GetProperty("items").EnumerateArray().Select(e => e.GetProperty("sequence").GetInt64()));
            next = part.GetProperty("next").GetString();
        }
        while (next is not null);
        Assert.True(seen.Count >= 5);
        Assert.Equal(seen.Distinct().OrderDescending(), seen);
        using var nowhere = await approver.GetAsync(new Uri("/api/v1/admin/audit?after=nowhere.1", UriKind.Relative));
        Assert.Equal(HttpStatusCode.BadRequest, nowhere.StatusCode);
        using var unread = await approver.GetAsync(new Uri("/api/v1/admin/audit?event=nothing", UriKind.Relative));
        foreach (var refused in (HttpResponseMessage[])[nowhere, unread])
        {
            Assert.Equal("application/problem+json", refused.Content.Headers.ContentType!.MediaType);
        }
        using var file = await approver.GetAsync(new Uri($"/admin/audit?handler=Export&format=Csv&event=Requested&actor={AdminSite.Administrator}", UriKind.Relative));
        Assert.Equal(seen.Count + 1, (await file.Content.ReadAsStringAsync()).Split("\r\n", StringSplitOptions.RemoveEmptyEntries).Length);
        Assert.Equal("audit.csv", file.Content.Headers.ContentDisposition!.FileName);
        var check = await AdminSite.GetAsync(approver, "/audit/check");
        Assert.True(check.GetProperty("value").GetProperty("isSound").GetBoolean());
        Assert.Contains("The audit log is sound", await approver.GetStringAsync(new Uri("/admin/audit?from=2020-01-01&to=2020-01-02", UriKind.Relative)), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Reports_come_by_the_engine_s_writer()
    {
        using var approver = await site.ClientAsync(AdminSite.Approver);
        var month = AdminDesk.MonthName(TimeProvider.System.GetUtcNow());
        var pdf = await approver.GetByteArrayAsync(new Uri($"/admin/reports?handler=File&format=Pdf&month={month}", UriKind.Relative));
        Assert.StartsWith("%PDF", Encoding.ASCII.GetString(pdf, 0, 8), StringComparison.Ordinal);
        Assert.Contains($"<h1>Backups of {month}</h1>", await approver.GetStringAsync(new Uri($"/api/v1/admin/reports/{month}/file?format=Html", UriKind.Relative)), StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.BadRequest, await AdminSite.StatusAsync(approver, "/api/v1/admin/reports/never"));
        Assert.Equal(HttpStatusCode.BadRequest, await AdminSite.StatusAsync(approver, "/admin/reports?month=never"));
    }

    [Fact]
    public async Task A_job_is_seen_while_it_runs_and_stopped_by_whoever_may_begin_it()
    {
        await using var installation = await site.OpenAsync(Caller.OfProcess);
        var began = new TaskCompletionSource();
        var job = Task.Run(async () =>
        {
            await foreach (var _ in JobStream.RunAsync(installation, "drill-file", async (_, stop) =>
            {
                began.SetResult();
                await Task.Delay(Timeout.Infinite, stop);
                return "";
            }, default)) { }
        });
        await began.Task;
        using var worker = await site.ClientAsync(AdminSite.Operator);
        var running = (await AdminSite.GetAsync(worker, "/jobs")).GetProperty("items").EnumerateArray().Single(j => j.GetProperty("state").GetString() == "Running");
        var path = $"/admin/jobs/{running.GetProperty("id").GetString()}/stop";
        Assert.Contains(path, await worker.GetStringAsync(new Uri("/admin/jobs", UriKind.Relative)), StringComparison.Ordinal);
        using (var events = await worker.GetStreamAsync(new Uri("/api/v1/admin/jobs/events", UriKind.Relative)))
        using (var reader = new StreamReader(events))
        {
            Assert.Contains("drill-file", await reader.ReadLineAsync(), StringComparison.Ordinal);
        }
        using var approver = await site.ClientAsync(AdminSite.Approver);
        Assert.Equal(HttpStatusCode.Forbidden, await AdminSite.StatusAsync(approver, path));
        using var stopped = await AdminSite.SubmitAsync(worker, path);
        Assert.Equal(HttpStatusCode.Redirect, stopped.StatusCode);
        Assert.Equal("JobStopped", (await Assert.ThrowsAsync<StingException>(() => job)).ErrorId);
        var past = (await AdminSite.GetAsync(worker, "/jobs")).GetProperty("items").EnumerateArray().Single(j => j.GetProperty("id").GetString() == running.GetProperty("id").GetString());
        Assert.StartsWith(AdminSite.Operator.ToString(), past.GetProperty("stoppedBy").GetString(), StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.NotFound, await AdminSite.StatusAsync(worker, path));
    }
}
