using System.Text;
using StingBackup.Engine.Basics;
using StingBackup.Engine.Reserve;
using StingBackup.Engine.Reserve.Configuration;
using StingBackup.Engine.Reserve.Sample;
using StingBackup.Engine.Tests.Support;

namespace StingBackup.Engine.Tests.Reserve;

public sealed class SampleEdgesTests : IDisposable
{
    private readonly SampleFolder _folder = new();
    private readonly SampleReserveReport _report;
    private readonly string _root;

    public SampleEdgesTests()
    {
        _root = _folder.Of("r");
        _report = SampleReserve.Generate(_root, new SampleReserveOptions { Scale = 0.001 });
    }

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Every_awkward_thing_is_made_or_named_with_a_reason()
    {
        Assert.Equal(20, _report.Edges.Count + _report.SkippedEdges.Count);
        Assert.All(_report.SkippedEdges, edge => Assert.NotEmpty(edge.Detail));
        if (OperatingSystem.IsLinux())
        {
            // A file system without them (tmpfs of an old kernel) is the one excuse.
            Assert.All(_report.SkippedEdges, edge => Assert.Equal("extended attributes", edge.What));
        }
    }

    [Fact]
    public void Names_hold_Unicode_200_characters_and_the_same_name_twice()
    {
        var names = SampleFolder.Files(_root).Select(path => Path.GetFileName(path)).ToList();
        Assert.Contains("🐝 honey 🍯.md", names);
        Assert.Contains(names, name => name.Length == 200);
        Assert.Equal(2, names.Count(name => name == "onboarding guide.md"));
        Assert.Contains(names, name => name.Contains("cafe\u0301", StringComparison.Ordinal));
        Assert.Contains(names, name => name.Contains("caf\u00e9", StringComparison.Ordinal));
    }

    [UnixFact]
    public void The_sparse_file_is_over_5_GB_with_data_between_its_holes()
    {
        Assert.True(new FileInfo(At("sparse file over 5 GB")).Length > 5L << 30);
        using var file = File.OpenHandle(At("sparse file over 5 GB"));
        var start = new byte[4096];
        RandomAccess.Read(file, start, 0);
        Assert.Contains(start, b => b != 0);
        RandomAccess.Read(file, start, 8192);
        Assert.DoesNotContain(start, b => b != 0);
    }

    [UnixFact]
    public void Links_lead_where_they_should()
    {
        Assert.Equal("empty.txt", new FileInfo(At("symbolic link")).LinkTarget);
        Assert.Equal(0, new FileInfo(At("symbolic link")).ResolveLinkTarget(true) is FileInfo target ? target.Length : -1);
        var (name, link) = (Path.Join(Path.GetDirectoryName(At("hard link")), "linked.txt"), At("hard link"));
        File.AppendAllText(link, "through one name");
        Assert.EndsWith("through one name", File.ReadAllText(name), StringComparison.Ordinal);
    }

    [LinuxFact]
    public void The_name_that_is_not_UTF_8_is_one()
    {
        Assert.EndsWith(@"raw \xff\xfe-\xe9.txt", _report.Edges.Single(edge => edge.What == "name that is not UTF-8").Detail, StringComparison.Ordinal);
        var name = Directory.EnumerateFiles(Path.GetDirectoryName(At("empty file"))!).Single(path => Path.GetFileName(path).StartsWith("raw ", StringComparison.Ordinal));
        Assert.Contains('\uFFFD', name);
        Assert.False(File.Exists(name));
    }

    [Fact]
    public void The_deep_tree_has_60_levels() =>
        Assert.Equal(60, At("deep folders").Split('/', '\\').Count(part => part.StartsWith("level ", StringComparison.Ordinal)));

    [Fact]
    public void Excluded_folders_are_there_to_be_left_out() =>
        Assert.All(_report.ExcludedFolders, folder => Assert.NotEmpty(Directory.EnumerateFiles(Path.Join(_root, folder), "*", SearchOption.AllDirectories)));

    [Fact]
    public void The_rules_place_every_folder_and_the_default_exclusions_leave_out_what_they_should()
    {
        var map = ReserveMap.Compile(new ReserveSettings { Path = _root, Rules = SampleReserve.Rules }, UsersMap.Empty);
        var classes = new HashSet<DataClass>();
        foreach (var path in SampleFolder.Files(_root).Select(path => Path.GetRelativePath(_root, path).Replace(Path.DirectorySeparatorChar, '/')))
        {
            var placement = map.Classify(EntryPath.FromBytes(Encoding.UTF8.GetBytes(path)), ItemKind.File);
            Assert.Equal(_report.ExcludedFolders.Any(folder => path.StartsWith(folder + "/", StringComparison.Ordinal)), placement.IsExcluded);
            classes.Add(placement.DataClass);
        }
        Assert.Subset(classes, Enum.GetValues<DataClass>().Where(c => c != DataClass.Physical).ToHashSet());   // which is of servers, never of files
    }

    [Fact]
    public void A_reserve_is_removed_whole_and_what_its_links_lead_to_stays()
    {
        Directory.CreateDirectory(_folder.Of("outside"));
        File.WriteAllText(_folder.Of("outside/kept"), "kept");
        Directory.CreateSymbolicLink(Path.Join(_root, "way out"), _folder.Of("outside"));
        SampleReserve.Remove(_root);
        Assert.False(Path.Exists(_root));
        Assert.Equal("kept", File.ReadAllText(_folder.Of("outside/kept")));
        SampleReserve.Remove(_root);
    }

    [Fact]
    public void Raw_links_and_attributes_fail_with_the_systems_words()
    {
        var missing = _folder.Of("nowhere/at all");
        Assert.Contains("nowhere", Assert.Throws<IOException>(() => SampleLinks.MakeHardLink(missing, _folder.Of("link"))).Message, StringComparison.Ordinal);
        if (OperatingSystem.IsLinux())
        {
            Assert.Throws<IOException>(() => SampleLinks.RenameToBytes(missing, Encoding.UTF8.GetBytes("name")));
            Assert.Throws<IOException>(() => SampleLinks.SetAttribute(missing, "user.a", [1]));
        }
    }

    private string At(string what) => Path.Join(_root, _report.Edges.Single(edge => edge.What == what).Detail);
}
