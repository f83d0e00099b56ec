namespace StingBackup.Engine.Reserve;

/// <summary>The honey jars that are known here, from folders and from restore points.</summary>
public sealed class JarNames
{
    private readonly SortedSet<string> _ids = new(StringComparer.Ordinal);

    /// <summary>Takes jar ids (folder names in <c>jars/</c>) and canonical subject names; those of others than jars are passed over.</summary>
    public JarNames(IEnumerable<string> folders, IEnumerable<string> subjects)
    {
        ArgumentNullException.ThrowIfNull(folders);
        ArgumentNullException.ThrowIfNull(subjects);
        _ids.UnionWith(folders.Select(f => SubjectNames.OfJar(f)["jar:".Length..]));
        _ids.UnionWith(subjects.Where(s => s.StartsWith("jar:", StringComparison.Ordinal)).Select(s => s["jar:".Length..].Split('/')[0]));
    }

    /// <summary>The ids, ordinal order.</summary>
    public IReadOnlyCollection<string> Ids => _ids;

    /// <summary>The canonical subject of a jar named by id, with or without <c>jar:</c> before it.</summary>
    /// <exception cref="StingException"><c>JarNotFound</c>, with the nearest ids</exception>
    public string Resolve(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        var name = text.Trim();
        foreach (var id in (string[])[name, name.StartsWith("jar:", StringComparison.Ordinal) ? name[4..] : name])
        {
            var subject = SubjectNames.OfJar(id);
            if (_ids.Contains(subject["jar:".Length..]))
            {
                return subject;
            }
        }
        var near = NearestNames.Of(name, _ids);
        throw new StingException("JarNotFound", FailureKind.NotFound,
            near.Count > 0 ? $"No honey jar '{name}' is known here. The nearest: {string.Join(", ", near)}." : $"No honey jar '{name}' is known here.",
            name, "Name the jar by its id, which is its folder's name in jars/.");
    }
}
