namespace StingBackup.Bench.Report;

/// <summary>Prints the tables, and puts them into a document.</summary>
internal static class ReportCommand
{
    /// <summary>Line before the measured section.</summary>
    public const string Begin = "<!-- measured: begin; bench/compare.sh writes what follows -->";
    /// <summary>Line after it.</summary>
    public const string End = "<!-- measured: end -->";

    /// <summary>Exit code 0, or 1 when a step failed or a restore differed.</summary>
    public static int Run(string results, string machine, string? document)
    {
        var measurements = Measurement.Read(File.ReadLines(results));
        var section = File.ReadAllText(machine).Trim() + "\n\n" + new Comparison(measurements).ToMarkdown().TrimEnd() + "\n";
        Console.WriteLine(section);
        if (document is not null)
        {
            File.WriteAllText(document, Replace(File.ReadAllText(document), section, document));
        }
        return measurements.All(m => m.Outcome == Outcome.Ok) ? 0 : 1;
    }

    /// <summary>The document with a new measured section; all else stays as it is.</summary>
    /// <exception cref="FormatException">The markers are not there, once each and in order.</exception>
    public static string Replace(string document, string section, string name)
    {
        int begin = document.IndexOf(Begin, StringComparison.Ordinal), end = document.IndexOf(End, StringComparison.Ordinal);
        if (begin < 0 || end < begin || document.LastIndexOf(Begin, StringComparison.Ordinal) != begin || document.LastIndexOf(End, StringComparison.Ordinal) != end)
        {
            throw new FormatException($"'{name}' needs the lines '{Begin}' and '{End}', once each and in this order.");
        }
        return string.Concat(document.AsSpan(0, begin + Begin.Length), "\n", section, document.AsSpan(end));
    }
}
