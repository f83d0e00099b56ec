using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using StingBackup.Engine.Operations.Metrics;
using StingBackup.Engine.Tests.Documentation;
using StingBackup.Engine.Tests.Support;

namespace StingBackup.Engine.Tests.Operations.Metrics;

/// <summary>docs/reference/metrics.md is made from the table of metrics; STING_UPDATE_GOLDEN=1 writes it.</summary>
public sealed partial class MetricsReferenceTests
{
    [Fact]
    public async Task Every_metric_with_its_label_and_meaning()
    {
        await using var test = new TestInstallation();
        var families = MetricFamilies.Of(await MetricsReader.ReadAsync(test.Installation, default));
        // A family without a sample tells no label, so these are read where they stand.
        var labels = Family().Matches(ProjectTree.Read("src/StingBackup.Engine/Operations/Metrics/MetricFamilies.cs"))
            .ToDictionary(m => $"sting_backup_{m.Groups["name"].Value}", m => m.Groups["label"].Success ? m.Groups["label"].Value : m.Groups["runs"].Success ? "state" : "", StringComparer.Ordinal);
        var text = new StringBuilder("""
            # Metrics

            <!-- Made from the table of metrics (src/StingBackup.Engine/Operations/Metrics/MetricFamilies.cs). STING_UPDATE_GOLDEN=1 with MetricsReferenceTests writes it. -->

            All are gauges, the same in the file (`metrics.file`), by HTTP (`metrics.port`) and by OTLP (`metrics.otlp_endpoint`). A metric of which nothing is known is left out. How they are exported and what to watch: [operations.md](../operations.md#metrics).

            | metric | label | meaning |
            |---|---|---|

            """);
        foreach (var family in families)
        {
            text.Append(CultureInfo.InvariantCulture, $"| `{family.Name}` | {(labels[family.Name] is { Length: > 0 } label ? $"`{label}`" : "")} | {family.Help} |\n");
        }
        Assert.Equal(families.Count, labels.Count);
        Golden.Check("docs/reference/metrics.md", text.ToString().ReplaceLineEndings("\n"));
    }

    [GeneratedRegex(@"(?:One|Many)\(""(?<name>\w+)"",(?:(?!\b(?:One|Many)\("")(?:Sample\(""(?<label>\w+)""|(?<runs>Runs\(m\.Runs\))|.))*", RegexOptions.Singleline)]
    private static partial Regex Family();
}
