using System.Runtime.CompilerServices;
using StingBackup.Engine.Sources;

namespace StingBackup.Engine.Repository;

/// <summary>Where a subject's tree is.</summary>
/// <param name="Pseudonym">The subject.</param>
/// <param name="Root">Id of the root page.</param>
public readonly record struct TreeRoot(Id16 Pseudonym, Id32 Root);

/// <summary>A page that could not be read: items between two paths are not known.</summary>
/// <param name="Page">The page.</param>
/// <param name="From">First path that it holds, or null for the whole tree.</param>
/// <param name="To">First path behind it, or null for the end.</param>
/// <param name="Error">What is wrong.</param>
public sealed record PageDamage(Id32 Page, EntryPath? From, EntryPath? To, StingException Error);

/// <summary>Walks trees in path order, reading only the pages that a selection needs.</summary>
public sealed class TreeWalker
{
    private readonly ChunkReader _reader;

    /// <summary>Makes one over a reader with keys.</summary>
    public TreeWalker(ChunkReader reader) => _reader = reader;

    /// <summary>The subject's canonical name, from the root page.</summary>
    public async ValueTask<string> ReadNameAsync(TreeRoot tree, CancellationToken cancel)
    {
        var page = await _reader.ReadPageAsync(tree.Pseudonym, tree.Root, cancel).ConfigureAwait(false);
        return page.SubjectName ?? throw ObjectFrame.Damaged(tree.Root.ToString(), "it should be a root page");
    }

    /// <summary>
    /// Items at or below a path, in order. A page that cannot be read goes to <paramref name="damaged"/> and the walk goes on
    /// behind it; without one it is thrown.
    /// </summary>
    public IAsyncEnumerable<TreeEntry> WalkAsync(TreeRoot tree, EntryPath under, Action<PageDamage>? damaged, CancellationToken cancel) =>
        WalkAsync(tree, under, true, damaged, cancel);

    /// <summary>The same; without <paramref name="recurse"/> only the path itself and what is directly in it, and few pages more than hold that.</summary>
    public async IAsyncEnumerable<TreeEntry> WalkAsync(
        TreeRoot tree, EntryPath under, bool recurse, Action<PageDamage>? damaged, [EnumeratorCancellation] CancellationToken cancel)
    {
        ArgumentNullException.ThrowIfNull(under);
        var open = new Stack<(Id32 Page, EntryPath? From, EntryPath? To)>();
        open.Push((tree.Root, null, null));
        while (open.TryPop(out var next))
        {
            TreePage page;
            try
            {
                page = await _reader.ReadPageAsync(tree.Pseudonym, next.Page, cancel).ConfigureAwait(false);
            }
            catch (StingException e) when (damaged is not null && Failures.IsOfOneItem(e))
            {
                damaged(new PageDamage(next.Page, next.From, next.To, e));
                continue;
            }
            for (var i = page.Children.Count - 1; i >= 0; i--)
            {
                var to = i + 1 < page.Children.Count ? page.Children[i + 1].First : next.To;
                if (MayHold(page.Children[i].First, to, under, recurse))
                {
                    open.Push((page.Children[i].Page, page.Children[i].First, to));
                }
            }
            foreach (var entry in page.Entries)
            {
                if (entry.Path.IsWithin(under) && (recurse || FolderLength(under, entry.Path) < 0))
                {
                    yield return entry;
                }
            }
        }
    }

    /// <summary>The item at a path, or null.</summary>
    public async ValueTask<TreeEntry?> FindAsync(TreeRoot tree, EntryPath path, CancellationToken cancel)
    {
        await foreach (var entry in WalkAsync(tree, path, false, null, cancel).ConfigureAwait(false))
        {
            // What is in a directory follows it, so the first one tells.
            return entry.Path == path ? entry : null;
        }
        return null;
    }

    /// <summary>All extents of a file, content pages resolved.</summary>
    public async ValueTask<IReadOnlyList<Extent>> ReadExtentsAsync(Id16 pseudonym, TreeEntry entry, CancellationToken cancel)
    {
        ArgumentNullException.ThrowIfNull(entry);
        if (entry.ContentPages.Count == 0)
        {
            return entry.Extents;
        }
        var extents = new List<Extent>();
        foreach (var reference in entry.ContentPages)
        {
            extents.AddRange((await _reader.ReadPageAsync(pseudonym, reference.Page, cancel).ConfigureAwait(false)).Extents);
        }
        return extents;
    }

    /// <summary>
    /// Items of two trees of one subject that do not stand in a page which both share: all that can differ, and little more.
    /// </summary>
    public async ValueTask<(IReadOnlyList<TreeEntry> Old, IReadOnlyList<TreeEntry> New)> UnsharedAsync(TreeRoot old, TreeRoot @new, CancellationToken cancel)
    {
        var oldPages = new List<Id32> { old.Root };
        var newPages = new List<Id32> { @new.Root };
        List<TreeEntry> oldEntries = [], newEntries = [];
        while (oldPages.Count > 0 || newPages.Count > 0)
        {
            var shared = oldPages.ToHashSet();
            shared.IntersectWith(newPages);
            oldPages = await DescendAsync(old.Pseudonym, oldPages.Where(p => !shared.Contains(p)), oldEntries, cancel).ConfigureAwait(false);
            newPages = await DescendAsync(@new.Pseudonym, newPages.Where(p => !shared.Contains(p)), newEntries, cancel).ConfigureAwait(false);
        }
        return (oldEntries, newEntries);
    }

    private async ValueTask<List<Id32>> DescendAsync(Id16 pseudonym, IEnumerable<Id32> pages, List<TreeEntry> entries, CancellationToken cancel)
    {
        var children = new List<Id32>();
        foreach (var id in pages)
        {
            var page = await _reader.ReadPageAsync(pseudonym, id, cancel).ConfigureAwait(false);
            entries.AddRange(page.Entries);
            children.AddRange(page.Children.Select(c => c.Page));
        }
        return children;
    }

    /// <summary>Whether a page that holds paths from <paramref name="from"/> up to <paramref name="to"/> may hold one that the walk wants.</summary>
    private static bool MayHold(EntryPath from, EntryPath? to, EntryPath under, bool recurse)
    {
        if ((to is not null && to <= under) || (from > under && !from.IsWithin(under)))
        {
            return false;
        }
        // A page that starts and ends within one folder below holds nothing but what is deeper.
        return recurse || to is null || from <= under || FolderLength(under, from) is not (> 0 and var length) || !to.Bytes.StartsWith(from.Bytes[..(length + 1)]);
    }

    /// <summary>Length of the folder directly below <paramref name="under"/> that a path within it goes through; -1 when it stands directly there.</summary>
    private static int FolderLength(EntryPath under, EntryPath path)
    {
        var start = Math.Min(path.Bytes.Length, under.IsRoot ? 0 : under.Bytes.Length + 1);
        var slash = path.Bytes[start..].IndexOf((byte)'/');
        return slash < 0 ? -1 : start + slash;
    }
}
