using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using StingBackup.Fixtures.Sting;
using StingBackup.Fixtures.Vault;

namespace StingBackup.Engine.Tests.Recovery.Whole;

/// <summary>Each disaster's runbook, whole, by the programs: a STING with a real PostgreSQL server, the stand-in for Vault, folders, and tiers on disk and in a real S3 server. Prints a row of docs/recovery.md for each.</summary>
internal sealed partial class WholeRunbooks(string folder, int seed, double scale, TextWriter output)
{
    private static readonly int[] Fine = [0, 3];

    private readonly StingSiteOptions _options = new() { Seed = seed, Scale = scale, Edges = scale > 0.005 };

    /// <summary>Runs the scenarios that are named, each in an installation of its own.</summary>
    public async Task<int> RunAsync(IReadOnlyList<string> scenarios)
    {
        var failed = 0;
        foreach (var scenario in scenarios)
        {
            var watch = Stopwatch.StartNew();
            try
            {
                await (scenario switch
                {
                    "hardware" => HardwareFailureAsync(),
                    "site" => DataCenterLossAsync(),
                    "ransomware" => RansomwareAsync(),
                    "corruption" => DataCorruptionAsync(),
                    _ => throw new ArgumentException($"'{scenario}' is none of hardware, site, ransomware, corruption.", nameof(scenarios)),
                });
            }
            catch (Exception e)
            {
                failed++;
                await output.WriteLineAsync($"FAILED {scenario}: {e}");
            }
            await output.WriteLineAsync(string.Create(CultureInfo.InvariantCulture, $"# {scenario}: {watch.Elapsed.TotalSeconds:F0} s with everything around it"));
        }
        return failed;
    }

    private string NewFolder(string name) => Directory.CreateDirectory(Path.Join(folder, name)).FullName;

    /// <summary>A full run, a quarter of an hour's changes and a run of them, all on the remote tier too. Then people go on writing.</summary>
    private async Task<Work> WorkAsync(WholeInstallation whole, double seconds = 6)
    {
        await whole.CaptureAsync(whole.Primary);
        (await whole.RunAsync(whole.Primary, "sting-backup", "full")).Ended(Fine);
        await whole.Site.TickAsync(seed);
        var remote = await whole.Client.ListObjectsV2Async(new Amazon.S3.Model.ListObjectsV2Request { BucketName = whole.Bucket, Prefix = "main/points/" });
        Assert.True(remote.KeyCount > 0, "the full run is not on the remote tier");
        var image = await WholeImage.TakeAsync(whole.Site);
        var writes = SteadyWrites.Begin(whole.Site);
        await Task.Delay(TimeSpan.FromSeconds(seconds / 3));
        var safe = TimeProvider.System.GetUtcNow();
        var run = Report((await whole.RunAsync(whole.Primary, "sting-backup", "incremental", "--json", "--quiet")).Ended(Fine));
        await Task.Delay(TimeSpan.FromSeconds(seconds));
        return new Work(image, writes, safe, run.GetProperty("backupId").GetString()!);
    }

    /// <summary>What stood when people began to write, and the run that came after.</summary>
    /// <param name="Image">All that stood.</param>
    /// <param name="Writes">What is written.</param>
    /// <param name="Safe">What was acknowledged until then is in the run.</param>
    /// <param name="BackupId">The run.</param>
    private sealed record Work(WholeImage Image, SteadyWrites Writes, DateTimeOffset Safe, string BackupId);

    /// <summary>What a program told, as JSON.</summary>
    private static JsonElement Report(ProgramEnd end)
    {
        using var json = JsonDocument.Parse(end.Output);
        return (json.RootElement.ValueKind == JsonValueKind.Array ? json.RootElement[0] : json.RootElement).Clone();
    }

    private void Tell(string scenario, TimeSpan took, double within, IEnumerable<Loss> losses, string result)
    {
        var lost = string.Join(", ", losses.Select(l => string.Create(CultureInfo.InvariantCulture, $"{l.Gone} of {l.Written} {l.Kind}s ({l.Time.TotalSeconds:F0} s)")));
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"| {scenario} | {took.TotalSeconds:F0} s of {within:0.#} h | {(lost.Length > 0 ? lost : "none")} | {result} |"));
    }

    private static async Task<List<Loss>> LossesAsync(SteadyWrites writes, StingSite site, DateTimeOffset safe, DateTimeOffset disaster)
    {
        var there = await SteadyWrites.ThereAsync(site);
        return [.. there.Select(t => writes.LossOf(t.Key, t.Value, safe, disaster))];
    }

    private static string Steps(JsonElement report, params string[] states) => string.Join("; ", report.GetProperty("steps").EnumerateArray().Where(s => states.Contains(s.GetProperty("state").GetString())).Select(s => $"{s.GetProperty("number")} {s.GetProperty("name").GetString()}: {s.GetProperty("detail").GetString()}"));

    /// <summary>Nothing but what no unit of systemd is here for may need a look.</summary>
    private void RequireDone(JsonElement report)
    {
        var problems = report.GetProperty("steps").EnumerateArray().Where(s => s.GetProperty("state").GetString() is not ("Done" or "Skipped")).Select(s => (Name: s.GetProperty("name").GetString()!, Detail: s.GetProperty("detail").GetString()!)).ToList();
        problems.RemoveAll(p => p.Detail.Contains("no unit sting-backup-capture.service", StringComparison.Ordinal));
        Assert.True(problems.Count == 0, string.Join("; ", problems));
        output.WriteLine($"#   {string.Join(", ", report.GetProperty("steps").EnumerateArray().Select(s => $"{s.GetProperty("number")} {s.GetProperty("state").GetString()} {s.GetProperty("duration")}"))}");
    }
}
