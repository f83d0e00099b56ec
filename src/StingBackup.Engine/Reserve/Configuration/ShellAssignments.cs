namespace StingBackup.Engine.Reserve.Configuration;

/// <summary>A variable that a shell file sets.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Value">The text, without quotes.</param>
/// <param name="Line">Its line, from 1.</param>
internal sealed record ShellAssignment(string Name, string Value, int Line);

/// <summary>
/// Reads the assignments of the strategy's <c>backup-config.sh</c> without ever running it: comments, <c>NAME=value</c>, <c>NAME="value"</c>, <c>NAME='value'</c>, perhaps after <c>export</c>.
/// Whatever a shell would do more with (expansion, substitution, commands, joined quotes) is refused by line.
/// </summary>
internal static class ShellAssignments
{
    private const string Unquoted = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_./:@%+,-=";

    public static IReadOnlyList<ShellAssignment> Read(string text, string file, FindingList findings)
    {
        var found = new Dictionary<string, ShellAssignment>(StringComparer.Ordinal);
        var number = 0;
        foreach (var raw in text.Split('\n'))
        {
            number++;
            var line = raw.Trim(' ', '\t', '\r');
            if (line.Length == 0 || line[0] == '#')
            {
                continue;
            }
            if (line.StartsWith("export ", StringComparison.Ordinal))
            {
                line = line["export ".Length..].TrimStart();
            }
            var equals = line.IndexOf('=', StringComparison.Ordinal);
            var name = equals > 0 ? line[..equals] : "";
            if (!IsName(name))
            {
                findings.Error(null, file, number, "this line is not an assignment", "Keep lines of the form NAME=\"value\" and comments only: the file is read, never run.");
            }
            else if (Value(line[(equals + 1)..]) is var (value, problem) && problem is not null)
            {
                findings.Error(name, file, number, problem, $"Write {name}=\"the value itself\": the file is read, never run.");
            }
            else if (!found.TryAdd(name, new ShellAssignment(name, value, number)))
            {
                findings.Error(name, file, number, $"{name} is set a second time; the first is on line {found[name].Line}", "Keep one of the two.");
            }
        }
        return [.. found.Values];
    }

    private static bool IsName(string name) =>
        name.Length > 0 && !char.IsAsciiDigit(name[0]) && name.All(c => char.IsAsciiLetterOrDigit(c) || c == '_');

    private static (string Value, string? Problem) Value(string text)
    {
        var value = new System.Text.StringBuilder();
        var at = 0;
        if (text.Length > 0 && text[0] is '"' or '\'')
        {
            for (at = 1; at < text.Length && text[at] != text[0]; at++)
            {
                if (text[at] is '$' or '`')
                {
                    return ("", $"'{text[at]}' would be expanded by a shell");
                }
                if (text[at] == '\\' && text[0] == '"')
                {
                    if (at + 1 == text.Length || text[at + 1] is not ('"' or '\\'))
                    {
                        return ("", "a '\\' may only stand before '\"' or '\\'");
                    }
                    at++;
                }
                value.Append(text[at]);
            }
            if (at == text.Length)
            {
                return ("", $"the closing {text[0]} is missing");
            }
            at++;
        }
        else
        {
            for (; at < text.Length && text[at] is not (' ' or '\t'); at++)
            {
                if (!Unquoted.Contains(text[at], StringComparison.Ordinal))
                {
                    return ("", text[at] is '$' or '`' ? $"'{text[at]}' would be expanded by a shell" : $"'{text[at]}' means something to a shell here");
                }
                value.Append(text[at]);
            }
        }
        var rest = text.AsSpan(at);
        return rest.Trim().IsEmpty || (rest[0] is ' ' or '\t' && rest.TrimStart()[0] == '#')
            ? (value.ToString(), null)
            : ("", "something stands after the value");
    }
}
