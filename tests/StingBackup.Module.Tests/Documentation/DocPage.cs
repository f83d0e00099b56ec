using System.Text.RegularExpressions;
using StingBackup.Module.Tests.Hosting;

namespace StingBackup.Module.Tests.Documentation;

/// <summary>A fenced block of a page.</summary>
/// <param name="Page">The page, from the project's folder.</param>
/// <param name="Line">The fence's line, from 1.</param>
/// <param name="Language">The first word of its info string; empty for none.</param>
/// <param name="Untested">Why it is not run, where the info string says <c>untested: why</c>.</param>
/// <param name="Lines">What stands in it.</param>
internal sealed record DocBlock(string Page, int Line, string Language, string? Untested, IReadOnlyList<string> Lines)
{
    /// <summary>All of it.</summary>
    public string Text => string.Join('\n', Lines);

    /// <summary>The page and the line.</summary>
    public override string ToString() => $"{Page}:{Line}";
}

/// <summary>A page of the documentation: its blocks, what it names within its text, its headings and links.</summary>
internal sealed partial class DocPage
{
    private DocPage(string path)
    {
        Path = path;
        var isFenced = false;
        (int Line, string Info, int Indent) open = (0, "", 0);
        var inside = new List<string>();
        var number = 0;
        foreach (var line in File.ReadLines(System.IO.Path.Join(Repository.Root, path)))
        {
            number++;
            var trimmed = line.TrimStart();
            if (!isFenced && trimmed.StartsWith("```", StringComparison.Ordinal))
            {
                isFenced = true;
                open = (number, trimmed[3..].Trim(), line.Length - trimmed.Length);
            }
            else if (isFenced && trimmed.StartsWith("```", StringComparison.Ordinal))
            {
                isFenced = false;
                var info = open.Info.Split(' ', 2);
                var why = info.Length > 1 ? Untested().Match(info[1]).Groups[1].Value : null;
                Assert.True(why is null || why.Length > 0, $"{path}:{open.Line}: behind the language stands 'untested: why', or nothing.");
                Blocks.Add(new DocBlock(path, open.Line, info[0], why, [.. inside]));
                inside.Clear();
            }
            else if (isFenced)
            {
                inside.Add(line.Length - trimmed.Length >= open.Indent ? line[open.Indent..] : trimmed);
            }
            else
            {
                Text.Add((number, line));
            }
        }
        Assert.True(!isFenced, $"{path}:{open.Line}: the fence has no end.");
    }

    /// <summary>Its path, from the project's folder.</summary>
    public string Path { get; }

    /// <summary>Its blocks, in order.</summary>
    public List<DocBlock> Blocks { get; } = [];

    /// <summary>Its lines outside of blocks.</summary>
    public List<(int Line, string Text)> Text { get; } = [];

    /// <summary>What stands in backticks outside of blocks.</summary>
    public IEnumerable<(int Line, string Code)> Spans => Text.SelectMany(l => Span().Matches(l.Text).Select(m => (l.Line, m.Groups[1].Value.Replace("\\|", "|", StringComparison.Ordinal))));

    /// <summary>Where its links lead.</summary>
    public IEnumerable<(int Line, string Target)> Links => Text.SelectMany(l => Link().Matches(Span().Replace(l.Text, "")).Select(m => (l.Line, m.Groups[1].Value)));

    /// <summary>Names that links may end in, as GitHub makes them of headings.</summary>
    public IReadOnlySet<string> Anchors => Text.Where(l => l.Text.StartsWith('#')).Select(l => Anchor(l.Text.TrimStart('#').Trim()))
        .GroupBy(a => a).SelectMany(g => g.Select((a, i) => i == 0 ? a : $"{a}-{i}")).ToHashSet(StringComparer.Ordinal);

    /// <summary>The strategy as it was given, word for word.</summary>
    public const string Strategy = "docs/strategy-source.md";

    /// <summary>Every page that people read; the pages of single commands have tests of their own.</summary>
    public static IReadOnlyList<DocPage> All { get; } =
    [
        .. new[] { "README.md", "CONTRIBUTING.md" }.Select(f => System.IO.Path.Join(Repository.Root, f))
            .Concat(new[] { "docs", "docs/how-to", "docs/decisions", "docs/reference" }.Select(f => System.IO.Path.Join(Repository.Root, f)).Where(Directory.Exists)
                .SelectMany(f => Directory.EnumerateFiles(f, "*.md")).Concat(Directory.EnumerateFiles(Repository.Help, "about_*.md")).Order(StringComparer.Ordinal))
            .Where(File.Exists).Select(f => System.IO.Path.GetRelativePath(Repository.Root, f)).Where(p => p != Strategy).Select(p => new DocPage(p)),
    ];

    private static string Anchor(string heading) =>
        string.Concat(Span().Replace(LinkText().Replace(heading, "$1"), "$1").ToLowerInvariant().Where(c => char.IsLetterOrDigit(c) || c is ' ' or '-' or '_')).Replace(' ', '-');

    [GeneratedRegex("^untested: (.+)$")]
    private static partial Regex Untested();

    [GeneratedRegex("`([^`]+)`")]
    private static partial Regex Span();

    [GeneratedRegex(@"\]\(([^)\s]+)\)")]
    private static partial Regex Link();

    [GeneratedRegex(@"\[([^\]]+)\]\([^)]+\)")]
    private static partial Regex LinkText();
}
