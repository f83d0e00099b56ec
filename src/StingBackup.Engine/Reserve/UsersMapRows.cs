using System.Globalization;

namespace StingBackup.Engine.Reserve;

/// <summary>Checks the rows of a users map as they come: each is well formed, and no two say that one name is two people.</summary>
internal sealed class UsersMapRows(string file)
{
    private readonly Dictionary<string, int> _lines = new(StringComparer.Ordinal);
    private readonly Dictionary<string, int> _emailLines = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>The columns that are read.</summary>
    public static IReadOnlyList<string> Columns { get; } = ["id", "kratos_id", "email", "folder", "name"];

    public List<UserEntry> Entries { get; } = [];

    public List<string> Errors { get; } = [];

    public void Error(int line, string problem) =>
        Errors.Add(line > 0 ? string.Create(CultureInfo.InvariantCulture, $"{file}:{line}: {problem}") : $"{file}: {problem}");

    /// <summary>Takes one row: column and text, empty or missing where there is none.</summary>
    public void Add(IReadOnlyDictionary<string, string> row, int line)
    {
        string? Text(string column) => row.TryGetValue(column, out var text) && text.Trim() is { Length: > 0 } trimmed ? trimmed : null;
        var before = Errors.Count;
        Guid? uuid = null;
        long? number = null;
        if (Text("kratos_id") is { } kratos)
        {
            uuid = Guid.TryParseExact(kratos, "D", out var parsed) ? parsed : Refuse<Guid>($"kratos_id '{kratos}' is not a UUID");
        }
        if (Text("id") is { } id)
        {
            // Some exports carry the UUID in "id" and have no row number.
            if (Guid.TryParseExact(id, "D", out var parsed))
            {
                uuid ??= parsed;
                if (uuid != parsed)
                {
                    Error(line, $"id and kratos_id are two different UUIDs");
                }
            }
            else
            {
                number = SubjectNames.TryParseRow(id, out var numeral) ? numeral : Refuse<long>($"id '{id}' is neither a whole number nor a UUID");
            }
        }
        var email = Text("email");
        if (email is not null && (email.Count(c => c == '@') != 1 || email[0] == '@' || email[^1] == '@' || email.Any(char.IsWhiteSpace)))
        {
            Error(line, $"email '{email}' is not an e-mail address");
        }
        var folder = Text("folder");
        if (folder is not null && (folder.Contains('/', StringComparison.Ordinal) || folder is "." or ".."))
        {
            Error(line, $"folder '{folder}' is not the name of one folder in users/");
        }
        if (uuid is null && number is null && email is null && folder is null && Errors.Count == before)
        {
            Error(line, "the row has no id, kratos_id, email or folder");
        }
        if (Errors.Count > before)
        {
            return;
        }
        var entry = new UserEntry(uuid, number, email, folder, Text("name"), line);
        foreach (var name in entry.Names.Distinct(StringComparer.Ordinal))
        {
            var lines = name == email ? _emailLines : _lines;
            if (!lines.TryAdd(name, line))
            {
                Error(line, string.Create(CultureInfo.InvariantCulture, $"'{name}' stands on line {lines[name]} already: one name cannot be two people"));
            }
        }
        Entries.Add(entry);

        T? Refuse<T>(string problem) where T : struct
        {
            Error(line, problem);
            return null;
        }
    }
}
