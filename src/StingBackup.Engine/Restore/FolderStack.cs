using StingBackup.Engine.Basics;
using StingBackup.Engine.Repository;
using StingBackup.Engine.Sources;

namespace StingBackup.Engine.Restore;

/// <summary>
/// The folders that the walk is in. Items come in path order, so a folder is left when the first path outside it comes. Folders on the way to what is
/// selected are made with their own attributes when they are missing, so that nobody sees into a folder that was closed.
/// </summary>
internal sealed class FolderStack
{
    private readonly RestoreContext _context;
    private FolderNode _top;

    public FolderStack(RestoreContext context)
    {
        _context = context;
        _top = new FolderNode(context, null, EntryPath.Root);
        context.Target.CleanUp(EntryPath.Root);
    }

    /// <summary>The folder that an item goes into, or the broken one above it.</summary>
    public async ValueTask<FolderNode> EnterAsync(TreeItem item, CancellationToken cancel)
    {
        while (!_top.Path.IsRoot && (item.Entry.Path == _top.Path || !item.Entry.Path.IsWithin(_top.Path)))
        {
            Leave();
        }
        var missing = new Stack<EntryPath>();
        for (var folder = item.Entry.Path.Parent; folder != _top.Path && !folder.IsRoot; folder = folder.Parent)
        {
            missing.Push(folder);
        }
        while (_top.Error is null && missing.TryPop(out var folder))
        {
            var entry = _context.Target.Find(folder) is null ? await FindFolderAsync(item.Tree, folder, cancel).ConfigureAwait(false) : null;
            Open(folder, entry?.Metadata, isItem: false);
        }
        return _top;
    }

    /// <summary>Goes into a folder that is selected itself.</summary>
    public void Open(TreeEntry folder) => Open(folder.Path, folder.Metadata, isItem: true);

    /// <summary>The walk is over.</summary>
    public void LeaveAll()
    {
        while (!_top.Path.IsRoot)
        {
            Leave();
        }
        _top.Release();
    }

    private void Leave()
    {
        var left = _top;
        _top = left.Parent!;
        left.Release();
    }

    private void Open(EntryPath path, ItemMetadata? metadata, bool isItem)
    {
        var parent = _top.Hold();
        try
        {
            var isNew = _context.Target.Find(path) is not { Kind: ItemKind.Directory };
            if (isNew)
            {
                _context.Target.CreateDirectory(path);
            }
            else
            {
                _context.Target.CleanUp(path);
            }
            _top = new FolderNode(_context, parent, path) { Metadata = isItem || isNew ? metadata : null, IsNew = isNew, IsItem = isItem };
        }
        catch (StingException e) when (Failures.IsOfOneItem(e))
        {
            _top = new FolderNode(_context, parent, path) { Error = e, IsItem = isItem };
        }
    }

    private async ValueTask<TreeEntry?> FindFolderAsync(PointTree tree, EntryPath path, CancellationToken cancel)
    {
        try
        {
            return await _context.Repository.Walker.FindAsync(tree.Root, path, cancel).ConfigureAwait(false) is { Kind: ItemKind.Directory } folder ? folder : null;
        }
        catch (StingException e) when (Failures.IsOfOneItem(e))
        {
            return null;   // the walk meets the same page and tells
        }
    }
}
