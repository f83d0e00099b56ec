using System.IO.Compression;
using System.Runtime.CompilerServices;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Playwright;
using StingBackup.Engine;
using StingBackup.Engine.Lifecycle;
using StingBackup.Engine.Reserve.Configuration;
using StingBackup.Portal.Own;
using StingBackup.Portal.Tests.Support;

namespace StingBackup.Portal.Tests.Own;

/// <summary>What people do in a browser, step by step.</summary>
[Collection("browser")]
public sealed class OwnJourneyTests(Browser browser, OwnSite own) : IClassFixture<OwnSite>
{
    [BrowserFact]
    public async Task Somebody_finds_an_old_version_and_takes_it_home()
    {
        var page = await SignedInAsync(PortalSite.Ada);
        await page.GetByLabel("Name of a file").FillAsync("letter.txt");
        await page.GetByRole(AriaRole.Button, new() { Name = "Find" }).ClickAsync();
        await page.GetByText("1 found").WaitForAsync();
        await page.GetByRole(AriaRole.Table).GetByRole(AriaRole.Row).Last.GetByRole(AriaRole.Rowheader).GetByRole(AriaRole.Link).ClickAsync();
        await page.GetByText("this is the first version").WaitForAsync();
        var download = await page.RunAndWaitForDownloadAsync(() => page.GetByRole(AriaRole.Link, new() { Name = "Download", Exact = true }).ClickAsync());
        Assert.Equal("letter.txt", download.SuggestedFilename);
        Assert.Equal("Dear Bob,\nthis is the first version.\n", await File.ReadAllTextAsync((await download.PathAsync())!));
    }

    [BrowserFact]
    public async Task Somebody_selects_files_downloads_them_and_brings_them_back()
    {
        var page = await SignedInAsync(PortalSite.Ada);
        await page.GetByRole(AriaRole.Navigation, new() { Name = "Portal" }).GetByRole(AriaRole.Link, new() { Name = "Files", Exact = true }).ClickAsync();
        await page.GetByRole(AriaRole.Link, new() { Name = "pages folder" }).ClickAsync();
        Assert.True(await page.GetByRole(AriaRole.Button, new() { Name = "Download as zip" }).IsDisabledAsync());
        await page.GetByLabel("Select long.txt").CheckAsync();
        await page.GetByLabel("Select evil.html").CheckAsync();
        await page.GetByText("2 selected").WaitForAsync();
        var download = await page.RunAndWaitForDownloadAsync(() => page.GetByRole(AriaRole.Button, new() { Name = "Download as zip" }).ClickAsync());
        await using (var zip = await ZipFile.OpenReadAsync((await download.PathAsync())!))
        {
            Assert.Equal(["evil.html", "long.txt"], zip.Entries.Select(e => e.FullName).Order());
        }
        var lost = Path.Combine(own.Site.ReserveRoot, OwnSite.Home, "pages/long.txt");
        File.Delete(lost);
        await page.GetByRole(AriaRole.Button, new() { Name = "Restore…" }).ClickAsync();
        await page.GetByRole(AriaRole.Heading, new() { Name = "Restore", Exact = true }).WaitForAsync();
        await page.GetByLabel("Only what is missing").CheckAsync();
        await page.WaitForURLAsync("**conflict=Skip**");
        await page.GetByRole(AriaRole.Button, new() { Name = "Restore now" }).ClickAsync();
        await page.GetByRole(AriaRole.Heading, new() { Name = "Done", Exact = true }).WaitForAsync();
        Assert.Equal(OwnSite.Long, await File.ReadAllTextAsync(lost));
        await Looks.CheckAsync(page, "own-restored");
    }

    /// <summary>The same by keyboard alone and without a script: nothing needs either.</summary>
    [BrowserFact]
    public async Task Without_a_script_nothing_is_missing()
    {
        var context = await browser.Chromium.NewContextAsync(new BrowserNewContextOptions { JavaScriptEnabled = false });
        var page = await context.NewPageAsync();
        await SignInAsync(page, PortalSite.Ada);
        await page.GotoAsync(Address($"/files?path={OwnSite.Home}/documents"));
        await page.GetByRole(AriaRole.Button, new() { Name = "Restore…" }).ClickAsync();
        await page.GetByText("Select files or folders first.").WaitForAsync();
        await page.GetByLabel("Select plans").FocusAsync();
        await page.Keyboard.PressAsync("Space");
        await page.GetByRole(AriaRole.Button, new() { Name = "Restore…" }).FocusAsync();
        await page.Keyboard.PressAsync("Enter");
        await page.GetByLabel("Only what is missing").CheckAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Show what would happen" }).ClickAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Restore now" }).ClickAsync();
        await page.GetByRole(AriaRole.Heading, new() { Name = "Done", Exact = true }).WaitForAsync(new() { Timeout = 60_000 });
    }

    [BrowserFact]
    public async Task Somebody_asks_for_a_recovery_and_sees_how_it_stands()
    {
        var page = await SignedInAsync(PortalSite.Ada);
        await page.GotoAsync(Address("/recoveries"));
        await page.GetByRole(AriaRole.Link, new() { Name = "Ask for a recovery" }).ClickAsync();
        await page.GetByLabel("File or folder").FillAsync($"{OwnSite.Home}/documents");
        await page.GetByLabel("Why? Those who approve read it.").FillAsync("I overwrote all of it");
        await page.GetByRole(AriaRole.Button, new() { Name = "Send the request" }).ClickAsync();
        await page.GetByRole(AriaRole.Heading, new() { Name = "Waits for approval" }).WaitForAsync();
        await page.GetByText("I overwrote all of it").WaitForAsync();
        await Looks.CheckAsync(page, "own-recovery");
        var bob = await SignedInAsync(PortalSite.Bob);
        await bob.GotoAsync(page.Url);
        await bob.GetByRole(AriaRole.Heading, new() { Name = "There is nothing here" }).WaitForAsync();
        await bob.GotoAsync(Address("/recoveries"));
        await bob.GetByText("Nothing asked for").WaitForAsync();
    }

    /// <summary>What a file holds is text on a page, and never part of the page.</summary>
    [BrowserFact]
    public async Task What_files_hold_does_not_run()
    {
        var page = await SignedInAsync(PortalSite.Ada);
        foreach (var name in new[] { "pages/evil.html", "pages/drawing.svg", "pictures/lies.png", $"odd/<b>bold</b>.txt", $"odd/{OwnSite.Odd}" })
        {
            await page.GotoAsync(Address($"/file?path={Uri.EscapeDataString($"{OwnSite.Home}/{name}")}"));
            Assert.NotEqual("run", await page.TitleAsync());
            Assert.Equal(0, await page.Locator("pre script, pre img, h1 b").CountAsync());
            await page.GetByRole(AriaRole.Heading, new() { Name = "Versions" }).WaitForAsync();
        }
        await page.GotoAsync(Address($"/file?path={OwnSite.Home}/pictures/dot.png"));
        Assert.Equal(1, await page.GetByAltText("Picture: dot.png").EvaluateAsync<int>("i => i.complete ? i.naturalWidth : new Promise(r => i.onload = () => r(i.naturalWidth))"));
    }

    [BrowserFact]
    public async Task Every_page_can_be_used_by_everybody()
    {
        var selection = (await OwnSite.PostedAsync(own.Ada, "/api/v1/selections", new { run = "latest", paths = new[] { $"{OwnSite.Home}/documents" } })).GetProperty("id").GetString();
        var day = TimeProvider.System.GetUtcNow().ToString("yyyy-MM-dd", System.Globalization.CultureInfo.InvariantCulture);
        (string Name, string Path)[] pages =
        [
            ("home", "/"), ("backups", "/backups"), ("backups-day", $"/backups?day={day}"), ("backups-empty", "/backups?month=2001-02"), ("files", "/files"), ("files-many", $"/files?path={OwnSite.Home}/many"), ("file-text", $"/file?path={OwnSite.Letter}"),
            ("file-picture", $"/file?path={OwnSite.Home}/pictures/dot.png"), ("file-none", $"/file?path={OwnSite.Home}/data/big.bin"), ("find", "/find"), ("found", "/find?name=*.txt"), ("found-none", "/find?name=nowhere"),
            ("restore", $"/restore/{selection}"), ("recoveries", "/recoveries"), ("recovery-new", "/recoveries/new"), ("jars", "/jars"), ("reports", "/reports"), ("erasure", "/erasure"), ("erasure-new", "/erasure/new"), ("denied", "/jobs/none"),
        ];
        var recovery = (await OwnSite.PostedAsync(own.Ada, "/api/v1/recoveries", new { reason = "the looks of it", conflict = "Skip" })).GetProperty("id").GetString()!;
        await own.ApproveAsync(recovery);
        var running = own.Site.App.Services.GetRequiredService<OwnJobs>().Begin(new AccessIdentity(IdentityKind.Person, $"user:{PortalSite.Ada}").ToString(), "restore", HalfDoneAsync);
        var page = await SignedInAsync(PortalSite.Ada);
        var wrong = new List<string>();
        foreach (var (name, path) in pages.Concat([("recovery-approved", $"/recoveries/{recovery}"), ("recovery-begin", $"/recoveries/{recovery}/begin"), ("job-running", $"/jobs/{running.View.Id}"), ("job-stop", $"/jobs/{running.View.Id}/stop")]))
        {
            await page.GotoAsync(Address(path));
            wrong.AddRange(await Looks.ProblemsAsync(page, $"own-{name}", name is "home" or "backups-day" or "files" or "file-text" or "restore" or "recovery-new"));
        }
        running.Stop();
        Assert.Empty(wrong);
    }

    /// <summary>A restore that has come half of its way, until it is stopped.</summary>
    private static async IAsyncEnumerable<JobEvent> HalfDoneAsync([EnumeratorCancellation] CancellationToken cancel)
    {
        yield return new ProgressEvent("Restoring", "", 20, 40, 1 << 20, 2 << 20, TimeSpan.FromSeconds(30));
        await Task.Delay(Timeout.Infinite, cancel);
    }

    /// <summary>From the request to the certificate, as three people see it; how each step looks.</summary>
    [BrowserFact]
    public async Task Somebody_has_the_own_data_erased_and_keeps_the_certificate()
    {
        var page = await SignedInAsync(OwnSite.Carol);
        await page.GotoAsync(Address("/erasure"));
        await page.GetByRole(AriaRole.Link, new() { Name = "Ask for erasure" }).ClickAsync();
        await page.Locator("#reason").FillAsync("I leave");
        await page.GetByLabel("I understand").CheckAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Send the request" }).ClickAsync();
        await page.WaitForURLAsync("**/erasure");
        Assert.Equal(0, await page.GetByRole(AriaRole.Link, new() { Name = "Confirm the erasure" }).CountAsync());
        await Looks.CheckAsync(page, "own-erasure-asked");
        using var carol = await own.Site.ClientAsync(OwnSite.Carol);
        using (var asked = await OwnSite.JsonAsync(carol, "/api/v1/erasures"))
        {
            await own.ApproveAsync(asked.RootElement[0].GetProperty("id").GetString()!);
        }
        await page.ReloadAsync();
        await page.GetByRole(AriaRole.Link, new() { Name = "Confirm the erasure" }).ClickAsync();
        await Looks.CheckAsync(page, "own-erasure-confirm");
        await page.GetByRole(AriaRole.Button, new() { Name = "Confirm the erasure" }).ClickAsync();
        await page.GetByText("Confirmed, and will be carried out").WaitForAsync();
        await Looks.CheckAsync(page, "own-erasure-pending");
        await using (var installation = await Installation.OpenAsync(own.Site.Configuration, new InstallationOptions(), default))
        {
            await foreach (var _ in ErasureJob.CompleteAsync(installation, "key officer", default)) { }
        }
        await page.ReloadAsync();
        await Looks.CheckAsync(page, "own-erasure-done");
        var download = await page.RunAndWaitForDownloadAsync(() => page.GetByRole(AriaRole.Link, new() { Name = "Certificate", Exact = true }).ClickAsync());
        Assert.Contains("<html", await File.ReadAllTextAsync((await download.PathAsync())!), StringComparison.Ordinal);
        await page.GotoAsync(Address("/"));
        await Looks.CheckAsync(page, "own-home-erased");
    }

    /// <summary>All that a browser loads for a page the first time: less than 100 KB, pictures of people's own aside.</summary>
    [Fact]
    public async Task Pages_are_small()
    {
        var shared = 0;
        foreach (var asset in new[] { "site.css", "own.css", "site.js", "own.js", "icon.svg" })
        {
            shared += (await own.Ada.GetByteArrayAsync(new Uri("/" + asset, UriKind.Relative))).Length;
        }
        foreach (var path in new[] { "/", "/backups", $"/files?path={OwnSite.Home}/many", $"/file?path={OwnSite.Letter}", "/find?name=file-00*", "/recoveries/new", "/reports", "/erasure" })
        {
            var length = shared + (await own.Ada.GetByteArrayAsync(new Uri(path, UriKind.Relative))).Length;
            Assert.True(length < 100_000, $"{path}: {length} bytes");
        }
    }

    private string Address(string path) => new Uri(own.Site.Address, path).ToString();

    private async Task<IPage> SignedInAsync(string person)
    {
        var page = await browser.PageAsync();
        await SignInAsync(page, person);
        return page;
    }

    private async Task SignInAsync(IPage page, string person)
    {
        await page.GotoAsync((await own.Site.LinkAsync(person)).ToString());
        await page.GetByRole(AriaRole.Button, new() { Name = "Sign in" }).ClickAsync();
        await page.GetByRole(AriaRole.Heading, new() { Name = "Hello" }).WaitForAsync();
    }
}
