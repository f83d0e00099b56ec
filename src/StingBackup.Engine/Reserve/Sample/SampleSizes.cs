namespace StingBackup.Engine.Reserve.Sample;

/// <summary>How long files are. Each function maps a rank from 0 to 1 to a length in bytes.</summary>
internal static class SampleSizes
{
    /// <summary>
    /// Files of people: log-normal around a median of 180 KB, and above the 95th percentile, 6 MB, a tail of scans and photographs that falls off to 18 MB.
    /// One log-normal through both points would hold three GB in 3,000 files; people's folders hold two.
    /// </summary>
    public static double UserFile(double rank)
    {
        const double Tail = 0.95;
        return rank < Tail
            ? Math.Min(6e6, 166e3 * Math.Exp(1.2 * Normal(rank / Tail)))
            : Math.Min(18e6, 6e6 * Math.Exp(0.35 * Normal(0.5 + (rank - Tail) / (1 - Tail) / 2)));
    }

    /// <summary>Documents in jars: log-normal around a median of 40 KB, at most 50 MB.</summary>
    public static double JarDocument(double rank) => Math.Min(50e6, 40e3 * Math.Exp(1.3 * Normal(rank)));

    /// <summary>The standard normal distribution's quantile; Acklam's rational approximation, good to nine digits.</summary>
    public static double Normal(double rank)
    {
        const double Low = 0.02425;
        if (rank < Low)
        {
            var q = Math.Sqrt(-2 * Math.Log(Math.Max(rank, 1e-12)));
            return Outer(q);
        }
        if (rank > 1 - Low)
        {
            var q = Math.Sqrt(-2 * Math.Log(Math.Max(1 - rank, 1e-12)));
            return -Outer(q);
        }
        var x = rank - 0.5;
        var r = x * x;
        return (((((-39.69683028665376 * r + 220.9460984245205) * r - 275.9285104469687) * r + 138.3577518672690) * r - 30.66479806614716) * r + 2.506628277459239) * x
            / (((((-54.47609879822406 * r + 161.5858368580409) * r - 155.6989798598866) * r + 66.80131188771972) * r - 13.28068155288572) * r + 1);
    }

    private static double Outer(double q) =>
        (((((-0.007784894002430293 * q - 0.3223964580411365) * q - 2.400758277161838) * q - 2.549732539343734) * q + 4.374664141464968) * q + 2.938163982698783)
        / ((((0.007784695709041462 * q + 0.3224671290700398) * q + 2.445134137142996) * q + 3.754408661907416) * q + 1);
}
