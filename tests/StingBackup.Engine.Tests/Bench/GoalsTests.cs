using StingBackup.Bench.Report;

namespace StingBackup.Engine.Tests.Bench;

public sealed class GoalsTests
{
    [Theory]
    [InlineData("3.00", "3.00×", "reached")]
    [InlineData("2.99", "2.99×", "**missed**")]
    public void A_first_backup_is_held_against_the_faster_peer(string borg, string ratio, string verdict)
    {
        var table = Table("small\t1\tsting\tfirst\t1\t3\t100\t1\tok", "small\t1\trestic\tfirst\t8\t3\t100\t1\tok", $"small\t1\tborg\tfirst\t{borg}\t3\t100\t1\tok");
        Assert.Contains($"| first backup | small | 1.00 s | borg, {borg} s | {ratio} | ≥ 3×: {verdict} |", table, StringComparison.Ordinal);
    }

    [Fact]
    public void A_first_backup_is_held_against_the_pipe_of_tar_and_the_sum_of_primitives()
    {
        var table = Table("large\t1\tsting\tfirst\t10\t3\t100\t1\tok", "large\t1\ttar\tfirst\t16\t3\t100\t1\tok", "large\t1\tprimitives\tfirst\t6.9\t3\t100\t1\tok");
        Assert.Contains("| first backup | large | 10.00 s | tar, 16.00 s | 1.60× | ≥ 1.5×: reached |", table, StringComparison.Ordinal);
        Assert.Contains("| first backup | large | 10.00 s | primitives, 6.90 s | 0.69× | ≥ 0.7×: **missed** |", table, StringComparison.Ordinal);
    }

    [Fact]
    public void Files_a_second_come_from_the_count_of_the_corpus()
    {
        var table = Table("million\t1\tsting\tunchanged\t8\t3\t100\t1\tok", "million\t1\tsting\tfiles\t0\t0\t0\t1000000\tok");
        Assert.Contains("| unchanged, files a second | million | 125,000 |  |  | ≥ 100,000: reached |", table, StringComparison.Ordinal);
    }

    [Fact]
    public void One_file_of_a_million_has_a_second_and_a_third_of_the_peers_time()
    {
        var table = Table("million\t1\tsting\tonefile\t1.01\t3\t100\t1\tok", "million\t1\trestic\tonefile\t4\t3\t100\t1\tok");
        Assert.Contains("| 1.01 s | restic, 4.00 s | 3.96× | ≥ 3×: reached |", table, StringComparison.Ordinal);
        Assert.Contains("| 1.01 s |  |  | ≤ 1 s: **missed** |", table, StringComparison.Ordinal);
    }

    [Fact]
    public void The_fixture_is_sized_without_what_two_subjects_share_and_the_others_as_they_are()
    {
        var table = Table("fixture\t1\tsting\tsize\t0\t0\t0\t9000000\tok", "fixture\t1\tborg\tsize\t0\t0\t0\t1000000\tok",
            "fixture\t1\tsting\tapart\t0\t0\t0\t1010000\tok", "fixture\t1\tborg\tapart\t0\t0\t0\t1000000\tok",
            "small\t1\tsting\tsize\t0\t0\t0\t1000000\tok", "small\t1\tborg\tsize\t0\t0\t0\t1000000\tok");
        Assert.Contains("| fixture | 1.0 MB | borg, 1.0 MB | 1.010× | ≤ 1.00×: **missed** |", table, StringComparison.Ordinal);
        Assert.Contains("| small | 1.0 MB | borg, 1.0 MB | 1.000× | ≤ 1.00×: reached |", table, StringComparison.Ordinal);
        Assert.DoesNotContain("9.0 MB", table, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(292968, "reached")]       // KiB: 300 MB and a little less
    [InlineData(340000, "**missed**")]
    public void Memory_may_grow_by_48_bytes_a_chunk(int peak, string verdict)
    {
        var table = Table($"small\t1\tsting\tfirst\t1\t3\t{peak}\t1\tok", "small\t1\tsting\tchunks\t0\t0\t0\t1000000\tok");
        Assert.Contains($"1,000,000 chunks | ≤ 300 MB + 48 bytes a chunk = 348 MB: {verdict} |", table, StringComparison.Ordinal);
    }

    [Fact]
    public void The_modules_start_is_what_it_adds_to_the_bare_engines()
    {
        var table = Table("start\t1\tbare\tstart\t0.2\t0\t0\t0\tok", "start\t1\tmodule\tstart\t0.5\t0\t0\t0\tok", "start\t1\tpwsh\tstart\t0.2\t0\t0\t0\tok", "start\t1\tpwsh-module\tstart\t0.52\t0\t0\t0\tok");
        Assert.Contains("hosted engine | start | 500 ms | bare, 200 ms | +300 ms | ≤ 300 ms over it: reached |", table, StringComparison.Ordinal);
        Assert.Contains("| 520 ms | bare, 200 ms | +320 ms | ≤ 300 ms over it: **missed** |", table, StringComparison.Ordinal);
    }

    [Fact]
    public void Without_a_valid_figure_nothing_is_said_to_be_reached_or_missed() =>
        Assert.Equal("", Table("small\t1\tsting\tfirst\t1\t3\t100\t1\tfailed", "small\t1\trestic\tfirst\t8\t3\t100\t1\tok", "small\t1\tborg\tfirst\t8\t3\t100\t1\tok"));

    private static string Table(params string[] lines) => new Goals(new Comparison(Measurement.Read(lines))).ToMarkdown();
}
