using System.Globalization;
using System.Reflection;
using System.Text;
using BenchmarkDotNet.Reports;

namespace StingBackup.Micro;

/// <summary>What BenchmarkDotNet measured, as a table of stages.</summary>
internal static class StageTable
{
    /// <summary>Line before the section.</summary>
    public const string Begin = "<!-- stages: begin; bench/micro.sh writes what follows -->";
    /// <summary>Line after it.</summary>
    public const string End = "<!-- stages: end -->";

    /// <summary>The table; a stage that failed says so.</summary>
    /// <param name="summaries">What was measured.</param>
    /// <param name="only">The words that rows end with, such as that vectors were turned off; null for none.</param>
    public static string Of(IEnumerable<Summary> summaries, string? only)
    {
        var text = new StringBuilder();
        foreach (var report in summaries.SelectMany(summary => summary.Reports))
        {
            var stage = report.BenchmarkCase.Descriptor.WorkloadMethod.GetCustomAttribute<StageAttribute>()!;
            text.Append(CultureInfo.InvariantCulture, $"| {stage.Name}{(only is null ? "" : $", {only}")} | {stage.Of} |");
            text.Append(report.ResultStatistics is { } statistics ? Figures(stage, statistics.Median, statistics.StandardDeviation, report.GcStats.GetBytesAllocatedPerOperation(report.BenchmarkCase) ?? 0) : " failed | | |\n");
        }
        return text.ToString();
    }

    /// <summary>The head of the table.</summary>
    public static string Head => "| stage | of | time | rate | allocated |\n|---|---|--:|--:|--:|\n";

    /// <summary>The document with other text between the markers.</summary>
    /// <exception cref="FormatException">The markers are not there, once each and in order.</exception>
    public static string Replace(string document, string section)
    {
        int begin = document.IndexOf(Begin, StringComparison.Ordinal), end = document.IndexOf(End, StringComparison.Ordinal);
        return begin >= 0 && end > begin ? string.Concat(document.AsSpan(0, begin + Begin.Length), "\n", section, document.AsSpan(end))
            : throw new FormatException($"The document needs the lines '{Begin}' and '{End}', in this order.");
    }

    private static string Figures(StageAttribute stage, double nanoseconds, double deviation, long allocated)
    {
        var rate = stage.Bytes > 0 ? Invariant($"{stage.Bytes / nanoseconds * 1000:N0} MB/s") : Invariant($"{Rounded(1e9 / nanoseconds):N0} {stage.Unit}/s");
        return $" {Time(nanoseconds)} ± {deviation / nanoseconds * 100:F0} % | {rate} | {allocated:N0} B |\n".ToString(CultureInfo.InvariantCulture);
    }

    private static string Time(double nanoseconds) => nanoseconds switch
    {
        < 1e3 => Invariant($"{nanoseconds:F0} ns"),
        < 1e6 => Invariant($"{nanoseconds / 1e3:F1} µs"),
        _ => Invariant($"{nanoseconds / 1e6:F2} ms"),
    };

    // Three digits: more would say more than is known.
    private static double Rounded(double value)
    {
        var unit = Math.Pow(10, Math.Max(0, Math.Floor(Math.Log10(value)) - 2));
        return Math.Round(value / unit) * unit;
    }

    private static string Invariant(FormattableString text) => FormattableString.Invariant(text);
}
