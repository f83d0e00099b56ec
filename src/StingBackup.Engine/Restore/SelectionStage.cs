using StingBackup.Engine.Basics;
using StingBackup.Engine.Repository;

namespace StingBackup.Engine.Restore;

/// <summary>
/// Walks what is selected in path order, makes the folders, and groups the rest for the workers: small files of one bundle together, so that it is decoded once.
/// </summary>
internal sealed class SelectionStage(RestoreContext context, Action<List<PendingItem>> add)
{
    /// <summary>Files below this share chunks with others.</summary>
    private const long SmallFile = 64 << 10;
    private const int GroupItems = 256;
    private const int OpenGroups = 8;

    /// <summary>Small items by the chunk that they need (none: empty files, links, devices), the oldest group first.</summary>
    private readonly List<(Id32 Chunk, List<PendingItem> Items)> _groups = [];

    public async Task RunAsync(CancellationToken cancel)
    {
        var folders = new FolderStack(context);
        await foreach (var item in context.Selection.WalkAsync(context.Repository.Walker, (tree, damage) => context.Output.Failed(TreeDamage.Describe(tree, damage)), cancel).ConfigureAwait(false))
        {
            cancel.ThrowIfCancellationRequested();
            var folder = await folders.EnterAsync(item, cancel).ConfigureAwait(false);
            if (folder.Error is not null)
            {
                folder.Hide();
            }
            else if (item.Entry.Kind == ItemKind.Directory)
            {
                folders.Open(item.Entry);
            }
            else
            {
                Add(new PendingItem(item.Tree, item.Entry, folder.Hold(), LinksOf(item.Tree.Row.Pseudonym, item.Entry)));
            }
        }
        while (_groups.Count > 0)
        {
            Close(0);
        }
        folders.LeaveAll();
    }

    private LinkedFile? LinksOf(Id16 pseudonym, TreeEntry entry) =>
        entry.HardLinkTo is { } first ? context.Links.Of(pseudonym, first)
        : entry.Kind == ItemKind.File && context.Selection.LinkedPaths.Contains(entry.Path) ? context.Links.Begin(pseudonym, entry.Path)
        : null;

    private void Add(PendingItem item)
    {
        if (item.Entry.Length >= SmallFile)
        {
            add([item]);
            return;
        }
        var chunk = item.Entry.Extents is [var only] ? only.Id : default;
        var group = _groups.FindIndex(g => g.Chunk == chunk);
        if (group < 0)
        {
            if (_groups.Count == OpenGroups)
            {
                Close(0);
            }
            group = _groups.Count;
            _groups.Add((chunk, []));
        }
        _groups[group].Items.Add(item);
        if (_groups[group].Items.Count == GroupItems)
        {
            Close(group);
        }
    }

    private void Close(int group)
    {
        var items = _groups[group].Items;
        _groups.RemoveAt(group);
        add(items);
    }
}
