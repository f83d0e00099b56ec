using StingBackup.Engine.Basics;
using StingBackup.Engine.Repository;

namespace StingBackup.Engine.Restore.Thawing;

/// <summary>
/// Lets a restore take each file when all of its packs can be read, and once. Between two rounds packs are thawed: a round takes the files that need something of what was thawed since the one before, and
/// nothing that is not thawed yet. Files with several names wait for the last round, since their names belong together.
/// </summary>
internal sealed class ThawGate(RepositoryReading repository, RestoreSelection selection, Dictionary<(Id32 Chunk, Id16 Pseudonym), Id32> cold, HashSet<Id32> watched)
{
    private HashSet<Id32>? _before;
    private HashSet<Id32> _ready = [];
    private bool _isLast;

    /// <summary>Begins a round with what can be read now.</summary>
    public void Begin(HashSet<Id32> ready, bool isLast) => (_ready, _isLast) = (ready, isLast);

    /// <summary>Ends a round.</summary>
    public void End() => _before = _ready;

    /// <summary>Whether a file is taken in this round.</summary>
    public async ValueTask<bool> TakesAsync(TreeEntry entry, CancellationToken cancel)
    {
        if (entry.HardLinkTo is not null || selection.LinkedPaths.Contains(entry.Path))
        {
            return _isLast;
        }
        var (all, wasAll) = (true, _before is not null);
        foreach (var pack in await PacksAsync(entry, cancel).ConfigureAwait(false))
        {
            all &= _ready.Contains(pack);
            wasAll &= _before?.Contains(pack) == true;
        }
        return (all || _isLast) && !wasAll;
    }

    /// <summary>Packs to wait for that a file needs: cold ones, or those of a first tier that lies in an archive itself.</summary>
    private async ValueTask<HashSet<Id32>> PacksAsync(TreeEntry entry, CancellationToken cancel)
    {
        var packs = new HashSet<Id32>();
        foreach (var extent in entry.Extents)
        {
            Add(packs, extent.Id);
        }
        foreach (var page in entry.ContentPages)
        {
            try
            {
                foreach (var chunk in (await repository.Reader.ReadTableAsync(page.Page, cancel).ConfigureAwait(false)).Chunks)
                {
                    Add(packs, chunk);
                }
            }
            catch (StingException e) when (Failures.IsOfOneItem(e))
            {
                // The file fails by name when it is taken.
            }
        }
        return packs;
    }

    private void Add(HashSet<Id32> packs, Id32 chunk)
    {
        Span<int> rank = stackalloc int[1];
        if (selection.View.Index.FindRanks(chunk, rank) == 1 && selection.View.Index.TryPlaceAt(rank[0], out var place)
            && (cold.TryGetValue((chunk, place.Segment.Header.Pseudonym), out var pack) ? pack : place.Segment.Pack.Id) is var needed && watched.Contains(needed))
        {
            packs.Add(needed);
        }
    }
}
