using System.Globalization;
using System.Text.RegularExpressions;

namespace StingBackup.Engine.Tests.Documentation;

/// <summary>docs/strategy.md tells, for every line of the strategy, what does it and what shows it; and nothing else.</summary>
public sealed partial class StrategyTests
{
    private const string NothingToDo = "nothing to do", None = "—";

    private static readonly Lazy<ProjectTree> Tree = new(() => new ProjectTree());

    private static readonly IReadOnlyDictionary<int, string> Strategy = ContentLines(ProjectTree.Read("docs/strategy-source.md"));

    private static readonly IReadOnlyList<Entry> Entries = ReadEntries(ProjectTree.Read("docs/strategy.md"));

    private sealed record Entry(int Line, string Quote, string DoneBy, string ShownBy)
    {
        public string[] Names => Quoted().Matches(DoneBy).Select(m => m.Groups[1].Value).ToArray();
        public string[] Tests => Quoted().Matches(ShownBy).Select(m => m.Groups[1].Value).ToArray();
        public bool IsNothingToDo => DoneBy == NothingToDo;
    }

    [Fact]
    public void Every_line_of_the_strategy_has_one_entry()
    {
        Assert.True(Strategy.Count > 200);
        var missing = Strategy.Keys.Except(Entries.Select(e => e.Line)).Select(l => $"{l}: {Strategy[l]}").ToArray();
        Assert.True(missing.Length == 0, $"Without an entry in docs/strategy.md: {string.Join(" | ", missing)}");
        var twice = Entries.GroupBy(e => e.Line).Where(g => g.Count() > 1).Select(g => g.Key).ToArray();
        Assert.True(twice.Length == 0, $"With two entries: {string.Join(", ", twice)}");
        Assert.Equal(Entries.Select(e => e.Line).Order(), Entries.Select(e => e.Line));
    }

    [Fact]
    public void Every_entry_quotes_a_line_of_the_strategy()
    {
        var wrong = Entries.Where(e => !Strategy.TryGetValue(e.Line, out var line) || Plain(line) != e.Quote).Select(e => $"{e.Line}: {e.Quote}").ToArray();
        Assert.True(wrong.Length == 0, $"Entries for no line: {string.Join(" | ", wrong)}");
    }

    [Fact]
    public void Every_setting_and_command_that_an_entry_names_is_there()
    {
        var wrong = Entries.SelectMany(e => e.Names.Where(n => !Tree.Value.Has(n)).Select(n => $"{e.Line}: {n}")).ToArray();
        Assert.True(wrong.Length == 0, $"Not in the tree: {string.Join(" | ", wrong)}");
    }

    [Fact]
    public void Every_test_that_an_entry_names_is_there()
    {
        var wrong = Entries.SelectMany(e => e.Tests.Where(t => !Tree.Value.HasTest(t)).Select(t => $"{e.Line}: {t}")).ToArray();
        Assert.True(wrong.Length == 0, $"Not in the tree: {string.Join(" | ", wrong)}");
    }

    [Fact]
    public void Every_line_names_what_does_it_and_what_shows_it()
    {
        foreach (var entry in Entries)
        {
            if (entry.IsNothingToDo)
            {
                // Numbers and rows always ask for something; the number of a list's item is none.
                Assert.False(Strategy[entry.Line].TrimStart().StartsWith('|') || Numbered().Replace(Strategy[entry.Line], "").Any(char.IsDigit), $"{entry.Line} asks for something: {entry.Quote}");
                Assert.Equal(None, entry.ShownBy);
            }
            else
            {
                Assert.DoesNotContain("not yet", entry.DoneBy, StringComparison.OrdinalIgnoreCase);
                Assert.True(entry.Names.Length > 0, $"{entry.Line} names no setting and no command: {entry.DoneBy}");
                Assert.True(entry.Tests.Length > 0, $"{entry.Line} names no test: {entry.ShownBy}");
            }
        }
    }

    [Fact]
    public void The_walk_sees_text_rows_code_and_comments_and_passes_over_headings_rules_and_frames()
    {
        var lines = ContentLines("# T\n\nText\n| a | b |\n|---|---|\n| 1 | 2 |\n```sh\n# note\nX=1\n}\nstyle A fill:#1\n```\n---\n┌──┐\n- item\n");
        Assert.Equal([3, 6, 8, 9, 15], lines.Keys);
        Assert.Equal("1 | 2", Plain(lines[6]));
    }

    /// <summary>Lines that say something: not headings, not the header row of a table, not what only draws (frames, rules, a diagram's type and colours).</summary>
    private static SortedDictionary<int, string> ContentLines(string text)
    {
        var found = new SortedDictionary<int, string>();
        var lines = text.ReplaceLineEndings("\n").Split('\n');
        var inCode = false;
        for (var i = 0; i < lines.Length; i++)
        {
            var line = lines[i].Trim();
            if (line.StartsWith("```", StringComparison.Ordinal))
            {
                inCode = !inCode;
            }
            else if (line.Any(char.IsLetterOrDigit) && (inCode ? !Drawing().IsMatch(line) : !line.StartsWith('#') && !(i + 1 < lines.Length && TableRule().IsMatch(lines[i + 1].Trim()))))
            {
                found.Add(i + 1, lines[i]);
            }
        }
        return found;
    }

    private static Entry[] ReadEntries(string text) => text.ReplaceLineEndings("\n").Split('\n')
        .Where(line => Numeral().IsMatch(line))
        .Select(line => Cell().Split(line.Trim().Trim('|')).Select(cell => cell.Trim()).ToArray())
        .Select(cells => cells.Length == 4
            ? new Entry(int.Parse(cells[0], CultureInfo.InvariantCulture), Unquote(cells[1]), cells[2], cells[3])
            : throw new InvalidDataException($"An entry has four cells: {string.Join(" | ", cells)}"))
        .ToArray();

    private static string Unquote(string cell)
    {
        var plain = cell.Replace("\\|", "|", StringComparison.Ordinal);
        return plain.Length > 1 && plain[0] == '`' && plain[^1] == '`' ? plain[1..^1] : plain;
    }

    /// <summary>A line as an entry quotes it: without the space around it, a row without its outer bars.</summary>
    private static string Plain(string line)
    {
        var trimmed = line.Trim();
        return trimmed.StartsWith('|') ? string.Join(" | ", trimmed.Trim('|').Split('|').Select(c => c.Trim())) : trimmed;
    }

    [GeneratedRegex("`([^`]+)`")]
    private static partial Regex Quoted();

    [GeneratedRegex("^(style|graph) ")]
    private static partial Regex Drawing();

    [GeneratedRegex(@"^\|[-|: ]+\|$")]
    private static partial Regex TableRule();

    [GeneratedRegex(@"^\| *\d+ *\|")]
    private static partial Regex Numeral();

    [GeneratedRegex(@"^\s*\d+\. ")]
    private static partial Regex Numbered();

    [GeneratedRegex(@"(?<!\\)\|")]
    private static partial Regex Cell();
}
