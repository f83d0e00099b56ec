using System.Net;
using System.Runtime.CompilerServices;
using Microsoft.Extensions.DependencyInjection;
using StingBackup.Engine.Reserve.Configuration;
using StingBackup.Portal.Http;
using StingBackup.Portal.Own;
using StingBackup.Portal.Tests.Support;

namespace StingBackup.Portal.Tests.Security;

/// <summary>What one person may hold at once, and for how long.</summary>
public sealed class AtOnceTests(HttpSite http) : IClassFixture<HttpSite>
{
    private const int Most = 6;

    private static async IAsyncEnumerable<JobEvent> EndlessAsync([EnumeratorCancellation] CancellationToken cancel)
    {
        yield return new ProgressEvent("Restoring", "", 1, 2, 1, 2, null);
        await Task.Delay(Timeout.Infinite, cancel);
    }

    private OwnJob Begin(string person) => http.Site.App.Services.GetRequiredService<OwnJobs>().Begin(new AccessIdentity(IdentityKind.Person, $"user:{person}").ToString(), "restore", EndlessAsync);

    [Fact]
    public async Task Events_of_a_job_are_followed_by_few_at_once_and_for_ten_minutes()
    {
        using var ada = await Visitors.ClientAsync(http.Site, Visitors.Ada);
        using var bob = await Visitors.ClientAsync(http.Site, Visitors.Bob);
        var (job, bobs) = (Begin(PortalSite.Ada), Begin(PortalSite.Bob));
        var streams = new List<HttpResponseMessage>();
        try
        {
            for (var i = 0; i < Most; i++)
            {
                streams.Add(await ada.GetAsync(To(job), HttpCompletionOption.ResponseHeadersRead));
                Assert.Equal(HttpStatusCode.OK, streams[^1].StatusCode);
            }
            using var refused = await ada.GetAsync(To(job), HttpCompletionOption.ResponseHeadersRead);
            Assert.Equal((HttpStatusCode.TooManyRequests, "application/problem+json"), (refused.StatusCode, refused.Content.Headers.ContentType!.MediaType));
            Assert.NotNull(refused.Headers.RetryAfter);
            using var his = await bob.GetAsync(To(bobs), HttpCompletionOption.ResponseHeadersRead);   // another has a line of his own
            Assert.Equal(HttpStatusCode.OK, his.StatusCode);
            Assert.Equal(HttpStatusCode.NotFound, (await bob.GetAsync(To(job))).StatusCode);

            http.Clock.Advance(TimeSpan.FromMinutes(11));
            foreach (var stream in streams)
            {
                var told = await stream.Content.ReadAsStringAsync().WaitAsync(TimeSpan.FromSeconds(30));   // to its end, which comes by itself
                Assert.Contains("event: progress", told, StringComparison.Ordinal);
                Assert.DoesNotContain("event: end", told, StringComparison.Ordinal);
            }
            using var again = await ada.GetAsync(To(job), HttpCompletionOption.ResponseHeadersRead);
            Assert.Equal(HttpStatusCode.OK, again.StatusCode);
        }
        finally
        {
            streams.ForEach(s => s.Dispose());
            job.Stop();
            bobs.Stop();
        }
    }

    private static Uri To(OwnJob job) => new($"/api/v1/jobs/{job.View.Id}/events", UriKind.Relative);

    [Theory]
    [InlineData("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64")]
    [InlineData("2001:db8:1:2:ffff::1", "2001:db8:1:2::/64")]
    [InlineData("2001:db8:1:3::1", "2001:db8:1:3::/64")]
    [InlineData("::ffff:192.0.2.7", "192.0.2.7")]
    [InlineData("192.0.2.7", "192.0.2.7")]
    public void A_network_of_many_addresses_is_one_place(string address, string place) => Assert.Equal(place, AtOnce.PlaceOf(IPAddress.Parse(address)));

    /// <summary>Only a proxy on this host says who asks, and only where one is configured; what it is handed does not count.</summary>
    [Theory]
    [InlineData(null, 30, true)]
    [InlineData("https://backups.example.org", 30, false)]
    public async Task Whoever_says_to_be_another_is_no_other(string? publicAddress, int rate, bool isRefused)
    {
        await using var site = await PortalSite.StartAsync(new Dictionary<string, string>(publicAddress is null ? [] : [new("portal.public_address", publicAddress)]) { ["portal.requests_per_minute"] = "60" });
        using var client = site.Client();
        var refused = 0;
        for (var i = 0; i < rate * 2; i++)
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, new Uri("/sign-in", UriKind.Relative));
            // With a proxy, the last one is the proxy's own word, the ones before it are whatever it was sent: each request says another first, and the proxy the same last.
            request.Headers.Add("X-Forwarded-For", isRefused ? $"198.51.100.{i}" : $"198.51.100.{i}, 203.0.113.{i}");
            using var answer = await client.SendAsync(request);
            refused += answer.StatusCode == HttpStatusCode.TooManyRequests ? 1 : 0;
        }
        Assert.Equal(isRefused, refused > 0);
        if (publicAddress is not null)
        {
            var same = 0;
            for (var i = 0; i < rate * 2; i++)
            {
                using var request = new HttpRequestMessage(HttpMethod.Get, new Uri("/sign-in", UriKind.Relative));
                request.Headers.Add("X-Forwarded-For", $"198.51.100.{i}, 192.0.2.1");
                using var answer = await client.SendAsync(request);
                same += answer.StatusCode == HttpStatusCode.TooManyRequests ? 1 : 0;
            }
            Assert.True(same > 0, "a made-up address before the proxy's own word is taken for another person");
        }
    }
}
