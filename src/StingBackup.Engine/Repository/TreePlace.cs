using StingBackup.Engine.Basics;

namespace StingBackup.Engine.Repository;

/// <summary>
/// Where a page stands in its tree, as its parents say: a level, and the paths from one up to another. A page that does not keep to it is refused; so no page is met twice in one walk, and whatever a
/// writer put together, a walk ends after as many items as there are.
/// </summary>
/// <param name="Parent">The parent's level; null for the root.</param>
/// <param name="From">The first path that it holds; null where nobody says.</param>
/// <param name="To">The first path behind it; null for the end.</param>
internal readonly record struct TreePlace(byte? Parent, EntryPath? From, EntryPath? To)
{
    /// <summary>Where a tree's root stands.</summary>
    public static TreePlace Root => default;

    /// <summary>Where a page's child stands.</summary>
    public TreePlace OfChild(TreePage page, int child) =>
        new(page.Table.Level, page.Children[child].First, child + 1 < page.Children.Count ? page.Children[child + 1].First : To);

    /// <summary>Refuses a page that does not belong there.</summary>
    /// <exception cref="StingException"><c>ObjectDamaged</c></exception>
    public void Check(Id32 id, TreePage page) => Check(id, TreeShape.Of(page));

    /// <summary>The same of a page that was read before; null for one that could not be.</summary>
    public void Check(Id32 id, TreeShape? shape)
    {
        if (shape is not { } page)
        {
            return;
        }
        if (Parent is { } parent ? page.Level != parent - 1 || page.IsRoot : page.Level == TreeTable.ContentLevel)
        {
            throw Failures.Damaged(id.ToString(), $"a page of level {page.Level} stands in a tree where none may");
        }
        if (Parent is not null && (page.First is null || (From is not null && page.First != From) || (To is not null && page.Last! >= To)))
        {
            throw Failures.Damaged(id.ToString(), "a tree page holds other paths than the page above it says");
        }
    }
}

/// <summary>What of a page tells whether it belongs where it stands.</summary>
/// <param name="Level">Its level.</param>
/// <param name="IsRoot">Whether it is a root.</param>
/// <param name="First">Its first path; null for none.</param>
/// <param name="Last">Its last path, or the first one of its last child.</param>
internal readonly record struct TreeShape(byte Level, bool IsRoot, EntryPath? First, EntryPath? Last)
{
    /// <summary>Of a page.</summary>
    public static TreeShape Of(TreePage page) => page.Entries.Count > 0 ? new(page.Table.Level, page.Table.IsRoot, page.Entries[0].Path, page.Entries[^1].Path)
        : page.Children.Count > 0 ? new(page.Table.Level, page.Table.IsRoot, page.Children[0].First, page.Children[^1].First) : new(page.Table.Level, page.Table.IsRoot, null, null);
}
