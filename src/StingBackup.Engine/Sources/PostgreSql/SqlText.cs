namespace StingBackup.Engine.Sources.PostgreSql;

/// <summary>Names and values as SQL writes them, where a statement takes no parameters.</summary>
internal static class SqlText
{
    /// <summary>An identifier in double quotes.</summary>
    public static string Name(string name) => $"\"{name.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";

    /// <summary>A qualified identifier.</summary>
    public static string Name(string schema, string name) => $"{Name(schema)}.{Name(name)}";

    /// <summary>A string literal that means the same whatever standard_conforming_strings says.</summary>
    public static string Literal(string value)
    {
        var quoted = value.Replace("'", "''", StringComparison.Ordinal);
        return quoted.Contains('\\', StringComparison.Ordinal) ? $"E'{quoted.Replace("\\", "\\\\", StringComparison.Ordinal)}'" : $"'{quoted}'";
    }
}
