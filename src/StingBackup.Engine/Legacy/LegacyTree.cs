using StingBackup.Engine.Basics;
using StingBackup.Engine.Sources;
using StingBackup.Engine.Sources.PostgreSql;

namespace StingBackup.Engine.Legacy;

/// <summary>An item of an archive.</summary>
/// <param name="Kind">What it is.</param>
/// <param name="Metadata">What the archive knows of it.</param>
/// <param name="Length">Bytes of a file.</param>
/// <param name="Range">Where they lie in the spool, when they were kept.</param>
/// <param name="Hash">Their SHA-256, when they were kept.</param>
internal sealed record LegacyItem(ItemKind Kind, ItemMetadata Metadata, long Length = 0, SpoolRange Range = default, byte[]? Hash = null);

/// <summary>The items of one archive by path, as unpacking it into an empty folder would leave them: where a path stands twice, the later one counts.</summary>
internal sealed class LegacyTree(string archive)
{
    private readonly SortedDictionary<EntryPath, LegacyItem> _items = [];

    /// <summary>In path order.</summary>
    public IReadOnlyDictionary<EntryPath, LegacyItem> Items => _items;

    /// <summary>Volumes that were unpacked, by name.</summary>
    public SortedSet<string> Volumes { get; } = new(StringComparer.Ordinal);

    /// <summary>Volumes that are damaged, and are kept as the files that they are; and why.</summary>
    public SortedDictionary<string, string> DamagedVolumes { get; } = new(StringComparer.Ordinal);

    /// <summary>What is not as it was, for people.</summary>
    public List<string> Notes { get; } = [];

    /// <summary>The first bytes of the dumps of databases.</summary>
    public Dictionary<EntryPath, byte[]> DumpStarts { get; } = [];

    /// <summary>Adds an item.</summary>
    /// <exception cref="StingException"><c>LegacyEntryUnsafe</c>: it would be reached through a link or a file</exception>
    public void Put(EntryPath path, LegacyItem item)
    {
        for (var folder = path.Parent; !folder.IsRoot; folder = folder.Parent)
        {
            if (!_items.TryGetValue(folder, out var above))
            {
                // A folder that has no entry of its own.
                _items.Add(folder, new LegacyItem(ItemKind.Directory, new ItemMetadata { ModifiedNs = item.Metadata.ModifiedNs }));
            }
            else if (above.Kind != ItemKind.Directory)
            {
                throw LegacyErrors.Unsafe(archive, path.ToString(), $"which lies behind '{folder}', no folder but a {Word(above.Kind)}");
            }
        }
        if (_items.TryGetValue(path, out var before) && before.Kind != item.Kind && (before.Kind == ItemKind.Directory || item.Kind == ItemKind.Directory))
        {
            throw LegacyErrors.Unsafe(archive, path.ToString(), $"once as a {Word(before.Kind)} and once as a {Word(item.Kind)}");
        }
        _items[path] = item;
    }

    /// <summary>Takes out a folder's items.</summary>
    public void RemoveBelow(EntryPath folder)
    {
        foreach (var path in _items.Keys.Where(p => p.IsWithin(folder)).ToList())
        {
            _items.Remove(path);
        }
    }

    /// <summary>Takes another tree's items over, below a folder.</summary>
    public void Merge(EntryPath folder, LegacyTree other)
    {
        foreach (var (path, item) in other.Items)
        {
            Put(EntryPath.FromBytes([.. folder.Bytes, (byte)'/', .. path.Bytes]), item);
        }
        Notes.AddRange(other.Notes);
    }

    private static string Word(ItemKind kind) => kind switch
    {
        ItemKind.Directory => "folder",
        ItemKind.SymbolicLink => "symbolic link",
        ItemKind.File => "file",
        _ => "special file",
    };
}
