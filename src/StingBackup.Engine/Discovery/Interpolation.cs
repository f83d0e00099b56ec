using System.Text;

namespace StingBackup.Engine.Discovery;

/// <summary>Variables in compose files and in STING's configuration: <c>$NAME</c>, <c>${NAME}</c>, <c>${NAME:-default}</c> and their kin, nested; <c>$$</c> is a dollar sign.</summary>
internal static class Interpolation
{
    private const int DeepestLevel = 8;

    /// <summary>The text with its variables replaced; one that is not set and has no default is empty, as compose has it.</summary>
    public static string Expand(string text, Func<string, string?> variable) => Expand(text, variable, 0);

    private static string Expand(string text, Func<string, string?> variable, int level)
    {
        if (!text.Contains('$', StringComparison.Ordinal) || level > DeepestLevel)
        {
            return text;
        }
        var expanded = new StringBuilder();
        for (var i = 0; i < text.Length; i++)
        {
            if (text[i] != '$' || i + 1 == text.Length)
            {
                expanded.Append(text[i]);
            }
            else if (text[i + 1] == '$')
            {
                expanded.Append('$');
                i++;
            }
            else if (text[i + 1] == '{' && Closing(text, i + 2) is var end and > 0)
            {
                expanded.Append(Braced(text[(i + 2)..end], variable, level + 1));
                i = end;
            }
            else
            {
                var length = NameLength(text.AsSpan(i + 1));
                expanded.Append(length == 0 ? "$" : variable(text.Substring(i + 1, length)));
                i += length;
            }
        }
        return expanded.ToString();
    }

    private static string Braced(string inside, Func<string, string?> variable, int level)
    {
        var length = NameLength(inside);
        var value = variable(inside[..length]);
        var rest = inside[length..];
        // With a colon an empty value counts as none.
        var isSet = rest.StartsWith(':') ? !string.IsNullOrEmpty(value) : value is not null;
        rest = rest.TrimStart(':');
        return rest switch
        {
            ['-', .. var instead] => isSet ? value! : Expand(instead, variable, level),
            ['+', .. var instead] => isSet ? Expand(instead, variable, level) : "",
            _ => value ?? "",
        };
    }

    /// <summary>Where the brace closes; 0 where it does not.</summary>
    private static int Closing(string text, int start)
    {
        var open = 1;
        for (var i = start; i < text.Length; i++)
        {
            open += text[i] switch { '{' => 1, '}' => -1, _ => 0 };
            if (open == 0)
            {
                return i;
            }
        }
        return 0;
    }

    private static int NameLength(ReadOnlySpan<char> text)
    {
        var length = 0;
        while (length < text.Length && (char.IsAsciiLetterOrDigit(text[length]) || text[length] == '_'))
        {
            length++;
        }
        return length;
    }
}
