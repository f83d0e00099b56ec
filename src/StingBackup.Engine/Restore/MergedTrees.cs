using System.Runtime.CompilerServices;
using StingBackup.Engine.Basics;
using StingBackup.Engine.Repository;

namespace StingBackup.Engine.Restore;

/// <summary>An item and the tree that holds it.</summary>
internal readonly record struct TreeItem(PointTree Tree, TreeEntry Entry);

/// <summary>
/// Items of many trees in one path order, a directory before what is in it. A tree is opened when the walk comes to its first path, so of
/// ten thousand people's trees one or two are open at a time.
/// </summary>
internal sealed class MergedTrees(TreeWalker walker, IReadOnlyList<PointTree> trees)
{
    /// <summary>
    /// Items at or below a path. Where trees of two data classes hold the same path (a rule moved it between two runs), that of the newer point counts.
    /// </summary>
    /// <param name="under">The path.</param>
    /// <param name="recurse">False for the path itself and what is directly in it.</param>
    /// <param name="damaged">Takes pages that could not be read; without it they are thrown.</param>
    /// <param name="cancel">Cancels.</param>
    public async IAsyncEnumerable<TreeItem> WalkAsync(
        EntryPath under, bool recurse, Action<PointTree, PageDamage>? damaged, [EnumeratorCancellation] CancellationToken cancel)
    {
        var cursors = trees.Select(t => new Cursor(t, t.First)).ToList();
        // Of several at one path an unopened one comes first, so that all are open when they are compared.
        var queue = new PriorityQueue<Cursor, (EntryPath At, bool IsOpen)>(cursors.Select(c => (c, (c.At, false))));
        try
        {
            while (queue.TryDequeue(out var cursor, out _))
            {
                if (cursor.Items is null)
                {
                    cursor.Items = walker.WalkAsync(cursor.Tree.Root, under, recurse, damaged is null ? null : d => damaged(cursor.Tree, d), cancel).GetAsyncEnumerator(cancel);
                    if (await cursor.MoveAsync().ConfigureAwait(false))
                    {
                        queue.Enqueue(cursor, (cursor.At, true));
                    }
                    continue;
                }
                // One tree is ahead of all others nearly always: its items go out without sorting.
                while (!queue.TryPeek(out _, out var next) || cursor.At < next.At)
                {
                    yield return new TreeItem(cursor.Tree, cursor.Items.Current);
                    if (!await cursor.MoveAsync().ConfigureAwait(false))
                    {
                        cursor = null;
                        break;
                    }
                }
                if (cursor is not null)
                {
                    await GiveWayAsync(cursor, queue).ConfigureAwait(false);
                }
            }
        }
        finally
        {
            foreach (var cursor in cursors)
            {
                await cursor.DisposeAsync().ConfigureAwait(false);
            }
        }
    }

    /// <summary>Puts a cursor back that is no longer ahead. Of two at the same path, the one of the older point passes it over.</summary>
    private static async ValueTask GiveWayAsync(Cursor cursor, PriorityQueue<Cursor, (EntryPath At, bool IsOpen)> queue)
    {
        if (queue.TryPeek(out var other, out var next) && next.IsOpen && next.At == cursor.At)
        {
            queue.Dequeue();
            var (older, newer) = cursor.Tree.Point.Point.Record.TimeNs < other.Tree.Point.Point.Record.TimeNs ? (cursor, other) : (other, cursor);
            if (await older.MoveAsync().ConfigureAwait(false))
            {
                queue.Enqueue(older, (older.At, true));
            }
            cursor = newer;
        }
        queue.Enqueue(cursor, (cursor.At, true));
    }

    /// <summary>How far a tree has been walked.</summary>
    private sealed class Cursor(PointTree tree, EntryPath first) : IAsyncDisposable
    {
        public PointTree Tree => tree;
        public IAsyncEnumerator<TreeEntry>? Items { get; set; }
        /// <summary>The path of the current item; before the tree is opened, the least that it may have.</summary>
        public EntryPath At { get; private set; } = first;

        public async ValueTask<bool> MoveAsync()
        {
            if (!await Items!.MoveNextAsync().ConfigureAwait(false))
            {
                return false;
            }
            At = Items.Current.Path;
            return true;
        }

        public ValueTask DisposeAsync() => Items?.DisposeAsync() ?? ValueTask.CompletedTask;
    }
}
