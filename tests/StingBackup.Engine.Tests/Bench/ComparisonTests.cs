using StingBackup.Bench.Report;

namespace StingBackup.Engine.Tests.Bench;

public sealed class ComparisonTests
{
    [Fact]
    public void A_row_shows_median_and_range_and_how_it_stands_against_the_better_rival()
    {
        var table = Table(
            "fixture\t1\tsting\tfirst\t2.0\t3\t100\t1000000\tok", "fixture\t2\tsting\tfirst\t4.0\t3\t100\t1000000\tok", "fixture\t3\tsting\tfirst\t3.0\t3\t100\t1000000\tok",
            "fixture\t1\trestic\tfirst\t12\t20\t100\t1000000\tok", "fixture\t1\tborg\tfirst\t9\t9\t100\t1000000\tok");
        Assert.Contains("| first backup, seconds | 3.00 (2.00 – 4.00) | 12.00 | 9.00 | 3.00× as fast |", table, StringComparison.Ordinal);
        Assert.Contains("(1 MB, 1 to 3 runs)", table, StringComparison.Ordinal);
    }

    [Fact]
    public void A_tool_has_a_column_where_it_was_measured_and_none_elsewhere()
    {
        var table = Table("small\t1\tsting\tfirst\t2\t3\t100\t1\tok", "small\t1\tprimitives\tfirst\t1\t3\t100\t1\tok", "large\t1\tsting\tfirst\t2\t3\t100\t1\tok");
        Assert.Contains("| | sting-backup | sum of primitives | against", table, StringComparison.Ordinal);
        Assert.Contains("| | sting-backup | against", table, StringComparison.Ordinal);
    }

    [Fact]
    public void A_restore_that_differs_is_void_and_compared_with_nothing()
    {
        var table = Table("fixture\t1\tsting\tfirst\t2\t3\t100\t1\tok", "fixture\t1\tsting\trestore\t1\t3\t100\t1\tvoid", "fixture\t2\tsting\trestore\t1\t3\t100\t1\tok",
            "fixture\t1\trestic\trestore\t9\t3\t100\t1\tok");
        Assert.Contains("| restore, seconds | void: the restored tree differs | 9.00 |  |", table, StringComparison.Ordinal);
    }

    [Fact]
    public void A_failed_rival_does_not_count_as_the_better_one()
    {
        var table = Table("fixture\t1\tsting\tfirst\t2\t3\t100\t1\tok", "fixture\t1\trestic\tfirst\t0.1\t3\t100\t1\tfailed", "fixture\t1\tborg\tfirst\t6\t3\t100\t1\tok");
        Assert.Contains("| 2.00 | failed | 6.00 | 3.00× as fast |", table, StringComparison.Ordinal);
    }

    [Fact]
    public void A_repository_is_compared_with_the_smaller_peer()
    {
        var table = Table("fixture\t1\tsting\tfirst\t2\t3\t100\t1\tok",
            "fixture\t1\tsting\tsize\t0\t0\t0\t1100000\tok", "fixture\t1\trestic\tsize\t0\t0\t0\t1000000\tok",
            "fixture\t1\tsting\tapart\t0\t0\t0\t1010000\tok", "fixture\t1\trestic\tapart\t0\t0\t0\t1020000\tok", "fixture\t1\tborg\tapart\t0\t0\t0\t1000000\tok");
        Assert.Contains("| repository without duplicates across subjects, MB | 1.0 | 1.0 | 1.0 | +1.0 % against borg |", table, StringComparison.Ordinal);
        Assert.Contains("| what separating subjects costs: repository with them, MB | 1.1 | 1.0 | – | +10.0 % against restic |", table, StringComparison.Ordinal);
    }

    [Fact]
    public void A_line_that_is_no_result_is_named() =>
        Assert.Contains("Line 2", Assert.Throws<FormatException>(() => Measurement.Read(["# note", "fixture\tx"])).Message, StringComparison.Ordinal);

    [Fact]
    public void The_measured_section_is_replaced_and_the_prose_around_it_stays()
    {
        var document = $"before\n{ReportCommand.Begin}\nold\n{ReportCommand.End}\nafter\n";
        Assert.Equal($"before\n{ReportCommand.Begin}\nnew\n{ReportCommand.End}\nafter\n", ReportCommand.Replace(document, "new\n", "f"));
        Assert.Throws<FormatException>(() => ReportCommand.Replace("no markers", "new", "f"));
        Assert.Throws<FormatException>(() => ReportCommand.Replace($"{ReportCommand.End}{ReportCommand.Begin}", "new", "f"));
    }

    private static string Table(params string[] lines) => new Comparison(Measurement.Read(lines)).ToMarkdown();
}
