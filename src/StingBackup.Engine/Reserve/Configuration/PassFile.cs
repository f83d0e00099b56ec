using System.Globalization;
using System.Text;

namespace StingBackup.Engine.Reserve.Configuration;

/// <summary>libpq's file of passwords: a line each, <c>host:port:database:user:password</c>, <c>*</c> for any, <c>\</c> before a colon or backslash that is meant.</summary>
internal static class PassFile
{
    /// <summary>The password of the first line that fits, or null.</summary>
    /// <exception cref="StingException"><c>PostgresPassFileUnreadable</c></exception>
    public static string? Find(string file, PostgresSettings settings, string database)
    {
        string[] lines;
        try
        {
            lines = File.ReadAllLines(file);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new StingException("PostgresPassFileUnreadable", FailureKind.PermissionDenied, $"The file of passwords '{file}' cannot be read: {e.Message}", file,
                "Give the account that runs this the right to read it, mode 0600.", e);
        }
        string[] wanted = [settings.Host, settings.Port.ToString(CultureInfo.InvariantCulture), database, settings.User];
        foreach (var line in lines)
        {
            if (!line.StartsWith('#') && Split(line) is { Count: 5 } fields && !wanted.Where((w, i) => fields[i] != "*" && fields[i] != w).Any())
            {
                return fields[4];
            }
        }
        return null;
    }

    private static List<string> Split(string line)
    {
        var fields = new List<string>();
        var field = new StringBuilder();
        for (var i = 0; i < line.Length; i++)
        {
            if (line[i] == '\\' && i + 1 < line.Length)
            {
                field.Append(line[++i]);
            }
            else if (line[i] == ':' && fields.Count < 4)
            {
                fields.Add(field.ToString());
                field.Clear();
            }
            else
            {
                field.Append(line[i]);
            }
        }
        fields.Add(field.ToString());
        return fields;
    }
}
