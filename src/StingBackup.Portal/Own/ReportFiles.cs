using System.Globalization;
using System.Text;
using StingBackup.Engine.People;

namespace StingBackup.Portal.Own;

/// <summary>A person's report of a month as a file.</summary>
internal static class ReportFiles
{
    /// <summary>Parses <c>yyyy-MM</c>.</summary>
    public static DateOnly Month(string? text, DateOnly usual) => string.IsNullOrEmpty(text) ? new DateOnly(usual.Year, usual.Month, 1)
        : DateOnly.TryParseExact(text, "yyyy-MM", CultureInfo.InvariantCulture, DateTimeStyles.None, out var month) && month.Year is > 1980 and < 9000 ? month : throw Given.Wrong("month");

    public static string NameOf(OwnReport report, string extension) => $"backups-{report.Month.ToString("yyyy-MM", CultureInfo.InvariantCulture)}.{extension}";

    /// <summary>A line a measure. Values are numbers, moments and ids: nothing that a table would take for a formula.</summary>
    public static byte[] Csv(OwnReport report)
    {
        var text = new StringBuilder("measure,value\r\n");
        foreach (var (name, value) in Measures(report))
        {
            text.Append(name).Append(',').Append(value).Append("\r\n");
        }
        return Encoding.UTF8.GetBytes(text.ToString());
    }

    private static IEnumerable<(string Name, string Value)> Measures(OwnReport report)
    {
        static string Of(FormattableString value) => value.ToString(CultureInfo.InvariantCulture);
        yield return ("month", Of($"{report.Month:yyyy-MM}"));
        yield return ("runs", Of($"{report.Runs}"));
        yield return ("whole_runs", Of($"{report.WholeRuns}"));
        yield return ("versions", Of($"{report.Versions}"));
        yield return ("newest_run", report.Newest?.BackupId ?? "");
        yield return ("newest_time", report.Newest is { } newest ? Of($"{newest.Time:yyyy-MM-ddTHH:mm:sszzz}") : "");
        yield return ("items", Of($"{report.Items}"));
        yield return ("bytes", Of($"{report.Length}"));
        yield return ("restores", Of($"{report.Restores}"));
        yield return ("failed_restores", Of($"{report.FailedRestores}"));
        yield return ("openings", Of($"{report.Openings}"));
        foreach (var erasure in report.Erasures)
        {
            yield return ("erasure", $"{erasure.Id} {erasure.State}");
        }
    }
}
