using System.Text;
using System.Text.RegularExpressions;

namespace StingBackup.Module.Tests.Documentation;

/// <summary>A command of a shell block: its line in the page, what is typed, how it ends, and what is shown below it.</summary>
/// <param name="Line">Its line in the page.</param>
/// <param name="Text">What is typed.</param>
/// <param name="Ends">The exit code that a comment behind it names (<c># ends with 4</c>); 0 without one.</param>
/// <param name="Shown">The lines of a transcript below it; null where none are shown.</param>
internal sealed record ShellLine(int Line, string Text, int Ends, IReadOnlyList<string>? Shown);

/// <summary>Takes shell blocks apart.</summary>
internal static partial class ShellLines
{
    /// <summary>The commands of a block. In a <c>console</c> block they stand behind a dollar sign, with what they print below them.</summary>
    public static IReadOnlyList<ShellLine> Of(DocBlock block)
    {
        var found = new List<ShellLine>();
        for (var i = 0; i < block.Lines.Count; i++)
        {
            var line = block.Lines[i];
            var typed = block.Language == "console" ? line.StartsWith("$ ", StringComparison.Ordinal) ? line[2..] : null : line;
            if (typed is null)
            {
                Assert.True(found.Count > 0, $"{block}: a transcript begins with '$ '.");
                ((List<string>)found[^1].Shown!).Add(line);
                continue;
            }
            if (typed.Trim().Length == 0 || typed.TrimStart().StartsWith('#'))
            {
                continue;
            }
            var text = new StringBuilder(typed);
            var begun = i;
            while (IsOpen(text.ToString()))
            {
                Assert.True(++i < block.Lines.Count, $"{block}: '{typed}' has no end.");
                text.Append('\n').Append(block.Lines[i]);
            }
            var ends = Ends().Match(text.ToString()) is { Success: true } told ? int.Parse(told.Groups[1].Value, System.Globalization.CultureInfo.InvariantCulture) : 0;
            found.Add(new ShellLine(block.Line + begun + 1, text.ToString(), ends, block.Language == "console" ? new List<string>() : null));
        }
        return found;
    }

    /// <summary>The words of each command of these programs that a line runs, the program's name first. Quotes are taken away; what a shell would put in the place of a variable stays as it is.</summary>
    public static IEnumerable<IReadOnlyList<string>> Programs(string text)
    {
        foreach (var command in Commands(text.Replace("\\\n", " ", StringComparison.Ordinal)))
        {
            var words = command.SkipWhile(w => w is "sudo" or "!" || w.Contains('=', StringComparison.Ordinal)).ToList();
            if (words.Count > 0 && Path.GetFileName(words[0]) is "sting-backup" or "sting-restore")
            {
                yield return [Path.GetFileName(words[0]), .. words.Skip(1)];
            }
        }
    }

    private static IEnumerable<List<string>> Commands(string text)
    {
        var words = new List<string>();
        var word = new StringBuilder();
        var quote = '\0';
        var (isWord, isComment) = (false, false);
        foreach (var c in text + "\n")
        {
            if (isComment && c != '\n')
            {
                continue;
            }
            isComment = false;
            if (quote != '\0')
            {
                (quote, isWord) = (c == quote ? '\0' : quote, true);
                if (quote != '\0')
                {
                    word.Append(c);
                }
            }
            else if (c is '\'' or '"')
            {
                (quote, isWord) = (c, true);
            }
            else if (c is ' ' or '\n' or ';' or '|' or '&' or '(' or ')')
            {
                if (isWord)
                {
                    words.Add(word.ToString());
                }
                word.Clear();
                isWord = false;
                if (c is not ' ' && words.Count > 0)
                {
                    yield return words;
                    words = [];
                }
            }
            else if (c == '#' && !isWord)
            {
                isComment = true;
            }
            else
            {
                word.Append(c);
                isWord = true;
            }
        }
        if (words.Count > 0)
        {
            yield return words;
        }
    }

    private static bool IsOpen(string text) =>
        text.EndsWith('\\') || (HereDocument().Match(text) is { Success: true } document && !text.EndsWith($"\n{document.Groups[1].Value}", StringComparison.Ordinal))
        || (Loop().IsMatch(text) && !LoopEnd().IsMatch(text));

    [GeneratedRegex(@"#.*\bends with (\d)")]
    private static partial Regex Ends();

    [GeneratedRegex(@"<<-?\s*'?(\w+)'?")]
    private static partial Regex HereDocument();

    [GeneratedRegex(@"^(for|while|if)\b")]
    private static partial Regex Loop();

    [GeneratedRegex(@"\b(done|fi)\s*$")]
    private static partial Regex LoopEnd();
}
