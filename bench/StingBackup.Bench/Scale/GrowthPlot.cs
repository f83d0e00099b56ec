using System.Globalization;
using System.Text;

namespace StingBackup.Bench.Scale;

/// <summary>Processor seconds against size (other work on the machine changes them least), both on logarithms, as an SVG that needs nothing else.</summary>
internal static class GrowthPlot
{
    private const int Width = 760, Height = 420, Left = 60, Right = 190, Top = 20, Bottom = 50;
    private static readonly string[] Colours = ["#1b6ca8", "#c1442e", "#2e8b57", "#8a4fbf", "#b8860b", "#008b8b", "#555555", "#d05090", "#6b8e23", "#333399"];

    public static string Of(string axis, IReadOnlyCollection<GrowthRun> runs)
    {
        var series = runs.GroupBy(r => r.Step).Select(g => (Step: g.Key, Points: g.GroupBy(r => r.Size).OrderBy(s => s.Key).Select(s => (X: (double)s.Key, Y: Math.Max(0.01, s.Select(r => r.Cpu).Order().ElementAt(s.Count() / 2)))).ToList())).ToList();
        double x0 = Math.Floor(Math.Log10(runs.Min(r => r.Size))), x1 = Math.Max(x0 + 1, Math.Ceiling(Math.Log10(runs.Max(r => r.Size))));
        double y0 = Math.Floor(Math.Log10(series.Min(s => s.Points.Min(p => p.Y)))), y1 = Math.Max(y0 + 1, Math.Ceiling(Math.Log10(series.Max(s => s.Points.Max(p => p.Y)))));
        double X(double value) => Left + (Math.Log10(value) - x0) / (x1 - x0) * (Width - Left - Right);
        double Y(double value) => Height - Bottom - (Math.Log10(value) - y0) / (y1 - y0) * (Height - Top - Bottom);
        var svg = new StringBuilder();
        svg.Append(CultureInfo.InvariantCulture, $"<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {Width} {Height}\" font-family=\"sans-serif\" font-size=\"12\" role=\"img\" aria-label=\"Processor seconds against {axis}\">\n<rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n");
        for (var d = x0; d <= x1; d++)
        {
            svg.Append(CultureInfo.InvariantCulture, $"<path d=\"M{X(Math.Pow(10, d)):0.#} {Top}V{Height - Bottom}\" stroke=\"#ddd\"/><text x=\"{X(Math.Pow(10, d)):0.#}\" y=\"{Height - Bottom + 18}\" text-anchor=\"middle\">{Math.Pow(10, d):N0}</text>\n");
        }
        for (var d = y0; d <= y1; d++)
        {
            svg.Append(CultureInfo.InvariantCulture, $"<path d=\"M{Left} {Y(Math.Pow(10, d)):0.#}H{Width - Right}\" stroke=\"#ddd\"/><text x=\"{Left - 8}\" y=\"{Y(Math.Pow(10, d)) + 4:0.#}\" text-anchor=\"end\">{Math.Pow(10, d):0.###} s</text>\n");
        }
        svg.Append(CultureInfo.InvariantCulture, $"<text x=\"{(Left + Width - Right) / 2}\" y=\"{Height - 12}\" text-anchor=\"middle\">{axis}</text>\n");
        // Linear growth, to hold the lines against.
        svg.Append(CultureInfo.InvariantCulture, $"<clipPath id=\"c\"><rect x=\"{Left}\" y=\"{Top}\" width=\"{Width - Left - Right}\" height=\"{Height - Top - Bottom}\"/></clipPath><path clip-path=\"url(#c)\" d=\"M{X(Math.Pow(10, x0)):0.#} {Y(Math.Pow(10, y1 - (x1 - x0))):0.#}L{X(Math.Pow(10, x1)):0.#} {Y(Math.Pow(10, y1)):0.#}\" stroke=\"#999\" stroke-dasharray=\"4 4\"/>\n");
        foreach (var (i, (step, points)) in series.Index())
        {
            var colour = Colours[i % Colours.Length];
            svg.Append(CultureInfo.InvariantCulture, $"<polyline fill=\"none\" stroke=\"{colour}\" stroke-width=\"2\" points=\"{string.Join(' ', points.Select(p => string.Create(CultureInfo.InvariantCulture, $"{X(p.X):0.#},{Y(p.Y):0.#}")))}\"/>\n");
            foreach (var (x, y) in points)
            {
                svg.Append(CultureInfo.InvariantCulture, $"<circle cx=\"{X(x):0.#}\" cy=\"{Y(y):0.#}\" r=\"3\" fill=\"{colour}\"/>");
            }
            svg.Append(CultureInfo.InvariantCulture, $"\n<rect x=\"{Width - Right + 15}\" y=\"{Top + 20 * i}\" width=\"12\" height=\"12\" fill=\"{colour}\"/><text x=\"{Width - Right + 33}\" y=\"{Top + 20 * i + 10}\">{step}</text>\n");
        }
        svg.Append(CultureInfo.InvariantCulture, $"<path d=\"M{Width - Right + 15} {Top + 20 * series.Count + 6}h12\" stroke=\"#999\" stroke-dasharray=\"4 4\"/><text x=\"{Width - Right + 33}\" y=\"{Top + 20 * series.Count + 10}\">linear</text>\n</svg>\n");
        return svg.ToString();
    }
}
