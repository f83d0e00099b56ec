using System.Net;
using System.Security.Cryptography;
using System.Text.Json;
using StingBackup.Fixtures.Sting;
using StingBackup.Portal.Tests.Own;
using StingBackup.Portal.Tests.Support;

namespace StingBackup.Portal.Tests.Site;

/// <summary>What people do in the portal of a whole STING, with its real database server and a real S3 server behind it.</summary>
[Collection("browser of the whole site")]
public sealed partial class WholeSiteTests(Browser browser, WholeSite site) : IClassFixture<WholeSite>
{
    private static Uri To(string path) => new(path, UriKind.Relative);

    [SiteFact]
    public async Task A_person_gets_own_uploads_out_of_the_bucket_under_their_names_and_nobody_elses()
    {
        Assert.False(Directory.Exists(site["backup/repository"]));   // all of it is in the bucket
        foreach (var storage in new[] { StingStorage.Plain, StingStorage.Encrypted })
        {
            var upload = UploadOf(site.AdaInSting, storage);
            var folder = $"vault/{upload.SecretPath[..upload.SecretPath.LastIndexOf('/')]}";
            var item = await ItemAsync(site.Ada, folder, $"vault/{upload.SecretPath}");
            Assert.Equal(((string?)upload.Name, upload.Size), (item.GetProperty("name").GetString(), item.GetProperty("length").GetInt64()));
            using var answer = await site.Ada.GetAsync(To(OwnSite.Content("latest", $"vault/{upload.SecretPath}")));
            Assert.Equal((HttpStatusCode.OK, upload.Size), (answer.StatusCode, answer.Content.Headers.ContentLength));
            Assert.Equal(upload.Hash, Convert.ToHexStringLower(SHA256.HashData(await answer.Content.ReadAsByteArrayAsync())));
            Assert.Equal(upload.Name, answer.Content.Headers.ContentDisposition!.FileNameStar);
            using var bobs = await site.Bob.GetAsync(To(OwnSite.Content("latest", $"vault/{upload.SecretPath}")));
            Assert.Equal(HttpStatusCode.NotFound, bobs.StatusCode);
        }
        // A file on disk, as it is there; rows of databases are restored, and not looked at.
        Assert.Equal(await File.ReadAllBytesAsync(site.NoteFile), await site.Ada.GetByteArrayAsync(To(OwnSite.Content("latest", $"honey-reserve/{site.AdaInSting.Name}/note.txt"))));
        using var runs = await OwnSite.JsonAsync(site.Ada, "/api/v1/runs");
        var classes = Assert.Single(runs.RootElement.GetProperty("items").EnumerateArray()).GetProperty("classes").EnumerateArray().Select(c => c.GetString()).ToList();
        Assert.Contains("Metadata", classes);
        Assert.Contains("UserFiles", classes);
        Assert.Equal(HttpStatusCode.NotFound, (await site.Ada.GetAsync(To("/api/v1/runs/latest/items?path=postgresql"))).StatusCode);
    }

    [SiteFact]
    public async Task Jars_that_STING_lets_somebody_read_are_there_and_a_right_that_is_taken_ends_at_once()
    {
        Assert.Equal([WholeSite.OwnJar, WholeSite.PublicJar, WholeSite.SharedJar], await JarsAsync(site.Ada));
        foreach (var jar in new[] { WholeSite.OwnJar, WholeSite.PublicJar, WholeSite.SharedJar })
        {
            using var items = await OwnSite.JsonAsync(site.Ada, $"/api/v1/runs/latest/items?jar={jar}");
            var document = items.RootElement.GetProperty("items").EnumerateArray().Single(i => i.GetProperty("name").GetString() == "handbook.md").GetProperty("path").GetString()!;
            Assert.Equal(WholeSite.TextOf(jar), await site.Ada.GetStringAsync(To($"{OwnSite.Content("latest", document)}&jar={jar}")));
            // Of another jar it is not: neither with that one's name, nor as one's own.
            Assert.Equal(HttpStatusCode.NotFound, await StatusAsync(site.Ada, $"{OwnSite.Content("latest", document)}&jar={WholeSite.BobsJar}"));
            Assert.Equal(HttpStatusCode.NotFound, await StatusAsync(site.Ada, OwnSite.Content("latest", document)));
        }
        Assert.Equal(HttpStatusCode.NotFound, await StatusAsync(site.Ada, $"/api/v1/runs/latest/items?jar={WholeSite.BobsJar}"));
        Assert.Equal(HttpStatusCode.NotFound, await StatusAsync(site.Ada, $"/files?jar={WholeSite.BobsJar}"));
        Assert.Contains(WholeSite.BobsJar, await JarsAsync(site.Bob));
        // Who may read alone may not bring anything back into it.
        Assert.False((await OwnSite.PostAsync(site.Ada, "/api/v1/recoveries", new { reason = "mine now", jar = WholeSite.SharedJar, conflict = "Skip" })).IsSuccessStatusCode);
        await site.Sting.Cluster.ExecuteAsync("sting_app", $"UPDATE honey_jars SET permissions = '{{\"allowed_users\": []}}' WHERE id = '{WholeSite.SharedJar}'");
        try
        {
            Assert.Equal([WholeSite.OwnJar, WholeSite.PublicJar], await JarsAsync(site.Ada));
            Assert.Equal(HttpStatusCode.NotFound, await StatusAsync(site.Ada, $"/api/v1/runs/latest/items?jar={WholeSite.SharedJar}"));
        }
        finally
        {
            await site.Sting.Cluster.ExecuteAsync("sting_app", $"UPDATE honey_jars SET permissions = '{{\"allowed_users\": [\"{site.AdaInSting.Email}\"]}}' WHERE id = '{WholeSite.SharedJar}'");
        }
    }

    [SiteFact]
    public async Task While_the_database_is_down_no_jar_is_there_the_page_says_so_and_the_rest_works()
    {
        Assert.DoesNotContain("cannot be asked", await site.Ada.GetStringAsync(To("/jars")), StringComparison.Ordinal);
        await site.Sting.Cluster.StopAsync();
        try
        {
            Assert.Empty(await JarsAsync(site.Ada));
            Assert.Contains("cannot be asked", await site.Ada.GetStringAsync(To("/jars")), StringComparison.Ordinal);
            Assert.Equal(HttpStatusCode.NotFound, await StatusAsync(site.Ada, $"/api/v1/runs/latest/items?jar={WholeSite.OwnJar}"));
            foreach (var page in new[] { "/", "/files", "/backups", "/recoveries", "/recoveries/new" })
            {
                Assert.Equal(HttpStatusCode.OK, await StatusAsync(site.Ada, page));
            }
            Assert.Equal("A note of Ada's.\n", await site.Ada.GetStringAsync(To(OwnSite.Content("latest", $"honey-reserve/{site.AdaInSting.Name}/note.txt"))));
        }
        finally
        {
            await site.Sting.Cluster.StartAsync();
        }
        Assert.Contains(WholeSite.OwnJar, await JarsAsync(site.Ada));
    }

    [SiteFact]
    public async Task Rows_that_went_come_back_by_an_approved_recovery_and_a_mail_tells_whoever_has_a_verified_address()
    {
        site.Mail.Mails.Clear();
        site.Mail.Recipients.Clear();
        await site.Sting.Cluster.ExecuteAsync("sting_app", $"DELETE FROM reports WHERE {WholeSite.ReportsOf(site.BobInSting)}");
        var (before, bobs) = (await site.RowsAsync(site.AdaInSting), await site.RowsAsync(site.BobInSting));
        var note = await File.ReadAllTextAsync(site.NoteFile);
        Assert.All("sar", kind => Assert.Contains(before, row => row[0] == kind));
        await site.Sting.Cluster.ExecuteAsync("sting_app", $"DELETE FROM user_settings WHERE user_id = {site.AdaInSting.Id}; DELETE FROM audit_logs WHERE user_id IN ('{site.AdaInSting.Name}', '{site.AdaInSting.Id}'); DELETE FROM reports WHERE {WholeSite.ReportsOf(site.AdaInSting)}");
        File.Delete(site.NoteFile);
        // Alone she gets files back, and no row, of whichever class it is; nor by the path that rows have in a backup.
        foreach (var path in new[] { "postgresql", "postgresql/sting_app" })
        {
            var selection = (await OwnSite.PostedAsync(site.Ada, "/api/v1/selections", new { run = "latest", paths = new[] { path } })).GetProperty("id").GetString();
            Assert.Equal(HttpStatusCode.NotFound, (await OwnSite.PostAsync(site.Ada, "/api/v1/restores/plan", new { selection, conflict = "Skip" })).StatusCode);
        }
        Assert.Empty(await site.RowsAsync(site.AdaInSting));

        var (quiet, _) = await site.RecoverAsync(site.Bob, new { reason = "something is missing", moment = TimeProvider.System.GetUtcNow(), conflict = "Skip" });
        Assert.Equal("Completed", quiet.GetProperty("state").GetString());
        Assert.Equal(bobs, await site.RowsAsync(site.BobInSting));   // he asked for no rows: the report that is missing stays so
        var (done, request) = await site.RecoverAsync(site.Ada, new { reason = "my rows are gone", moment = TimeProvider.System.GetUtcNow(), conflict = "Skip", withRows = true });
        Assert.True(done.GetProperty("state").GetString() == "Completed", done.GetRawText());
        Assert.Equal(before, await site.RowsAsync(site.AdaInSting));
        Assert.Equal(bobs, await site.RowsAsync(site.BobInSting));
        Assert.Equal(note, await File.ReadAllTextAsync(site.NoteFile));

        for (var look = 0; look < 200 && site.Mail.Mails.IsEmpty; look++)
        {
            await Task.Delay(50);
        }
        var mail = Assert.Single(site.Mail.Mails);   // none to Bob, whose recovery ended before
        Assert.Equal($"RCPT TO:<{site.AdaInSting.Email}>", Assert.Single(site.Mail.Recipients));
        Assert.Equal("Your recovery: Done", mail.Subject);
        Assert.Contains($"/jobs/{done.GetProperty("id").GetString()}", mail.TextBody, StringComparison.Ordinal);
        Assert.Contains("has ended: Done", mail.TextBody, StringComparison.Ordinal);
        Assert.DoesNotContain("note.txt", mail.TextBody, StringComparison.Ordinal);

        foreach (var path in new[] { $"/api/v1/recoveries/{request}", $"/recoveries/{request}", $"/api/v1/jobs/{done.GetProperty("id").GetString()}", $"/jobs/{done.GetProperty("id").GetString()}" })
        {
            Assert.Equal(HttpStatusCode.NotFound, await StatusAsync(site.Bob, path));
        }
        Assert.DoesNotContain(request, await site.Bob.GetStringAsync(To("/api/v1/recoveries")), StringComparison.Ordinal);
    }

    /// <summary>The local tier is on a disk that is lost: what people see and download comes from the bucket.</summary>
    [SiteFact]
    public async Task A_lost_local_tier_is_read_through()
    {
        var configuration = await site.ProtectAsync("tiers", site["local-tier"], ("remote.location", $"s3://{await site.NewBucketAsync()}/main"), ("local.max_percent", "100"));
        await WholeSite.BackUpAsync(configuration);
        Directory.Move(site["local-tier"], site["lost-tier"]);
        using var ada = await WholeSite.SignedInAsync("ada", await site.StartPortalAsync(configuration));
        var upload = UploadOf(site.AdaInSting, StingStorage.Plain);
        var item = await ItemAsync(ada, $"vault/{upload.SecretPath[..upload.SecretPath.LastIndexOf('/')]}", $"vault/{upload.SecretPath}");
        Assert.Equal(upload.Name, item.GetProperty("name").GetString());
        Assert.Equal(upload.Hash, Convert.ToHexStringLower(SHA256.HashData(await ada.GetByteArrayAsync(To(OwnSite.Content("latest", $"vault/{upload.SecretPath}"))))));
    }

    /// <summary>The last upload at its path, whose name the secret has.</summary>
    private StingUpload UploadOf(StingPerson person, StingStorage storage) => site.Sting.Plan.Uploads.Where(u => u.OwnerId == person.Name && u.Type == "user_document" && u is { IsDeleted: false, HasRow: true })
        .GroupBy(u => u.SecretPath).Where(g => g.Count() == 1).Select(g => g.First()).First(u => u.Storage == storage);

    private static async Task<JsonElement> ItemAsync(HttpClient client, string folder, string path)
    {
        using var items = await OwnSite.JsonAsync(client, $"/api/v1/runs/latest/items?limit=1000&path={Uri.EscapeDataString(folder)}");
        return items.RootElement.GetProperty("items").EnumerateArray().Single(i => i.GetProperty("path").GetString() == path).Clone();
    }

    private static async Task<List<string?>> JarsAsync(HttpClient client)
    {
        using var jars = await OwnSite.JsonAsync(client, "/api/v1/jars");
        // Jars of the sample beside those of this class are whoever's.
        return [.. jars.RootElement.EnumerateArray().Select(j => j.GetProperty("id").GetString()).Where(id => id!.StartsWith("aaaaaaaa-", StringComparison.Ordinal)).Order(StringComparer.Ordinal)];
    }

    private static async Task<HttpStatusCode> StatusAsync(HttpClient client, string path)
    {
        using var answer = await client.GetAsync(To(path));
        return answer.StatusCode;
    }
}
