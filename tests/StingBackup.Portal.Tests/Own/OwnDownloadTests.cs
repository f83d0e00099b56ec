using System.IO.Compression;
using System.Net;
using System.Net.Http.Headers;
using System.Text;
using StingBackup.Portal.Tests.Support;

namespace StingBackup.Portal.Tests.Own;

/// <summary>Downloads, by HTTP.</summary>
public sealed class OwnDownloadTests(OwnSite own) : IClassFixture<OwnSite>
{
    private const string BigFile = $"{OwnSite.Home}/data/big.bin";

    [Fact]
    public async Task Each_version_comes_back_byte_for_byte_as_an_attachment()
    {
        Assert.Equal("Dear Bob,\nthis is the first version.\n", await own.Ada.GetStringAsync(new Uri(OwnSite.Content(own.Runs[0], OwnSite.Letter), UriKind.Relative)));
        Assert.Equal(OwnSite.SecondLetter, await own.Ada.GetStringAsync(new Uri(OwnSite.Content("latest", OwnSite.Letter), UriKind.Relative)));
        using var answer = await GetAsync(OwnSite.Content("latest", $"{OwnSite.Home}/pages/evil.html"));
        Assert.Equal("application/octet-stream", answer.Content.Headers.ContentType!.MediaType);
        Assert.Equal("attachment", answer.Content.Headers.ContentDisposition!.DispositionType);
        Assert.Equal("nosniff", answer.Headers.GetValues("X-Content-Type-Options").Single());
        Assert.Contains("no-store", answer.Headers.CacheControl!.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_name_with_quotes_and_line_ends_stays_within_its_header()
    {
        using var answer = await GetAsync(OwnSite.Content("latest", $"{OwnSite.Home}/odd/{OwnSite.Odd}"));
        Assert.Equal("odd", await answer.Content.ReadAsStringAsync());
        var disposition = answer.Content.Headers.ContentDisposition!;
        Assert.Equal("quote_ and, semi;colon über 日本_x0d_x0a.txt", disposition.FileNameStar);
        Assert.DoesNotContain('\n', disposition.ToString());
    }

    [Fact]
    public async Task Nothing_is_sent_twice_that_a_client_has()
    {
        using var first = await GetAsync(OwnSite.Content("latest", BigFile));
        Assert.Equal(OwnSite.Big, await first.Content.ReadAsByteArrayAsync());
        var tag = first.Headers.ETag!;
        Assert.False(tag.IsWeak);
        using var again = await GetAsync(OwnSite.Content("latest", BigFile), r => r.Headers.IfNoneMatch.Add(tag));
        Assert.Equal(HttpStatusCode.NotModified, again.StatusCode);
        using var older = await GetAsync(OwnSite.Content(own.Runs[0], BigFile), r => r.Headers.IfNoneMatch.Add(tag));
        Assert.Equal(HttpStatusCode.NotModified, older.StatusCode);   // the same content, another run
        using var other = await GetAsync(OwnSite.Content("latest", OwnSite.Letter), r => r.Headers.IfNoneMatch.Add(tag));
        Assert.Equal(HttpStatusCode.OK, other.StatusCode);
        using var wanted = await GetAsync(OwnSite.Content("latest", BigFile), r => r.Headers.IfMatch.Add(new EntityTagHeaderValue("\"other\"")));
        Assert.Equal(HttpStatusCode.PreconditionFailed, wanted.StatusCode);
    }

    [Theory]
    [InlineData("bytes=0-0", 0, 1)]
    [InlineData("bytes=1000-400000", 1000, 399_001)]
    [InlineData("bytes=699999-", 699_999, 1)]
    [InlineData("bytes=600000-9999999", 600_000, 100_000)]
    [InlineData("bytes=-5", 699_995, 5)]
    [InlineData("bytes=-9999999", 0, 700_000)]
    public async Task A_stretch_is_sent_as_it_is_asked_for(string range, int offset, int length)
    {
        using var answer = await GetAsync(OwnSite.Content("latest", BigFile), r => r.Headers.TryAddWithoutValidation("Range", range));
        Assert.Equal(HttpStatusCode.PartialContent, answer.StatusCode);
        Assert.Equal(new ContentRangeHeaderValue(offset, offset + length - 1, OwnSite.Big.Length), answer.Content.Headers.ContentRange);
        Assert.Equal(OwnSite.Big[offset..(offset + length)], await answer.Content.ReadAsByteArrayAsync());
    }

    [Theory]
    [InlineData("bytes=700000-", HttpStatusCode.RequestedRangeNotSatisfiable)]
    [InlineData("bytes=-0", HttpStatusCode.RequestedRangeNotSatisfiable)]
    [InlineData("bytes=9-3", HttpStatusCode.OK)]
    [InlineData("bytes=a-b", HttpStatusCode.OK)]
    [InlineData("lines=0-3", HttpStatusCode.OK)]
    [InlineData("bytes=0-1,5-9", HttpStatusCode.OK)]
    public async Task A_stretch_that_is_none_is_refused_or_passed_over(string range, HttpStatusCode expected)
    {
        using var answer = await GetAsync(OwnSite.Content("latest", BigFile), r => r.Headers.TryAddWithoutValidation("Range", range));
        Assert.Equal(expected, answer.StatusCode);
    }

    [Fact]
    public async Task A_stretch_of_what_has_changed_is_the_whole()
    {
        using var answer = await GetAsync(OwnSite.Content("latest", BigFile), r =>
        {
            r.Headers.Range = new RangeHeaderValue(0, 9);
            r.Headers.IfRange = new RangeConditionHeaderValue(new EntityTagHeaderValue("\"other\""));
        });
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.Equal(OwnSite.Big.Length, answer.Content.Headers.ContentLength);
    }

    [Fact]
    public async Task The_head_alone_tells_length_and_tag()
    {
        using var request = new HttpRequestMessage(HttpMethod.Head, new Uri(OwnSite.Content("latest", BigFile), UriKind.Relative));
        using var answer = await own.Ada.SendAsync(request);
        Assert.Equal((HttpStatusCode.OK, OwnSite.Big.Length), (answer.StatusCode, (int)answer.Content.Headers.ContentLength!));
        Assert.NotNull(answer.Headers.ETag);
    }

    [Fact]
    public async Task A_selection_comes_as_a_zip_byte_for_byte()
    {
        var id = (await OwnSite.PostedAsync(own.Ada, "/api/v1/selections", new { run = own.Runs[0], paths = new[] { OwnSite.Letter, $"{OwnSite.Home}/data", $"{OwnSite.Home}/many" } })).GetProperty("id").GetString();
        using var answer = await GetAsync($"/api/v1/selections/{id}/archive");
        Assert.Equal($"{PortalSite.Ada}-{own.Runs[0]}.zip", answer.Content.Headers.ContentDisposition!.FileNameStar);
        using var zip = new ZipArchive(await answer.Content.ReadAsStreamAsync());
        Assert.Equal(OwnSite.Many + 2, zip.Entries.Count);
        Assert.Equal(OwnSite.Big, await BytesAsync(zip, "data/big.bin"));
        Assert.Equal("Dear Bob,\nthis is the first version.\n", Encoding.UTF8.GetString(await BytesAsync(zip, "documents/letter.txt")));
        Assert.Equal("449", Encoding.UTF8.GetString(await BytesAsync(zip, "many/file-0449.txt")));
    }

    [Fact]
    public async Task Names_within_a_zip_lead_no_program_out_of_its_folder()
    {
        using var answer = await GetAsync($"/api/v1/runs/latest/archive?path={Uri.EscapeDataString($"{OwnSite.Home}/odd")}");
        using var zip = new ZipArchive(await answer.Content.ReadAsStreamAsync());
        Assert.Equal(4, zip.Entries.Count);
        Assert.Equal(4, zip.Entries.Select(e => e.FullName).Distinct(StringComparer.OrdinalIgnoreCase).Count());
        Assert.All(zip.Entries, e =>
        {
            Assert.StartsWith("odd/", e.FullName, StringComparison.Ordinal);
            Assert.DoesNotContain(e.FullName, c => char.IsControl(c) || c is '\\' or ':' or '<' or '"');
            Assert.DoesNotContain("/CON.", e.FullName, StringComparison.OrdinalIgnoreCase);
            Assert.DoesNotContain("..", e.FullName.Split('/'));
        });
    }

    [Fact]
    public async Task A_picture_is_what_its_bytes_say_and_is_shown_in_a_cage()
    {
        using var picture = await GetAsync($"/api/v1/runs/latest/image?path={OwnSite.Home}/pictures/dot.png");
        Assert.Equal("image/png", picture.Content.Headers.ContentType!.MediaType);
        Assert.Equal("default-src 'none'; sandbox", picture.Headers.GetValues("Content-Security-Policy").Single());
        Assert.Equal("nosniff", picture.Headers.GetValues("X-Content-Type-Options").Single());
        Assert.Equal(OwnSite.Png, await picture.Content.ReadAsByteArrayAsync());
        foreach (var none in new[] { "pictures/lies.png", "pages/drawing.svg", "pages/empty.txt" })
        {
            using var answer = await GetAsync($"/api/v1/runs/latest/image?path={OwnSite.Home}/{none}");
            Assert.Equal(HttpStatusCode.UnsupportedMediaType, answer.StatusCode);
        }
    }

    private async Task<HttpResponseMessage> GetAsync(string path, Action<HttpRequestMessage>? with = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(path, UriKind.Relative));
        with?.Invoke(request);
        return await own.Ada.SendAsync(request);
    }

    private static async Task<byte[]> BytesAsync(ZipArchive zip, string name)
    {
        await using var stream = await zip.GetEntry(name)!.OpenAsync();
        using var memory = new MemoryStream();
        await stream.CopyToAsync(memory);
        return memory.ToArray();
    }
}
