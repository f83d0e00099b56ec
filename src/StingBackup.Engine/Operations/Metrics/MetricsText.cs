using System.Globalization;
using System.Text;

namespace StingBackup.Engine.Operations.Metrics;

/// <summary>Metrics as OpenMetrics text. All are gauges, so that the same text is good for readers of the older Prometheus format, node_exporter's textfile collector among them.</summary>
public static class MetricsText
{
    /// <summary>The media type of the text.</summary>
    public const string MediaType = "application/openmetrics-text; version=1.0.0; charset=utf-8";

    /// <summary>The text.</summary>
    public static string Of(BackupMetrics metrics)
    {
        ArgumentNullException.ThrowIfNull(metrics);
        var text = new StringBuilder();
        foreach (var family in MetricFamilies.Of(metrics).Where(f => f.Samples.Count > 0))
        {
            text.Append(CultureInfo.InvariantCulture, $"# HELP {family.Name} {Escape(family.Help)}\n# TYPE {family.Name} gauge\n");
            foreach (var sample in family.Samples)
            {
                text.Append(family.Name);
                if (sample.Label is { } label)
                {
                    text.Append(CultureInfo.InvariantCulture, $"{{{label.Name}=\"{Escape(label.Value)}\"}}");
                }
                text.Append(' ').Append(sample.Value.ToString("R", CultureInfo.InvariantCulture)).Append('\n');
            }
        }
        return text.Append("# EOF\n").ToString();
    }

    private static string Escape(string text) => text.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\n", "\\n", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal);
}
