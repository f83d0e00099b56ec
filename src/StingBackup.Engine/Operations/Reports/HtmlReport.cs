using System.Globalization;
using System.Net;
using System.Text;

namespace StingBackup.Engine.Operations.Reports;

/// <summary>A report as a page for people: one file, no script, nothing loaded from elsewhere, light and dark.</summary>
internal static class HtmlReport
{
    private const string Style = ":root{color-scheme:light dark;--ink:#1a1a1a;--soft:#555;--line:#ddd;--bar0:#2f7d4f;--bar1:#c98a00;--bar2:#b3261e}"
        + "@media(prefers-color-scheme:dark){:root{--ink:#eee;--soft:#aaa;--line:#444;--bar0:#5cb883;--bar1:#e0ad3c;--bar2:#f2766d}}"
        + "body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:var(--ink)}h1{font-size:1.6rem}h2{font-size:1.15rem;margin-top:2rem}"
        + ".scroll{overflow-x:auto}table{border-collapse:collapse;width:100%}th,td{text-align:left;vertical-align:top;padding:.35rem .8rem .35rem 0;border-bottom:1px solid var(--line)}"
        + "td.n,th.n{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}td{overflow-wrap:break-word;min-width:4rem}td:first-child{white-space:nowrap}.soft{color:var(--soft)}figure{margin:1rem 0}svg{width:100%;height:auto;display:block}svg text{fill:var(--soft);font:11px system-ui,sans-serif}"
        + ".key{display:flex;gap:1.2rem;flex-wrap:wrap;font-size:.9rem}.key i{display:inline-block;width:.8em;height:.8em;margin-right:.4em}";

    public static string Render(ReportPage page, BackupReport report)
    {
        var text = new StringBuilder("<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\">").Append("<title>").Append(Encode(page.Title)).Append("</title><style>").Append(Style)
            .Append("</style></head><body>\n<h1>").Append(Encode(page.Title)).Append("</h1>\n<p>").Append(Encode(page.Summary)).Append("</p>\n<p class=\"soft\">Reserve ").Append(report.ReserveId).Append(", made ").Append(Display.Time(report.CreatedTime)).Append("</p>\n");
        text.Append("<h2>What was not as it should be</h2>\n");
        if (page.Exceptions.Count == 0)
        {
            text.Append("<p>Nothing.</p>\n");
        }
        else
        {
            text.Append("<ul>").AppendJoin("", page.Exceptions.Select(e => $"<li>{Encode(e)}</li>")).Append("</ul>\n");
        }
        foreach (var plot in page.Plots)
        {
            Plot(text, plot);
        }
        foreach (var table in page.Tables)
        {
            Table(text, table);
        }
        return text.Append("</body></html>\n").ToString();
    }

    private static void Table(StringBuilder text, ReportTable table)
    {
        text.Append("<h2>").Append(Encode(table.Title)).Append("</h2>\n");
        if (table.Rows.Count == 0)
        {
            text.Append("<p>None.</p>\n");
            return;
        }
        bool[] isNumber = [.. Enumerable.Range(0, table.Columns.Count).Select(column => table.Rows.All(row => IsNumber(row[column])))];
        text.Append("<div class=\"scroll\"><table><thead>");
        Row(text, table.Columns, isNumber, "th scope=\"col\"", "th");
        text.Append("</thead><tbody>");
        foreach (var row in table.Rows)
        {
            Row(text, row, isNumber, "td", "td");
        }
        text.Append("</tbody></table></div>\n");
    }

    private static void Row(StringBuilder text, IReadOnlyList<string> cells, bool[] isNumber, string open, string close)
    {
        text.Append("<tr>");
        for (var i = 0; i < cells.Count; i++)
        {
            text.Append('<').Append(open).Append(isNumber[i] ? " class=\"n\">" : ">").Append(Encode(cells[i])).Append("</").Append(close).Append('>');
        }
        text.Append("</tr>");
    }

    private static bool IsNumber(string cell) => cell.Length > 0 && char.IsAsciiDigit(cell[0]) && cell.All(c => char.IsAsciiDigit(c) || c is ',' or '.' or ' ' or ':' or 'B' or 'K' or 'M' or 'G' or 'T' or 'i' or 's' or 'm' or 'h' or 'd');

    /// <summary>Bars with a scale of round numbers; the figures stand in each bar's title, for those who hover or listen.</summary>
    private static void Plot(StringBuilder text, ReportPlot plot)
    {
        const int width = 900, height = 190, left = 40, bottom = 24, top = 10;
        var most = Math.Max(1, plot.Bars.Max(bar => bar.Parts.Sum()));
        var step = StepOf(most);
        var scale = (most + step - 1) / step * step;
        double high = height - bottom - top, slot = (double)(width - left) / plot.Bars.Count;
        text.Append("<h2>").Append(Encode(plot.Title)).Append("</h2>\n<figure><svg viewBox=\"0 0 ").Append(width).Append(' ').Append(height).Append("\" role=\"img\" aria-label=\"").Append(Encode(plot.Title)).Append("\">");
        for (long line = 0; line <= scale; line += step)
        {
            var y = height - bottom - (high * line / scale);
            text.Append(CultureInfo.InvariantCulture, $"<line x1=\"{left}\" x2=\"{width}\" y1=\"{y:0.#}\" y2=\"{y:0.#}\" stroke=\"var(--line)\"/><text x=\"{left - 6}\" y=\"{y + 4:0.#}\" text-anchor=\"end\">{line:N0}</text>");
        }
        for (var i = 0; i < plot.Bars.Count; i++)
        {
            var (label, parts) = plot.Bars[i];
            var (x, y) = (left + (slot * i) + (slot * 0.15), (double)(height - bottom));
            text.Append("<g><title>").Append(Encode(label)).Append(": ").AppendJoin(", ", parts.Select((part, at) => string.Create(CultureInfo.InvariantCulture, $"{part:N0} {Encode(plot.Series[at])}"))).Append("</title>");
            for (var part = 0; part < parts.Count; part++)
            {
                var size = high * parts[part] / scale;
                y -= size;
                text.Append(CultureInfo.InvariantCulture, $"<rect x=\"{x:0.#}\" y=\"{y:0.#}\" width=\"{slot * 0.7:0.#}\" height=\"{size:0.#}\" fill=\"var(--bar{part})\"/>");
            }
            text.Append(CultureInfo.InvariantCulture, $"<text x=\"{x + (slot * 0.35):0.#}\" y=\"{height - 8}\" text-anchor=\"middle\">{Encode(label)}</text></g>");
        }
        text.Append("</svg><figcaption class=\"key\">").AppendJoin("", plot.Series.Select((name, at) => $"<span><i style=\"background:var(--bar{at})\"></i>{Encode(name)}</span>")).Append("</figcaption></figure>\n");
    }

    /// <summary>1, 2 or 5 times a power of ten, for at most five lines.</summary>
    private static long StepOf(long most)
    {
        for (long power = 1; ; power *= 10)
        {
            foreach (var factor in (long[])[1, 2, 5])
            {
                if (most <= power * factor * 5)
                {
                    return power * factor;
                }
            }
        }
    }

    private static string Encode(string text) => WebUtility.HtmlEncode(text);
}
