using System.Runtime.CompilerServices;
using StingBackup.Engine.Basics;
using StingBackup.Engine.Repository;
using StingBackup.Engine.Restore;

namespace StingBackup.Engine.People;

/// <summary>
/// What is directly in a folder, over trees of several classes and subjects: each name once, of two trees that hold a file of one name that of the newer point. Folders without an item of their own are told too.
/// What lies deeper is passed over, page by page, and so is what lies before the cursor.
/// </summary>
internal sealed class FolderWalk(ChunkReader reader, IReadOnlyList<PointTree> trees, EntryPath under, Action<StingException> damaged)
{
    /// <summary>Names in path order, behind <paramref name="after"/> where there is one. A folder that has no item of its own stands without an entry.</summary>
    public async IAsyncEnumerable<(EntryPath Path, PointTree Tree, TreeEntry? Entry)> WalkAsync(EntryPath? after, [EnumeratorCancellation] CancellationToken cancel)
    {
        var open = new List<TreeCursor>(trees.Count);
        foreach (var tree in trees)
        {
            var cursor = new TreeCursor(reader, tree, under, damaged);
            if (after is null ? await cursor.MoveAsync(cancel).ConfigureAwait(false) : await cursor.PassAsync(after, cancel).ConfigureAwait(false))
            {
                open.Add(cursor);
            }
        }
        while (open.Count > 0)
        {
            var path = open.Select(c => ChildOf(c.Current!.Path)).Min()!;
            var here = open.Where(c => c.Current!.Path.IsWithin(path)).ToList();
            // Where a rule moved an item from class to class, the newer point's counts; an item counts more than a folder that follows from what is in it.
            var best = here.OrderByDescending(c => c.Current!.Path == path).ThenByDescending(c => c.Tree.Point.Point.Record.TimeNs).First();
            if (OwnTrees.IsShown(path))
            {
                yield return (path, best.Tree, best.Current!.Path == path ? best.Current : null);
            }
            foreach (var cursor in here)
            {
                if (!await cursor.PassAsync(path, cancel).ConfigureAwait(false))
                {
                    open.Remove(cursor);
                }
            }
        }
    }

    private EntryPath ChildOf(EntryPath path)
    {
        var start = under.IsRoot ? 0 : under.Bytes.Length + 1;
        var slash = path.Bytes[start..].IndexOf((byte)'/');
        return slash < 0 ? path : EntryPath.FromBytes(path.Bytes[..(start + slash)]);
    }
}
