namespace StingBackup.Bench.Scale;

/// <summary>What a step costs against the size: a fixed part, then a power of the size. The fixed part is what is left where growth between the two least sizes is taken for linear; the rest is fitted on logarithms. So a slope above 1 is told somewhat flatter than it is, and noise at small sizes does not pass for one.</summary>
/// <param name="Fixed">The part that does not grow.</param>
/// <param name="Slope">Exponent of the rest: 1 is linear. Not a number where nothing grows.</param>
/// <param name="Error">Standard error of the slope; not a number with two sizes, which leave none.</param>
/// <param name="Grows">Whether the largest size costs visibly more than the smallest.</param>
internal readonly record struct PowerFit(double Fixed, double Slope, double Error, bool Grows)
{
    /// <summary>A step that costs less than this times its smallest size at its largest does not grow.</summary>
    private const double Visible = 1.25;

    /// <summary>Fits <c>cost = fixed + a · size^slope</c>.</summary>
    /// <param name="points">A size and its cost, several of one size allowed; at least two sizes.</param>
    public static PowerFit Of(IReadOnlyCollection<(double Size, double Cost)> points)
    {
        var medians = points.GroupBy(p => p.Size).OrderBy(g => g.Key).Select(g => (Size: g.Key, Cost: Median(g.Select(p => p.Cost)))).ToArray();
        if (medians.Length < 2)
        {
            throw new ArgumentException("A fit needs two sizes.", nameof(points));
        }
        var least = medians.Min(m => m.Cost);
        if (medians[^1].Cost < Visible * medians[0].Cost)
        {
            return new PowerFit(Median(medians.Select(m => m.Cost)), double.NaN, double.NaN, false);
        }
        // Linear through the two smallest sizes gives the fixed part; it may not be below zero nor hide the smallest size's own growth.
        var (a, b) = (medians[0], medians[1]);
        var floor = Math.Clamp(a.Cost - (b.Cost - a.Cost) / (b.Size - a.Size) * a.Size, 0, least);
        var rest = points.Select(p => (X: Math.Log(p.Size), Y: p.Cost - floor)).Where(p => p.Y > 0).Select(p => (p.X, Y: Math.Log(p.Y))).ToArray();
        return Line(rest) is var (slope, error) ? new PowerFit(floor, slope, error, true) : default;
    }

    private static (double Slope, double Error) Line((double X, double Y)[] points)
    {
        double mx = points.Average(p => p.X), my = points.Average(p => p.Y);
        double xx = points.Sum(p => (p.X - mx) * (p.X - mx)), xy = points.Sum(p => (p.X - mx) * (p.Y - my));
        var slope = xy / xx;
        var left = points.Sum(p => Math.Pow(p.Y - my - slope * (p.X - mx), 2));
        return (slope, points.Length > 2 && points.Select(p => p.X).Distinct().Count() > 2 ? Math.Sqrt(left / (points.Length - 2) / xx) : double.NaN);
    }

    private static double Median(IEnumerable<double> values)
    {
        var sorted = values.Order().ToArray();
        return sorted.Length % 2 == 1 ? sorted[sorted.Length / 2] : (sorted[sorted.Length / 2 - 1] + sorted[sorted.Length / 2]) / 2;
    }
}
