using StingBackup.Engine.Basics;
using StingBackup.Engine.Sources;

namespace StingBackup.Engine.Backup;

/// <summary>
/// Whether the cut is whole: files are read before the databases, so what somebody uploaded in between is named by a row and not yet in the cut. Remembers the items
/// that were met (<see cref="PathSet"/>), and the paths that rows name.
/// </summary>
internal sealed class CutCheck
{
    private readonly PathSet _met = new();
    private readonly HashSet<EntryPath> _named = [];

    /// <summary>An item was met by a scan. One scan at a time calls it.</summary>
    public void Meet(EntryPath path) => _met.Add(path);

    /// <summary>Items were met, by what a path set remembers of them.</summary>
    public void Meet(IEnumerable<ulong> hashes)
    {
        foreach (var hash in hashes)
        {
            _met.Add(hash);
        }
    }

    /// <summary>Whether an item was met.</summary>
    public bool IsMet(EntryPath path) => _met.Contains(path);

    /// <summary>A row names a file.</summary>
    public void Name(EntryPath path) => _named.Add(path);

    /// <summary>Files that rows name and no scan has met, of those that the choice takes.</summary>
    public IReadOnlySet<EntryPath> Missing(Func<EntryPath, bool> choose) => _named.Where(p => !IsMet(p) && choose(p)).ToHashSet();

    /// <summary>Paths, and the folders on the way to them.</summary>
    public static IReadOnlySet<EntryPath> WithFolders(IEnumerable<EntryPath> paths)
    {
        var all = new HashSet<EntryPath>();
        foreach (var path in paths)
        {
            for (var next = path; !next.IsRoot && all.Add(next); next = next.Parent)
            {
            }
        }
        return all;
    }
}
