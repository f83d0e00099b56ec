using System.Buffers.Text;
using System.Diagnostics;
using System.Globalization;
using System.Text;
using StingBackup.Portal.Tests.Support;
using Xunit.Abstractions;

namespace StingBackup.Portal.Tests.Own;

/// <summary>A folder of very many files: 100,000 with STING_SOAK (tests/soak/8-folder.sh), some thousand without.</summary>
public sealed class LargeFolderTests(ITestOutputHelper output)
{
    private const string Folder = $"users/{PortalSite.Ada}/many";
    private static readonly bool IsSoak = Environment.GetEnvironmentVariable("STING_SOAK") == "1";
    private static readonly int Files = IsSoak ? 100_000 : 3_000;
    // A machine that other tests keep busy is given more time; the bound itself is the soak form's.
    private static readonly TimeSpan Page = TimeSpan.FromSeconds(IsSoak ? 1 : 5), FirstByte = TimeSpan.FromSeconds(IsSoak ? 0.2 : 5);

    [Fact]
    public async Task It_opens_within_a_second_wherever_one_looks()
    {
        await using var site = await PortalSite.StartAsync(new Dictionary<string, string> { ["portal.requests_per_minute"] = "100000" }, site =>
        {
            var folder = Directory.CreateDirectory(Path.Combine(site.ReserveRoot, Folder)).FullName;
            for (var i = 0; i < Files; i++)
            {
                File.WriteAllText(Path.Combine(folder, Name(i)), Name(i));
            }
        });
        using var ada = await site.ClientAsync(PortalSite.Ada);
        await OwnSite.JsonAsync(ada, "/api/v1/runs/latest/items");   // whoever comes first opens the keys
        foreach (var at in new[] { 0, Files / 2, Files - 101 })
        {
            var cursor = at == 0 ? "" : $"&cursor={Base64Url.EncodeToString(Encoding.UTF8.GetBytes($"{Folder}/{Name(at - 1)}"))}";
            var watch = Stopwatch.StartNew();
            using var part = await OwnSite.JsonAsync(ada, $"/api/v1/runs/latest/items?path={Folder}&limit=100{cursor}");
            output.WriteLine($"{Files:N0} files, from the {at:N0}th: {watch.Elapsed.TotalMilliseconds:0} ms");
            Assert.Equal(Enumerable.Range(at, 100).Select(Name), part.RootElement.GetProperty("items").EnumerateArray().Select(i => i.GetProperty("name").GetString()));
            Assert.InRange(watch.Elapsed, TimeSpan.Zero, Page);
            watch.Restart();
            var page = await ada.GetStringAsync(new Uri($"/files?path={Folder}{cursor}", UriKind.Relative));
            output.WriteLine($"the page of it: {watch.Elapsed.TotalMilliseconds:0} ms, {Encoding.UTF8.GetByteCount(page) / 1024} KB");
            Assert.InRange(watch.Elapsed, TimeSpan.Zero, Page);
            watch.Restart();
            using var content = await ada.GetAsync(new Uri(OwnSite.Content("latest", $"{Folder}/{Name(at)}"), UriKind.Relative), HttpCompletionOption.ResponseHeadersRead);
            await using var stream = await content.Content.ReadAsStreamAsync();
            Assert.Equal(Name(at)[0], stream.ReadByte());
            output.WriteLine($"first byte of a download: {watch.Elapsed.TotalMilliseconds:0} ms");
            Assert.InRange(watch.Elapsed, TimeSpan.Zero, FirstByte);
        }
    }

    private static string Name(int i) => string.Create(CultureInfo.InvariantCulture, $"{i:D6}.txt");
}
