using StingBackup.Engine.Basics;
using StingBackup.Engine.Repository;
using StingBackup.Engine.Storage;

namespace StingBackup.Engine.Tiering.Cold;

/// <summary>
/// What the archive tier holds, by its own index: which chunks, and in which cold packs. Nothing is read of the packs themselves, which may be archived: a fragment that is damaged is told and not made
/// anew from them.
/// </summary>
internal sealed class ArchiveIndex(IObjectStore store, RepositoryIndex index, IReadOnlyList<StingException> damage)
{
    /// <summary>The archive tier.</summary>
    public IObjectStore Store => store;

    /// <summary>Its index.</summary>
    public RepositoryIndex Index => index;

    /// <summary>Fragments that cannot be used.</summary>
    public IReadOnlyList<StingException> Damage => damage;

    /// <summary>Reads the index of the archive tier.</summary>
    /// <exception cref="StingException"><c>TierNotConfigured</c>, and as the store's own <c>Open</c></exception>
    public static async ValueTask<ArchiveIndex> LoadAsync(Installation installation, CancellationToken cancel)
    {
        var store = await installation.OpenTierAsync(Tier.Archive, cancel).ConfigureAwait(false);
        var damage = new List<StingException>();
        var index = await RepositoryView.LoadIndexAsync(store, installation.Reserve, installation.Writers, damage, cancel).ConfigureAwait(false);
        return new ArchiveIndex(store, index, damage);
    }

    /// <summary>Whether it holds a chunk of a subject.</summary>
    public bool Has(Id32 chunk, Id16 pseudonym) => Find(chunk, pseudonym) is not null;

    /// <summary>Where it holds a chunk of a subject. A chunk of another subject under this id does not count: no reader would take it.</summary>
    public ChunkPlace? Find(Id32 chunk, Id16 pseudonym)
    {
        Span<int> ranks = stackalloc int[Integrity.ReachWalk.MostPlaces];
        foreach (var rank in ranks[..index.FindRanks(chunk, ranks)])
        {
            if (index.TryPlaceAt(rank, out var place) && place.Segment.Header.Pseudonym == pseudonym)
            {
                return place;
            }
        }
        return null;
    }

    /// <summary>
    /// Whether it holds all of some chunks: what a hotter tier asks before it lets a pack go. The caller gives the chunks of the pack that living points reach; what nothing reaches need not be anywhere.
    /// </summary>
    public bool IsInArchive(IEnumerable<ChunkPlace> chunks)
    {
        ArgumentNullException.ThrowIfNull(chunks);
        return chunks.All(place => Has(place.Entry.Id, place.Segment.Header.Pseudonym));
    }
}
