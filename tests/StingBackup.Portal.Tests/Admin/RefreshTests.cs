using Microsoft.Extensions.Time.Testing;
using StingBackup.Engine;
using StingBackup.Engine.People;
using StingBackup.Portal.Tests.Support;

namespace StingBackup.Portal.Tests.Admin;

public sealed class RefreshTests
{
    [Fact]
    public async Task A_page_that_refreshes_itself_keeps_no_session_alive()
    {
        var clock = new FakeTimeProvider(TimeProvider.System.GetUtcNow());
        await using var site = await PortalSite.StartAsync(clock: clock);
        using var client = await PortalSite.SignInAsync(site.Client(), await site.LinkAsync(new SignInTicket(Caller.OfProcess.Identities[0], null, "Admin")));
        clock.Advance(site.Portal.Options.Session * 0.6);
        Assert.False(await RenewsAsync("X-Refresh", "1"));
        Assert.False(await RenewsAsync("Accept", "text/event-stream"));
        Assert.True(await RenewsAsync("Accept", "text/html"));

        async Task<bool> RenewsAsync(string header, string value)
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, new Uri("/admin/holds", UriKind.Relative));
            request.Headers.Add(header, value);
            using var answer = await client.SendAsync(request);
            Assert.Equal(System.Net.HttpStatusCode.OK, answer.StatusCode);
            return answer.Headers.TryGetValues("Set-Cookie", out var cookies) && cookies.Any(c => c.StartsWith("sting-session=", StringComparison.Ordinal));
        }
    }
}
