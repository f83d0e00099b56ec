using Spectre.Console.Rendering;

namespace StingBackup.Console.Rendering;

/// <summary>Text in columns of a terminal, where a wide character takes two.</summary>
internal static class TextLayout
{
    private const string Ellipsis = "…";

    /// <summary>Columns that a line takes.</summary>
    public static int Width(string text) => new Segment(text).CellCount();

    /// <summary>The text cut or padded to a number of columns.</summary>
    public static string Fit(string text, int width, bool right = false)
    {
        var line = text.ReplaceLineEndings(" ");
        var taken = Width(line);
        if (taken > width)
        {
            line = Cut(line, width);
            taken = Width(line);
        }
        var padding = new string(' ', width - taken);
        return right ? padding + line : line + padding;
    }

    /// <summary>The text cut to a number of columns; an ellipsis tells.</summary>
    public static string Cut(string text, int width)
    {
        if (Width(text) <= width)
        {
            return text;
        }
        return width switch
        {
            <= 0 => "",
            1 => Ellipsis,
            _ => text[..Fitting(text, width - 1)] + Ellipsis,
        };
    }

    /// <summary>Lines of at most so many columns, broken between words; within one only where it does not fit by itself.</summary>
    public static IEnumerable<string> Wrap(string text, int width)
    {
        foreach (var paragraph in text.ReplaceLineEndings("\n").Split('\n'))
        {
            var line = "";
            foreach (var word in paragraph.Split(' '))
            {
                var joined = line.Length == 0 ? word : $"{line} {word}";
                if (line.Length > 0 && Width(joined) > width)
                {
                    yield return line;
                    joined = word;
                }
                while (Width(joined) > width)
                {
                    var fits = Fitting(joined, width);
                    yield return joined[..fits];
                    joined = joined[fits..];
                }
                line = joined;
            }
            yield return line;
        }
    }

    // Length of the longest beginning that takes at most so many columns; one character at least, so that callers get on.
    private static int Fitting(string text, int width)
    {
        var end = 0;
        var taken = 0;
        foreach (var rune in text.EnumerateRunes())
        {
            taken += Width(rune.ToString());
            if (taken > width && end > 0)
            {
                break;
            }
            end += rune.Utf16SequenceLength;
        }
        return end;
    }
}
