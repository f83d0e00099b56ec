using System.Globalization;
using System.Text.Json.Nodes;
using System.Xml.Linq;
using StingBackup.Engine.Basics;
using StingBackup.Engine.Operations.Reports;
using StingBackup.Engine.Platform;
using StingBackup.Engine.Repository;
using StingBackup.Engine.Storage;

namespace StingBackup.Engine.Tests.Operations.Reports;

/// <summary>A month's report says what the restore points say: every figure is told again here, from the objects themselves.</summary>
public sealed class ReportTests : IAsyncDisposable
{
    private readonly TestInstallation _test = new(clock: new DateTimeOffset(2026, 2, 27, 12, 0, 0, TimeSpan.Zero)) { Zone = TimeZoneInfo.FindSystemTimeZoneById("Europe/Berlin") };

    public ValueTask DisposeAsync() => _test.DisposeAsync();

    private ValueTask<BackupReport> ReadAsync(string? month = null) => ReportReader.ReadAsync(_test.Installation, month, default);

    /// <summary>Two runs in February, seven in March: a day apart, then an hour, then one with an unreadable item, then one that was given up.</summary>
    private async Task MonthAsync()
    {
        _test.Write("users/1/a.txt", "one"u8);
        _test.Write("jars/j/doc.md", "honey"u8);
        await _test.BackupAsync();
        _test.Clock.Advance(TimeSpan.FromHours(30));
        await _test.BackupAsync();
        for (var day = 0; day < 5; day++)
        {
            _test.Clock.Advance(TimeSpan.FromHours(day < 3 ? 24 : 1));
            _test.Write($"users/1/{day}.txt", "more"u8);
            await _test.BackupAsync();
        }
        File.CreateSymbolicLink(Path.Combine(_test.ReserveRoot, "users/1/link"), "a.txt");
        var unreadable = _test.Write("users/1/locked.txt", "x"u8);
        _test.WrapSource = source => new Backup.FaultySource(source) { Unreadable = path => path.EndsWith("locked.txt", StringComparison.Ordinal) };
        _test.Clock.Advance(TimeSpan.FromHours(1));
        await _test.BackupAsync(errors: []);
        File.Delete(unreadable);
        _test.WrapSource = source => source;
        _test.Clock.Advance(TimeSpan.FromHours(1));
        // A run that was given up: whoever gives up signs a void point in its slot.
        var last = await NewestAsync();
        var given = new PointRecord { Reserve = _test.Keys.Reserve, Writer = _test.Keys.Writer, Sequence = last.Sequence + 1, Previous = last.Hash, TimeNs = NanosecondTime.ToNs(_test.Clock.GetUtcNow()), CompletedNs = NanosecondTime.ToNs(_test.Clock.GetUtcNow()), IsVoid = true, OffsetMinutes = 60 };
        Assert.True(await _test.Store.PutAsync(given.ObjectName, given.ToBytes(_test.Keys.Signer), default));
        _test.Clock.Advance(TimeSpan.FromHours(5));
    }

    private async Task<(long Sequence, Id32 Hash)> NewestAsync()
    {
        var names = new List<string>();
        await foreach (var item in _test.Store.ListAsync("points/", default))
        {
            names.Add(item.Name);
        }
        var bytes = await _test.Store.ReadAllAsync(names[^1], default);
        return (long.Parse(names[^1].AsSpan(names[^1].LastIndexOf('/') + 1), CultureInfo.InvariantCulture), PointRecord.HashOf(bytes));
    }

    /// <summary>The points as a reader of its own finds them.</summary>
    private async Task<List<PointRecord>> PointsAsync()
    {
        var points = new List<PointRecord>();
        await foreach (var item in _test.Store.ListAsync("points/", default))
        {
            points.Add(PointRecord.Read(item.Name, await _test.Store.ReadAllAsync(item.Name, default), _test.Keys.Reserve, _test.Keys.Writers.SigningKeyOf));
        }
        return points;
    }

    [Fact]
    public async Task Every_figure_is_that_of_the_points()
    {
        await MonthAsync();
        var report = await ReadAsync("2026-03");
        var points = await PointsAsync();
        var from = new DateTimeOffset(2026, 3, 1, 0, 0, 0, TimeSpan.FromHours(1));
        Assert.Equal((from, _test.Clock.GetUtcNow()), (report.From, report.To.ToUniversalTime()));
        Assert.False(report.IsWhole);
        var march = points.Where(p => NanosecondTime.FromNs(p.TimeNs, 0) >= from).ToList();
        Assert.Equal(7, march.Count);
        Assert.Equal((7L, 5L, 1L, 1L), (report.Runs.Total, report.Runs.Completed, report.Runs.WithErrors, report.Runs.Failed));
        Assert.Equal(5.0 / 7, report.Runs.SuccessRate);
        Assert.Equal(march.Select(p => p.IsVoid ? null : p.Name), report.RunList.Select(run => run.BackupId));
        Assert.Equal(march.Where(p => !p.IsVoid).Max(p => (p.CompletedNs - p.TimeNs) / 100), report.Runs.LongestDuration!.Value.Ticks);

        var files = Assert.Single(report.Classes, c => c.DataClass == DataClass.UserFiles);
        var whole = points.Where(p => p.Classes.Any(c => c is { Class: DataClass.UserFiles, Errors: 0 })).Select(p => p.TimeNs / 100).ToList();
        var longest = whole.Zip([.. whole.Skip(1), NanosecondTime.ToNs(report.To) / 100]).Where(gap => gap.Second * 100 >= NanosecondTime.ToNs(from)).Max(gap => gap.Second - gap.First);
        Assert.Equal(longest, files.ReachedRpo!.Value.Ticks);
        Assert.Equal((5L, 1L, TimeSpan.FromMinutes(15), false), (files.Points, files.PointsWithErrors, files.TargetRpo, files.IsReached));
        Assert.Equal(6, files.Misses);   // from the last of February, four in between, and since the last whole one
        var last = points.Last(p => !p.IsVoid).Classes.Single(c => c.Class == DataClass.UserFiles);
        Assert.Equal((last.Subjects, last.Items, last.Length), (files.Subjects, files.Items, files.Length));
        Assert.True(Assert.Single(report.Classes, c => c.DataClass == DataClass.AuditLogs) is { TargetRpo.TotalDays: 1, Misses: 0, IsReached: true });   // a day and a minute, which is within a tenth

        var tier = Assert.Single(report.Tiers);
        long objects = 0, length = 0;
        foreach (var file in new DirectoryInfo(_test.RepositoryRoot).EnumerateFiles("*", SearchOption.AllDirectories).Where(f => ObjectKinds.Of(Path.GetRelativePath(_test.RepositoryRoot, f.FullName)) is not null))
        {
            objects++;
            length += file.Length;
        }
        Assert.Equal((objects, length, 0.10m), (tier.Objects!.Value, tier.Length!.Value, tier.PricePerGigabyte));
        Assert.Equal(Math.Round(length / 1_000_000_000m * 0.10m, 4), tier.MonthlyCost);
        Assert.Contains(report.Exceptions, e => e.StartsWith("1 runs committed nothing", StringComparison.Ordinal));
        Assert.Contains(report.Exceptions, e => e.StartsWith("UserFiles: 6 times more than 15 min", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_month_without_runs_and_one_before_the_first_say_so()
    {
        await MonthAsync();
        var january = await ReadAsync("2026-01");
        Assert.Equal((0L, true), (january.Runs.Total, january.IsWhole));
        Assert.Null(january.Runs.SuccessRate);
        Assert.Empty(january.Classes);
        var february = await ReadAsync("2026-02");
        Assert.Equal((2L, 2L), (february.Runs.Total, february.Runs.Completed));
        Assert.StartsWith("None of 0 runs", MarkdownReport.Render(ReportPage.Of(january)).Split("\n\n")[1], StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("2026-13", "MonthNotUnderstood")]
    [InlineData("January", "MonthNotUnderstood")]
    [InlineData("2026-3", "MonthNotUnderstood")]
    [InlineData("2027-01", "MonthNotBegun")]
    public async Task A_month_that_is_none_is_named(string month, string errorId) =>
        Assert.Equal(errorId, (await Assert.ThrowsAsync<StingException>(async () => await ReadAsync(month))).ErrorId);

    [Fact]
    public void A_month_has_the_hours_that_its_zone_gives_it()
    {
        var zone = TimeZoneInfo.FindSystemTimeZoneById("Europe/Berlin");
        var march = ReportMonth.Parse("2026-03", zone, new DateTimeOffset(2026, 7, 1, 0, 0, 0, TimeSpan.Zero));
        Assert.Equal((31 * 24) - 1, (march.End - march.From).TotalHours);
        Assert.Equal("2026-07", ReportMonth.Parse(null, zone, new DateTimeOffset(2026, 6, 30, 22, 30, 0, TimeSpan.Zero)).Name);
        Assert.Equal(TimeSpan.FromDays(31), ReportMonth.Parse("2026-12", zone, new DateTimeOffset(2027, 7, 1, 0, 0, 0, TimeSpan.Zero)) is var december ? december.End - december.From : default);
    }

    [Fact]
    public async Task A_tier_that_is_away_is_an_exception_within_the_report()
    {
        await using var test = new TestInstallation
        {
            FurtherTiers = new Dictionary<Tier, Func<CancellationToken, ValueTask<IObjectStore>>> { [Tier.Remote] = _ => throw new StingException("StoreUnavailable", FailureKind.Io, "the bucket is away", "s3://b", "wait") },
        };
        test.Write("users/1/a.txt", "one"u8);
        await test.BackupAsync();
        var report = await ReportReader.ReadAsync(test.Installation, null, default);
        Assert.Equal([(Tier.Local, false), (Tier.Remote, true)], report.Tiers.Select(t => (t.Tier, t.Length is null)));
        Assert.Contains(report.Exceptions, e => e.Contains("the bucket is away", StringComparison.Ordinal));
        Assert.Contains("| Remote | ", ReportWriter.Write(report, ReportFormat.Markdown), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Each_format_says_the_same()
    {
        await MonthAsync();
        var report = await ReadAsync("2026-03") with { Exceptions = ["a <b> | c, \"d\"", "=1+1"] };
        var json = JsonNode.Parse(ReportWriter.Write(report, ReportFormat.Json))!;
        Assert.Equal((7, "UserFiles"), ((int)json["runs"]!["total"]!, json["classes"]![0]!["dataClass"]!.ToString()));
        var csv = ReportWriter.Write(report, ReportFormat.Csv).Split("\r\n");
        Assert.Equal("month,figure,value", csv[0]);
        Assert.Contains("2026-03,runs.total,7", csv);
        Assert.Contains("2026-03,exceptions[0],\"a <b> | c, \"\"d\"\"\"", csv);
        Assert.Contains("2026-03,exceptions[1],'=1+1", csv);
        var markdown = ReportWriter.Write(report, ReportFormat.Markdown);
        Assert.Contains("- a &lt;b> \\| c", markdown, StringComparison.Ordinal);
        Assert.StartsWith("# Backups of 2026-03\n\n71.4 % of 7 runs were whole", markdown, StringComparison.Ordinal);
        var html = ReportWriter.Write(report, ReportFormat.Html);
        Assert.DoesNotContain("<script", html, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("http", html, StringComparison.OrdinalIgnoreCase);
        Assert.Contains("<li>a &lt;b&gt; | c, &quot;d&quot;</li>", html, StringComparison.Ordinal);
        // The plot is well-formed, and its bars are as many as days so far, with as many runs as the month.
        var from = html.IndexOf("<svg class=\"bars\"", StringComparison.Ordinal);
        var plot = XElement.Parse(html[from..(html.IndexOf("</svg>", from, StringComparison.Ordinal) + 6)]);
        XElement.Parse(html[html.IndexOf("<svg", StringComparison.Ordinal)..(html.IndexOf("</svg>", StringComparison.Ordinal) + 6)]);   // the scale beside it
        var titles = plot.Elements("g").Select(bar => bar.Element("title")!.Value).ToList();
        Assert.Equal(report.To.Day, titles.Count);
        Assert.Equal(5, titles.Sum(title => int.Parse(title.Split(": ")[1].Split(' ')[0], CultureInfo.InvariantCulture)));
        Assert.Equal(html, ReportWriter.Write(report, ReportFormat.Html));
    }
}
