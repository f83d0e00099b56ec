using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using System.Text.RegularExpressions;
using StingBackup.Engine;
using StingBackup.Portal.Tests.Security;
using StingBackup.Portal.Tests.Support;
using Xunit.Abstractions;

namespace StingBackup.Portal.Tests;

/// <summary>
/// Many people at once, on the portal as a process of its own: 200 who browse and 20 who download (tests/soak/8-load.sh, STING_SOAK), a few of each in the suite, where only failures count. And what a page weighs.
/// </summary>
public sealed partial class LoadTests(ITestOutputHelper output)
{
    private const int LargeFile = 24 << 20;

    private static bool IsSoak => Environment.GetEnvironmentVariable("STING_SOAK") is { Length: > 0 };

    // Of a person's portal. {run} is the newest run, {home} the person's folder.
    private static readonly string[] Browsed =
    [
        "/", "/backups", "/files?run={run}", "/files?run={run}&path={home}/documents", "/file?run={run}&path={home}/documents/letter.txt", "/find?name=letter.txt", "/recoveries", "/reports",
        "/api/v1/runs", "/api/v1/runs/{run}/items?path={home}/documents", "/api/v1/versions?name=letter.txt",
    ];

    private const string Downloaded = "/api/v1/runs/{run}/content?path={home}/large.bin";

    [Fact]
    public async Task Many_people_browse_while_others_download_and_nothing_fails_or_grows()
    {
        var (people, downloads, length) = IsSoak ? (200, 20, TimeSpan.FromSeconds(90)) : (12, 2, TimeSpan.FromSeconds(3));
        var names = Enumerable.Range(0, people + downloads).Select(i => Guid.Parse($"00000000-0000-4000-8000-{i:d12}").ToString()).ToList();
        await using var site = await PortalSite.StartAsync(new Dictionary<string, string> { ["portal.requests_per_minute"] = "100000" }, fill: s =>
        {
            foreach (var (name, i) in names.Select((n, i) => (n, i)))
            {
                s.Write($"users/{name}/documents/letter.txt", $"Letter {i}\n");
                s.Write($"users/{name}/documents/plans/garden.md", $"# Garden {i}\n");
                if (i >= people)
                {
                    s.Write($"users/{name}/large.bin", new string((char)('a' + i % 26), IsSoak ? LargeFile : 1 << 20));
                }
            }
        });
        var run = await NewestAsync(site);
        await using var portal = await Process(site);
        var clients = await Task.WhenAll(names.Select(async name => await PortalSite.SignInAsync(portal.Client(), portal.At(await site.LinkAsync(name)))));
        string Of(string path, int i) => path.Replace("{run}", run, StringComparison.Ordinal).Replace("{home}", $"users/{names[i]}", StringComparison.Ordinal);
        var (times, wrong, memory) = (new ConcurrentBag<(string Path, double Time)>(), new ConcurrentBag<string>(), new List<long>());
        var bytes = 0L;
        var watch = Stopwatch.StartNew();
        var looking = Task.Run(async () =>
        {
            while (watch.Elapsed < length)
            {
                memory.Add(portal.Memory());
                await Task.Delay(500);
            }
        });
        var work = clients.Select((client, i) => Task.Run(async () =>
        {
            var random = new Random(i);
            while (watch.Elapsed < length)
            {
                var pattern = i < people ? Browsed[random.Next(Browsed.Length)] : Downloaded;
                var path = Of(pattern, i);
                var start = Stopwatch.GetTimestamp();
                using var answer = await client.GetAsync(new Uri(path, UriKind.Relative), HttpCompletionOption.ResponseHeadersRead);
                await using var body = await answer.Content.ReadAsStreamAsync();
                var counted = new Counting();
                await body.CopyToAsync(counted);
                if (answer.StatusCode != HttpStatusCode.OK)
                {
                    wrong.Add($"{path}: {(int)answer.StatusCode}");
                }
                if (i < people)
                {
                    times.Add((pattern, Stopwatch.GetElapsedTime(start).TotalMilliseconds));
                    await Task.Delay(random.Next(500, 2500));   // somebody reads
                }
                else
                {
                    Interlocked.Add(ref bytes, counted.Count);
                }
            }
        }));
        await Task.WhenAll(work.Append(looking));
        Assert.Empty(wrong);
        double[] sorted = [.. times.Select(t => t.Time).Order()];
        var p95 = sorted[(int)(sorted.Length * 0.95)];
        var (early, late) = (Middle(memory.Skip(memory.Count / 5).Take(memory.Count * 2 / 5)), Middle(memory.Skip(memory.Count * 3 / 5)));
        output.WriteLine($"{people} browsing ({sorted.Length} requests), {downloads} downloading ({bytes >> 20} MB): p50 {sorted[sorted.Length / 2]:f0} ms, p95 {p95:f0} ms, p99 {sorted[(int)(sorted.Length * 0.99)]:f0} ms; memory {early >> 20} then {late >> 20} MB, at most {memory.Max() >> 20} MB");
        foreach (var route in times.GroupBy(t => t.Path, t => t.Time).OrderBy(g => g.Key, StringComparer.Ordinal))
        {
            double[] each = [.. route.Order()];
            output.WriteLine($"  {route.Key}: {each.Length} requests, p50 {each[each.Length / 2]:f0} ms, p95 {each[(int)(each.Length * 0.95)]:f0} ms");
        }
        if (IsSoak)
        {
            Assert.True(p95 < 500, $"p95 is {p95:f0} ms");
            Assert.True(late < early * 1.15 + (16 << 20), $"memory grows from {early >> 20} to {late >> 20} MB");
        }
    }

    [Fact]
    public async Task A_page_weighs_less_than_100_kilobytes_with_all_that_it_loads()
    {
        await using var site = await PortalSite.StartAsync(new Dictionary<string, string> { ["portal.requests_per_minute"] = "100000" }, change: Visitors.WithRoles);
        foreach (var visitor in (string[])[Visitors.Ada, Visitors.Administrator])
        {
            using var client = await Visitors.ClientAsync(site, visitor);
            var home = $"users/{PortalSite.Ada}";
            var own = visitor == Visitors.Ada ? Browsed.Where(p => !p.StartsWith("/api", StringComparison.Ordinal)).Select(p => p.Replace("{run}", "latest", StringComparison.Ordinal).Replace("{home}", home, StringComparison.Ordinal)) : [];
            var mapped = (await Routes.OfAsync(site)).Where(r => r is { Method: "GET", IsApi: false } && !r.Pattern.Contains('{', StringComparison.Ordinal) && Visitors.Expected(r.Rule!, visitor) is null).Select(r => r.Path);
            foreach (var route in mapped.Concat(own).Distinct())
            {
                using var page = await client.GetAsync(new Uri(route, UriKind.Relative), HttpCompletionOption.ResponseHeadersRead);
                if (page.Content.Headers.ContentType?.MediaType != "text/html")
                {
                    continue;
                }
                var text = await page.Content.ReadAsStringAsync();
                var weight = (long)System.Text.Encoding.UTF8.GetByteCount(text);
                foreach (var part in Parts().Matches(text).Select(m => m.Groups[1].Value).Distinct())
                {
                    using var loaded = await client.GetAsync(new Uri(part, UriKind.Relative));
                    Assert.True(loaded.IsSuccessStatusCode, $"{route}: {part} is {loaded.StatusCode}");
                    weight += (await loaded.Content.ReadAsByteArrayAsync()).Length;
                }
                Assert.True(weight < 100_000, $"{route} as {visitor} weighs {weight:n0} bytes");
            }
        }
    }

    // The middle one: a peak while something is collected is no growth.
    private static long Middle(IEnumerable<long> values) => values.Order().ToList() is { Count: > 0 } all ? all[all.Count / 2] : 0;

    private static async Task<string> NewestAsync(PortalSite site)
    {
        await using var installation = await Installation.OpenAsync(site.Configuration, new InstallationOptions(), default);
        using var catalog = new Engine.Restore.Catalog(installation);
        return (await catalog.PointsAsync(new Engine.Restore.PointQuery(), default).ToListAsync())[^1].BackupId;
    }

    private static async Task<PortalProcess> Process(PortalSite site) => await PortalProcess.StartAsync(site);

    [GeneratedRegex("""<(?:link[^>]*href|script[^>]*src|img[^>]*src)="(/[^"]*)""")]
    private static partial Regex Parts();

    private sealed class Counting : Stream
    {
        public long Count { get; private set; }
        public override bool CanRead => false;
        public override bool CanSeek => false;
        public override bool CanWrite => true;
        public override long Length => Count;
        public override long Position { get => Count; set => throw new NotSupportedException(); }
        public override void Flush() { }
        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();
        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();
        public override void SetLength(long value) => throw new NotSupportedException();
        public override void Write(byte[] buffer, int offset, int count) => Count += count;
        public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
        {
            Count += buffer.Length;
            return default;
        }
    }
}
