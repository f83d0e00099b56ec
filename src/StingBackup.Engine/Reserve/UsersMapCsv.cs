using System.Globalization;
using System.Text;

namespace StingBackup.Engine.Reserve;

/// <summary>Reads CSV as RFC 4180 says it, with a header row; a semicolon separates where the header has no comma (spreadsheets in many countries write it so).</summary>
internal static class UsersMapCsv
{
    public static void Read(string text, UsersMapRows rows)
    {
        List<string>? header = null;
        var separator = ',';
        var at = 0;
        var line = 1;
        while (at < text.Length)
        {
            if (header is null)
            {
                var end = text.IndexOf('\n', StringComparison.Ordinal);
                separator = text.AsSpan(0, end < 0 ? text.Length : end).Contains(',') ? ',' : ';';
            }
            var rowLine = line;
            if (ReadRow(text, ref at, ref line, separator) is not { } fields)
            {
                rows.Error(rowLine, "a quote is not closed, or something follows the closing one");
                return;
            }
            if (fields is [""])
            {
                continue;
            }
            if (header is null)
            {
                header = CheckHeader(fields, rows);
                if (header is null)
                {
                    return;
                }
            }
            else if (fields.Count != header.Count)
            {
                rows.Error(rowLine, string.Create(CultureInfo.InvariantCulture, $"the row has {fields.Count} fields, the header {header.Count}"));
            }
            else
            {
                rows.Add(header.Zip(fields).ToDictionary(p => p.First, p => p.Second, StringComparer.Ordinal), rowLine);
            }
        }
        if (header is null)
        {
            rows.Error(1, "the file has no header row");
        }
    }

    private static List<string>? CheckHeader(List<string> fields, UsersMapRows rows)
    {
        var names = fields.Select(f => f.Trim().ToLowerInvariant()).ToList();
        if (names.GroupBy(n => n, StringComparer.Ordinal).FirstOrDefault(g => g.Count() > 1) is { } twice)
        {
            rows.Error(1, $"the header has the column '{twice.Key}' twice");
            return null;
        }
        if (!names.Intersect(["id", "kratos_id", "email", "folder"], StringComparer.Ordinal).Any())
        {
            rows.Error(1, $"the header '{string.Join(',', names)}' has none of the columns id, kratos_id, email, folder");
            return null;
        }
        return names;
    }

    /// <summary>The fields up to the line's end; null when a quote is not closed.</summary>
    private static List<string>? ReadRow(string text, ref int at, ref int line, char separator)
    {
        var fields = new List<string>();
        var field = new StringBuilder();
        while (true)
        {
            field.Clear();
            if (at < text.Length && text[at] == '"')
            {
                if (!ReadQuoted(text, ref at, ref line, field))
                {
                    return null;
                }
                if (at < text.Length && text[at] != separator && text[at] is not ('\r' or '\n'))
                {
                    return null;
                }
            }
            else
            {
                for (; at < text.Length && text[at] != separator && text[at] is not ('\r' or '\n'); at++)
                {
                    field.Append(text[at]);
                }
            }
            fields.Add(field.ToString());
            if (at < text.Length && text[at] == separator)
            {
                at++;
                continue;
            }
            at += at < text.Length && text[at] == '\r' ? 1 : 0;
            if (at < text.Length && text[at] == '\n')
            {
                at++;
                line++;
            }
            return fields;
        }
    }

    private static bool ReadQuoted(string text, ref int at, ref int line, StringBuilder field)
    {
        for (at++; at < text.Length; at++)
        {
            if (text[at] == '"')
            {
                if (at + 1 < text.Length && text[at + 1] == '"')
                {
                    at++;
                }
                else
                {
                    at++;
                    return true;
                }
            }
            line += text[at] == '\n' ? 1 : 0;
            field.Append(text[at]);
        }
        return false;
    }
}
