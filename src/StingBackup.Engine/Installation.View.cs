using StingBackup.Engine.Repository;

namespace StingBackup.Engine;

public sealed partial class Installation
{
    /// <summary>Its repository; of a bucket only what this host has not read before is asked for. What looks for damage asks <see cref="RepositoryView"/> for all of it anew.</summary>
    internal ValueTask<RepositoryView> LoadViewAsync(CopyReader? copies, CancellationToken cancel) => RepositoryView.LoadAsync(new(Store, Reserve, Writers, OpenRecall(), copies), cancel);

    /// <summary>
    /// What a run needs: of the index the rows of writers that it deduplicates against, so that it does not depend on how much other hosts have. A tick lists of a bucket's points those that came since; a baseline looks at every
    /// object itself.
    /// </summary>
    internal ValueTask<RepositoryView> LoadRunViewAsync(BackupType type, CancellationToken cancel)
    {
        var isTick = type == BackupType.Incremental;
        return RepositoryView.LoadAsync(new(Store, Reserve, Writers, isTick ? OpenRecall() : null, null) { IsTick = isTick, RowsOf = TrustedWriters }, cancel);
    }

    /// <summary>Points alone, as a tick sees them: to know what is due. The index is empty.</summary>
    internal ValueTask<RepositoryView> LoadPointsAsync(CancellationToken cancel) =>
        RepositoryView.LoadAsync(new(Store, Reserve, Writers, OpenRecall(), null) { IsTick = true, NeedsIndex = false }, cancel);
}
