namespace StingBackup.Engine.Guardian;

/// <summary>Median and median absolute deviation: a few runs that were not usual do not move them.</summary>
internal static class RobustStatistics
{
    /// <summary>From a median absolute deviation to a standard one, for normal values.</summary>
    private const double ToStandard = 1.4826;

    public static double Median(IEnumerable<double> values)
    {
        double[] sorted = [.. values.Order()];
        return sorted.Length == 0 ? 0 : sorted.Length % 2 == 1 ? sorted[sorted.Length / 2] : (sorted[(sorted.Length / 2) - 1] + sorted[sorted.Length / 2]) / 2;
    }

    /// <summary>Median, and the deviation of half of the values from it, scaled to a standard one.</summary>
    public static (double Median, double Deviation) Of(IReadOnlyCollection<double> values)
    {
        var median = Median(values);
        return (median, ToStandard * Median(values.Select(v => Math.Abs(v - median))));
    }

    /// <summary>How many deviations a value is above the median.</summary>
    public static double Distance(double value, IReadOnlyCollection<double> values, double leastDeviation)
    {
        var (median, deviation) = Of(values);
        return (value - median) / Math.Max(deviation, leastDeviation);
    }
}
