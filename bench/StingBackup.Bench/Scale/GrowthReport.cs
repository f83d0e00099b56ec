using System.Globalization;
using System.Text;

namespace StingBackup.Bench.Scale;

/// <summary>One timed command of bench/scale.sh.</summary>
/// <param name="Axis">files, chunks, subjects, points.</param>
/// <param name="Size">How many.</param>
/// <param name="Step">What was done.</param>
/// <param name="Seconds">Wall time.</param>
/// <param name="Cpu">User and system time.</param>
/// <param name="PeakBytes">Largest resident set.</param>
/// <param name="Opened">Objects of the repository that it opened; null where they were not counted.</param>
internal sealed record GrowthRun(string Axis, long Size, string Step, double Seconds, double Cpu, long PeakBytes, long? Opened)
{
    /// <summary>Reads <c>axis size step seconds cpu peak_kib opened</c>, separated by tabs.</summary>
    /// <exception cref="FormatException">Names the line.</exception>
    public static IReadOnlyList<GrowthRun> Read(IEnumerable<string> lines) => [.. lines.Select((line, i) => (Fields: line.Split('\t'), Number: i + 1)).Select(l =>
        l.Fields.Length == 7 && long.TryParse(l.Fields[1], CultureInfo.InvariantCulture, out var size) && double.TryParse(l.Fields[3], CultureInfo.InvariantCulture, out var seconds)
            && double.TryParse(l.Fields[4], CultureInfo.InvariantCulture, out var cpu) && long.TryParse(l.Fields[5], CultureInfo.InvariantCulture, out var peak)
            ? new GrowthRun(l.Fields[0], size, l.Fields[2], seconds, cpu, peak * 1024, long.TryParse(l.Fields[6], CultureInfo.InvariantCulture, out var opened) ? opened : null)
            : throw new FormatException($"Line {l.Number} of the results is not 'axis size step seconds cpu peak_kib opened'."))];
}

/// <summary>Tables of what grows and how, and their plots.</summary>
internal static class GrowthReport
{
    public const string Begin = "<!-- growth: begin; bench/scale.sh writes what follows -->";
    public const string End = "<!-- growth: end -->";

    /// <summary>A slope above this, over the fixed cost, is a defect.</summary>
    private const double Linear = 1.1;

    private static readonly (string Axis, string Title)[] Axes =
    [
        ("files", "Files (around 4 KB, of 40 people)"), ("chunks", "Chunks (an index and trees of a run of 1,000 people, packs without bytes)"), ("subjects", "Subjects (people with two short files each)"), ("points", "Restore points (a quarter of an hour apart, one file changed in each)"),
    ];

    /// <summary>Exit code 0; 1 when something grows faster than linearly.</summary>
    public static int Run(string results, string machine, string? document)
    {
        var runs = GrowthRun.Read(File.ReadLines(results));
        var text = new StringBuilder(File.ReadAllText(machine).Trim()).Append("\n\n");
        var faster = 0;
        foreach (var (axis, title) in Axes.Where(a => runs.Any(r => r.Axis == a.Axis)))
        {
            var ofAxis = runs.Where(r => r.Axis == axis).ToList();
            text.Append(CultureInfo.InvariantCulture, $"### {title}\n\n");
            faster += AppendTable(text, ofAxis);
            text.Append(CultureInfo.InvariantCulture, $"\n![Processor seconds against {axis}](plots/scale-{axis}.svg)\n\n");
            if (document is not null)
            {
                var folder = Path.Join(Path.GetDirectoryName(Path.GetFullPath(document)), "plots");
                Directory.CreateDirectory(folder);
                File.WriteAllText(Path.Join(folder, $"scale-{axis}.svg"), GrowthPlot.Of(axis, ofAxis));
            }
        }
        Console.WriteLine(text);
        if (document is not null)
        {
            File.WriteAllText(document, Replace(File.ReadAllText(document), text.ToString().TrimEnd() + "\n"));
        }
        return faster == 0 ? 0 : 1;
    }

    /// <summary>The document with a new section between the markers.</summary>
    /// <exception cref="FormatException">The markers are not there.</exception>
    public static string Replace(string document, string section)
    {
        int begin = document.IndexOf(Begin, StringComparison.Ordinal), end = document.IndexOf(End, StringComparison.Ordinal);
        return begin >= 0 && end > begin ? string.Concat(document.AsSpan(0, begin + Begin.Length), "\n", section, document.AsSpan(end))
            : throw new FormatException($"The document needs the lines '{Begin}' and '{End}', in this order.");
    }

    private static int AppendTable(StringBuilder text, List<GrowthRun> runs)
    {
        var sizes = runs.Select(r => r.Size).Distinct().Order().ToArray();
        text.Append(CultureInfo.InvariantCulture, $"| step | {string.Join(" | ", sizes.Select(s => $"{s.ToString("N0", CultureInfo.InvariantCulture)}: s · CPU s · MB · objects"))} | fixed, CPU s | slope of CPU | slope of memory |\n");
        text.Append("|---|").Append(string.Concat(Enumerable.Repeat("--:|", sizes.Length + 3))).Append('\n');
        var faster = 0;
        foreach (var step in runs.Select(r => r.Step).Distinct())
        {
            text.Append(CultureInfo.InvariantCulture, $"| {step} |");
            var ofStep = runs.Where(r => r.Step == step).ToList();
            foreach (var size in sizes)
            {
                var cell = ofStep.Where(r => r.Size == size).ToList();
                text.Append(cell.Count == 0 ? " – |" : string.Create(CultureInfo.InvariantCulture,
                    $" {Median(cell, r => r.Seconds):0.00} · {Median(cell, r => r.Cpu):0.00} · {Median(cell, r => r.PeakBytes / 1e6):0} · {(cell[0].Opened is { } opened ? opened.ToString("N0", CultureInfo.InvariantCulture) : "–")} |"));
            }
            if (ofStep.Select(r => r.Size).Distinct().Count() < 2)
            {
                text.Append(" | | |\n");
                continue;
            }
            var (cpu, memory) = (PowerFit.Of([.. ofStep.Select(r => ((double)r.Size, r.Cpu))]), PowerFit.Of([.. ofStep.Select(r => ((double)r.Size, (double)r.PeakBytes))]));
            faster += IsFaster(cpu) || IsFaster(memory) ? 1 : 0;
            text.Append(CultureInfo.InvariantCulture, $" {cpu.Fixed:0.00} | {Slope(cpu)} | {Slope(memory)} |\n");
        }
        return faster;
    }

    // A slope counts as more than linear where its error does not cover the difference.
    private static bool IsFaster(PowerFit fit) => fit.Grows && fit.Slope - (double.IsNaN(fit.Error) ? 0 : fit.Error) > Linear;

    private static string Slope(PowerFit fit) => !fit.Grows ? "flat"
        : string.Create(CultureInfo.InvariantCulture, $"{fit.Slope:0.00}{(double.IsNaN(fit.Error) ? "" : $" ± {fit.Error.ToString("0.00", CultureInfo.InvariantCulture)}")}{(IsFaster(fit) ? " **defect**" : "")}");

    private static double Median(List<GrowthRun> runs, Func<GrowthRun, double> of)
    {
        var sorted = runs.Select(of).Order().ToArray();
        return sorted.Length % 2 == 1 ? sorted[sorted.Length / 2] : (sorted[sorted.Length / 2 - 1] + sorted[sorted.Length / 2]) / 2;
    }
}
