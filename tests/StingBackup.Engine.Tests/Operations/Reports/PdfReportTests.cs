using StingBackup.Engine.Operations.Reports;
using UglyToad.PdfPig;
using UglyToad.PdfPig.Tokens;

namespace StingBackup.Engine.Tests.Operations.Reports;

/// <summary>The report as PDF, read by another program than made it.</summary>
public sealed class PdfReportTests
{
    [Fact]
    public async Task Its_text_can_be_selected_and_has_every_cell_it_is_tagged_and_its_plots_are_drawn()
    {
        await using var test = new TestInstallation(clock: new DateTimeOffset(2026, 3, 2, 12, 0, 0, TimeSpan.Zero)) { Drills = new StatusScreenTests.Told(new DrillSummary(3, 3, null, null)) };
        test.Write("users/1/a.txt", "one"u8);
        test.Write("jars/j/doc.md", "honey"u8);
        for (var i = 0; i < 5; i++)
        {
            await test.BackupAsync();
            test.Clock.Advance(TimeSpan.FromHours(7));
        }
        var report = await ReportReader.ReadAsync(test.Installation, null, default);
        // So many that tables go on to further pages.
        report = report with { RunList = [.. Enumerable.Range(0, 120).Select(i => report.RunList[0] with { BackupId = $"backup_20260302_{i:d6}", State = JobState.CompletedWithErrors, Errors = i, HostName = "host-" + new string('n', i % 90) })], Exceptions = ["Something (odd) \\ was 100 % wrong, …", new string('x', 400)] };
        var page = ReportPage.Of(report);
        using var pdf = PdfDocument.Open(ReportWriter.WriteBytes(report, ReportFormat.Pdf));

        Assert.Equal((page.Title, "StingBackup", page.Summary), (pdf.Information.Title, pdf.Information.Author, pdf.Information.Subject));
        Assert.Contains("20260303230500", pdf.Information.CreationDate, StringComparison.Ordinal);   // the report's own time, not the clock's
        Assert.True(pdf.Structure.Catalog.CatalogDictionary.TryGet(NameToken.Create("MarkInfo"), out _));
        Assert.True(pdf.Structure.Catalog.CatalogDictionary.TryGet(NameToken.Create("StructTreeRoot"), out _));
        Assert.True(pdf.Structure.Catalog.CatalogDictionary.TryGet(NameToken.Create("Lang"), out _));
        var text = string.Concat(pdf.GetPages().Select(p => string.Concat(p.Letters.Select(l => l.Value)))).Replace(" ", "", StringComparison.Ordinal);
        foreach (var cell in page.Tables.Where(t => t.Rows.Count > 0).SelectMany(t => t.Rows.Prepend(t.Columns)).SelectMany(r => r).Concat(page.Exceptions).Concat(page.Regulations.SelectMany(r => r.Items).SelectMany(i => (string[])[i.Requirement, i.Evidence])).Append(page.Summary))
        {
            Assert.Contains(cell.Replace(" ", "", StringComparison.Ordinal), text, StringComparison.Ordinal);
        }
        // Each regulation begins a page; nothing stands outside of one.
        foreach (var regulation in page.Regulations)
        {
            Assert.Contains(pdf.GetPages(), p => string.Concat(p.Letters.OrderByDescending(l => Math.Round(l.StartBaseLine.Y)).ThenBy(l => l.StartBaseLine.X).Select(l => l.Value)).StartsWith(regulation.Name, StringComparison.Ordinal));
        }
        Assert.All(pdf.GetPages().SelectMany(p => p.Letters), l => Assert.True(l.StartBaseLine.X >= 40 && l.EndBaseLine.X <= 555 && l.StartBaseLine.Y > 20, $"{l.Value} at {l.StartBaseLine}"));
        // A bar for each day with runs, as high as it should be: found as filled rectangles.
        var filled = pdf.GetPages().SelectMany(p => p.Paths).Count(path => path.IsFilled);
        Assert.Equal(page.Plots.Sum(plot => plot.Bars.Sum(bar => bar.Parts.Count(part => part > 0)) + plot.Series.Count), filled);
        Assert.All(pdf.GetPages().SelectMany(p => p.Letters).Select(l => l.FontName!).Distinct(), font => Assert.Contains("Roboto", font, StringComparison.Ordinal));
    }
}
