using System.Globalization;
using System.Text;

namespace StingBackup.Bench.Report;

/// <summary>The figures of compare.sh, as Markdown: a table a corpus.</summary>
internal sealed class Comparison(IReadOnlyList<Measurement> measurements)
{
    /// <summary>This program.</summary>
    public const string Ours = "sting";

    /// <summary>The columns, with what stands above them.</summary>
    public static readonly (string Tool, string Title)[] Tools = [(Ours, "sting-backup"), ("restic", "restic"), ("borg", "borg"), ("tar", "tar, zstd, openssl"), ("primitives", "sum of primitives")];

    /// <summary>The corpora, in the order of the report.</summary>
    public static readonly (string Name, string Title)[] Corpora =
        [("fixture", "The sample reserve at full size"), ("small", "Many small files"), ("large", "One large file, half of it random"), ("million", "A million very small files")];

    /// <summary>The timed steps.</summary>
    public static readonly (string Step, string Title)[] Steps =
        [("first", "first backup"), ("unchanged", "unchanged"), ("changed", "5 % changed"), ("restore", "restore"), ("verify", "verify with data"), ("onefile", "one file, cold process"),
         ("s3first", "first backup to S3 on this machine"), ("s3restore", "restore from it")];

    private static readonly string[] Rivals = ["restic", "borg"];

    /// <summary>All tables, for the corpora that were measured.</summary>
    public string ToMarkdown()
    {
        var text = new StringBuilder();
        foreach (var (corpus, title) in Corpora)
        {
            if (measurements.FirstOrDefault(m => m.Corpus == corpus && m.Seconds > 0) is { } any)
            {
                var runs = Tools.SelectMany(tool => Steps.Select(step => Of(corpus, tool.Tool, step.Step).Count)).Where(count => count > 0).ToArray();
                var told = runs.Min() == runs.Max() ? $"{runs.Max()}" : $"{runs.Min()} to {runs.Max()}";
                text.Append(CultureInfo.InvariantCulture, $"### {title} ({any.Bytes / 1e6:F0} MB, {told} {(runs.Max() == 1 ? "run" : "runs")})\n\n");
                AppendTable(text, corpus);
                text.Append('\n');
            }
        }
        return text.ToString();
    }

    /// <summary>The runs of one step by one tool.</summary>
    public Series Of(string corpus, string tool, string step) => new([.. measurements.Where(m => m.Corpus == corpus && m.Tool == tool && m.Step == step)]);

    /// <summary>All that tells of a tool's memory on a corpus.</summary>
    public Series Peak(string corpus, string tool) => new([.. measurements.Where(m => m.Corpus == corpus && m.Tool == tool && m.PeakBytes > 0)]);

    /// <summary>The better of restic and borg, of those that have a valid figure.</summary>
    public (string Tool, double Value)? Best(string corpus, string step, Func<Series, double> value)
    {
        var rivals = Rivals.Select(tool => (Tool: tool, Series: Of(corpus, tool, step))).Where(rival => rival.Series.IsValid).Select(rival => (rival.Tool, Value: value(rival.Series))).ToArray();
        return rivals.Length == 0 ? null : rivals.MinBy(rival => rival.Value);
    }

    private void AppendTable(StringBuilder text, string corpus)
    {
        var columns = Tools.Where(tool => measurements.Any(m => m.Corpus == corpus && m.Tool == tool.Tool)).ToArray();
        text.Append(CultureInfo.InvariantCulture, $"| | {string.Join(" | ", columns.Select(c => c.Title))} | against the better of restic and borg |\n|---|{string.Concat(columns.Select(_ => "--:|"))}--:|\n");
        foreach (var (step, title) in Steps)
        {
            var our = Of(corpus, Ours, step);
            var ratio = our.IsValid && Best(corpus, step, series => series.MedianSeconds) is { } best ? Invariant($"{best.Value / our.MedianSeconds:F2}× as fast") : "";
            AppendRow(text, (corpus, step, $"{title}, seconds"), columns, Seconds, ratio);
        }
        foreach (var (step, title) in Steps)
        {
            AppendRow(text, (corpus, step, $"{title}, CPU seconds"), columns, series => Invariant($"{series.MedianCpu:F2}"), "");
        }
        var apart = Of(corpus, Ours, "apart").Count > 0;
        foreach (var (step, title) in (ReadOnlySpan<(string, string)>)[("apart", "repository without duplicates across subjects, MB"), ("size", apart ? "what separating subjects costs: repository with them, MB" : "repository, MB")])
        {
            var our = Of(corpus, Ours, step);
            var ratio = our.IsValid && Best(corpus, step, series => series.MedianBytes) is { } best ? Invariant($"{our.MedianBytes / best.Value - 1:+0.0 %;−0.0 %;0.0 %} against {best.Tool}") : "";
            AppendRow(text, (corpus, step, title), columns, series => Megabytes(series.MedianBytes), ratio);
        }
        var peaks = columns.Select(column => Peak(corpus, column.Tool)).Select(peak => peak.Count == 0 ? "–" : Megabytes(peak.PeakBytes));
        text.Append(CultureInfo.InvariantCulture, $"| peak memory of any process, MB | {string.Join(" | ", peaks)} | |\n");
    }

    private void AppendRow(StringBuilder text, (string Corpus, string Step, string Title) row, (string Tool, string Title)[] columns, Func<Series, string> cell, string comparison)
    {
        var series = columns.Select(column => Of(row.Corpus, column.Tool, row.Step)).ToArray();
        if (series.All(s => s.Count == 0))
        {
            return;
        }
        var cells = series.Select(s => s.Worst switch { null => "–", Outcome.Ok => cell(s), Outcome.Void => "void: the restored tree differs", _ => "failed" });
        text.Append(CultureInfo.InvariantCulture, $"| {row.Title} | {string.Join(" | ", cells)} | {comparison} |\n");
    }

    private static string Seconds(Series series) =>
        series.Count == 1 ? Invariant($"{series.MedianSeconds:F2}") : Invariant($"{series.MedianSeconds:F2} ({series.MinSeconds:F2} – {series.MaxSeconds:F2})");

    private static string Megabytes(long bytes) => Invariant($"{bytes / 1e6:F1}");

    private static string Invariant(FormattableString text) => FormattableString.Invariant(text);
}
