using System.Globalization;
using System.Text;

namespace StingBackup.Bench.Report;

/// <summary>The tables of one run of compare.sh, as Markdown.</summary>
internal sealed class Comparison(IReadOnlyList<Measurement> measurements)
{
    private const string Ours = "sting";
    private const long PeakGoal = 400_000_000;
    private const double SizeGoal = 1.02;

    private static readonly string[] Tools = [Ours, "restic", "borg", "tar"];
    private static readonly string[] Rivals = ["restic", "borg"];

    private static readonly (string Name, string Title)[] Corpora =
        [("fixture", "The sample reserve at full size"), ("small", "Many small files"), ("large", "One large file, half of it random")];

    // Each timed step, and how many times as fast as the faster of restic and borg it is to be; 0 where no goal is set.
    private static readonly (string Step, string Title, double Goal)[] Steps =
        [("first", "first backup", 2.5), ("unchanged", "unchanged", 1), ("changed", "5 % changed", 0), ("restore", "restore", 2.5), ("verify", "verify with data", 0),
         ("s3first", "first backup to S3 on this machine", 1.5), ("s3restore", "restore from it", 1.5)];

    /// <summary>All tables, for the corpora that were measured.</summary>
    public string ToMarkdown()
    {
        var text = new StringBuilder();
        foreach (var (corpus, title) in Corpora)
        {
            var bytes = measurements.FirstOrDefault(m => m.Corpus == corpus && m.Step is ("first" or "s3first"))?.Bytes;
            if (bytes is null)
            {
                continue;
            }
            var runs = Tools.Max(tool => Math.Max(Of(corpus, tool, "first").Count, Of(corpus, tool, "s3first").Count));
            text.Append(CultureInfo.InvariantCulture, $"### {title} ({bytes / 1e6:F0} MB, {runs} {(runs == 1 ? "run" : "runs")})\n\n");
            AppendTable(text, corpus);
            text.Append('\n');
        }
        return text.ToString();
    }

    private Series Of(string corpus, string tool, string step) => new([.. measurements.Where(m => m.Corpus == corpus && m.Tool == tool && m.Step == step)]);

    private void AppendTable(StringBuilder text, string corpus)
    {
        text.Append("| | sting-backup | restic | borg | tar, zstd, openssl | sting-backup against the better of restic and borg | goal |\n|---|--:|--:|--:|--:|--:|:--|\n");
        foreach (var (step, title, goal) in Steps)
        {
            var ratio = Ratio(corpus, step, series => series.MedianSeconds);
            AppendRow(text, $"{title}, seconds", corpus, step, Seconds, ratio is null ? "" : Invariant($"{1 / ratio:F2}× as fast"), Goal(goal, 1 / ratio, Invariant($"≥ {goal:0.#}×")));
        }
        foreach (var (step, title, _) in Steps)
        {
            AppendRow(text, $"{title}, CPU seconds", corpus, step, series => Invariant($"{series.MedianCpu:F2}"), "", "");
        }
        foreach (var (step, title) in (ReadOnlySpan<(string, string)>)[("apart", "repository without duplicates across subjects, MB"), ("size", "repository, MB")])
        {
            var size = Of(corpus, Ours, step);
            var restic = Of(corpus, "restic", step);
            double? ratio = size.IsValid && restic.IsValid ? (double)size.MedianBytes / restic.MedianBytes : null;
            var held = step == "apart" || Of(corpus, Ours, "apart").Count == 0;
            AppendRow(text, held ? title : "what separating subjects costs: repository with them, MB", corpus, step, series => Megabytes(series.MedianBytes),
                ratio is null ? "" : Invariant($"{ratio - 1:+0.0 %;−0.0 %;0.0 %} against restic"), held && ratio is { } r ? Verdict(r <= SizeGoal, "≤ restic + 2 %") : "");
        }
        var peaks = new Func<string, Series>(tool => new([.. measurements.Where(m => m.Corpus == corpus && m.Tool == tool && m.PeakBytes > 0)]));
        var our = peaks(Ours);
        text.Append("| peak memory of any process, MB |");
        foreach (var tool in Tools)
        {
            var peak = peaks(tool);
            text.Append(CultureInfo.InvariantCulture, $" {(peak.Count == 0 ? "–" : Megabytes(peak.PeakBytes))} |");
        }
        text.Append(CultureInfo.InvariantCulture, $" | {(our.Count == 0 ? "" : Verdict(our.PeakBytes <= PeakGoal, "≤ 400 MB"))} |\n");
    }

    private void AppendRow(StringBuilder text, string title, string corpus, string step, Func<Series, string> cell, string comparison, string goal)
    {
        if (Tools.All(tool => Of(corpus, tool, step).Count == 0))
        {
            return;
        }
        text.Append(CultureInfo.InvariantCulture, $"| {title} |");
        foreach (var tool in Tools)
        {
            var series = Of(corpus, tool, step);
            text.Append(CultureInfo.InvariantCulture, $" {series.Worst switch { null => "–", Outcome.Ok => cell(series), Outcome.Void => "void: the restored tree differs", _ => "failed" }} |");
        }
        text.Append(CultureInfo.InvariantCulture, $" {comparison} | {goal} |\n");
    }

    // Ours divided by the better of the rivals; null when one side has no valid figure.
    private double? Ratio(string corpus, string step, Func<Series, double> value)
    {
        var our = Of(corpus, Ours, step);
        var rivals = Rivals.Select(tool => Of(corpus, tool, step)).Where(series => series.IsValid).Select(value).ToArray();
        return our.IsValid && rivals.Length > 0 ? value(our) / rivals.Min() : null;
    }

    private static string Goal(double goal, double? reached, string words) => goal == 0 || reached is not { } value ? "" : Verdict(value >= goal, words);

    private static string Verdict(bool reached, string goal) => $"{goal}: {(reached ? "reached" : "**missed**")}";

    private static string Seconds(Series series) =>
        series.Count == 1 ? Invariant($"{series.MedianSeconds:F2}") : Invariant($"{series.MedianSeconds:F2} ({series.MinSeconds:F2} – {series.MaxSeconds:F2})");

    private static string Megabytes(long bytes) => Invariant($"{bytes / 1e6:F1}");

    private static string Invariant(FormattableString text) => FormattableString.Invariant(text);
}
