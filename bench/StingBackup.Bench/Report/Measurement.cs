using System.Globalization;

namespace StingBackup.Bench.Report;

/// <summary>How one timed command ended.</summary>
internal enum Outcome
{
    Ok,
    /// <summary>The command failed.</summary>
    Failed,
    /// <summary>What it restored differs from the corpus: its time says nothing.</summary>
    Void,
}

/// <summary>One line of compare.sh's results.</summary>
/// <param name="Corpus">fixture, small, large.</param>
/// <param name="Tool">sting, restic, borg, tar.</param>
/// <param name="Step">first, unchanged, changed, restore, verify, size, apart.</param>
/// <param name="Seconds">Wall time, 0 for sizes.</param>
/// <param name="Cpu">User and system time of all processes, seconds.</param>
/// <param name="PeakBytes">Largest resident set of any of its processes.</param>
/// <param name="Bytes">Bytes that the step is about: the corpus's, or the repository's for sizes.</param>
/// <param name="Outcome">How it ended.</param>
internal sealed record Measurement(string Corpus, string Tool, string Step, double Seconds, double Cpu, long PeakBytes, long Bytes, Outcome Outcome)
{
    /// <summary>Reads <c>corpus round tool step seconds cpu peak_kib bytes outcome</c>, separated by tabs.</summary>
    /// <exception cref="FormatException">Names the line.</exception>
    public static IReadOnlyList<Measurement> Read(IEnumerable<string> lines)
    {
        var measurements = new List<Measurement>();
        var number = 0;
        foreach (var line in lines)
        {
            number++;
            if (line.Length == 0 || line[0] == '#')
            {
                continue;
            }
            var fields = line.Split('\t');
            if (fields.Length != 9 || !double.TryParse(fields[4], CultureInfo.InvariantCulture, out var seconds) || !double.TryParse(fields[5], CultureInfo.InvariantCulture, out var cpu)
                || !long.TryParse(fields[6], CultureInfo.InvariantCulture, out var peak) || !long.TryParse(fields[7], CultureInfo.InvariantCulture, out var bytes)
                || !Enum.TryParse<Outcome>(fields[8], ignoreCase: true, out var outcome))
            {
                throw new FormatException($"Line {number} of the results is not 'corpus round tool step seconds cpu peak_kib bytes outcome': '{line}'.");
            }
            measurements.Add(new Measurement(fields[0], fields[2], fields[3], seconds, cpu, peak * 1024, bytes, outcome));
        }
        return measurements;
    }
}

/// <summary>Several runs of one step by one tool.</summary>
internal sealed class Series(IReadOnlyList<Measurement> runs)
{
    /// <summary>True when there are runs and each of them counts.</summary>
    public bool IsValid => runs.Count > 0 && runs.All(run => run.Outcome == Outcome.Ok);

    /// <summary>The worst outcome, or null without runs.</summary>
    public Outcome? Worst => runs.Count == 0 ? null : runs.Max(run => run.Outcome);

    public int Count => runs.Count;

    public double MinSeconds => runs.Min(run => run.Seconds);

    public double MaxSeconds => runs.Max(run => run.Seconds);

    public double MedianSeconds => Median(runs.Select(run => run.Seconds));

    public double MedianCpu => Median(runs.Select(run => run.Cpu));

    public long PeakBytes => runs.Max(run => run.PeakBytes);

    public long MedianBytes => (long)Median(runs.Select(run => (double)run.Bytes));

    private static double Median(IEnumerable<double> values)
    {
        var sorted = values.Order().ToArray();
        var middle = sorted.Length / 2;
        return sorted.Length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
    }
}
