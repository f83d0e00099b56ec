using System.Xml.Linq;
using StingBackup.Bench.Report;

namespace StingBackup.Engine.Tests.Bench;

public sealed class ResultsTests
{
    private const string First = "small\t1\tsting\tfirst\t1\t3\t100\t1\tok", Unchanged = "small\t1\tsting\tunchanged\t2\t3\t100\t1\tok";

    [Fact]
    public void Calls_of_one_build_count_together()
    {
        var results = new Results([Call("2026-01-02", "a", First, Unchanged), Call("2026-01-01", "a", First)]);
        Assert.Equal(2, results.Measurements.Count(m => m.Step == "first"));
        Assert.Single(results.Measurements, m => m.Step == "unchanged");
        Assert.Contains("Measured on 2026-01-01 to 2026-01-02 at commit a (small): a machine", results.Provenance(), StringComparison.Ordinal);
    }

    [Fact]
    public void A_newer_build_takes_the_place_of_an_older_one_step_by_step()
    {
        var results = new Results([Call("2026-01-02", "b", First.Replace("\t1\t3", "\t9\t3", StringComparison.Ordinal)), Call("2026-01-01", "a", First, Unchanged)]);
        Assert.Equal(9, Assert.Single(results.Measurements, m => m.Step == "first").Seconds);
        Assert.Equal(2, Assert.Single(results.Measurements, m => m.Step == "unchanged").Seconds);
        Assert.Contains("at commit a", results.Provenance(), StringComparison.Ordinal);
        Assert.Contains("at commit b", results.Provenance(), StringComparison.Ordinal);
    }

    [Fact]
    public void A_quick_call_says_so() => Assert.Contains("**Quick", new Results([ResultFile.Read(["#date\t2026-01-01", "#quick\t1", First])]).Provenance(), StringComparison.Ordinal);

    [Fact]
    public void A_report_over_several_files_goes_into_the_document_with_its_pictures()
    {
        using var folder = new TempFolder();
        var (one, two, document) = (Path.Join(folder.Path, "1.tsv"), Path.Join(folder.Path, "2.tsv"), Path.Join(folder.Path, "page.md"));
        File.WriteAllLines(one, ["#date\t1", First]);
        File.WriteAllLines(two, ["#date\t2", Unchanged, "small\t1\tborg\tunchanged\t8\t3\t100\t1\tok"]);
        File.WriteAllText(document, $"before\n{ReportCommand.Begin}\n{ReportCommand.End}\nafter\n");
        Assert.Equal(0, ReportCommand.Run([one, two, "--into", document, "--plots", Path.Join(folder.Path, "images")]));
        var written = File.ReadAllText(document);
        Assert.Contains("| unchanged | small | 2.00 s | borg, 8.00 s | 4.00× |", written, StringComparison.Ordinal);
        Assert.Contains("![Many small files](images/benchmarks-small.svg)", written, StringComparison.Ordinal);
        Assert.EndsWith("after\n", written, StringComparison.Ordinal);
        var svg = XDocument.Load(Path.Join(folder.Path, "images", "benchmarks-small.svg"));
        // The longest bar of a step fills the room, the others are in proportion.
        var bars = svg.Descendants().Where(e => e.Name.LocalName == "rect" && (string?)e.Attribute("height") == "15").Select(e => ((string)e.Attribute("class")!, (double)e.Attribute("width")!)).ToArray();
        Assert.Equal(("sting", "sting", "borg"), (bars[0].Item1, bars[1].Item1, bars[2].Item1));
        Assert.Equal(bars[0].Item2, bars[2].Item2);
        Assert.Equal(bars[2].Item2 / 4, bars[1].Item2, 0.1);
    }

    [Fact]
    public void A_report_tells_by_its_exit_code_that_a_step_failed_or_that_it_was_called_wrongly()
    {
        using var folder = new TempFolder();
        var file = Path.Join(folder.Path, "1.tsv");
        File.WriteAllLines(file, [First.Replace("ok", "void", StringComparison.Ordinal)]);
        Assert.Equal(1, ReportCommand.Run([file]));
        Assert.Equal(2, ReportCommand.Run([file, "--into"]));
        File.WriteAllLines(file, ["nonsense"]);
        Assert.Contains(file, Assert.Throws<FormatException>(() => ReportCommand.Run([file])).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_quick_call_draws_nothing()
    {
        using var folder = new TempFolder();
        var file = Path.Join(folder.Path, "1.tsv");
        File.WriteAllLines(file, ["#quick\t1", First]);
        Assert.Equal(0, ReportCommand.Run([file, "--plots", Path.Join(folder.Path, "images")]));
        Assert.False(Directory.Exists(Path.Join(folder.Path, "images")));
    }

    private static ResultFile Call(string date, string commit, params string[] lines) =>
        ResultFile.Read([$"#date\t{date}T10:00:00", $"#commit\t{commit}", "#machine\ta machine", "#versions\tpeers", .. lines]);
}
