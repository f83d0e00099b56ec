using System.Globalization;
using PdfSharp;
using PdfSharp.Drawing;
using PdfSharp.Pdf;
using PdfSharp.UniversalAccessibility;

namespace StingBackup.Engine.Operations.Reports;

/// <summary>Text and tables from the top of a page to its bottom, and on to the next; each is told to those who listen as what it is.</summary>
internal sealed class PdfFlow : IDisposable
{
    public const double Left = 48, Right = 547, Top = 52;
    private const double Bottom = 785, Leading = 1.35, CellGap = 10;

    public static readonly XColor Ink = XColor.FromArgb(0x1a, 0x1a, 0x1a), Soft = XColor.FromArgb(0x55, 0x55, 0x55), Line = XColor.FromArgb(0xdd, 0xdd, 0xdd);

    private readonly PdfDocument _document;
    private readonly string _foot;
    private readonly XFont _body = Font(9), _bold = Font(9, bold: true), _small = Font(8);

    public PdfFlow(PdfDocument document, string foot)
    {
        (_document, _foot) = (document, foot);
        Structure = UAManager.ForDocument(document).StructureBuilder;
        Graphics = null!;
        NewPage();
    }

    public StructureBuilder Structure { get; }
    public XGraphics Graphics { get; private set; }
    public PdfPage Page { get; private set; } = null!;
    /// <summary>Where the next line goes.</summary>
    public double Y { get; set; }

    public static XFont Font(double size, bool bold = false) => new(PdfFonts.Family, size, bold ? XFontStyleEx.Bold : XFontStyleEx.Regular);

    public void NewPage()
    {
        Graphics?.Dispose();
        Page = _document.AddPage();
        Page.Size = PageSize.A4;
        Graphics = XGraphics.FromPdfPage(Page);
        Y = Top;
        Structure.BeginArtifact();
        Graphics.DrawString(_foot, _small, new XSolidBrush(Soft), Left, 812);
        Graphics.DrawString(_document.PageCount.ToString(CultureInfo.InvariantCulture), _small, new XSolidBrush(Soft), new XRect(Left, 800, Right - Left, 14), XStringFormats.BottomRight);
        Structure.End();
    }

    /// <summary>Goes on to the next page where so much does not fit on this one.</summary>
    public void Need(double height)
    {
        if (Y + height > Bottom)
        {
            NewPage();
        }
    }

    public void Heading(string text, int level, double following = 60)
    {
        var font = Font(level == 1 ? 18 : 12, bold: true);
        Y += level == 1 ? 12 : 16;
        Need(font.Size + following);
        Structure.BeginElement(level == 1 ? PdfBlockLevelElementTag.Heading1 : PdfBlockLevelElementTag.Heading2);
        foreach (var line in Wrap(text, font, Right - Left))
        {
            Graphics.DrawString(line, font, new XSolidBrush(Ink), Left, Y);
            Y += font.Size * Leading;
        }
        Structure.End();
    }

    public void Paragraph(string text, bool soft = false, bool bold = false, double indent = 0)
    {
        Structure.BeginElement(PdfBlockLevelElementTag.Paragraph);
        Lines(text, bold ? _bold : _body, soft ? Soft : Ink, indent);
        Structure.End();
        Y += 3;
    }

    public void Lines(string text, XFont font, XColor color, double indent)
    {
        foreach (var line in Wrap(text, font, Right - Left - indent))
        {
            Need(font.Size);
            Graphics.DrawString(line, font, new XSolidBrush(color), Left + indent, Y);
            Y += font.Size * Leading;
        }
    }

    public void List(IEnumerable<string> items)
    {
        Structure.BeginElement(PdfBlockLevelElementTag.List);
        foreach (var item in items)
        {
            Need(_body.Size);
            Structure.BeginElement(PdfBlockLevelElementTag.ListItem);
            Structure.BeginElement(PdfBlockLevelElementTag.Label);
            Graphics.DrawString("•", _body, new XSolidBrush(Soft), Left + 2, Y);
            Structure.End();
            Structure.BeginElement(PdfBlockLevelElementTag.ListBody);
            Lines(item, _body, Ink, 12);
            Structure.End();
            Structure.End();
            Y += 2;
        }
        Structure.End();
    }

    /// <summary>A table whose columns are as wide as their cells want, or share what there is; its head stands on each page.</summary>
    public void Table(ReportTable table, Func<int, bool> isNumber)
    {
        var widths = WidthsOf(table);
        Structure.BeginElement(PdfBlockLevelElementTag.Table);
        Row(table.Columns, widths, isNumber, isHead: true);
        foreach (var row in table.Rows)
        {
            var height = HeightOf(row, widths, _body);
            if (Y + height > Bottom)
            {
                NewPage();
                Row(table.Columns, widths, isNumber, isHead: true);
            }
            Row(row, widths, isNumber, isHead: false);
        }
        Structure.End();
    }

    private void Row(IReadOnlyList<string> cells, double[] widths, Func<int, bool> isNumber, bool isHead)
    {
        var font = isHead ? _bold : _body;
        var height = HeightOf(cells, widths, font);
        Structure.BeginElement(PdfBlockLevelElementTag.TableRow);
        var x = Left;
        for (var i = 0; i < cells.Count; i++)
        {
            Structure.BeginElement(isHead ? PdfBlockLevelElementTag.TableHeaderCell : PdfBlockLevelElementTag.TableDataCell);
            var y = Y;
            foreach (var line in Wrap(cells[i], font, widths[i] - CellGap))
            {
                var shift = isNumber(i) ? widths[i] - CellGap - Graphics.MeasureString(line, font).Width : 0;
                Graphics.DrawString(line, font, new XSolidBrush(isHead ? Soft : Ink), x + shift, y);
                y += font.Size * Leading;
            }
            Structure.End();
            x += widths[i];
        }
        Structure.End();
        Y += height;
        Structure.BeginArtifact();
        Graphics.DrawLine(new XPen(Line, 0.6), Left, Y - 9.5, Right, Y - 9.5);
        Structure.End();
    }

    private double HeightOf(IReadOnlyList<string> cells, double[] widths, XFont font) => (cells.Select((cell, i) => Wrap(cell, font, widths[i] - CellGap).Count).DefaultIfEmpty(1).Max() * font.Size * Leading) + 4;

    private double[] WidthsOf(ReportTable table)
    {
        double[] wanted = [.. table.Columns.Select((name, column) => CellGap + table.Rows.Select(row => Graphics.MeasureString(row[column], _body).Width).Append(Graphics.MeasureString(name, _bold).Width).Max())];
        var room = Right - Left;
        if (wanted.Sum() <= room)
        {
            return wanted;
        }
        // The widest give way until all fit.
        double low = 0, high = wanted.Max();
        for (var i = 0; i < 40; i++)
        {
            var middle = (low + high) / 2;
            (low, high) = wanted.Sum(width => Math.Min(width, middle)) <= room ? (middle, high) : (low, middle);
        }
        return [.. wanted.Select(width => Math.Min(width, low))];
    }

    /// <summary>Lines that fit; a word that does not, such as a path, is broken.</summary>
    public List<string> Wrap(string text, XFont font, double width)
    {
        var lines = new List<string>();
        var line = "";
        foreach (var word in text.Split(' '))
        {
            var joined = line.Length == 0 ? word : $"{line} {word}";
            if (line.Length > 0 && !Fits(joined))
            {
                lines.Add(line);
                joined = word;
            }
            while (joined.Length > 1 && !Fits(joined))
            {
                var fits = joined.Length - 1;
                while (fits > 1 && !Fits(joined[..fits]))
                {
                    fits--;
                }
                lines.Add(joined[..fits]);
                joined = joined[fits..];
            }
            line = joined;
        }
        lines.Add(line);
        return lines;

        bool Fits(string part) => Graphics.MeasureString(part, font).Width <= width;
    }

    public void Dispose() => Graphics.Dispose();
}
