using StingBackup.Engine.Basics;
using StingBackup.Engine.Repository;
using StingBackup.Engine.Storage;

namespace StingBackup.Engine.Tiering.Cold;

/// <summary>
/// The further place of a chunk: the archive tier's index and its cold packs. Opened when something is on no hot tier, once. A tier that cannot be opened then is told in the place of the chunk.
/// </summary>
internal sealed class ColdPlaces(Installation installation) : IDisposable
{
    private readonly SemaphoreSlim _gate = new(1, 1);
    private ArchiveIndex? _archive;

    /// <summary>Places of a reader; null where there is no archive tier.</summary>
    public static ColdPlaces? Of(Installation installation) => installation.Tiers.Contains(Tier.Archive) ? new ColdPlaces(installation) : null;

    /// <summary>The archive tier.</summary>
    public async ValueTask<ArchiveIndex> OpenAsync(CancellationToken cancel)
    {
        await _gate.WaitAsync(cancel).ConfigureAwait(false);
        try
        {
            return _archive ??= await ArchiveIndex.LoadAsync(installation, cancel).ConfigureAwait(false);
        }
        finally
        {
            _gate.Release();
        }
    }

    /// <summary>Where the archive has a chunk.</summary>
    public async ValueTask<(IObjectStore Store, IReadOnlyList<ChunkPlace> Places)> FindAsync(Id32 chunk, CancellationToken cancel)
    {
        var archive = _archive ?? await OpenAsync(cancel).ConfigureAwait(false);
        return (archive.Store, archive.Index.FindAll(chunk));
    }

    public void Dispose() => _gate.Dispose();
}
