using System.Security.Cryptography;
using StingBackup.Engine.Reserve;
using StingBackup.Engine.Reserve.Sample;

namespace StingBackup.Engine.Tests.Reserve;

public sealed class SampleReserveTests : IDisposable
{
    private static readonly SampleReserveOptions Plain = new() { Scale = 0.01, Edges = false };

    private readonly SampleFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void The_same_seed_gives_the_same_reserve()
    {
        SampleReserve.Generate(_folder.Of("a"), new SampleReserveOptions { Seed = 7 });
        SampleReserve.Generate(_folder.Of("b"), new SampleReserveOptions { Seed = 7 });
        Assert.Equal(SampleFolder.Listing(_folder.Of("a")), SampleFolder.Listing(_folder.Of("b")));
    }

    [Fact]
    public void Another_seed_shares_no_content_with_it()
    {
        SampleReserve.Generate(_folder.Of("a"), Plain with { Seed = 1 });
        SampleReserve.Generate(_folder.Of("b"), Plain with { Seed = 2 });
        Assert.Empty(Contents(_folder.Of("a")).Keys.Intersect(Contents(_folder.Of("b")).Keys));
    }

    [Fact]
    public void Numbers_and_shares_are_near_those_of_a_real_installation()
    {
        var report = SampleReserve.Generate(_folder.Of("r"), Plain);
        Assert.Equal(8, report.People);
        Assert.Equal(6, report.Jars);
        Assert.InRange(report.UserFiles, 285, 315);
        Assert.InRange(report.DuplicatesWithin / (double)report.Files, 0.13, 0.17);
        Assert.InRange(report.DuplicatesAcross / (double)report.Files, 0.04, 0.06);
        Assert.InRange((report.DuplicateBytesWithin + report.DuplicateBytesAcross) / (double)report.Length, 0.15, 0.25);
        Assert.InRange(report.CompressedBytes / (double)report.Length, 0.25, 0.35);
        Assert.InRange(report.Length, 20e6, 30e6);
    }

    [Fact]
    public void The_report_counts_what_is_on_the_disk()
    {
        var report = SampleReserve.Generate(_folder.Of("r"), Plain);
        var files = Contents(_folder.Of("r")).SelectMany(entry => entry.Value.Select(path => (Content: entry.Key, Path: path)))
            .Where(file => file.Path != "users.csv" && !report.ExcludedFolders.Any(folder => file.Path.StartsWith(folder + "/", StringComparison.Ordinal))).ToList();
        Assert.Equal(report.Files, files.Count);
        Assert.Equal(report.Length, files.Sum(file => new FileInfo(Path.Join(_folder.Of("r"), file.Path)).Length));
        var across = files.GroupBy(file => file.Content).Sum(group => group.Select(file => SubjectOf(file.Path)).Distinct().Count() - 1);
        Assert.Equal(report.DuplicatesAcross, across);
        Assert.Equal(report.DuplicatesWithin, files.Count - files.DistinctBy(file => file.Content).Count() - across);
    }

    [Fact]
    public void Without_copies_between_subjects_no_two_of_them_share_content()
    {
        var report = SampleReserve.Generate(_folder.Of("r"), Plain with { CrossSubjectDuplicates = false });
        Assert.Equal(0, report.DuplicatesAcross);
        Assert.All(Contents(_folder.Of("r")), entry => Assert.Single(entry.Value.Select(SubjectOf).Distinct()));
    }

    [Fact]
    public void The_people_and_the_jar_that_the_documentation_names_are_there()
    {
        SampleReserve.Generate(_folder.Of("r"), Plain);
        var lines = File.ReadAllLines(_folder.Of("r/users.csv"));
        Assert.Equal("id,kratos_id,email,folder", lines[0]);
        var people = lines[1..].Select(line => line.Split(',')).ToDictionary(fields => fields[2]);
        Assert.All(people.Values, fields => Assert.True(Directory.Exists(_folder.Of($"r/users/{fields[3]}")), fields[2]));
        Assert.True(File.Exists(_folder.Of($"r/users/{people["user@example.com"][3]}/document.pdf")));
        Assert.True(Directory.Exists(_folder.Of("r/jars/jar_123")));
        Assert.Empty(Directory.EnumerateFileSystemEntries(_folder.Of($"r/users/{people["new.user@example.com"][3]}")));
        var early = people["early.user@example.com"];
        Assert.Equal(("4", "", "4"), (early[0], early[1], early[3]));
    }

    [Fact]
    public void One_person_fills_92_percent_of_a_quota()
    {
        SampleReserve.Generate(_folder.Of("r"), Plain with { CrossSubjectDuplicates = false });
        var heavy = File.ReadAllLines(_folder.Of("r/users.csv")).Single(line => line.Contains("heavy.user", StringComparison.Ordinal)).Split(',')[3];
        var bytes = SampleFolder.Files(_folder.Of($"r/users/{heavy}")).Sum(path => new FileInfo(path).Length);
        Assert.InRange(bytes / (1e9 * Plain.Scale), 0.91, 0.92);
    }

    [Fact]
    public void Lengths_of_files_follow_the_stated_distributions()
    {
        Assert.InRange(SampleSizes.UserFile(0.5), 175e3, 185e3);
        Assert.InRange(SampleSizes.UserFile(0.95), 5.9e6, 6.1e6);
        Assert.True(SampleSizes.UserFile(1) <= 18e6);
        Assert.InRange(SampleSizes.JarDocument(0.5), 39e3, 41e3);
        Assert.True(SampleSizes.JarDocument(1) <= 50e6);
        var ranks = Enumerable.Range(0, 3000).Select(i => (i + 0.5) / 3000).ToList();
        Assert.InRange(ranks.Sum(SampleSizes.UserFile), 1.9e9, 2.3e9);
        Assert.Equal(ranks.Select(SampleSizes.UserFile).Order(), ranks.Select(SampleSizes.UserFile));
    }

    [Fact]
    public void A_folder_that_holds_something_is_left_alone()
    {
        Directory.CreateDirectory(_folder.Of("r"));
        File.WriteAllText(_folder.Of("r/mine.txt"), "mine");
        var error = Assert.Throws<StingException>(() => SampleReserve.Generate(_folder.Of("r")));
        Assert.Equal("SampleReserveNotEmpty", error.ErrorId);
        Assert.Equal(["mine.txt"], Directory.EnumerateFileSystemEntries(_folder.Of("r")).Select(Path.GetFileName));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(-1)]
    [InlineData(101)]
    [InlineData(double.NaN)]
    public void A_scale_out_of_range_is_refused_before_anything_is_written(double scale)
    {
        var error = Assert.Throws<StingException>(() => SampleReserve.Generate(_folder.Of("r"), new SampleReserveOptions { Scale = scale }));
        Assert.Equal("SampleReserveOptionInvalid", error.ErrorId);
        Assert.False(Directory.Exists(_folder.Of("r")));
    }

    [Fact]
    public void A_place_that_cannot_be_written_is_named()
    {
        File.WriteAllText(_folder.Of("file"), "");
        var error = Assert.Throws<StingException>(() => SampleReserve.Generate(_folder.Of("file/below")));
        Assert.Equal("SampleReserveUnwritable", error.ErrorId);
        Assert.Contains("below", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void It_stops_when_asked()
    {
        using var stop = new CancellationTokenSource();
        stop.Cancel();
        Assert.ThrowsAny<OperationCanceledException>(() => SampleReserve.Generate(_folder.Of("r"), cancel: stop.Token));
    }

    private static string SubjectOf(string path) => path.Split('/') is [("users" or "jars") and var top, var id, ..] ? $"{top}/{id}" : "system";

    private static Dictionary<string, List<string>> Contents(string root) =>
        SampleFolder.Files(root).GroupBy(path => Convert.ToHexString(SHA256.HashData(File.ReadAllBytes(path))))
            .ToDictionary(group => group.Key, group => group.Select(path => Path.GetRelativePath(root, path).Replace(Path.DirectorySeparatorChar, '/')).ToList());
}
