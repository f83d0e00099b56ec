using System.IO.Compression;
using Deque.AxeCore.Commons;
using Deque.AxeCore.Playwright;
using Microsoft.Playwright;
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
        await Browser.ShotAsync(page, "own-restored");
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
        await Browser.ShotAsync(page, "own-recovery-ask");
        await page.GetByRole(AriaRole.Button, new() { Name = "Send the request" }).ClickAsync();
        await page.GetByRole(AriaRole.Heading, new() { Name = "Waits for approval" }).WaitForAsync();
        await page.GetByText("I overwrote all of it").WaitForAsync();
        await CheckAsync(page, "own-recovery");
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
        foreach (var (scheme, width, height) in new[] { (ColorScheme.Light, 1280, 800), (ColorScheme.Dark, 390, 844) })
        {
            var page = await SignedInAsync(PortalSite.Ada, scheme, width, height);
            foreach (var (name, path) in pages)
            {
                await page.GotoAsync(Address(path));
                await CheckAsync(page, $"own-{name}-{(width < 600 ? "phone-dark" : "desktop-light")}", scheme == ColorScheme.Dark);
                Assert.True(await page.EvaluateAsync<bool>("document.documentElement.scrollWidth <= window.innerWidth"), $"{path} is wider than the screen");
            }
        }
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

    private static async Task CheckAsync(IPage page, string name, bool onlyLooks = false)
    {
        await Browser.ShotAsync(page, name);
        var found = (await page.RunAxe(onlyLooks ? AxeRules.Looks : AxeRules.All)).Violations;
        Assert.True(found.Length == 0, $"{name}: {string.Join("; ", found.Select(v => $"{v.Id}: {string.Join(", ", v.Nodes.Select(n => n.Html))}"))}");
    }

    private string Address(string path) => new Uri(own.Site.Address, path).ToString();

    private async Task<IPage> SignedInAsync(string person, ColorScheme scheme = ColorScheme.Light, int width = 1280, int height = 800)
    {
        var page = await browser.PageAsync(scheme, width, height);
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
