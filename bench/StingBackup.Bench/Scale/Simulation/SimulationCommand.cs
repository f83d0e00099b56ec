using System.Globalization;
using System.Text;

namespace StingBackup.Bench.Scale.Simulation;

/// <summary>Prints the tables of docs/scale.md; the same for the same seed.</summary>
internal static class SimulationCommand
{
    public const string Begin = "<!-- simulated: begin; bench simulate-scale writes what follows -->";
    public const string End = "<!-- simulated: end -->";

    private static readonly int[] Sizes = [1, 10, 100, 1000];
    private static readonly (Design Design, string Name)[] Names = [(Design.Today, "as it is"), (Design.ByWriter, "by writer"), (Design.BySubject, "by subject"), (Design.ByIdPrefix, "by id, 4,096 prefixes")];

    public static int Run(string[] arguments)
    {
        var seed = 1;
        string? document = null;
        for (var i = 0; i < arguments.Length; i++)
        {
            switch (arguments[i])
            {
                case "--seed" when i + 1 < arguments.Length:
                    seed = int.Parse(arguments[++i], NumberStyles.None, CultureInfo.InvariantCulture);
                    break;
                case "--into" when i + 1 < arguments.Length:
                    document = arguments[++i];
                    break;
                default:
                    Console.Error.WriteLine("simulate-scale [--seed N] [--into FILE]");
                    return 2;
            }
        }
        var tables = Tables(seed);
        Console.WriteLine(tables);
        if (document is not null)
        {
            var text = File.ReadAllText(document);
            int begin = text.IndexOf(Begin, StringComparison.Ordinal), end = text.IndexOf(End, StringComparison.Ordinal);
            if (begin < 0 || end < begin)
            {
                throw new FormatException($"'{document}' needs the lines '{Begin}' and '{End}', in this order.");
            }
            File.WriteAllText(document, string.Concat(text.AsSpan(0, begin + Begin.Length), "\n", tables, text.AsSpan(end)));
        }
        return 0;
    }

    /// <summary>All tables, as Markdown.</summary>
    public static string Tables(int seed)
    {
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"Seed {seed}.\n\n### One day, after a year, as it is\n\n| hosts | chunks | points | a tick: PUT · GET · LIST | MB read | seconds | index in memory, GB: a tick · a restore | requests a day | dollars a day: requests · storage | busiest second, reads: spread · all at once |\n|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|\n");
        foreach (var hosts in Sizes)
        {
            AppendDay(text, Design.Today, new FleetOptions { Hosts = hosts, Seed = seed }, 365, hosts.ToString("N0", CultureInfo.InvariantCulture));
        }
        text.Append(CultureInfo.InvariantCulture, $"\n### When each limit is met, as it is\n\n| limit | {string.Join(" | ", Sizes.Select(s => s == 1 ? "1 host" : $"{s.ToString("N0", CultureInfo.InvariantCulture)} hosts"))} |\n|---|{string.Concat(Enumerable.Repeat("--:|", Sizes.Length))}\n");
        AppendLimits(text, Sizes.Select(s => LimitFinder.Find(Design.Today, new FleetOptions { Hosts = s, Seed = seed })));
        var thousand = new FleetOptions { Seed = seed };
        text.Append("\n### 1,000 hosts after a year, by how the index is divided\n\n| index | chunks | points | a tick: PUT · GET · LIST | MB read | seconds | index in memory, GB: a tick · a restore | requests a day | dollars a day: requests · storage | busiest second, reads: spread · all at once |\n|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|\n");
        foreach (var (design, name) in Names)
        {
            AppendDay(text, design, thousand, 365, name);
        }
        text.Append(CultureInfo.InvariantCulture, $"\n### When 1,000 hosts meet each limit, by how the index is divided\n\n| limit | {string.Join(" | ", Names.Select(n => n.Name))} |\n|---|{string.Concat(Enumerable.Repeat("--:|", Names.Length))}\n");
        AppendLimits(text, Names.Select(n => LimitFinder.Find(n.Design, thousand)));
        text.Append("\n### The plan of a sweep of 1,000 hosts, after a year\n\n| index | parts | memory of one, GB | CPU hours of all | minutes of one | GB on a disk meanwhile |\n|---|--:|--:|--:|--:|--:|\n");
        var fleet = new Fleet(thousand);
        foreach (var (design, name) in Names)
        {
            var sweep = Designs.SweepOf(design, fleet, 365);
            text.Append(CultureInfo.InvariantCulture, $"| {name} | {sweep.Parts:N0} | {sweep.Memory / 1e9:N1} | {sweep.Seconds / 3600:N1} | {sweep.SecondsOfPart / 60:N1} | {sweep.Spilled / 1e9:N0} |\n");
        }
        return text.ToString();
    }

    private static void AppendDay(StringBuilder text, Design design, FleetOptions options, double day, string name)
    {
        var fleet = new Fleet(options);
        var played = FleetDay.Play(design, fleet, day);
        var aligned = FleetDay.Play(design, new Fleet(options with { Aligned = true }), day);
        var middle = fleet.Hosts.OrderBy(h => h.Chunks).ElementAt(fleet.Hosts.Count / 2);
        var tick = Designs.TickOf(design, fleet, middle, day);
        text.Append(CultureInfo.InvariantCulture, $"| {name} | {fleet.ChunksAt(day) / 1e6:N0} million | {fleet.PointsAt(day):N0} | {tick.Requests.Puts:N0} · {tick.Requests.Gets:N0} · {tick.Requests.Lists:N0} | {tick.Requests.BytesGot / 1e6:N1} | {tick.Seconds:N0} | {played.LargestIndex / 1e9:N1} · {Designs.HeldByReader(design, fleet, day) * Limits.IndexBytesPerChunk / 1e9:N1} |");
        text.Append(CultureInfo.InvariantCulture, $" {(played.Requests.Puts + played.Requests.Gets + played.Requests.Lists) / 1e6:N1} million | {played.Dollars:N2} · {fleet.BytesAt(day) / 1e9 * Limits.DollarsPerGbMonth / 30:N2} | {played.PeakReads:N0} · {aligned.PeakReads:N0} |\n");
    }

    private static void AppendLimits(StringBuilder text, IEnumerable<IReadOnlyList<LimitMet>> columns)
    {
        var all = columns.ToList();
        for (var i = 0; i < all[0].Count; i++)
        {
            text.Append(CultureInfo.InvariantCulture, $"| {all[0][i].What} | {string.Join(" | ", all.Select(c => c[i].Day is not { } day ? "–" : day <= 1 ? "at once" : $"day {day.ToString("N0", CultureInfo.InvariantCulture)}"))} |\n");
        }
    }
}
