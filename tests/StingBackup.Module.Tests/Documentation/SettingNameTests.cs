using System.Text.RegularExpressions;
using StingBackup.Engine.Reserve.Configuration;

namespace StingBackup.Module.Tests.Documentation;

/// <summary>Every setting that a page names, in its text or in a block of YAML, is one.</summary>
public sealed partial class SettingNameTests
{
    private static readonly HashSet<string> Keys = Settings.All.Select(s => s.Key).ToHashSet(StringComparer.Ordinal);
    private static readonly HashSet<string> Sections = Settings.All.Select(s => s.Section).ToHashSet(StringComparer.Ordinal);

    // Files are named like settings: reserve.key, postgresql.conf.
    private static readonly string[] Files = ["conf", "init", "key", "pub"];

    [Fact]
    public void In_the_text()
    {
        var named = DocPage.All.SelectMany(p => p.Spans.Select(s => (p.Path, s.Line, Key: Dotted().Match(s.Code).Groups[1].Value))).Where(n => n.Key.Length > 0).ToList();
        Assert.True(named.Count > 100);
        var wrong = named.Where(n => Sections.Contains(n.Key.Split('.')[0]) && !Files.Contains(n.Key.Split('.')[1]) && !Keys.Contains(n.Key)).Select(n => $"{n.Path}:{n.Line}: {n.Key}").ToList();
        Assert.True(wrong.Count == 0, $"No settings:\n{string.Join('\n', wrong)}");
    }

    [Fact]
    public void In_blocks_of_YAML()
    {
        var wrong = new List<string>();
        foreach (var block in DocPage.All.SelectMany(p => p.Blocks).Where(b => b.Language == "yaml" && b.Lines.Any(l => Section().IsMatch(l)) && !b.Text.StartsWith("services:", StringComparison.Ordinal)))
        {
            var section = "";
            foreach (var line in block.Lines)
            {
                section = Section().Match(line) is { Success: true } begun ? begun.Groups[1].Value : section;
                var key = Member().Match(line) is { Success: true } member ? $"{section}.{member.Groups[1].Value}" : null;
                if ((key is null && section.Length > 0 && !Sections.Contains(section) && !Keys.Contains(section)) || (key is not null && !Keys.Contains(key)))
                {
                    wrong.Add($"{block}: {key ?? section}");
                }
            }
        }
        Assert.True(wrong.Count == 0, $"No settings:\n{string.Join('\n', wrong)}");
    }

    [GeneratedRegex(@"^([a-z_]+\.[a-z_]+)(?::.*)?$")]
    private static partial Regex Dotted();

    [GeneratedRegex("^([a-z_]+):")]
    private static partial Regex Section();

    [GeneratedRegex("^  ([a-z_]+):")]
    private static partial Regex Member();
}
