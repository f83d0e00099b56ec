using System.Runtime.CompilerServices;
using StingBackup.Engine.Basics;

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
        return page.SubjectName ?? throw Failures.Damaged(tree.Root.ToString(), "it should be a root page");
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
        var open = new Stack<(Id32 Page, TreePlace Place)>();
        open.Push((tree.Root, TreePlace.Root));
        while (open.TryPop(out var next))
        {
            TreePage page;
            try
            {
                page = await _reader.ReadPageAsync(tree.Pseudonym, next.Page, cancel).ConfigureAwait(false);
                next.Place.Check(next.Page, page);
            }
            catch (StingException e) when (damaged is not null && Failures.IsOfOneItem(e))
            {
                damaged(new PageDamage(next.Page, next.Place.From, next.Place.To, e));
                continue;
            }
            for (var i = page.Children.Count - 1; i >= 0; i--)
            {
                var place = next.Place.OfChild(page, i);
                if (MayHold(place.From!, place.To, under, recurse))
                {
                    open.Push((page.Children[i].Page, place));
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
        List<(Id32 Page, TreePlace Place)> oldPages = [(old.Root, TreePlace.Root)], newPages = [(@new.Root, TreePlace.Root)];
        List<TreeEntry> oldEntries = [], newEntries = [];
        while (oldPages.Count > 0 || newPages.Count > 0)
        {
            var shared = oldPages.Select(p => p.Page).ToHashSet();
            shared.IntersectWith(newPages.Select(p => p.Page));
            oldPages = await DescendAsync(old.Pseudonym, oldPages.Where(p => !shared.Contains(p.Page)), oldEntries, cancel).ConfigureAwait(false);
            newPages = await DescendAsync(@new.Pseudonym, newPages.Where(p => !shared.Contains(p.Page)), newEntries, cancel).ConfigureAwait(false);
        }
        return (oldEntries, newEntries);
    }

    private async ValueTask<List<(Id32 Page, TreePlace Place)>> DescendAsync(Id16 pseudonym, IEnumerable<(Id32 Page, TreePlace Place)> pages, List<TreeEntry> entries, CancellationToken cancel)
    {
        var children = new List<(Id32 Page, TreePlace Place)>();
        foreach (var (id, place) in pages)
        {
            var page = await _reader.ReadPageAsync(pseudonym, id, cancel).ConfigureAwait(false);
            place.Check(id, page);
            entries.AddRange(page.Entries);
            children.AddRange(page.Children.Select((child, i) => (child.Page, place.OfChild(page, i))));
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
