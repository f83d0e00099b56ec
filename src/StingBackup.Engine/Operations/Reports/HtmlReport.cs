using System.Globalization;
using System.Net;
using System.Text;

namespace StingBackup.Engine.Operations.Reports;

/// <summary>A report as a page for people: one file, no script, nothing loaded from elsewhere, light and dark.</summary>
internal static class HtmlReport
{
    private const string Style = ":root{color-scheme:light dark;--ink:#1a1a1a;--soft:#555;--line:#ddd;--bar0:#2f7d4f;--bar1:#c98a00;--bar2:#b3261e;--link:#0b57a4}"
        + "@media(prefers-color-scheme:dark){:root{--ink:#eee;--soft:#aaa;--line:#444;--bar0:#5cb883;--bar1:#e0ad3c;--bar2:#f2766d;--link:#8ab4f8}}"
        + "body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:var(--ink)}h1{font-size:1.6rem}h2{font-size:1.15rem;margin-top:2rem}"
        + ".scroll{overflow-x:auto}table{border-collapse:collapse;width:100%}th,td{text-align:left;vertical-align:top;padding:.35rem .8rem .35rem 0;border-bottom:1px solid var(--line)}"
        + "td.n,th.n{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}td{overflow-wrap:break-word;min-width:4rem}td:first-child{white-space:nowrap}td.n+td:not(.n),th.n+th:not(.n){padding-left:1rem}.soft{color:var(--soft)}figure{margin:1rem 0}.plot{display:flex}svg{flex:none;display:block}svg.bars{flex:1;min-width:0}svg text{fill:var(--soft);font:11px system-ui,sans-serif}"
        + "dl{margin:0}dt{font-weight:600;margin-top:.8rem}dd{margin:.1rem 0 0;overflow-wrap:break-word}a{color:var(--link)}.state{font-size:.85rem;padding:0 .5em;border-radius:.3em;border:1px solid;white-space:nowrap}.s0{color:var(--bar0)}.s2{color:var(--bar2)}.s3{color:var(--soft)}"
        // On a phone every fifth day is named, long names break, and figures stand closer.
        + "@media(max-width:40rem){body{margin:1rem auto}.minor{display:none}td:first-child,th.n{white-space:normal}th,td{padding-right:.5rem;font-size:.9rem}}"
        + "@media print{.rule{break-before:page}a{color:inherit}}"
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
        foreach (var regulation in page.Regulations)
        {
            Regulation(text, regulation);
        }
        return text.Append("</body></html>\n").ToString();
    }

    private static void Regulation(StringBuilder text, ReportRegulation regulation)
    {
        text.Append("<section class=\"rule\"><h2>").Append(Encode(regulation.Name)).Append("</h2>\n<dl>");
        foreach (var item in regulation.Items)
        {
            var state = item.State switch { EvidenceState.Met => 0, EvidenceState.NotMet => 2, _ => 3 };
            text.Append(CultureInfo.InvariantCulture, $"<dt>{Encode(item.Requirement)} <b class=\"state s{state}\">{ReportPage.Word(item.State)}</b></dt><dd>{Encode(item.Evidence)}");
            text.AppendJoin("", item.Links.Select(link => $" <a href=\"{Encode(link.Target.StartsWith('#') ? link.Target : new Uri(link.Target).AbsoluteUri)}\">{Encode(link.Text)}</a>")).Append("</dd>");
        }
        text.Append("</dl></section>\n");
    }

    private static void Table(StringBuilder text, ReportTable table)
    {
        text.Append("<h2 id=\"").Append(ReportPage.LinkTo(table.Title)[1..]).Append("\">").Append(Encode(table.Title)).Append("</h2>\n");
        if (table.Rows.Count == 0)
        {
            text.Append("<p>None.</p>\n");
            return;
        }
        bool[] isNumber = [.. Enumerable.Range(0, table.Columns.Count).Select(column => table.Rows.All(row => ReportTable.IsNumber(row[column])))];
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

    /// <summary>Bars with a scale of round numbers, as wide as the page, in letters that stay as large as they are; the figures stand in each bar's title, for those who hover or listen.</summary>
    private static void Plot(StringBuilder text, ReportPlot plot)
    {
        const int height = 190, axis = 56, bottom = 24, top = 10;
        var lines = plot.Scale();
        double high = height - bottom - top, slot = 100.0 / plot.Bars.Count;
        double At(long value) => height - bottom - (high * value / lines[^1]);
        text.Append("<h2>").Append(Encode(plot.Title)).Append("</h2>\n<figure><div class=\"plot\">").Append(CultureInfo.InvariantCulture, $"<svg width=\"{axis}\" height=\"{height}\" aria-hidden=\"true\">");
        foreach (var line in lines)
        {
            text.Append(CultureInfo.InvariantCulture, $"<text x=\"{axis - 6}\" y=\"{At(line) + 4:0.#}\" text-anchor=\"end\">{plot.Tell(line)}</text>");
        }
        text.Append(CultureInfo.InvariantCulture, $"</svg><svg class=\"bars\" height=\"{height}\" role=\"img\" aria-label=\"{Encode(plot.Title)}\">");
        foreach (var line in lines)
        {
            text.Append(CultureInfo.InvariantCulture, $"<line x1=\"0\" x2=\"100%\" y1=\"{At(line):0.#}\" y2=\"{At(line):0.#}\" stroke=\"var(--line)\"/>");
        }
        for (var i = 0; i < plot.Bars.Count; i++)
        {
            var (label, parts) = plot.Bars[i];
            var (x, y) = (slot * (i + 0.15), (double)(height - bottom));
            text.Append("<g><title>").Append(Encode(label)).Append(": ").AppendJoin(", ", parts.Select((part, at) => string.Create(CultureInfo.InvariantCulture, $"{plot.Tell(part)} {Encode(plot.Series[at])}"))).Append("</title>");
            for (var part = 0; part < parts.Count; part++)
            {
                var size = high * parts[part] / lines[^1];
                y -= size;
                text.Append(CultureInfo.InvariantCulture, $"<rect x=\"{x:0.##}%\" y=\"{y:0.#}\" width=\"{slot * 0.7:0.##}%\" height=\"{size:0.#}\" fill=\"var(--bar{part})\"/>");
            }
            text.Append(CultureInfo.InvariantCulture, $"<text{(i == 0 || (i + 1) % 5 == 0 ? "" : " class=\"minor\"")} x=\"{x + (slot * 0.35):0.##}%\" y=\"{height - 8}\" text-anchor=\"middle\">{Encode(label)}</text></g>");
        }
        text.Append("</svg></div><figcaption class=\"key\">").AppendJoin("", plot.Series.Select((name, at) => $"<span><i style=\"background:var(--bar{at})\"></i>{Encode(name)}</span>")).Append("</figcaption></figure>\n");
    }

    private static string Encode(string text) => WebUtility.HtmlEncode(text);
}
