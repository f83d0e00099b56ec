using System.Net;
using Microsoft.Playwright;
using StingBackup.Portal.Tests.Support;

namespace StingBackup.Portal.Tests.SignIn;

public sealed class SignInTests
{
    [Fact]
    public async Task A_link_signs_in_once_and_looking_at_it_uses_nothing()
    {
        await using var site = await PortalSite.StartAsync();
        using var client = site.Client();
        Assert.Equal(HttpStatusCode.Unauthorized, (await client.GetAsync(new Uri("/api/v1/me", UriKind.Relative))).StatusCode);
        var link = await site.LinkAsync(PortalSite.Ada);
        Assert.Contains("Sign in as Ada", await client.GetStringAsync(link), StringComparison.Ordinal);
        await PortalSite.SignInAsync(client, link);
        Assert.Contains("\"hasOwnData\":true", await client.GetStringAsync(new Uri("/api/v1/me", UriKind.Relative)), StringComparison.Ordinal);
        using var second = site.Client();
        Assert.Contains("This link is over", await second.GetStringAsync(link), StringComparison.Ordinal);
    }
}

[Collection("browser")]
public sealed class SignInPageTests(Browser browser)
{
    [BrowserFact]
    public async Task Somebody_signs_in_and_out_in_a_browser()
    {
        await using var site = await PortalSite.StartAsync();
        var page = await browser.PageAsync();
        await page.GotoAsync((await site.LinkAsync(PortalSite.Ada)).ToString());
        await page.GetByRole(AriaRole.Button, new() { Name = "Sign in" }).ClickAsync();
        await page.GetByRole(AriaRole.Heading, new() { Name = "Hello, Ada" }).WaitForAsync();
        await Browser.ShotAsync(page, "home");
        await page.GetByRole(AriaRole.Button, new() { Name = "Sign out" }).ClickAsync();
        await page.GetByRole(AriaRole.Heading, new() { Name = "Sign in" }).WaitForAsync();
    }
}
