using StingBackup.Engine.Basics;
using StingBackup.Engine.Repository;

namespace StingBackup.Engine.Restore;

/// <summary>
/// Exactly what a plan restores: trees, which never change, and which of their items. Holds no key and no item, so a plan of ten million items is as small as one of ten.
/// </summary>
/// <param name="View">Points and index as they were when the plan was made.</param>
/// <param name="Trees">The trees.</param>
/// <param name="Failures">What of them could not be read.</param>
/// <param name="Items">Which of their items.</param>
/// <param name="LinkedPaths">First paths of files that selected hard links refer to.</param>
internal sealed record RestoreSelection(
    RepositoryView View, IReadOnlyList<PointTree> Trees, IReadOnlyList<TreeFailure> Failures, ItemSelector Items, IReadOnlySet<EntryPath> LinkedPaths)
{
    /// <summary>Packs and chunks that it reads.</summary>
    public PackTally? Packs { get; init; }

    /// <summary>Pseudonyms of those whose items are among them.</summary>
    public IReadOnlySet<Id16> Touched { get; init; } = new HashSet<Id16>();

    /// <summary>Which files are taken now, of those that are selected; null for all. Folders always are.</summary>
    public Func<TreeEntry, CancellationToken, ValueTask<bool>>? TakesNow { get; init; }

    /// <summary>The selected items in path order.</summary>
    public async IAsyncEnumerable<TreeItem> WalkAsync(
        TreeWalker walker, Action<PointTree, PageDamage>? damaged, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancel)
    {
        await foreach (var item in new MergedTrees(walker, Trees).WalkAsync(Items.Under, true, damaged, cancel).ConfigureAwait(false))
        {
            if (Items.Selects(item.Tree.Subject, item.Entry.Path, item.Entry.Kind == ItemKind.Directory)
                && (TakesNow is null || item.Entry.Kind == ItemKind.Directory || await TakesNow(item.Entry, cancel).ConfigureAwait(false)))
            {
                yield return item;
            }
        }
    }
}
