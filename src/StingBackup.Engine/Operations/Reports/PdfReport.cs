using PdfSharp.Drawing;
using PdfSharp.Pdf;
using PdfSharp.Pdf.Annotations;
using PdfSharp.UniversalAccessibility;

namespace StingBackup.Engine.Operations.Reports;

/// <summary>A report as pages to print or to file: text that can be selected, tagged by what it is, plots drawn as lines, each regulation on a page of its own.</summary>
internal static class PdfReport
{
    private static readonly XColor[] Bars = [XColor.FromArgb(0x2f, 0x7d, 0x4f), XColor.FromArgb(0xc9, 0x8a, 0x00), XColor.FromArgb(0xb3, 0x26, 0x1e)];

    public static byte[] Render(ReportPage page, BackupReport report)
    {
        PdfFonts.Use();
        using var document = new PdfDocument();
        UAManager.ForDocument(document).SetDocumentLanguage("en");
        document.ViewerPreferences.DisplayDocTitle = true;
        (document.Info.Title, document.Info.Subject, document.Info.Author, document.Info.Creator, document.Info.Keywords) = (page.Title, page.Summary, "StingBackup", "StingBackup", $"backup report, {report.Month}, reserve {report.ReserveId}");
        (document.Info.CreationDate, document.Info.ModificationDate) = (report.CreatedTime.UtcDateTime, report.CreatedTime.UtcDateTime);
        var sections = new Dictionary<string, int>(StringComparer.Ordinal);
        using (var flow = new PdfFlow(document, $"{page.Title}, reserve {report.ReserveId}"))
        {
            flow.Heading(page.Title, 1);
            flow.Paragraph(page.Summary);
            flow.Paragraph($"Reserve {report.ReserveId}, made {Display.Time(report.CreatedTime)}", soft: true);
            Section(flow, document, "What was not as it should be");
            if (page.Exceptions.Count == 0)
            {
                flow.Paragraph("Nothing.");
            }
            else
            {
                flow.List(page.Exceptions);
            }
            foreach (var plot in page.Plots)
            {
                Plot(flow, document, plot);
            }
            foreach (var table in page.Tables)
            {
                Section(flow, document, table.Title);
                sections[ReportPage.LinkTo(table.Title)] = document.PageCount;
                Table(flow, table);
            }
            foreach (var regulation in page.Regulations)
            {
                Regulation(flow, document, regulation, sections);
            }
        }
        using var bytes = new MemoryStream();
        document.Save(bytes);
        return bytes.ToArray();
    }

    /// <summary>A heading, also among the bookmarks.</summary>
    private static void Section(PdfFlow flow, PdfDocument document, string title, double following = 60)
    {
        flow.Heading(title, 2, following);
        document.Outlines.Add(title, flow.Page);
    }

    private static void Table(PdfFlow flow, ReportTable table)
    {
        if (table.Rows.Count == 0)
        {
            flow.Paragraph("None.");
            return;
        }
        bool[] isNumber = [.. Enumerable.Range(0, table.Columns.Count).Select(column => table.Rows.All(row => ReportTable.IsNumber(row[column])))];
        flow.Table(table, column => isNumber[column]);
    }

    private static void Regulation(PdfFlow flow, PdfDocument document, ReportRegulation regulation, Dictionary<string, int> sections)
    {
        flow.NewPage();
        Section(flow, document, regulation.Name);
        foreach (var item in regulation.Items)
        {
            flow.Need(40);
            flow.Y += 6;
            flow.Paragraph($"{item.Requirement}: {ReportPage.Word(item.State)}", bold: true);
            flow.Paragraph(item.Evidence, indent: 12);
            foreach (var link in item.Links)
            {
                Link(flow, link, sections);
            }
        }
    }

    private static void Link(PdfFlow flow, EvidenceLink link, Dictionary<string, int> sections)
    {
        var text = sections.TryGetValue(link.Target, out var at) ? FormattableString.Invariant($"{link.Text}, page {at}") : link.Target.StartsWith('#') ? link.Text : $"{link.Text}: {link.Target}";
        var font = PdfFlow.Font(9);
        var lines = flow.Wrap(text, font, PdfFlow.Right - PdfFlow.Left - 12);
        flow.Need(lines.Count * 13);
        var from = flow.Y;
        var height = 13.0 * lines.Count;
        // Of a page its own coordinates count from below.
        var area = new PdfRectangle(flow.Graphics.Transformer.WorldToDefaultPage(new XRect(PdfFlow.Left + 12, from - 9, lines.Max(line => flow.Graphics.MeasureString(line, font).Width), height)));
        var annotation = at > 0 ? PdfLinkAnnotation.CreateDocumentLink(area, at) : link.Target.StartsWith('#') ? null : PdfLinkAnnotation.CreateFileLink(area, link.Target);
        if (annotation is null)
        {
            flow.Paragraph(text, indent: 12);
            return;
        }
        flow.Structure.BeginElement(annotation, text);
        foreach (var line in lines)
        {
            flow.Graphics.DrawString(line, font, new XSolidBrush(XColor.FromArgb(0x0b, 0x57, 0xa4)), PdfFlow.Left + 12, flow.Y);
            flow.Y += 13;
        }
        flow.Structure.End();
        flow.Y += 2;
    }

    private static void Plot(PdfFlow flow, PdfDocument document, ReportPlot plot)
    {
        const double height = 110, axis = 42;
        Section(flow, document, plot.Title, height + 60);
        var (lines, font, soft) = (plot.Scale(), PdfFlow.Font(7), new XSolidBrush(PdfFlow.Soft));
        double top = flow.Y, bottom = top + height, slot = (PdfFlow.Right - PdfFlow.Left - axis) / plot.Bars.Count;
        flow.Structure.BeginElement(PdfIllustrationElementTag.Figure, Told(plot), new XRect(PdfFlow.Left, top - 6, PdfFlow.Right - PdfFlow.Left, height + 34));
        foreach (var line in lines)
        {
            var y = bottom - (height * line / lines[^1]);
            flow.Graphics.DrawLine(new XPen(PdfFlow.Line, 0.6), PdfFlow.Left + axis, y, PdfFlow.Right, y);
            flow.Graphics.DrawString(plot.Tell(line), font, soft, new XRect(PdfFlow.Left, y - 5, axis - 5, 10), XStringFormats.CenterRight);
        }
        for (var i = 0; i < plot.Bars.Count; i++)
        {
            var (label, parts) = plot.Bars[i];
            var (x, y) = (PdfFlow.Left + axis + (slot * i), bottom);
            for (var part = 0; part < parts.Count; part++)
            {
                var size = height * parts[part] / lines[^1];
                y -= size;
                if (size > 0)
                {
                    flow.Graphics.DrawRectangle(new XSolidBrush(Bars[part]), x + (slot * 0.15), y, slot * 0.7, size);
                }
            }
            flow.Graphics.DrawString(label, font, soft, new XRect(x, bottom + 3, slot, 10), XStringFormats.TopCenter);
        }
        var at = PdfFlow.Left + axis;
        for (var i = 0; i < plot.Series.Count; i++)
        {
            flow.Graphics.DrawRectangle(new XSolidBrush(Bars[i]), at, bottom + 18, 7, 7);
            flow.Graphics.DrawString(plot.Series[i], font, soft, at + 10, bottom + 24.5);
            at += 24 + flow.Graphics.MeasureString(plot.Series[i], font).Width;
        }
        flow.Structure.End();
        flow.Y = bottom + 40;
    }

    /// <summary>The figures of a plot, for those who listen.</summary>
    private static string Told(ReportPlot plot) => $"{plot.Title}: {string.Join("; ", plot.Bars.Where(bar => bar.Parts.Sum() > 0).Select(bar => $"{bar.Label}: {string.Join(", ", bar.Parts.Select((part, i) => $"{plot.Tell(part)} {plot.Series[i]}"))}"))}";
}
