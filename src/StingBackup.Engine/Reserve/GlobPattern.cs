using System.Numerics;

namespace StingBackup.Engine.Reserve;

/// <summary>
/// One glob, compiled to walk a path component by component over raw bytes, case-sensitive.
/// Without a slash it matches a component anywhere; with one (other than at its end) it is anchored at the reserve's root.
/// <c>**</c> is any number of components; at the end, everything inside. A slash at the end means folders only.
/// What lies below a match matches too.
/// </summary>
/// <remarks>
/// A walk's state is a set of positions, one bit each: bit <i>p</i> says that the first <i>p</i> parts have matched. So a folder's state is worked out once
/// and every name in it costs one step.
/// </remarks>
internal sealed class GlobPattern
{
    private const int MostParts = 60;
    private const int MostAlternatives = 256;

    /// <summary>The parts; null is <c>**</c>.</summary>
    private readonly NameMatcher?[] _parts;

    private GlobPattern(NameMatcher?[] parts, bool directoryOnly)
    {
        _parts = parts;
        DirectoryOnly = directoryOnly;
        Start = Close(1);
    }

    /// <summary>True when only folders match by themselves (what is below them matches by them).</summary>
    public bool DirectoryOnly { get; }

    /// <summary>The state at the reserve's root.</summary>
    public ulong Start { get; }

    /// <summary>Compiles a glob; braces make several. Null with a problem when it is not well formed.</summary>
    public static IReadOnlyList<GlobPattern>? Parse(string glob, out string? problem)
    {
        var texts = ExpandBraces(glob, out problem);
        if (texts is null)
        {
            return null;
        }
        var patterns = new List<GlobPattern>(texts.Count);
        foreach (var text in texts)
        {
            if (ParseOne(text, out problem) is not { } pattern)
            {
                return null;
            }
            patterns.Add(pattern);
        }
        return patterns;
    }

    /// <summary>The state after one more component; 0 when no path below can match.</summary>
    public ulong Step(ulong state, ReadOnlySpan<byte> name)
    {
        ulong next = 0;
        for (var left = state; left != 0; left &= left - 1)
        {
            var position = BitOperations.TrailingZeroCount(left);
            if (position == _parts.Length)
            {
                next |= 1UL << position;
            }
            else if (_parts[position] is not { } part)
            {
                next |= 1UL << position;
            }
            else if (part.Matches(name))
            {
                next |= 1UL << (position + 1);
            }
        }
        return Close(next);
    }

    /// <summary>Whether a state that <see cref="Step"/> gave for an item means a match.</summary>
    public bool IsMatch(ulong state, bool isDirectory) => (state >> _parts.Length & 1) != 0 && (isDirectory || !DirectoryOnly);

    /// <summary>Whether a whole path matches, by itself or because it lies below a match.</summary>
    public bool Matches(ReadOnlySpan<byte> path, bool isDirectory)
    {
        var state = Start;
        while (path.IndexOf((byte)'/') is >= 0 and var slash)
        {
            state = Step(state, path[..slash]);
            if (state == 0 || IsMatch(state, true))
            {
                return state != 0;
            }
            path = path[(slash + 1)..];
        }
        return IsMatch(Step(state, path), isDirectory);
    }

    /// <summary>Whether a whole path matches by itself, not merely because it lies below a match.</summary>
    public bool MatchesItself(ReadOnlySpan<byte> path, bool isDirectory)
    {
        var state = Start;
        var below = ~(1UL << _parts.Length);
        while (path.IndexOf((byte)'/') is >= 0 and var slash)
        {
            state = Step(state & below, path[..slash]);
            path = path[(slash + 1)..];
        }
        return IsMatch(Step(state & below, path), isDirectory);
    }

    /// <summary><c>**</c> may stand for nothing, so the position after it counts too.</summary>
    private ulong Close(ulong state)
    {
        for (var position = 0; position < _parts.Length; position++)
        {
            if (_parts[position] is null && (state >> position & 1) != 0)
            {
                state |= 1UL << (position + 1);
            }
        }
        return state;
    }

    private static GlobPattern? ParseOne(string glob, out string? problem)
    {
        problem = null;
        var directoryOnly = glob.EndsWith('/');
        var text = glob.TrimEnd('/');
        var anchored = text.Contains('/', StringComparison.Ordinal);
        text = text.TrimStart('/');
        if (text.Length == 0)
        {
            problem = "it is empty";
            return null;
        }
        var parts = new List<NameMatcher?>();
        if (!anchored)
        {
            parts.Add(null);
        }
        foreach (var component in text.Split('/'))
        {
            if (component is "" or "." or "..")
            {
                problem = $"it has a component '{component}'";
                return null;
            }
            if (component == "**")
            {
                if (parts.Count == 0 || parts[^1] is not null)
                {
                    parts.Add(null);
                }
            }
            else if (NameMatcher.Parse(component, out problem) is { } part)
            {
                parts.Add(part);
            }
            else
            {
                return null;
            }
        }
        if (parts[^1] is null)
        {
            // "a/**" is what is inside a, not a itself: at least one component more.
            parts.Add(NameMatcher.Parse("*", out _));
        }
        if (parts.Count > MostParts)
        {
            problem = $"it has more than {MostParts} components";
            return null;
        }
        return new GlobPattern([.. parts], directoryOnly);
    }

    /// <summary>Turns <c>a{b,c}</c> into <c>ab</c> and <c>ac</c>; braces nest, <c>\{</c> and what stands in <c>[…]</c> is plain.</summary>
    private static List<string>? ExpandBraces(string glob, out string? problem)
    {
        problem = null;
        var done = new List<string>();
        var pending = new Stack<string>([glob]);
        while (pending.TryPop(out var text))
        {
            if (!FindBraces(text, out var open, out var commas, out var close))
            {
                problem = "a '{' has no '}'";
                return null;
            }
            if (open < 0)
            {
                done.Add(text);
            }
            else
            {
                // The last alternative first onto the stack, so that they come off in the order written.
                var cuts = commas.Prepend(open).Append(close).ToArray();
                for (var i = cuts.Length - 2; i >= 0; i--)
                {
                    pending.Push(text[..open] + text[(cuts[i] + 1)..cuts[i + 1]] + text[(close + 1)..]);
                }
            }
            if (done.Count + pending.Count > MostAlternatives)
            {
                problem = $"its braces make more than {MostAlternatives} patterns";
                return null;
            }
        }
        return done;
    }

    private static bool FindBraces(string text, out int open, out List<int> commas, out int close)
    {
        open = close = -1;
        commas = [];
        var depth = 0;
        for (var i = 0; i < text.Length; i++)
        {
            switch (text[i])
            {
                case '\\':
                    i++;
                    break;
                case '[' when text.IndexOf(']', Math.Min(i + 2, text.Length)) is > 0 and var end:
                    i = end;
                    break;
                case '{':
                    if (depth++ == 0)
                    {
                        open = i;
                    }
                    break;
                case ',' when depth == 1:
                    commas.Add(i);
                    break;
                case '}' when depth > 0 && --depth == 0:
                    close = i;
                    return true;
            }
        }
        return open < 0;
    }
}
