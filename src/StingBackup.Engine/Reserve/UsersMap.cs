using System.Collections.Frozen;
using System.Globalization;

namespace StingBackup.Engine.Reserve;

/// <summary>
/// Who is behind a folder, an id or an e-mail address: from a CSV or JSON file, from folders, and from subjects that restore points name.
/// E-mail addresses compare without regard to letter case, in every culture alike. Immutable.
/// </summary>
public sealed class UsersMap
{
    private readonly FrozenDictionary<string, UserEntry> _byName;
    private readonly FrozenDictionary<string, UserEntry> _byEmail;
    private readonly string[] _folders;
    private readonly FrozenSet<string> _subjects;

    private UsersMap(IReadOnlyList<UserEntry> entries, IEnumerable<string> folders, IEnumerable<string> subjects)
    {
        Entries = entries;
        _byName = entries.SelectMany(e => e.Names.Where(n => n != e.Email).Distinct(StringComparer.Ordinal).Select(n => KeyValuePair.Create(n, e)))
            .DistinctBy(p => p.Key, StringComparer.Ordinal).ToFrozenDictionary(StringComparer.Ordinal);
        _byEmail = entries.Where(e => e.Email is not null).ToFrozenDictionary(e => e.Email!, StringComparer.OrdinalIgnoreCase);
        _folders = folders.Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal).ToArray();
        _subjects = subjects.ToFrozenSet(StringComparer.Ordinal);
    }

    /// <summary>Knows nobody: names speak for themselves.</summary>
    public static UsersMap Empty { get; } = new([], [], []);

    /// <summary>The people in the file, in its order.</summary>
    public IReadOnlyList<UserEntry> Entries { get; }

    /// <summary>Makes a map of checked entries: no name leads to two of them.</summary>
    public static UsersMap Of(IReadOnlyList<UserEntry> entries) => new(entries, [], []);

    /// <summary>Knows the folders in <c>users/</c> too, so that <see cref="Resolve"/> finds people by them.</summary>
    public UsersMap WithFolders(IEnumerable<string> folders) => new(Entries, _folders.Concat(folders), _subjects);

    /// <summary>Knows the subjects of restore points too (canonical names; others than users' are passed over), so that people are found whose folder is gone.</summary>
    public UsersMap WithSubjects(IEnumerable<string> subjects) => new(Entries, _folders, _subjects.Concat(subjects.Where(IsUser)));

    /// <summary>The subject of a folder in <c>users/</c>: through the map where it knows the name, else by the name itself.</summary>
    public string SubjectOfFolder(string folder, DataClass dataClass) =>
        (Find(folder) ?? Find(Lower(folder)))?.Subject ?? SubjectNames.OfUserFolder(folder, dataClass);

    /// <summary>E-mail addresses that belong to a subject.</summary>
    public IEnumerable<string> EmailsOf(string subject) => Entries.Where(e => e.Email is not null && e.Subject == subject).Select(e => e.Email!);

    /// <summary>The canonical subject of a person named by e-mail address, id (UUID or row number), folder, or canonical name.</summary>
    /// <exception cref="StingException"><c>UserNotFound</c>, with the nearest names</exception>
    public string Resolve(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        var name = text.Trim();
        if ((Find(name) ?? Find(Lower(name))) is { } entry)
        {
            return entry.Subject;
        }
        if ((_folders.FirstOrDefault(f => f == name) ?? OneFolderIgnoringCase(name)) is { } folder)
        {
            return SubjectNames.OfUserFolder(folder);
        }
        foreach (var subject in (string[])[name, SubjectNames.OfUserFolder(name), SubjectNames.OfUserFolder(Lower(name))])
        {
            if (_subjects.Contains(subject) || Entries.Any(e => e.Subject == subject) || _folders.Any(f => SubjectNames.OfUserFolder(f) == subject))
            {
                return subject;
            }
        }
        throw NotFound(name, []);
    }

    private UserEntry? Find(string name) => _byName.GetValueOrDefault(name) ?? _byEmail.GetValueOrDefault(name);

    /// <summary>A folder named by e-mail address, in other letters; none when two differ only in case.</summary>
    private string? OneFolderIgnoringCase(string name)
    {
        var found = name.Contains('@', StringComparison.Ordinal) ? _folders.Where(f => f.Equals(name, StringComparison.OrdinalIgnoreCase)).Take(2).ToArray() : [];
        return found.Length == 1 ? found[0] : null;
    }

    /// <summary>UUIDs are written in either case; their canonical form is the lower one.</summary>
    private static string Lower(string name) => Guid.TryParseExact(name, "D", out var uuid) ? uuid.ToString("D") : name;

    private static bool IsUser(string subject) =>
        subject.StartsWith("user:", StringComparison.Ordinal) || subject.StartsWith("user#", StringComparison.Ordinal)
        || subject.StartsWith("path:UserFiles/", StringComparison.Ordinal);

    /// <summary>The error of a name that nobody has, with the nearest of those that are known here or elsewhere.</summary>
    internal StingException NotFound(string name, IEnumerable<string> namesElsewhere)
    {
        var names = Entries.SelectMany(e => e.Names).Concat(_folders).Concat(_subjects.Select(ShortName)).Concat(namesElsewhere).ToArray();
        var near = NearestNames.Of(name, names);
        var message = near.Count > 0
            ? $"No person '{name}' is known here. The nearest: {string.Join(", ", near)}."
            : string.Create(CultureInfo.InvariantCulture, $"No person '{name}' is known here; {names.Distinct(StringComparer.Ordinal).Count()} names are.");
        return new StingException("UserNotFound", FailureKind.NotFound, message, name,
            "Name the person by e-mail address, id or folder. An address is known from the rows of a database that is backed up, from a users map (setting reserve.users_map), or as the name of a folder.");
    }

    private static string ShortName(string subject) => subject[(subject.IndexOfAny([':', '#', '/']) + 1)..] is var rest && rest.StartsWith("UserFiles/", StringComparison.Ordinal)
        ? rest["UserFiles/".Length..] : rest;
}
