using System.Buffers;
using System.Globalization;
using System.Text;

namespace StingBackup.Engine.Reserve.Configuration;

/// <summary>Writes single values so that every YAML reader takes them for the same text.</summary>
internal static class YamlText
{
    private static readonly SearchValues<char> Plain =
        SearchValues.Create("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_./+-");

    private static readonly SearchValues<char> NotFirst = SearchValues.Create("+-.");

    /// <summary>As it is where nothing in it means anything to YAML; else in double quotes.</summary>
    public static string Scalar(string text)
    {
        if (text.Length > 0 && !text.AsSpan().ContainsAnyExcept(Plain) && !NotFirst.Contains(text[0]) && text is not ("null" or "~"))
        {
            return text;
        }
        var quoted = new StringBuilder("\"");
        foreach (var c in text)
        {
            _ = c switch
            {
                '"' or '\\' => quoted.Append('\\').Append(c),
                < ' ' or '\u007f' => quoted.Append(CultureInfo.InvariantCulture, $"\\x{(int)c:x2}"),
                _ => quoted.Append(c),
            };
        }
        return quoted.Append('"').ToString();
    }
}
