using StingBackup.Engine.Basics;

namespace StingBackup.Engine.Changes;

/// <summary>
/// What a journal tells of a stretch of time, as paths of the reserve: folders in which something changed (whatever lies right in them is looked at), and items that came, went or moved with all beneath them. More than
/// changed does no harm; less would.
/// </summary>
internal sealed class ChangeSet
{
    private readonly HashSet<EntryPath> _folders = [], _trees = [];
    /// <summary>Everything that leads to one of them, and they themselves.</summary>
    private readonly HashSet<EntryPath> _onTheWay = [];
    private readonly HashSet<ulong> _inodes = [];
    private EntryPath[]? _sorted;
    private (EntryPath? Folder, bool IsVisited) _last;

    /// <summary>Folders in which something changed.</summary>
    public int Folders => _folders.Count;

    /// <summary>Items that came, went or moved, with all beneath them.</summary>
    public int Trees => _trees.Count;

    /// <summary>Files that got another name or lost one: whoever knows where they stand adds their folders.</summary>
    public IReadOnlySet<ulong> Inodes => _inodes;

    /// <summary>A file got another name or lost one.</summary>
    public void AddInode(ulong inode) => _inodes.Add(inode);

    /// <summary>Something changed right in a folder, or the folder itself did.</summary>
    public void AddFolder(EntryPath folder)
    {
        if (_folders.Add(folder))
        {
            AddWay(folder);
        }
    }

    /// <summary>An item came, went or moved.</summary>
    public void AddTree(EntryPath item)
    {
        if (_trees.Add(item))
        {
            AddWay(item);
        }
    }

    /// <summary>Takes all of another one.</summary>
    public void Add(ChangeSet other)
    {
        foreach (var folder in other._folders)
        {
            AddFolder(folder);
        }
        _inodes.UnionWith(other._inodes);
        foreach (var tree in other._trees)
        {
            AddTree(tree);
        }
    }

    /// <summary>Whether a scan must look at an item. Quick for neighbours, as a scan in path order asks.</summary>
    public bool Visits(EntryPath path) => VisitsIn(path) || (_onTheWay.Count > 0 && _onTheWay.Contains(path));

    /// <summary>Whether a scan may look at anything from one path to another, both included, whether it is there by now or not.</summary>
    public bool Touches(EntryPath first, EntryPath last)
    {
        _sorted ??= [.. _onTheWay.Order()];
        var at = Array.BinarySearch(_sorted, first);
        if (at >= 0 || (~at < _sorted.Length && _sorted[~at] <= last))
        {
            return true;
        }
        // What lies before the first path and reaches behind it can only be above it.
        for (var above = first; !above.IsRoot;)
        {
            var below = above;
            above = above.Parent;
            if (_trees.Contains(above) || (_folders.Contains(above) && (below == first || !last.IsWithin(below))))
            {
                return true;
            }
        }
        return false;
    }

    private bool VisitsIn(EntryPath path)
    {
        if (path.IsRoot || IsWithinLast(path))
        {
            return path.IsRoot || _last.IsVisited;
        }
        var folder = path.Parent;
        _last = (folder, _folders.Contains(folder) || IsInTree(folder));
        return _last.IsVisited;
    }

    private bool IsWithinLast(EntryPath path)
    {
        if (_last.Folder is not { } folder)
        {
            return false;
        }
        var slash = path.Bytes.LastIndexOf((byte)'/');
        return slash < 0 ? folder.IsRoot : slash == folder.Bytes.Length && path.Bytes[..slash].SequenceEqual(folder.Bytes);
    }

    private bool IsInTree(EntryPath folder)
    {
        if (_trees.Count == 0)
        {
            return false;
        }
        for (var next = folder; !next.IsRoot; next = next.Parent)
        {
            if (_trees.Contains(next))
            {
                return true;
            }
        }
        return _trees.Contains(EntryPath.Root);
    }

    private void AddWay(EntryPath path)
    {
        (_last, _sorted) = (default, null);
        for (var next = path; !next.IsRoot && _onTheWay.Add(next); next = next.Parent)
        {
        }
    }
}
