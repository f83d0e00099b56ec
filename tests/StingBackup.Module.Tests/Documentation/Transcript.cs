using System.Text.RegularExpressions;

namespace StingBackup.Module.Tests.Documentation;

/// <summary>
/// Compares what a page shows with what was printed. Numbers, ages and ids are others each time; everything else is the same word for word. A line of <c>…</c> stands for any lines.
/// An id that the page shows stands from then on, in its commands, for the one that was printed in its place.
/// </summary>
internal sealed partial class Transcript
{
    private readonly Dictionary<string, string> _ids = new(StringComparer.Ordinal);

    /// <summary>A command with the ids of this run.</summary>
    public string Named(string command) => Id().Replace(command, m => _ids.GetValueOrDefault(m.Value, m.Value));

    /// <summary>What is wrong with the shown lines; null when they are right.</summary>
    public string? Compare(IReadOnlyList<string> shown, string printed)
    {
        var wanted = shown.Select(l => l.TrimEnd()).Reverse().SkipWhile(l => l.Length == 0).Reverse().ToList();
        var actual = printed.Split('\n').Select(l => l.TrimEnd()).Where(l => l.Length > 0).ToList();
        wanted.RemoveAll(l => l.Length == 0);
        var next = 0;
        var skips = false;
        foreach (var line in wanted)
        {
            if (line.Trim() == "…")
            {
                skips = true;
                continue;
            }
            var found = actual.FindIndex(next, l => Masked(l) == Masked(line));
            if (found < 0 || (!skips && found != next))
            {
                return $"shows '{line}', where was printed:\n{(next < actual.Count ? actual[next] : "(nothing more)")}\nof all this:\n{printed}";
            }
            Learn(line, actual[found]);
            (next, skips) = (found + 1, false);
        }
        return skips || next == actual.Count ? null : $"does not show '{actual[next]}', of all this:\n{printed}";
    }

    private void Learn(string shown, string printed)
    {
        foreach (var (from, to) in Id().Matches(shown).Zip(Id().Matches(printed)))
        {
            _ids[from.Value] = to.Value;
        }
    }

    private static string Masked(string line) => Space().Replace(Unit().Replace(Number().Replace(Age().Replace(Id().Replace(line, "ID"), "AGE"), "N"), "N U"), " ").Trim();

    [GeneratedRegex(@"backup_\d{8}_\d{6}(_[a-z0-9]+)?|\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b|\b[0-9a-f]{12,}\b|\b\d{8}T?_?\d{6}-[0-9a-f]+\b")]
    private static partial Regex Id();

    [GeneratedRegex(@"\b(just now|now|\d+ (s|min|h|d|seconds?|minutes?) ago|in \d+(\.\d)? (s|min|h|d|days?|hours?)( \d+ (s|min|h))?)\b")]
    private static partial Regex Age();

    [GeneratedRegex(@"\d[\d.,:]*")]
    private static partial Regex Number();

    [GeneratedRegex(@"N (B|KB|MB|GB|TB|µs|ms|s|min|h|d)( N (s|min|h))?\b")]
    private static partial Regex Unit();

    [GeneratedRegex(@"\s+|-{3,}|─+")]
    private static partial Regex Space();
}
