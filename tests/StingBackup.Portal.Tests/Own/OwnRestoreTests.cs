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
        await own.ApproveAsync(id!);
        using var approved = await OwnSite.JsonAsync(own.Ada, $"/api/v1/recoveries/{id}");
        Assert.Equal("Approved", approved.RootElement.GetProperty("state").GetString());
        var done = await FollowAsync(await OwnSite.PostedAsync(own.Ada, $"/api/v1/recoveries/{id}/begin", null));
        Assert.Equal("Completed", done.GetProperty("state").GetString());
        Assert.Contains("first", await File.ReadAllTextAsync(LetterFile), StringComparison.Ordinal);
        await File.WriteAllTextAsync(LetterFile, OwnSite.SecondLetter);
        using var once = await OwnSite.PostAsync(own.Ada, $"/api/v1/recoveries/{id}/begin", null);
        Assert.Equal(HttpStatusCode.Conflict, once.StatusCode);
        using var wrong = await OwnSite.PostAsync(own.Ada, "/api/v1/recoveries", new { reason = " " });
        Assert.Equal(HttpStatusCode.BadRequest, wrong.StatusCode);
    }

    [Fact]
    public async Task An_erasure_is_asked_for_approved_and_confirmed()
    {
        var asked = (await OwnSite.PostedAsync(own.Bob, "/api/v1/erasures", new { reason = "I leave" }))[0];
        Assert.Equal("Asked", asked.GetProperty("state").GetString());
        var id = asked.GetProperty("id").GetString()!;
        using var early = await OwnSite.PostAsync(own.Bob, $"/api/v1/erasures/{id}/confirm", null);
        Assert.False(early.IsSuccessStatusCode);
        await own.ApproveAsync(id);
        using var adas = await OwnSite.PostAsync(own.Ada, $"/api/v1/erasures/{id}/confirm", null);
        Assert.Equal(HttpStatusCode.NotFound, adas.StatusCode);
        Assert.Equal("Pending", (await OwnSite.PostedAsync(own.Bob, $"/api/v1/erasures/{id}/confirm", null)).GetProperty("state").GetString());
        using var none = await OwnSite.JsonAsync(own.Ada, "/api/v1/erasures");
        Assert.Empty(none.RootElement.EnumerateArray());
        using var his = await OwnSite.JsonAsync(own.Bob, "/api/v1/erasures");
        Assert.Equal("Pending", his.RootElement[0].GetProperty("state").GetString());
        using var certificate = await own.Bob.GetAsync(new Uri($"/api/v1/erasures/{his.RootElement[0].GetProperty("id").GetString()}/certificate", UriKind.Relative));
        Assert.Equal(HttpStatusCode.NotFound, certificate.StatusCode);   // it follows when the erasure is done
        Assert.Contains("will be carried out", await own.Bob.GetStringAsync(new Uri("/erasure", UriKind.Relative)), StringComparison.Ordinal);
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
