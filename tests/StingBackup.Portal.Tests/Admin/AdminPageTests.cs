using Microsoft.Playwright;
using StingBackup.Engine;
using StingBackup.Engine.Operations.Jobs;
using StingBackup.Engine.Reserve.Configuration;
using StingBackup.Portal.Tests.Support;

namespace StingBackup.Portal.Tests.Admin;

/// <summary>In a real browser: an approval from the request to the deed, and how each page looks.</summary>
[Collection("browser of administrators")]
public sealed class AdminPageTests(Browser browser, AdminSite site) : IClassFixture<AdminSite>
{
    // In the dark only colours are others.
    private async Task<IPage> SignInAsync(AccessIdentity who)
    {
        var page = await browser.PageAsync();
        await page.GotoAsync((await site.LinkAsync(who)).ToString());
        await page.GetByRole(AriaRole.Button, new() { Name = "Sign in" }).ClickAsync();
        await page.GetByRole(AriaRole.Heading, new() { Name = "Hello" }).WaitForAsync();
        return page;
    }

    private string At(string path) => new Uri(site.Site.Address, path).ToString();

    [BrowserFact]
    public async Task A_request_is_read_signed_elsewhere_brought_back_and_good_for_once()
    {
        var id = await site.AskAsync("journey");
        var page = await SignInAsync(AdminSite.Approver);
        await page.GetByRole(AriaRole.Link, new() { Name = "Administration" }).ClickAsync();
        await page.GetByRole(AriaRole.Navigation, new() { Name = "Administration" }).GetByRole(AriaRole.Link, new() { Name = "Approvals" }).ClickAsync();
        await page.GotoAsync(At($"/admin/approvals/{id}"));
        var plan = page.GetByRole(AriaRole.Region, new() { Name = "What exactly would be done" });
        Assert.Contains("Restore-StingFile", await plan.InnerTextAsync(), StringComparison.Ordinal);
        Assert.Contains("journey", await plan.InnerTextAsync(), StringComparison.Ordinal);
        Assert.Contains(AdminSite.Administrator.ToString(), await page.GetByRole(AriaRole.Region, new() { Name = "The request" }).InnerTextAsync(), StringComparison.Ordinal);

        var download = await page.RunAndWaitForDownloadAsync(() => page.GetByRole(AriaRole.Link, new() { Name = "Download the request" }).ClickAsync());
        Assert.Equal(id + ".request", download.SuggestedFilename);
        var request = await File.ReadAllBytesAsync((await download.PathAsync())!);
        Assert.Equal(site.FileOf(id), request);

        await page.GetByLabel("Paste the text").FillAsync(site.Sign(request, id, site.Stranger));
        await page.GetByRole(AriaRole.Button, new() { Name = "Check and take in" }).ClickAsync();
        await page.GetByText("is no approver of this reserve").WaitForAsync();
        Assert.Empty(site.ApprovalsOf(id));

        await page.GetByLabel("Paste the text").FillAsync(site.Sign(request, id, site.Officer));
        await page.GetByRole(AriaRole.Button, new() { Name = "Check and take in" }).ClickAsync();
        await page.GetByRole(AriaRole.Heading, new() { Name = "The approval was taken in" }).WaitForAsync();
        await Browser.ShotAsync(page, "admin-approval-taken");

        Assert.StartsWith("Dear Bob", await site.RestoreAsync("journey"), StringComparison.Ordinal);
        Assert.NotEqual(id, await site.AskAsync("journey"));
        await page.GotoAsync(At($"/admin/approvals/{id}"));
        await page.GetByRole(AriaRole.Heading, new() { Name = "Restore-StingFile Used" }).WaitForAsync();
        await page.GetByRole(AriaRole.Link, new() { Name = "What the audit log says of it" }).ClickAsync();
        var records = await page.GetByRole(AriaRole.Table).InnerTextAsync();
        Assert.All((string[])["Requested", "Refused", "Approved", "Executed"], what => Assert.Contains(what, records, StringComparison.Ordinal));
    }

    [BrowserFact]
    public async Task Every_page_is_accessible_in_light_and_dark_and_fits_a_phone()
    {
        await site.FillAsync();
        // A job that runs, as long as the pages are looked at.
        using var stop = new CancellationTokenSource();
        await using var installation = await site.OpenAsync(Caller.OfProcess);
        var began = new TaskCompletionSource();
        var job = Task.Run(async () =>
        {
            await foreach (var _ in JobStream.RunAsync(installation, "drill-file", async (_, cancel) =>
            {
                began.SetResult();
                await Task.Delay(Timeout.Infinite, cancel);
                return "";
            }, stop.Token)) { }
        });
        await began.Task;
        var running = JobReader.List(installation, new JobQuery()).Single(j => j.IsRunning && j.Kind == "drill-file").Id;
        var id = await site.AskAsync("looks");
        await site.AskAsync("looks-too");
        var ada = Uri.EscapeDataString($"user:{PortalSite.Ada}");
        var page = await SignInAsync(AdminSite.Administrator);
        var alert = new Engine.Operations.Alerts.AlertCenter(site.Site.Configuration, TimeProvider.System).Read()[0].Id;
        using var client = await site.ClientAsync(AdminSite.Administrator);
        using (var opened = await AdminSite.PostAsync(client, $"/api/v1/admin/subjects/{ada}/open", new { }))
        {
            Assert.True(opened.IsSuccessStatusCode);
        }
        var run = (await AdminSite.GetAsync(client, $"/subjects/{ada}/runs")).GetProperty("items")[0].GetProperty("backupId").GetString()!;
        Assert.Equal(["Ready", "Incomplete"], (await AdminSite.GetAsync(client, "/retrievals")).GetProperty("items").EnumerateArray().Select(r => r.GetProperty("state").GetString()));
        var wrong = new List<string>();
        page.Console += (_, message) => { if (message.Type == "error" && !message.Text.Contains("403", StringComparison.Ordinal)) { wrong.Add($"console of {page.Url}: {message.Text}"); } };
        await page.GotoAsync(At("/admin/points"));
        await page.GetByLabel("Whose restore points?").FillAsync("nobody");
        await page.GetByRole(AriaRole.Button, new() { Name = "Open" }).ClickAsync();
        await page.GetByRole(AriaRole.Alert).WaitForAsync();
        wrong.AddRange(await Looks.ProblemsAsync(page, "admin-unknown"));
        await page.GetByLabel("Whose restore points?").FillAsync($"user:{PortalSite.Ada}");
        await page.GetByRole(AriaRole.Button, new() { Name = "Open" }).ClickAsync();
        await page.GetByRole(AriaRole.Link, new() { Name = run }).WaitForAsync();
        wrong.AddRange(await Looks.ProblemsAsync(page, "admin-points"));
        (string Name, string Path)[] pages =
        [
            ("dashboard", "/admin"), ("approvals", "/admin/approvals"), ("approval", $"/admin/approvals/{id}"), ("alerts", "/admin/alerts"), ("alert", $"/admin/alerts/{alert}"), ("jobs", "/admin/jobs"), ("stop", $"/admin/jobs/{running}/stop"),
            ("folder", $"/admin/points?subject={ada}&run={run}"), ("closed", $"/admin/points?subject=user%3A{PortalSite.Bob}"), ("drills", "/admin/drills"), ("retrievals", "/admin/retrievals"), ("costs", "/admin/costs"), ("keys", "/admin/keys"), ("holds", "/admin/holds"),
            ("reports", "/admin/reports"), ("audit", "/admin/audit"), ("audit-none", "/admin/audit?from=2020-01-01&to=2020-01-02"), ("denied", $"/admin/approvals/{id}/deny"),
        ];
        foreach (var (name, path) in pages)
        {
            await page.GotoAsync(At(path));
            wrong.AddRange(await Looks.ProblemsAsync(page, $"admin-{name}", name is "dashboard" or "approval" or "alert" or "audit"));
        }
        Assert.Empty(wrong);
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<Exception>(() => job);
    }

    [BrowserFact]
    public async Task An_alert_is_acknowledged_with_the_keyboard_alone()
    {
        await new Engine.Operations.Alerts.AlertCenter(site.Site.Configuration, TimeProvider.System).UpdateAsync(new StingException("StoreUnavailable", FailureKind.Io, "The store could not be reached.", null, "See whether it is there."), static _ => { }, default);
        var page = await SignInAsync(AdminSite.Operator);
        await page.GotoAsync(At("/admin/alerts"));
        await page.GetByRole(AriaRole.Link, new() { Name = "BackupsUnreadable" }).First.FocusAsync();
        await page.Keyboard.PressAsync("Enter");
        await page.GetByLabel("What is done about it").FocusAsync();
        await page.Keyboard.TypeAsync("The cable is being looked for.");
        await page.Keyboard.PressAsync("Enter");
        await page.GetByText("(The cable is being looked for.)").WaitForAsync();
        Assert.Contains(AdminSite.Operator.ToString(), await page.GetByRole(AriaRole.Main).InnerTextAsync(), StringComparison.Ordinal);
        Assert.Equal(0, await page.GetByRole(AriaRole.Button, new() { Name = "I know of it" }).CountAsync());
    }
}
