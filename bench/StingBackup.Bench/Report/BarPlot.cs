using System.Globalization;
using System.Text;

namespace StingBackup.Bench.Report;

/// <summary>
/// The timed steps of one corpus as bars, in a picture of its own: each step has its own scale, since an unchanged run and a first one differ by ten times, and each bar its figure.
/// Colours follow what the reader's page is in, light or dark.
/// </summary>
internal static class BarPlot
{
    private const int Width = 760, Left = 168, Right = 64, Bar = 15, Gap = 3, StepGap = 14, Top = 62;

    private static readonly string[] Steps = ["first", "unchanged", "changed", "restore", "verify", "onefile"];

    private const string Style = """
        <style>
        text{font:13px system-ui,sans-serif;fill:#24292f}.title{font-size:15px;font-weight:600}.soft{fill:#57606a;font-size:12px}.line{stroke:#24292f;stroke-width:1}
        .sting{fill:#d29922}.restic{fill:#4c8dd6}.borg{fill:#4da167}.tar{fill:#9a8bc4}.primitives{fill:#9aa4af}
        @media (prefers-color-scheme:dark){text{fill:#e6edf3}.soft{fill:#9ea7b3}.line{stroke:#e6edf3}.sting{fill:#e3b341}.restic{fill:#58a6ff}.borg{fill:#56b870}.tar{fill:#b6a6e0}.primitives{fill:#7d8590}}
        </style>
        """;

    /// <summary>The picture; null where this program has no valid figure on the corpus.</summary>
    public static string? Draw(Comparison comparison, string corpus, string title)
    {
        var groups = Steps.Select(step => (Title: Comparison.Steps.Single(s => s.Step == step).Title,
            Bars: Comparison.Tools.Select(tool => (tool.Tool, Series: comparison.Of(corpus, tool.Tool, step))).Where(bar => bar.Series.IsValid).ToArray()))
            .Where(group => group.Bars.Any(bar => bar.Tool == Comparison.Ours)).ToArray();
        if (groups.Length == 0)
        {
            return null;
        }
        var height = Top + groups.Sum(group => group.Bars.Length * (Bar + Gap) + StepGap);
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{Width}\" height=\"{height}\" viewBox=\"0 0 {Width} {height}\" role=\"img\" aria-label=\"{title}: seconds of each step\">\n{Style}\n");
        text.Append(CultureInfo.InvariantCulture, $"<text class=\"title\" x=\"8\" y=\"22\">{title}: seconds, shorter is better; each step to its own scale</text>\n");
        AppendKey(text, groups.SelectMany(group => group.Bars).Select(bar => bar.Tool).ToHashSet(StringComparer.Ordinal));
        var y = Top;
        foreach (var (step, bars) in groups)
        {
            text.Append(CultureInfo.InvariantCulture, $"<text x=\"{Left - 10}\" y=\"{y + bars.Length * (Bar + Gap) / 2 + 4}\" text-anchor=\"end\">{step}</text>\n");
            var longest = bars.Max(bar => bar.Series.MaxSeconds);
            foreach (var (tool, series) in bars)
            {
                AppendBar(text, tool, series, y, (Width - Left - Right) / longest);
                y += Bar + Gap;
            }
            y += StepGap;
        }
        return text.Append("</svg>\n").ToString();
    }

    private static void AppendKey(StringBuilder text, HashSet<string> tools)
    {
        var x = 8;
        foreach (var (tool, title) in Comparison.Tools.Where(tool => tools.Contains(tool.Tool)))
        {
            text.Append(CultureInfo.InvariantCulture, $"<rect class=\"{tool}\" x=\"{x}\" y=\"34\" width=\"11\" height=\"11\" rx=\"2\"/><text class=\"soft\" x=\"{x + 16}\" y=\"44\">{title}</text>\n");
            x += 36 + title.Length * 7;
        }
    }

    /// <summary>A bar of the median, a thin line from the shortest to the longest, the figure behind both.</summary>
    private static void AppendBar(StringBuilder text, string tool, Series series, int y, double scale)
    {
        double middle = y + Bar / 2.0, from = Left + series.MinSeconds * scale, to = Left + series.MaxSeconds * scale, length = series.MedianSeconds * scale;
        text.Append(CultureInfo.InvariantCulture, $"<rect class=\"{tool}\" x=\"{Left}\" y=\"{y}\" width=\"{length:F1}\" height=\"{Bar}\" rx=\"2\"/>");
        if (series.Count > 1)
        {
            text.Append(CultureInfo.InvariantCulture, $"<path class=\"line\" d=\"M{from:F1} {middle}H{to:F1}\"/>");
        }
        text.Append(CultureInfo.InvariantCulture, $"<text class=\"soft\" x=\"{Math.Max(to, Left + length) + 6:F1}\" y=\"{y + 12}\">{series.MedianSeconds:F2}</text>\n");
    }
}
