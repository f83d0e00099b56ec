using System.Globalization;
using System.Text;

namespace StingBackup.Engine.Sources.PostgreSql.Logical;

/// <summary>
/// Where things stand in a logical capture: <c>moment.json</c>, <c>globals.sql</c>, and a folder a database with <c>database.sql</c>, <c>schema.pre-data.sql</c>,
/// <c>schema.post-data.sql</c>, <c>sequences.copy</c> and <c>rows/&lt;subject&gt;/&lt;schema&gt;.&lt;table&gt;.copy</c>. In names of databases, schemas and tables, what is not a letter,
/// digit, <c>_</c>, <c>-</c>, space or beyond ASCII stands as <c>%XX</c>; subjects stand as they are, a contributor's below the jar's.
/// </summary>
public static class CapturePath
{
    /// <summary>What the capture is: versions, and the moment of each database.</summary>
    public const string Moment = "moment.json";
    /// <summary>Roles, memberships, tablespaces.</summary>
    public const string Globals = "globals.sql";
    /// <summary>Makes the database.</summary>
    public const string Database = "database.sql";
    /// <summary>What must stand before rows come.</summary>
    public const string PreData = "schema.pre-data.sql";
    /// <summary>Indexes, constraints, triggers.</summary>
    public const string PostData = "schema.post-data.sql";
    /// <summary>Where each sequence stands.</summary>
    public const string Sequences = "sequences.copy";
    private const string Rows = "rows";
    private const string Extension = ".copy";

    /// <summary>A file of a database.</summary>
    public static string Of(string database, string file) => $"{Encode(database)}/{file}";

    /// <summary>The rows of a table that belong to a subject.</summary>
    public static string OfRows(string database, string subject, string schema, string table) =>
        $"{Encode(database)}/{Rows}/{subject}/{Encode(schema)}.{Encode(table)}{Extension}";

    /// <summary>Whose rows of which table stand at a path; null when no rows do.</summary>
    public static CapturedRows? ParseRows(string path)
    {
        ArgumentNullException.ThrowIfNull(path);
        var parts = path.Split('/');
        if (parts.Length < 4 || parts[1] != Rows || !parts[^1].EndsWith(Extension, StringComparison.Ordinal))
        {
            return null;
        }
        var names = parts[^1][..^Extension.Length].Split('.');
        return names.Length == 2 ? new CapturedRows(path, Decode(parts[0]), string.Join('/', parts[2..^1]), Decode(names[0]), Decode(names[1])) : null;
    }

    /// <summary>The subject that a path of a capture belongs to: that of its rows, else <c>system</c>.</summary>
    public static string SubjectOf(string path) => ParseRows(path)?.Subject ?? Reserve.SubjectNames.System;

    /// <summary>The data classes that a capture feeds.</summary>
    public static IReadOnlySet<DataClass> Classes { get; } = new HashSet<DataClass> { DataClass.Metadata, DataClass.AuditLogs, DataClass.Reports, DataClass.Settings };

    /// <summary>The data class of a path: audit logs, reports and settings by their tables, all else metadata.</summary>
    public static DataClass ClassOf(string path) => ParseRows(path)?.Table switch
    {
        { } t when t.Contains("audit", StringComparison.Ordinal) || t == "compliance_events" => DataClass.AuditLogs,
        "reports" => DataClass.Reports,
        "user_settings" or "organization_preferences" => DataClass.Settings,
        _ => DataClass.Metadata,
    };

    /// <summary>The name of a database from its folder.</summary>
    public static string DatabaseOf(string path)
    {
        ArgumentNullException.ThrowIfNull(path);
        return Decode(path.Split('/')[0]);
    }

    internal static string Encode(string name)
    {
        var text = new StringBuilder();
        foreach (var c in name)
        {
            _ = char.IsAsciiLetterOrDigit(c) || c is '_' or '-' or ' ' || c > '\x7f' ? text.Append(c) : text.Append(CultureInfo.InvariantCulture, $"%{(int)c:X2}");
        }
        return text.ToString();
    }

    private static string Decode(string name) => Uri.UnescapeDataString(name);
}

/// <summary>Rows of one table that belong to one subject.</summary>
/// <param name="Path">Where they stand in the capture.</param>
/// <param name="Database">Database.</param>
/// <param name="Subject">Canonical name.</param>
/// <param name="Schema">Schema.</param>
/// <param name="Table">Table.</param>
public sealed record CapturedRows(string Path, string Database, string Subject, string Schema, string Table);
