using System.Net;
using System.Net.ServerSentEvents;
using System.Text.Json;
using StingBackup.Portal.Tests.Support;

namespace StingBackup.Portal.Tests.Own;

/// <summary>Restores in place and what others approve, by HTTP.</summary>
public sealed class OwnRestoreTests(OwnSite own) : IClassFixture<OwnSite>
{
    private string LetterFile => Path.Combine(own.Site.ReserveRoot, OwnSite.Letter);

    [Theory]
    [InlineData("Rename", OwnSite.SecondLetter)]
    [InlineData("Skip", OwnSite.SecondLetter)]
    public async Task An_older_version_comes_back_and_nothing_is_lost(string conflict, string stays)
    {
        var id = await SelectAsync(own.Runs[0], OwnSite.Letter);
        var plan = await OwnSite.PostedAsync(own.Ada, "/api/v1/restores/plan", new { selection = id, conflict });
        Assert.Equal((1, 37), (plan.GetProperty("files").GetInt32(), plan.GetProperty("length").GetInt32()));
        var done = await FollowAsync(await OwnSite.PostedAsync(own.Ada, "/api/v1/restores", new { selection = id, conflict }));
        Assert.Equal("Completed", done.GetProperty("state").GetString());
        Assert.Equal(stays, await File.ReadAllTextAsync(LetterFile));
        var beside = Directory.GetFiles(Path.GetDirectoryName(LetterFile)!, "letter*").Where(f => f != LetterFile).ToList();
        if (conflict == "Rename")
        {
            Assert.Contains(beside, f => File.ReadAllText(f) == "Dear Bob,\nthis is the first version.\n");
        }
        beside.ForEach(File.Delete);
    }

    [Fact]
    public async Task What_was_deleted_comes_back_and_its_progress_is_told()
    {
        var folder = Path.Combine(own.Site.ReserveRoot, OwnSite.Home, "many");
        Directory.Delete(folder, recursive: true);
        var done = await FollowAsync(await OwnSite.PostedAsync(own.Ada, "/api/v1/restores", new { selection = await SelectAsync("latest", $"{OwnSite.Home}/many"), conflict = "Skip" }));
        Assert.Equal(OwnSite.Many, Directory.GetFiles(folder).Length);
        Assert.True(done.GetProperty("outcome").GetProperty("written").GetInt64() >= OwnSite.Many);
        using var jobs = await OwnSite.JsonAsync(own.Ada, "/api/v1/jobs");
        Assert.Equal(done.GetProperty("id").GetString(), jobs.RootElement[0].GetProperty("id").GetString());
    }

    [Fact]
    public async Task A_recovery_is_asked_for_and_waits_for_others()
    {
        var asked = await OwnSite.PostedAsync(own.Ada, "/api/v1/recoveries", new { reason = "the ransom note of Tuesday", run = own.Runs[0], paths = new[] { OwnSite.Letter }, conflict = "Overwrite" });
        Assert.Equal("Open", asked.GetProperty("state").GetString());
        Assert.Contains("the ransom note of Tuesday", asked.GetProperty("facts").GetRawText(), StringComparison.Ordinal);
        var id = asked.GetProperty("id").GetString();
        using var begun = await OwnSite.PostAsync(own.Ada, $"/api/v1/recoveries/{id}/begin", null);
        Assert.Equal(HttpStatusCode.Conflict, begun.StatusCode);
        Assert.Contains("second", await File.ReadAllTextAsync(LetterFile), StringComparison.Ordinal);
        using var wrong = await OwnSite.PostAsync(own.Ada, "/api/v1/recoveries", new { reason = " " });
        Assert.Equal(HttpStatusCode.BadRequest, wrong.StatusCode);
    }

    private async Task<string> SelectAsync(string run, params string[] paths) => (await OwnSite.PostedAsync(own.Ada, "/api/v1/selections", new { run, paths })).GetProperty("id").GetString()!;

    /// <summary>Follows a job's events to its end.</summary>
    private async Task<JsonElement> FollowAsync(JsonElement job)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(1));
        using var answer = await own.Ada.GetAsync(new Uri($"/api/v1/jobs/{job.GetProperty("id").GetString()}/events", UriKind.Relative), HttpCompletionOption.ResponseHeadersRead, limit.Token);
        Assert.Equal("text/event-stream", answer.Content.Headers.ContentType!.MediaType);
        SseItem<string> last = default;
        await foreach (var told in SseParser.Create(await answer.Content.ReadAsStreamAsync(limit.Token)).EnumerateAsync(limit.Token))
        {
            last = told;
        }
        Assert.Equal("end", last.EventType);
        return JsonDocument.Parse(last.Data).RootElement;
    }
}
