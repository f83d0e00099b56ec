using System.Text.RegularExpressions;
using StingBackup.Engine.Basics;
using StingBackup.Engine.Reserve;
using StingBackup.Engine.Reserve.Configuration;
using StingBackup.Engine.Tests.Support;

namespace StingBackup.Engine.Tests.Reserve.Configuration;

public sealed partial class ConfigurationWriterTests
{
    private static ConfigurationWriter AsInit() => new ConfigurationWriter()
        .Set(Settings.BackupRoot, "/var/backups/sting")
        .Set(Settings.ReserveId, "00112233445566778899aabbccddeeff")
        .Set(Settings.KeyFingerprint, "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff")
        .Set(Settings.ReservePath, "/srv/my reserve: \"new\"")
        .Set(Settings.KeyReplicas, ["/mnt/second/keys", "/mnt/third disk/keys"])
        .Set(Settings.Rules, [new ClassRule("reports/**", DataClass.Reports, null), new ClassRule("hr/*/**", DataClass.UserFiles, "user:{2}")]);

    [Fact]
    public void The_file_that_init_writes_is_this_one() => Golden.Check("tests/StingBackup.Engine.Tests/Reserve/Configuration/init.golden.yaml", AsInit().Render());

    [Fact]
    public void The_reference_in_the_docs_is_made_from_the_table() => Golden.Check("docs/configuration.md", ConfigurationReference.Render());

    [Fact]
    public void What_is_written_reads_back()
    {
        var configuration = new ConfigurationLoader(new FakeHost()).ExamineText(AsInit().Render(), "/etc/sting/sting-backup.yaml").Require();
        Assert.Equal("/var/backups/sting", configuration.Repository.BackupRoot);
        Assert.True(Id16.TryParse("00112233445566778899aabbccddeeff", out var id) && configuration.Repository.ReserveId == id);
        Assert.Equal("/srv/my reserve: \"new\"", configuration.Reserve.Path);
        Assert.Equal(["/mnt/second/keys", "/mnt/third disk/keys"], configuration.Keys.Replicas);
        Assert.Equal([new("reports/**", DataClass.Reports, null), new("hr/*/**", DataClass.UserFiles, "user:{2}")], configuration.Reserve.Rules);
    }

    [Fact]
    public void Every_setting_stands_in_the_file_once_and_says_what_it_means()
    {
        var text = AsInit().Render();
        foreach (var setting in Settings.All)
        {
            var section = text[(setting.Section.Length == 0 ? 0 : text.IndexOf($"\n{setting.Section}:\n", StringComparison.Ordinal) + 1)..];
            var end = setting.Section.Length == 0 ? -1 : section.IndexOf("\n\n# ", StringComparison.Ordinal);
            var indent = setting.Section.Length == 0 ? "" : "  ";
            Assert.Single(Regex.Matches(end < 0 ? section : section[..end], $"^{indent}(# )?{Regex.Escape(setting.Name)}:( |$)", RegexOptions.Multiline));
            Assert.True(setting.Summary.Length > 20 && setting.Summary.TrimEnd().EndsWith('.'), setting.Key);
            Assert.Contains(setting.Section, Settings.Sections.Select(s => s.Name));
        }
        Assert.DoesNotContain(text.Split('\n'), line => line.Length > 160);
    }

    [Fact]
    public void Every_commented_line_is_sound_once_the_mark_is_removed()
    {
        var text = CommentedSetting().Replace(new ConfigurationWriter().Render(), "$1$2");
        var examined = new ConfigurationLoader(new FakeHost()).ExamineText(text, "/etc/sting/sting-backup.yaml");
        Assert.DoesNotContain(examined.Findings, f => f.Severity == FindingSeverity.Error);
        var settings = examined.Describe();
        Assert.All(settings, s => Assert.StartsWith("/etc/sting/sting-backup.yaml:", s.Source, StringComparison.Ordinal));
        // Where there is a default, the line shows it.
        foreach (var setting in settings.Where(s => Settings.All.Single(a => a.Key == s.Key).Example is null))
        {
            Assert.False(setting.Changed, setting.Key);
        }
    }

    [Fact]
    public void A_file_that_stands_there_is_left_alone()
    {
        using var folder = new TempFolder();
        var path = Path.Join(folder.Path, "new", "sting-backup.yaml");
        AsInit().WriteNew(path);
        Assert.Equal(AsInit().Render(), File.ReadAllText(path));
        if (!OperatingSystem.IsWindows())
        {
            Assert.Equal(UnixFileMode.None, File.GetUnixFileMode(path) & (UnixFileMode.OtherRead | UnixFileMode.OtherWrite | UnixFileMode.GroupWrite));
        }
        var error = Assert.Throws<StingException>(() => new ConfigurationWriter().WriteNew(path));
        Assert.Equal("ConfigurationExists", error.ErrorId);
        Assert.Equal(AsInit().Render(), File.ReadAllText(path));
        error = Assert.Throws<StingException>(() => new ConfigurationWriter().WriteNew(Path.Join(path, "below-a-file", "x.yaml")));
        Assert.Equal("ConfigurationNotWritable", error.ErrorId);
    }

    [Theory]
    [InlineData("plain")]
    [InlineData("")]
    [InlineData("null")]
    [InlineData("- a")]
    [InlineData("a: b # c")]
    [InlineData("q\"u\\o'te")]
    [InlineData("tab\tline\nbell\a")]
    [InlineData("üñí 🏺")]
    [InlineData("*star")]
    [InlineData("{a}")]
    public void Every_text_survives_being_written_and_read(string text)
    {
        var findings = new FindingList();
        var map = YamlReader.Read($"a: {YamlText.Scalar(text)}\n", "f", findings);
        Assert.Empty(findings.All);
        Assert.Equal(text, Assert.IsType<ScalarNode>(map!.Entries[0].Value).Text);
        Assert.False(((ScalarNode)map.Entries[0].Value).IsUnset);
    }

    [GeneratedRegex("^( *)# ([a-z_]+:( .*)?|  - .*)$", RegexOptions.Multiline)]
    private static partial Regex CommentedSetting();
}
