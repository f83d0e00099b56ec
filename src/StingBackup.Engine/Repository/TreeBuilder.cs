using System.Buffers;
using System.IO.Hashing;
using StingBackup.Engine.Basics;

namespace StingBackup.Engine.Repository;

/// <summary>Where a tree builder puts its pages: computes the id, stores what is new, returns the id.</summary>
internal interface ITreePageSink
{
    Id32 Store(TreeTable table, ReadOnlySpan<byte> body);
}

/// <summary>What a finished tree amounts to.</summary>
/// <param name="Root">Id of the root page.</param>
/// <param name="Items">Items of every kind.</param>
/// <param name="Length">Sum of file lengths in bytes.</param>
public sealed record TreeSummary(Id32 Root, long Items, long Length);

/// <summary>
/// Builds one subject's tree from its items in path order: pages end where a keyed hash of the path says so, so a change
/// rewrites the pages around it and the way up, and the same items give the same pages. Holds one open page a level.
/// </summary>
/// <remarks>
/// The structure is a prolly tree (a B-tree whose boundaries come from content) over whole paths, not a page a directory: a folder
/// of a million files and a million folders of one file cost the same.
/// </remarks>
internal sealed class TreeBuilder
{
    private const int LeafAverage = 128, LeafMaximum = 1024, LeafBytes = 256 << 10;
    private const int InteriorAverage = 128, InteriorMaximum = 1024;
    private const int ExtentsInline = 64, ExtentsAverage = 512, ExtentsMaximum = 4096;

    private readonly string _subject;
    private readonly long _seed;
    private readonly ITreePageSink _sink;
    private readonly List<TreeEntry> _leaf = [];
    private readonly List<List<TreeChild>> _levels = [];
    private int _leafBytes;
    private long _items, _length;

    public TreeBuilder(string subject, ulong seed, ITreePageSink sink) => (_subject, _seed, _sink) = (subject, unchecked((long)seed), sink);

    /// <summary>Adds the next item; paths ascend. Returns the leaf that ends with it, or null.</summary>
    public TreeChild? Add(TreeEntry entry)
    {
        if (_leaf.Count > 0 && _leaf[^1].Path.CompareTo(entry.Path) >= 0)
        {
            throw new InvalidOperationException($"'{entry.Path}' does not follow '{_leaf[^1].Path}'.");
        }
        if (entry.Extents.Count > ExtentsInline)
        {
            entry = entry with { ContentPages = StoreExtents(entry.Extents), Extents = [] };
        }
        _leaf.Add(entry);
        _leafBytes += 128 + entry.Path.Bytes.Length + 32 * (entry.Extents.Count + entry.ContentPages.Count);
        _items++;
        _length += entry.Length;
        if (_leaf.Count >= LeafMaximum || _leafBytes >= LeafBytes || EndsPage(entry.Path.Bytes, LeafAverage))
        {
            return CloseLeaf();
        }
        return null;
    }

    /// <summary>Takes over a leaf that an earlier tree of the subject has; false where it would begin in the middle of one, so that its items have to be added.</summary>
    public bool TryAdd(TreeChild leaf)
    {
        if (_leaf.Count > 0)
        {
            return false;
        }
        _items += leaf.Items;
        _length += leaf.Length;
        AddChild(0, leaf);
        return true;
    }

    /// <summary>Writes what is open and the root.</summary>
    public TreeSummary Finish()
    {
        // A tree that fits one page is its own root; otherwise levels close upwards until one page is left.
        if (_levels.Count == 0)
        {
            var (table, body) = TreePage.EncodeLeaf(_subject, _leaf);
            return new TreeSummary(_sink.Store(table, body.WrittenSpan), _items, _length);
        }
        if (_leaf.Count > 0)
        {
            CloseLeaf();
        }
        for (var level = 0; ; level++)
        {
            if (level == _levels.Count - 1)
            {
                var (table, body) = TreePage.EncodeInterior((byte)(level + 1), _subject, _levels[level]);
                return new TreeSummary(_sink.Store(table, body.WrittenSpan), _items, _length);
            }
            if (_levels[level].Count > 0)
            {
                CloseLevel(level);
            }
        }
    }

    private TreeChild CloseLeaf()
    {
        var (table, body) = TreePage.EncodeLeaf(null, _leaf);
        var child = new TreeChild(_sink.Store(table, body.WrittenSpan), _leaf[0].Path, _leaf.Count, _leaf.Sum(e => e.Length));
        _leaf.Clear();
        _leafBytes = 0;
        AddChild(0, child);
        return child;
    }

    private void AddChild(int level, TreeChild child)
    {
        if (level == _levels.Count)
        {
            _levels.Add([]);
        }
        _levels[level].Add(child);
        if (_levels[level].Count >= InteriorMaximum || (_levels[level].Count >= 2 && child.Page.Prefix % InteriorAverage == 0))
        {
            CloseLevel(level);
        }
    }

    private void CloseLevel(int level)
    {
        var children = _levels[level];
        var (table, body) = TreePage.EncodeInterior((byte)(level + 1), null, children);
        var child = new TreeChild(_sink.Store(table, body.WrittenSpan), children[0].First, children.Sum(c => c.Items), children.Sum(c => c.Length));
        children.Clear();
        AddChild(level + 1, child);
    }

    private List<ContentPageRef> StoreExtents(IReadOnlyList<Extent> extents)
    {
        var pages = new List<ContentPageRef>();
        var page = new List<Extent>();
        for (var i = 0; i < extents.Count; i++)
        {
            page.Add(extents[i]);
            if (page.Count >= ExtentsMaximum || i == extents.Count - 1 || extents[i].Id.Prefix % ExtentsAverage == 1)
            {
                var (table, body) = TreePage.EncodeContent(page);
                pages.Add(new ContentPageRef(_sink.Store(table, body.WrittenSpan), page.Sum(x => x.Length)));
                page.Clear();
            }
        }
        return pages;
    }

    private bool EndsPage(ReadOnlySpan<byte> path, int average) => XxHash64.HashToUInt64(path, _seed) % (ulong)average == 0;
}
