using StingBackup.Engine.Basics;
using StingBackup.Engine.Repository;
using StingBackup.Engine.Restore;

namespace StingBackup.Engine.People;

/// <summary>
/// Goes through one tree in path order and passes over what is not wanted without reading it: pages that hold nothing but what lies before, or within what was told to be passed over, are never opened.
/// </summary>
/// <param name="reader">Reads pages.</param>
/// <param name="tree">The tree.</param>
/// <param name="under">Only what lies below this path.</param>
/// <param name="damaged">Takes the error of each page that cannot be read.</param>
internal sealed class TreeCursor(ChunkReader reader, PointTree tree, EntryPath under, Action<StingException> damaged)
{
    private readonly Stack<(Id32 Page, TreePlace Place)> _open = new([(tree.Row.Root, TreePlace.Root)]);
    private IReadOnlyList<TreeEntry> _entries = [];
    private int _at = -1;
    private EntryPath? _passed;

    public PointTree Tree => tree;

    /// <summary>The item that it stands at.</summary>
    public TreeEntry? Current => _at >= 0 && _at < _entries.Count ? _entries[_at] : null;

    /// <summary>Goes to the first item behind a path and all that lies in it.</summary>
    public ValueTask<bool> PassAsync(EntryPath path, CancellationToken cancel)
    {
        _passed = path;
        return Current is { } entry && !IsPassed(entry.Path) ? ValueTask.FromResult(true) : MoveAsync(cancel);
    }

    /// <summary>Goes to the next item; false behind the last one.</summary>
    public async ValueTask<bool> MoveAsync(CancellationToken cancel)
    {
        while (true)
        {
            while (++_at < _entries.Count)
            {
                if (!IsPassed(_entries[_at].Path))
                {
                    if (_entries[_at].Path.IsWithin(under))
                    {
                        return true;
                    }
                    return Stop();   // items ascend: behind the folder there is nothing of it
                }
            }
            if (!await OpenNextAsync(cancel).ConfigureAwait(false))
            {
                return false;
            }
        }
    }

    private bool Stop()
    {
        _open.Clear();
        (_entries, _at) = ([], -1);
        return false;
    }

    /// <summary>Opens pages down to the next leaf that may hold something.</summary>
    private async ValueTask<bool> OpenNextAsync(CancellationToken cancel)
    {
        (_entries, _at) = ([], -1);
        while (_open.TryPop(out var next))
        {
            if (!MayHold(next.Place.From, next.Place.To))
            {
                continue;
            }
            TreePage page;
            try
            {
                page = await reader.ReadPageAsync(tree.Row.Pseudonym, next.Page, cancel).ConfigureAwait(false);
                next.Place.Check(next.Page, page);
            }
            catch (StingException e) when (Failures.IsOfOneItem(e))
            {
                damaged(e);
                continue;
            }
            for (var i = page.Children.Count - 1; i >= 0; i--)
            {
                _open.Push((page.Children[i].Page, next.Place.OfChild(page, i)));
            }
            if (page.Entries.Count > 0)
            {
                _entries = page.Entries;
                return true;
            }
        }
        return false;
    }

    /// <summary>Whether a page with paths from one up to another may hold one that is wanted.</summary>
    private bool MayHold(EntryPath? from, EntryPath? to) =>
        (to is null || (to > under && (_passed is null || !(to <= _passed || to.IsWithin(_passed))))) && (from is null || from <= under || from.IsWithin(under));

    // The folder itself is not among what is in it.
    private bool IsPassed(EntryPath path) => path <= under || (_passed is not null && (path <= _passed || path.IsWithin(_passed)));
}
