using StingBackup.Engine.Reserve;

namespace StingBackup.Engine.Tests.Reserve;

public sealed class SampleTickTests : IDisposable
{
    private static readonly SampleReserveOptions Options = new() { Scale = 0.01, Seed = 3 };

    private readonly SampleFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Equal_reserves_stay_equal_under_equal_ticks()
    {
        foreach (var name in (string[])["a", "b"])
        {
            SampleReserve.Generate(_folder.Of(name), Options);
            SampleReserve.Change(_folder.Of(name), seed: 11);
            SampleReserve.Change(_folder.Of(name), seed: 12);
        }
        Assert.Equal(SampleFolder.Listing(_folder.Of("a")), SampleFolder.Listing(_folder.Of("b")));
    }

    [Fact]
    public void A_tick_changes_the_stated_share_and_says_what()
    {
        SampleReserve.Generate(_folder.Of("r"), Options);
        var before = SampleFolder.Listing(_folder.Of("r"));
        var report = SampleReserve.Change(_folder.Of("r"), seed: 1, fraction: 0.4);
        var after = SampleFolder.Listing(_folder.Of("r"));

        Assert.InRange(report.Items.Count / (double)report.Candidates, 0.39, 0.41);
        Assert.All(Enum.GetValues<SampleChangeKind>(), kind => Assert.True(report.Count(kind) > 0, $"{kind} did not come up"));
        foreach (var item in report.Items)
        {
            switch (item.Kind)
            {
                case SampleChangeKind.Created:
                    Assert.False(before.ContainsKey(item.Path));
                    Assert.True(after.ContainsKey(item.Path));
                    break;
                case SampleChangeKind.Deleted:
                    Assert.True(before.ContainsKey(item.Path));
                    Assert.False(after.ContainsKey(item.Path));
                    break;
                case SampleChangeKind.Renamed:
                    Assert.Equal(ContentOf(before[item.Path]), ContentOf(after[item.NewPath!]));
                    Assert.False(after.ContainsKey(item.Path));
                    break;
                default:
                    Assert.NotEqual(ContentOf(before[item.Path]), ContentOf(after[item.Path]));
                    Assert.NotEqual(TimeOf(before[item.Path]), TimeOf(after[item.Path]));
                    break;
            }
        }
        var told = report.Items.SelectMany(item => new[] { item.Path, item.NewPath }).OfType<string>().ToHashSet();
        // The second name of a hard link changes with the first.
        told.UnionWith(before.Keys.Where(path => path.Contains("link", StringComparison.Ordinal) || path.Contains("z-last", StringComparison.Ordinal) || path.Contains("a-first", StringComparison.Ordinal)));
        Assert.Subset(told, before.Keys.Union(after.Keys).Where(path => before.GetValueOrDefault(path) != after.GetValueOrDefault(path)).ToHashSet());
    }

    [Fact]
    public void Nothing_changes_at_0_and_one_file_at_the_least_share()
    {
        SampleReserve.Generate(_folder.Of("r"), Options);
        var before = SampleFolder.Listing(_folder.Of("r"));
        Assert.Empty(SampleReserve.Change(_folder.Of("r"), seed: 1, fraction: 0).Items);
        Assert.Equal(before, SampleFolder.Listing(_folder.Of("r")));
        var item = Assert.Single(SampleReserve.Change(_folder.Of("r"), seed: 1, fraction: 0.00001).Items);
        Assert.Equal(SampleChangeKind.Edited, item.Kind);
    }

    [Fact]
    public void Only_files_of_people_and_jars_change()
    {
        SampleReserve.Generate(_folder.Of("r"), Options);
        var report = SampleReserve.Change(_folder.Of("r"), seed: 1, fraction: 1);
        Assert.All(report.Items, item => Assert.True(item.Path.StartsWith("users/", StringComparison.Ordinal) || item.Path.StartsWith("jars/", StringComparison.Ordinal), item.Path));
    }

    [Theory]
    [InlineData(-0.1)]
    [InlineData(1.1)]
    [InlineData(double.NaN)]
    public void A_share_out_of_range_is_refused(double fraction) =>
        Assert.Equal("SampleReserveOptionInvalid", Assert.Throws<StingException>(() => SampleReserve.Change(_folder.Of("r"), 1, fraction)).ErrorId);

    private static string ContentOf(string entry) => entry.Split(' ')[2];

    private static string TimeOf(string entry) => entry.Split(' ')[1];
}
