using System.Security.Cryptography;
using Microsoft.Playwright;
using StingBackup.Fixtures.Sting;
using StingBackup.Portal.Tests.Support;
using Cookie = Microsoft.Playwright.Cookie;

namespace StingBackup.Portal.Tests.Site;

/// <summary>The same in a browser: a person, another one, an approver and an administrator, each with a session of STING's own.</summary>
public sealed partial class WholeSiteTests
{
    private string At(string path) => new Uri(site.Address, path).ToString();

    private async Task<IPage> OpenAsync(string session, string path)
    {
        var page = await browser.PageAsync();
        page.SetDefaultTimeout(20_000);
        await page.Context.AddCookiesAsync([new Cookie { Name = KratosDouble.Cookie, Value = session, Url = site.Address.ToString() }]);
        await page.GotoAsync(At($"/sign-in/kratos?return={Uri.EscapeDataString(path)}"));
        return page;
    }

    private static ILocator Title(IPage page, string name) => page.GetByRole(AriaRole.Heading, new() { Name = name, Exact = true });

    private static Task FollowAsync(IPage page, string link) => page.GetByRole(AriaRole.Link, new() { Name = link, Exact = true }).First.ClickAsync();

    private static Task PressAsync(IPage page, string button) => page.GetByRole(AriaRole.Button, new() { Name = button }).ClickAsync();

    [SiteBrowserFact]
    public async Task Somebody_opens_a_jar_and_takes_a_document_home()
    {
        var page = await OpenAsync("ada", "/jars");
        await page.GetByRole(AriaRole.Link, new() { Name = "Shared jar" }).WaitForAsync();
        Assert.Equal(0, await page.GetByText("Bob's jar").CountAsync());
        await Looks.CheckAsync(page, "site-jars");
        await FollowAsync(page, "Shared jar");
        await page.GetByRole(AriaRole.Link, new() { Name = "handbook.md" }).WaitForAsync();
        Assert.Equal(0, await page.GetByRole(AriaRole.Button, new() { Name = "Restore…" }).CountAsync());   // she may read it, and no more
        await Looks.CheckAsync(page, "site-jar");
        await page.GetByRole(AriaRole.Link, new() { Name = "handbook.md" }).ClickAsync();
        var download = await page.RunAndWaitForDownloadAsync(() => FollowAsync(page, "Download"));
        Assert.Equal(WholeSite.TextOf(WholeSite.SharedJar), await File.ReadAllTextAsync((await download.PathAsync())!));
        await page.Context.CloseAsync();
    }

    [SiteBrowserFact]
    public async Task Somebody_finds_an_upload_by_its_name_and_brings_a_lost_file_back_and_another_sees_nothing_of_it()
    {
        var upload = UploadOf(site.AdaInSting, StingStorage.Encrypted);
        var page = await OpenAsync("ada", "/find");
        await page.GetByLabel("Name of a file").FillAsync(upload.Name!);
        await PressAsync(page, "Find");
        await Title(page, upload.Name!).First.WaitForAsync();
        var found = page.Locator("section", new() { HasText = upload.SecretPath });
        var download = await page.RunAndWaitForDownloadAsync(() => found.GetByRole(AriaRole.Link, new() { Name = "Download" }).First.ClickAsync());
        Assert.Equal((upload.Name, upload.Hash), (download.SuggestedFilename, Convert.ToHexStringLower(SHA256.HashData(await File.ReadAllBytesAsync((await download.PathAsync())!)))));
        await found.GetByRole(AriaRole.Rowheader).GetByRole(AriaRole.Link).First.ClickAsync();
        await Title(page, upload.Name!).WaitForAsync();
        var address = new Uri(page.Url).PathAndQuery;

        var note = await File.ReadAllTextAsync(site.NoteFile);
        File.Delete(site.NoteFile);
        await page.GotoAsync(At($"/files?path=honey-reserve/{Uri.EscapeDataString(site.AdaInSting.Name)}"));
        await page.GetByLabel("Select note.txt").CheckAsync();
        await PressAsync(page, "Restore…");
        await page.GetByLabel("Only what is missing").CheckAsync();
        await page.WaitForURLAsync("**conflict=Skip**");
        await PressAsync(page, "Restore now");
        await Title(page, "Done").WaitForAsync();
        Assert.Equal(note, await File.ReadAllTextAsync(site.NoteFile));
        var job = new Uri(page.Url).PathAndQuery;

        var bob = await OpenAsync("bob", address);
        await Title(bob, "There is nothing here").WaitForAsync();
        await bob.GotoAsync(At(job));
        await Title(bob, "There is nothing here").WaitForAsync();
        await bob.GotoAsync(At($"/find?name={Uri.EscapeDataString(upload.Name!)}"));
        Assert.Equal(0, await bob.GetByText(upload.SecretPath).CountAsync());
        await bob.GotoAsync(At("/admin"));
        await Title(bob, "Not for your role").WaitForAsync();
        await page.Context.CloseAsync();
        await bob.Context.CloseAsync();
    }

    /// <summary>Asked for, denied with a reason, asked for again, approved by a key that never comes here, carried out, told by mail.</summary>
    [SiteBrowserFact]
    public async Task A_recovery_goes_from_whom_it_belongs_to_by_the_approver_and_back()
    {
        site.Mail.Mails.Clear();
        var ada = await OpenAsync("ada", "/recoveries/new");
        var denied = await AskAsync(ada, "I want yesterday back");
        var olga = await OpenAsync("olga", "/");
        await FollowAsync(olga, "Administration");
        await olga.GetByRole(AriaRole.Navigation, new() { Name = "Administration" }).GetByRole(AriaRole.Link, new() { Name = "Approvals" }).ClickAsync();
        await olga.GotoAsync(At($"/admin/approvals/{denied}/deny"));
        await olga.Locator("#reason").FillAsync("Say first which day you mean");
        await PressAsync(olga, "Deny this request");
        await olga.GetByText("Say first which day you mean").WaitForAsync();
        await ada.ReloadAsync();
        await Title(ada, "Denied").WaitForAsync();
        await ada.GetByText("Say first which day you mean").WaitForAsync();
        await Looks.CheckAsync(ada, "site-recovery-denied");

        await ada.GotoAsync(At("/recoveries/new"));
        var request = await AskAsync(ada, "The note of Monday is gone");
        await olga.GotoAsync(At($"/admin/approvals/{request}"));
        Assert.Contains("The note of Monday is gone", await olga.GetByRole(AriaRole.Region, new() { Name = "What exactly would be done" }).InnerTextAsync(), StringComparison.Ordinal);
        var file = await olga.RunAndWaitForDownloadAsync(() => FollowAsync(olga, "Download the request"));
        await olga.GetByLabel("Paste the text").FillAsync(await site.SignAsync((await file.PathAsync())!, request));
        await PressAsync(olga, "Check and take in");
        await Title(olga, "The approval was taken in").WaitForAsync();
        Assert.Equal(0, await olga.GetByRole(AriaRole.Link, new() { Name = "Restore points", Exact = true }).CountAsync());   // she approves, and looks into nothing
        await olga.GotoAsync(At("/admin/points"));
        await Title(olga, "Not for your role").WaitForAsync();

        var note = await File.ReadAllTextAsync(site.NoteFile);
        File.Delete(site.NoteFile);
        await ada.ReloadAsync();
        await FollowAsync(ada, "Begin the recovery");
        await PressAsync(ada, "Begin the recovery");
        await Title(ada, "Done").WaitForAsync();
        Assert.Equal(note, await File.ReadAllTextAsync(site.NoteFile));
        for (var look = 0; look < 200 && site.Mail.Mails.IsEmpty; look++)
        {
            await Task.Delay(50);
        }
        Assert.Contains("/jobs/", Assert.Single(site.Mail.Mails).TextBody, StringComparison.Ordinal);

        var bob = await OpenAsync("bob", $"/recoveries/{request}");
        await Title(bob, "There is nothing here").WaitForAsync();
        foreach (var page in new[] { ada, olga, bob })
        {
            await page.Context.CloseAsync();
        }

        async Task<string> AskAsync(IPage page, string reason)
        {
            await page.GetByLabel("File or folder").FillAsync($"honey-reserve/{site.AdaInSting.Name}/note.txt");
            await page.GetByLabel("Why? Those who approve read it.").FillAsync(reason);
            await PressAsync(page, "Send the request");
            await Title(page, "Waits for approval").WaitForAsync();
            return new Uri(page.Url).Segments[^1];
        }
    }

    [SiteBrowserFact]
    public async Task An_administrator_sees_how_it_stands_and_looks_into_somebodys_backups_on_record()
    {
        var anna = await OpenAsync("anna", "/admin");
        await Title(anna, "Dashboard").WaitForAsync();
        await Looks.CheckAsync(anna, "site-dashboard");
        await FollowAsync(anna, "Cost");
        await Title(anna, "What it costs now").WaitForAsync();
        await anna.GotoAsync(At("/admin/points"));
        await anna.GetByLabel("Whose restore points?").FillAsync(site.AdaInSting.Email);
        await PressAsync(anna, "Open");
        await anna.GetByRole(AriaRole.Table).GetByRole(AriaRole.Rowheader).GetByRole(AriaRole.Link).First.ClickAsync();
        await FollowAsync(anna, "honey-reserve/");
        Assert.Equal(0, await anna.GetByRole(AriaRole.Link, new() { Name = "Download" }).CountAsync());   // she looks, and takes nothing away
        await anna.GotoAsync(At("/admin/audit?command=Portal-Browse"));
        Assert.Contains("kratos:11111111-1111-4111-8111-111111111111", await anna.GetByRole(AriaRole.Table).InnerTextAsync(), StringComparison.Ordinal);
        Assert.DoesNotContain(site.AdaInSting.Email, await anna.GetByRole(AriaRole.Table).InnerTextAsync(), StringComparison.Ordinal);
        await anna.Context.CloseAsync();
    }
}
