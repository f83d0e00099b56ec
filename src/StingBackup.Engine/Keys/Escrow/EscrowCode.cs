using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace StingBackup.Engine.Keys;

/// <summary>
/// Bytes as lines that a person can print, read out and type: a label, groups of four characters of Crockford's base32 (no I, L, O, U), 20 bytes a line, and a last group that checks label and
/// bytes: the first 20 bits of SHA-256("sting1 line" ‖ label ‖ bytes). Capitals, blanks and hyphens count for nothing; O is read as 0, I and L as 1.
/// </summary>
internal static class EscrowCode
{
    /// <summary>Bytes a line.</summary>
    public const int LineSize = 20;

    private const string Alphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
    private const int CheckLength = 4;

    /// <summary>Lines for bytes, labelled with a letter and numbers from 1. What they hold may be secret: the caller keeps them no longer than it must.</summary>
    public static IEnumerable<string> Write(char letter, ReadOnlyMemory<byte> bytes)
    {
        for (var number = 1; bytes.Length > 0; number++)
        {
            var part = bytes[..Math.Min(LineSize, bytes.Length)];
            bytes = bytes[part.Length..];
            var label = LabelOf(letter, number);
            yield return $"{label,-4}{Grouped(Encode(part.Span))}  {Check(label, part.Span)}";
        }
    }

    /// <summary>The label of a line, such as <c>S1</c>.</summary>
    public static string LabelOf(char letter, int number) => string.Create(CultureInfo.InvariantCulture, $"{letter}{number}");

    /// <summary>The letter and number that a line starts with; null for a line of prose.</summary>
    public static (char Letter, int Number, string Code)? Split(string line)
    {
        var text = line.Trim();
        if (text.Length < 4 || char.ToUpperInvariant(text[0]) is not ('S' or 'E') || !char.IsAsciiDigit(text[1]))
        {
            return null;
        }
        var end = 1;
        while (end < text.Length && char.IsAsciiDigit(text[end]))
        {
            end++;
        }
        // A blank must follow: otherwise "S1" and the first digits of its code cannot be told apart.
        return end < text.Length && end < 5 && text[end] is ' ' or '\t' or ':' or '.'
            ? (char.ToUpperInvariant(text[0]), int.Parse(text[1..end], CultureInfo.InvariantCulture), text[(end + 1)..]) : null;
    }

    /// <summary>A line's bytes, or null where it is mistyped.</summary>
    public static byte[]? Read(string label, string code)
    {
        var clean = new StringBuilder(code.Length);
        foreach (var character in code)
        {
            if (!char.IsWhiteSpace(character) && character is not ('-' or ':' or '.'))
            {
                clean.Append(char.ToUpperInvariant(character) switch { 'O' => '0', 'I' or 'L' => '1', var other => other });
            }
        }
        var text = clean.ToString();
        return text.Length > CheckLength && Decode(text[..^CheckLength]) is { Length: > 0 and <= LineSize } bytes && Check(label, bytes) == text[^CheckLength..] ? bytes : null;
    }

    private static string Check(string label, ReadOnlySpan<byte> bytes)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData("sting1 line"u8);
        hash.AppendData(Encoding.ASCII.GetBytes(label));
        hash.AppendData(bytes);
        return Encode(hash.GetHashAndReset().AsSpan(0, 3))[..CheckLength];
    }

    private static string Encode(ReadOnlySpan<byte> bytes)
    {
        var text = new StringBuilder(((bytes.Length * 8) + 4) / 5);
        int buffer = 0, bits = 0;
        foreach (var value in bytes)
        {
            buffer = (buffer << 8) | value;
            for (bits += 8; bits >= 5; bits -= 5)
            {
                text.Append(Alphabet[(buffer >> (bits - 5)) & 31]);
            }
            buffer &= (1 << bits) - 1;
        }
        return (bits > 0 ? text.Append(Alphabet[(buffer << (5 - bits)) & 31]) : text).ToString();
    }

    private static byte[]? Decode(string text)
    {
        var bytes = new byte[text.Length * 5 / 8];
        int buffer = 0, bits = 0, at = 0;
        foreach (var character in text)
        {
            var value = Alphabet.IndexOf(character, StringComparison.Ordinal);
            if (value < 0)
            {
                return null;
            }
            buffer = (buffer << 5) | value;
            bits += 5;
            if (bits >= 8)
            {
                bits -= 8;
                bytes[at++] = (byte)(buffer >> bits);
            }
            buffer &= (1 << bits) - 1;
        }
        return bits < 5 && buffer == 0 ? bytes : null;   // what is left over is less than a character, and nothing
    }

    private static string Grouped(string code) => string.Join(' ', code.Chunk(4).Select(group => new string(group)));
}
