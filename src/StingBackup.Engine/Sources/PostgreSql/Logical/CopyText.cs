using System.Text;

namespace StingBackup.Engine.Sources.PostgreSql.Logical;

/// <summary>COPY's text form: fields between tabs, a row a line, <c>\N</c> for NULL, a backslash before what would be misread.</summary>
internal static class CopyText
{
    /// <summary>A row, its line end included.</summary>
    public static string Line(IEnumerable<string?> values) => string.Join('\t', values.Select(Escape)) + '\n';

    /// <summary>The values of a row, without its line end.</summary>
    public static IReadOnlyList<string?> Values(string line) => [.. line.Split('\t').Select(Unescape)];

    /// <summary>A field's value, or null.</summary>
    public static string? Value(ReadOnlySpan<byte> field) => Unescape(Encoding.UTF8.GetString(field));

    private static string Escape(string? value) => value is null ? "\\N"
        : value.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\t", "\\t", StringComparison.Ordinal).Replace("\n", "\\n", StringComparison.Ordinal).Replace("\r", "\\r", StringComparison.Ordinal);

    private static string? Unescape(string field)
    {
        if (field == "\\N")
        {
            return null;
        }
        if (!field.Contains('\\', StringComparison.Ordinal))
        {
            return field;
        }
        var text = new StringBuilder(field.Length);
        for (var i = 0; i < field.Length; i++)
        {
            // COPY itself writes none but these.
            text.Append(field[i] != '\\' || i + 1 == field.Length ? field[i] : field[++i] switch
            {
                'b' => '\b', 'f' => '\f', 'n' => '\n', 'r' => '\r', 't' => '\t', 'v' => '\v', var other => other,
            });
        }
        return text.ToString();
    }
}
