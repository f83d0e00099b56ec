using System.Net;
using System.Text.Json;
using StingBackup.Portal.Tests.Support;

namespace StingBackup.Portal.Tests.Own;

/// <summary>A person's API, by HTTP: what is the own, and that nothing of anybody else's is told.</summary>
public sealed class OwnApiTests(OwnSite own) : IClassFixture<OwnSite>
{
    private const string BobsSecret = $"users/{PortalSite.Bob}/secret-of-bob.txt";

    [Fact]
    public async Task A_folder_comes_in_parts_each_item_once()
    {
        var (names, cursor) = (new List<string>(), "");
        do
        {
            using var part = await OwnSite.JsonAsync(own.Ada, $"/api/v1/runs/latest/items?path={OwnSite.Home}/many&limit=100&cursor={cursor}");
            names.AddRange(part.RootElement.GetProperty("items").EnumerateArray().Select(i => i.GetProperty("name").GetString()!));
            cursor = part.RootElement.GetProperty("next").GetString() ?? "";
            Assert.DoesNotContain("/", cursor, StringComparison.Ordinal);
        }
        while (cursor.Length > 0);
        Assert.Equal(Enumerable.Range(0, OwnSite.Many).Select(i => $"file-{i:D4}.txt"), names);
    }

    [Fact]
    public async Task Runs_come_newest_first_and_in_parts()
    {
        using var first = await OwnSite.JsonAsync(own.Ada, "/api/v1/runs?limit=1");
        using var second = await OwnSite.JsonAsync(own.Ada, $"/api/v1/runs?limit=1&cursor={first.RootElement.GetProperty("next").GetString()}");
        Assert.Equal(own.Runs.Reverse(), new[] { first, second }.Select(p => p.RootElement.GetProperty("items")[0].GetProperty("backupId").GetString()));
        Assert.Equal(JsonValueKind.Null, second.RootElement.GetProperty("next").ValueKind);
    }

    [Fact]
    public async Task A_file_has_its_versions()
    {
        using var versions = await OwnSite.JsonAsync(own.Ada, "/api/v1/versions?name=letter.txt");
        Assert.Equal([OwnSite.SecondLetter.Length, 37], versions.RootElement.EnumerateArray().Select(v => v.GetProperty("length").GetInt32()));
    }

    /// <summary>Each route with what is Bob's, and with what is nobody's: the answers are the same.</summary>
    [Fact]
    public async Task What_is_anothers_and_what_is_nobodys_look_the_same()
    {
        var selection = (await OwnSite.PostedAsync(own.Bob, "/api/v1/selections", new { run = "latest", paths = new[] { BobsSecret } })).GetProperty("id").GetString();
        var job = (await OwnSite.PostedAsync(own.Bob, "/api/v1/restores", new { selection, conflict = "Skip" })).GetProperty("id").GetString();
        var recovery = (await OwnSite.PostedAsync(own.Bob, "/api/v1/recoveries", new { reason = "a test", conflict = "Skip" })).GetProperty("id").GetString();
        var nobody = new string('0', 32);
        (string His, string Nobodys)[] gets =
        [
            ($"/api/v1/runs/latest/content?path={BobsSecret}", $"/api/v1/runs/latest/content?path=users/{PortalSite.Bob}/no-such-thing.txt"),
            ($"/api/v1/runs/{own.Runs[0]}/content?path={BobsSecret}", "/api/v1/runs/backup_20010101_000000/content?path=x"),
            ($"/api/v1/runs/latest/image?path={BobsSecret}", $"/api/v1/runs/latest/image?path=users/{nobody}/x"),
            ($"/api/v1/runs/latest/items?path=users/{PortalSite.Bob}", $"/api/v1/runs/latest/items?path=users/{nobody}"),
            ($"/api/v1/runs/latest/archive?path={BobsSecret}", $"/api/v1/runs/latest/archive?path=users/{nobody}/x"),
            ("/api/v1/runs/latest/items?jar=jar_123", "/api/v1/runs/latest/items?jar=jar_999"),
            ("/api/v1/runs/latest/content?path=jars/jar_123/handbook.md", "/api/v1/runs/latest/content?path=jars/jar_999/handbook.md"),
            ($"/api/v1/selections/{selection}/archive", $"/api/v1/selections/{nobody}/archive"),
            ($"/api/v1/jobs/{job}", $"/api/v1/jobs/{nobody}"),
            ($"/api/v1/jobs/{job}/events", $"/api/v1/jobs/{nobody}/events"),
            ($"/api/v1/recoveries/{recovery}", $"/api/v1/recoveries/{nobody}"),
            ($"/api/v1/erasures/{recovery}/certificate", $"/api/v1/erasures/{nobody}/certificate"),
            ($"/file?path={BobsSecret}", $"/file?path=users/{nobody}/x"),
            ($"/files?path=users/{PortalSite.Bob}", $"/files?path=users/{nobody}"),
            ("/files?jar=jar_123", "/files?jar=jar_999"),
            ($"/jobs/{job}", $"/jobs/{nobody}"),
            ($"/restore/{selection}", $"/restore/{nobody}"),
            ($"/recoveries/{recovery}", $"/recoveries/{nobody}"),
            ($"/recoveries/{recovery}/begin", $"/recoveries/{nobody}/begin"),
            ($"/erasure/{recovery}/confirm", $"/erasure/{nobody}/confirm"),
        ];
        foreach (var (his, nobodys) in gets)
        {
            var (one, other) = (await AnswerAsync(his), await AnswerAsync(nobodys));
            Assert.Equal((his, HttpStatusCode.NotFound), (his, one.Status));
            Assert.Equal(other.Text, one.Text);
        }
        (string Path, object? Body)[] posts =
        [
            ("/api/v1/restores/plan", new { selection }), ("/api/v1/restores", new { selection }), ($"/api/v1/jobs/{job}/stop", null),
            ($"/api/v1/recoveries/{recovery}/begin", null), ($"/api/v1/erasures/{recovery}/confirm", null),
        ];
        foreach (var (path, body) in posts)
        {
            using var answer = await OwnSite.PostAsync(own.Ada, path, body);
            Assert.Equal((path, HttpStatusCode.NotFound), (path, answer.StatusCode));
            Assert.DoesNotContain("secret", await answer.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        }
        using var jobs = await OwnSite.JsonAsync(own.Ada, "/api/v1/jobs");
        using var recoveries = await OwnSite.JsonAsync(own.Ada, "/api/v1/recoveries");
        Assert.DoesNotContain(job!, jobs.RootElement.GetRawText(), StringComparison.Ordinal);
        Assert.DoesNotContain(recovery!, recoveries.RootElement.GetRawText(), StringComparison.Ordinal);
        // A selection holds names that somebody wrote: what is not the own is not planned.
        var taken = (await OwnSite.PostedAsync(own.Ada, "/api/v1/selections", new { run = "latest", paths = new[] { BobsSecret } })).GetProperty("id").GetString();
        using var planned = await OwnSite.PostAsync(own.Ada, "/api/v1/restores/plan", new { selection = taken });
        Assert.Equal(HttpStatusCode.NotFound, planned.StatusCode);
    }

    [Fact]
    public async Task Names_of_others_are_found_by_nobody()
    {
        foreach (var name in new[] { "secret-of-bob.txt", "*secret*", "*", $"users/{PortalSite.Bob}/*", "**", "handbook.md" })
        {
            var (status, text) = await AnswerAsync($"/api/v1/versions?limit=1000&name={Uri.EscapeDataString(name)}");
            Assert.Equal((name, HttpStatusCode.OK), (name, status));
            Assert.DoesNotContain("secret", text, StringComparison.Ordinal);
            Assert.DoesNotContain(PortalSite.Bob, text, StringComparison.Ordinal);
        }
        using var root = await OwnSite.JsonAsync(own.Ada, "/api/v1/runs/latest/items?path=");
        Assert.Equal(["users"], root.RootElement.GetProperty("items").EnumerateArray().Select(i => i.GetProperty("name").GetString()));
        using var users = await OwnSite.JsonAsync(own.Ada, "/api/v1/runs/latest/items?path=users");
        Assert.Equal([PortalSite.Ada], users.RootElement.GetProperty("items").EnumerateArray().Select(i => i.GetProperty("name").GetString()));
    }

    [Theory]
    [InlineData("/api/v1/runs/..%2f..%2fetc/items")]
    [InlineData("/api/v1/runs/latest/items?limit=0")]
    [InlineData("/api/v1/runs/latest/items?limit=many")]
    [InlineData("/api/v1/runs/latest/items?cursor=%00")]
    [InlineData("/api/v1/runs/latest/items?cursor=Li4vLi4")]
    [InlineData("/api/v1/runs/latest/content?path=../../etc/passwd")]
    [InlineData("/api/v1/runs/latest/content?path=/etc/passwd")]
    [InlineData("/api/v1/runs/latest/content?path=%00")]
    [InlineData("/api/v1/runs/latest/content")]
    [InlineData("/api/v1/runs/latest/archive")]
    [InlineData("/api/v1/runs?from=yesterday")]
    [InlineData("/api/v1/reports/2026-13")]
    [InlineData("/api/v1/versions?name=")]
    [InlineData("/backups?month=2026-99")]
    [InlineData("/backups?day=x")]
    [InlineData("/files?cursor=!!")]
    [InlineData("/files?path=../..")]
    [InlineData("/find?name=%5B")]
    public async Task What_is_wrongly_asked_is_the_asking_ones_fault(string path)
    {
        var (status, text) = await AnswerAsync(path);
        Assert.True((int)status is 400 or 404 || (path.StartsWith("/find", StringComparison.Ordinal) && status == HttpStatusCode.OK), $"{(int)status}: {text}");
        Assert.DoesNotContain("root:", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Nothing_is_changed_without_the_pages_token()
    {
        foreach (var path in new[] { "/api/v1/selections", "/api/v1/restores", "/api/v1/recoveries", "/api/v1/erasures" })
        {
            using var body = new StringContent("{}", System.Text.Encoding.UTF8, "application/json");
            using var answer = await own.Ada.PostAsync(new Uri(path, UriKind.Relative), body);
            Assert.Equal((path, HttpStatusCode.BadRequest), (path, answer.StatusCode));
        }
    }

    [Fact]
    public async Task A_month_is_reported_as_numbers()
    {
        var month = TimeProvider.System.GetUtcNow().ToString("yyyy-MM", System.Globalization.CultureInfo.InvariantCulture);
        using var report = await OwnSite.JsonAsync(own.Ada, $"/api/v1/reports/{month}");
        Assert.Equal((2, 2), (report.RootElement.GetProperty("runs").GetInt32(), report.RootElement.GetProperty("wholeRuns").GetInt32()));
        var csv = await own.Ada.GetStringAsync(new Uri($"/api/v1/reports/{month}?format=csv", UriKind.Relative));
        Assert.StartsWith($"measure,value\r\nmonth,{month}\r\nruns,2\r\n", csv, StringComparison.Ordinal);
    }

    private async Task<(HttpStatusCode Status, string Text)> AnswerAsync(string path)
    {
        using var answer = await own.Ada.GetAsync(new Uri(path, UriKind.Relative));
        var text = await answer.Content.ReadAsStringAsync();
        // Ids of a request differ, and so do a page's tokens.
        return (answer.StatusCode, System.Text.RegularExpressions.Regex.Replace(text, "\"traceId\":\"[^\"]*\"|name=\"__RequestVerificationToken\"[^>]*>", ""));
    }
}
