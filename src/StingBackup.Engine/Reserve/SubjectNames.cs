using System.Globalization;
using StingBackup.Engine.Basics;

namespace StingBackup.Engine.Reserve;

/// <summary>
/// Canonical names of subjects: <c>user:&lt;kratos uuid&gt;</c>, <c>user#&lt;users.id&gt;</c>, <c>jar:&lt;id&gt;</c>, <c>jar:&lt;id&gt;/user:&lt;uuid&gt;</c> (a contributor),
/// <c>path:&lt;class&gt;/&lt;folder&gt;</c> and <c>system</c>. UUIDs in lower case; bytes that are not UTF-8 as <c>\xNN</c>.
/// </summary>
public static class SubjectNames
{
    /// <summary>What belongs to the installation itself.</summary>
    public const string System = "system";

    /// <summary>A user by Kratos UUID.</summary>
    public static string OfUser(Guid kratosId) => $"user:{kratosId:D}";

    /// <summary>A user who has a row number only.</summary>
    public static string OfUser(long id) => string.Create(CultureInfo.InvariantCulture, $"user#{id}");

    /// <summary>A honey jar, whatever its id looks like.</summary>
    public static string OfJar(string id) => Guid.TryParseExact(id, "D", out var uuid) ? $"jar:{uuid:D}" : $"jar:{id}";

    /// <summary>Who brought something into a jar: a subject within the jar's. Only people with a UUID can be contributors.</summary>
    public static string OfContributor(string jar, string user) => $"{jar}/{user}";

    /// <summary>The person within a contributor's subject, <c>user:&lt;uuid&gt;</c>; null for any other subject.</summary>
    public static string? ContributorOf(string subject)
    {
        ArgumentNullException.ThrowIfNull(subject);
        var slash = subject.StartsWith("jar:", StringComparison.Ordinal) ? subject.IndexOf('/', StringComparison.Ordinal) : -1;
        return slash < 0 ? null : subject[(slash + 1)..];
    }

    /// <summary>A subject, and those that it is a part of: of a contributor the jar and the person.</summary>
    public static IEnumerable<string> WithWholes(string subject)
    {
        yield return subject;
        if (ContributorOf(subject) is { } person)
        {
            yield return subject[..^(person.Length + 1)];
            yield return person;
        }
    }

    /// <summary>A folder that no id and no users map names.</summary>
    public static string OfPath(DataClass dataClass, string folder) => $"path:{dataClass}/{folder}";

    /// <summary>A user's subject from the name of a folder alone: a UUID, a row number, or the folder itself.</summary>
    public static string OfUserFolder(string folder, DataClass dataClass = DataClass.UserFiles) =>
        Guid.TryParseExact(folder, "D", out var uuid) ? OfUser(uuid)
        : TryParseRow(folder, out var row) ? OfUser(row)
        : OfPath(dataClass, folder);

    /// <summary>A folder's raw name for a subject's name.</summary>
    public static string FolderOf(ReadOnlySpan<byte> name) => EntryPath.Display(name);

    /// <summary>A row number as databases write it: digits, no leading zero.</summary>
    public static bool TryParseRow(string text, out long row) =>
        long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out row) && (text.Length == 1 || text[0] != '0');

    /// <summary>Whether a text is a canonical name.</summary>
    public static bool IsCanonical(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        if (name == System)
        {
            return true;
        }
        if (name.StartsWith("user:", StringComparison.Ordinal))
        {
            return IsLowerUuid(name.AsSpan(5));
        }
        if (name.StartsWith("user#", StringComparison.Ordinal))
        {
            return TryParseRow(name[5..], out _);
        }
        if (name.StartsWith("jar:", StringComparison.Ordinal))
        {
            var slash = name.IndexOf('/', StringComparison.Ordinal);
            var id = slash < 0 ? name[4..] : name[4..slash];
            return id.Length > 0 && OfJar(id) == "jar:" + id
                && (slash < 0 || (name.AsSpan(slash + 1).StartsWith("user:", StringComparison.Ordinal) && IsLowerUuid(name.AsSpan(slash + 6))));
        }
        if (name.StartsWith("path:", StringComparison.Ordinal))
        {
            var slash = name.IndexOf('/', StringComparison.Ordinal);
            return slash > 0 && slash < name.Length - 1 && Enum.TryParse<DataClass>(name.AsSpan(5, slash - 5), out var c) && Enum.IsDefined(c)
                && name.AsSpan(5, slash - 5).SequenceEqual(c.ToString());
        }
        return false;
    }

    private static bool IsLowerUuid(ReadOnlySpan<char> text) =>
        Guid.TryParseExact(text, "D", out var uuid) && text.SequenceEqual(uuid.ToString("D"));
}
