using System.Text;

namespace StingBackup.Engine.Reserve;

/// <summary>
/// Matches one component of a path, as raw bytes. <c>*</c> any bytes, <c>?</c> one character, <c>[a-z]</c> and <c>[!a-z]</c> one of (or none of) these,
/// <c>\x</c> the character itself. A byte that is not UTF-8 counts as one character. The common shapes (a literal, a prefix, a suffix) are compared at once.
/// </summary>
internal sealed class NameMatcher
{
    private enum Shape { Any, Literal, Prefix, Suffix, General }

    private readonly Shape _shape;
    private readonly byte[] _text;
    private readonly Token[] _tokens;

    private NameMatcher(Shape shape, byte[] text, Token[] tokens)
    {
        _shape = shape;
        _text = text;
        _tokens = tokens;
    }

    /// <summary>One piece of a pattern: a run of any bytes, or one character of a set.</summary>
    private readonly record struct Token(bool Star, bool AnyCharacter, bool Negated, (int From, int To)[]? Set, int Character);

    /// <summary>Compiles a component; null with a problem when it is not well formed.</summary>
    public static NameMatcher? Parse(string pattern, out string? problem)
    {
        var tokens = new List<Token>();
        problem = null;
        var runes = pattern.EnumerateRunes().ToArray();
        for (var i = 0; i < runes.Length; i++)
        {
            switch (runes[i].Value)
            {
                case '*':
                    if (tokens.Count == 0 || !tokens[^1].Star)
                    {
                        tokens.Add(new Token(true, false, false, null, 0));
                    }
                    break;
                case '?':
                    tokens.Add(new Token(false, true, false, null, 0));
                    break;
                case '[':
                    if (ParseSet(runes, ref i) is not { } set)
                    {
                        problem = "a '[' has no ']' after at least one character";
                        return null;
                    }
                    tokens.Add(set);
                    break;
                case '\\' when ++i == runes.Length:
                    problem = "a '\\' stands at the end with nothing to escape";
                    return null;
                default:
                    tokens.Add(new Token(false, false, false, null, runes[i].Value));
                    break;
            }
        }
        return Compile(tokens);
    }

    private static NameMatcher Compile(List<Token> tokens)
    {
        bool IsText(IEnumerable<Token> some) => some.All(t => t is { Star: false, AnyCharacter: false, Set: null });
        byte[] Text(IEnumerable<Token> some) => Encoding.UTF8.GetBytes(string.Concat(some.Select(t => new Rune(t.Character).ToString())));
        return tokens switch
        {
            [{ Star: true }] => new NameMatcher(Shape.Any, [], []),
            _ when IsText(tokens) => new NameMatcher(Shape.Literal, Text(tokens), []),
            [.. var head, { Star: true }] when IsText(head) => new NameMatcher(Shape.Prefix, Text(head), []),
            [{ Star: true }, .. var tail] when IsText(tail) => new NameMatcher(Shape.Suffix, Text(tail), []),
            _ => new NameMatcher(Shape.General, [], [.. tokens]),
        };
    }

    private static Token? ParseSet(Rune[] runes, ref int i)
    {
        var at = i + 1;
        var negated = at < runes.Length && runes[at].Value is '!' or '^';
        if (negated)
        {
            at++;
        }
        var ranges = new List<(int, int)>();
        for (var first = at; at < runes.Length; at++)
        {
            if (runes[at].Value == ']' && at > first)
            {
                i = at;
                return new Token(false, false, negated, [.. ranges], 0);
            }
            if (runes[at].Value == '\\' && ++at == runes.Length)
            {
                return null;
            }
            var from = runes[at].Value;
            if (at + 2 < runes.Length && runes[at + 1].Value == '-' && runes[at + 2].Value != ']')
            {
                at += 2;
                if (runes[at].Value == '\\' && ++at == runes.Length)
                {
                    return null;
                }
                ranges.Add((from, runes[at].Value));
            }
            else
            {
                ranges.Add((from, from));
            }
        }
        return null;
    }

    /// <summary>Whether the whole name matches.</summary>
    public bool Matches(ReadOnlySpan<byte> name) => _shape switch
    {
        Shape.Any => true,
        Shape.Literal => name.SequenceEqual(_text),
        Shape.Prefix => name.StartsWith(_text),
        Shape.Suffix => name.EndsWith(_text),
        _ => MatchesTokens(name),
    };

    /// <summary>Goes back to the last star only, so the work is bounded by name length times pattern length.</summary>
    private bool MatchesTokens(ReadOnlySpan<byte> name)
    {
        int at = 0, token = 0, starToken = -1, starAt = 0;
        while (at < name.Length)
        {
            if (token < _tokens.Length && _tokens[token].Star)
            {
                starToken = token++;
                starAt = at;
            }
            else if (token < _tokens.Length && MatchesOne(_tokens[token], name[at..], out var used))
            {
                token++;
                at += used;
            }
            else if (starToken >= 0)
            {
                token = starToken + 1;
                _ = CharacterAt(name[starAt..], out var step);
                at = starAt += step;
            }
            else
            {
                return false;
            }
        }
        while (token < _tokens.Length && _tokens[token].Star)
        {
            token++;
        }
        return token == _tokens.Length;
    }

    private static bool MatchesOne(in Token token, ReadOnlySpan<byte> rest, out int used)
    {
        var character = CharacterAt(rest, out used);
        if (token.AnyCharacter)
        {
            return true;
        }
        if (token.Set is null)
        {
            return character == token.Character;
        }
        foreach (var (from, to) in token.Set)
        {
            if (character >= from && character <= to)
            {
                return !token.Negated;
            }
        }
        return token.Negated;
    }

    /// <summary>The next character's number; minus one for a byte that is not UTF-8, which equals no character.</summary>
    private static int CharacterAt(ReadOnlySpan<byte> rest, out int used)
    {
        if (rest[0] < 0x80)
        {
            used = 1;
            return rest[0];
        }
        if (Rune.DecodeFromUtf8(rest, out var rune, out used) == System.Buffers.OperationStatus.Done)
        {
            return rune.Value;
        }
        used = 1;
        return -1;
    }
}
