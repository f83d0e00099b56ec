using StingBackup.Engine.Basics;
using StingBackup.Engine.Storage;

namespace StingBackup.Engine.Repository;

/// <summary>Where a chunk is looked for that no place of the index gives: on other tiers, in what parity gives, in the archive. Wherever it comes from, it proves itself.</summary>
public sealed partial class ChunkReader
{
    /// <summary>Where else packs may lie under the same names, the nearest first; asked when no place here gives a chunk. Null for nowhere.</summary>
    internal Func<CancellationToken, IAsyncEnumerable<(Tier Tier, IObjectStore Store)>>? Copies { get; init; }

    /// <summary>Told of each chunk that came from another tier: its pack, the tier, and what was wrong here.</summary>
    internal Action<string, Tier, StingException>? CameFrom { get; init; }

    /// <summary>Gives a damaged pack as it was, by its own parity, or null; asked, with what is wrong, when no copy gives a chunk. Null where no parity is kept.</summary>
    internal Func<string, StingException, CancellationToken, ValueTask<byte[]?>>? Recovered { get; init; }

    /// <summary>Where a tier that cuts packs anew has a chunk, asked when the index's places do not give it; null where there is none.</summary>
    internal Func<Id32, CancellationToken, ValueTask<(IObjectStore Store, IReadOnlyList<ChunkPlace> Places)>>? FurtherPlaces { get; init; }

    /// <summary>The same pack on another tier: the chunk proves itself, wherever it comes from.</summary>
    private async ValueTask<(bool Found, T? Value)> ReadCopyAsync<T>(Id32 id, Opener<T> open, StingException first, CancellationToken cancel)
    {
        if (Copies is null)
        {
            return default;
        }
        await foreach (var (tier, store) in Copies(cancel).ConfigureAwait(false))
        {
            foreach (var place in _index.FindAll(id))
            {
                try
                {
                    using var record = await ReadRecordAsync(store, place, cancel).ConfigureAwait(false);
                    var opened = open(place, record.Span);
                    CameFrom?.Invoke(place.Segment.Pack.Name, tier, first);
                    return (true, opened);
                }
                catch (StingException e) when (ObjectDamage.IsOfOneObject(e) || e.ErrorId == "PackArchived")
                {
                    // Its copy is no better: the next place, the next tier.
                }
            }
        }
        return default;
    }

    /// <summary>The pack as its parity gives it: proved by its name, and the chunk proves itself once more.</summary>
    private async ValueTask<(bool Found, T? Value)> ReadRecoveredAsync<T>(Id32 id, Opener<T> open, StingException first, CancellationToken cancel)
    {
        foreach (var place in Recovered is null ? [] : _index.FindAll(id))
        {
            try
            {
                if (await Recovered!(place.Segment.Pack.Name, first, cancel).ConfigureAwait(false) is { } pack)
                {
                    return (true, open(place, RecordIn(pack, place)));
                }
            }
            catch (StingException e) when (ObjectDamage.IsOfOneObject(e))
            {
                // What the index says of it is wrong: the next place.
            }
        }
        return default;
    }

    /// <summary>That a pack must be thawed says more than that it is on no hot tier.</summary>
    private async ValueTask<T> ReadFurtherAsync<T>(Id32 id, Opener<T> open, StingException first, CancellationToken cancel)
    {
        var (store, places) = await FurtherPlaces!(id, cancel).ConfigureAwait(false);
        foreach (var place in places)
        {
            try
            {
                using var record = await ReadRecordAsync(store, place, cancel).ConfigureAwait(false);
                return open(place, record.Span);
            }
            catch (StingException e) when (ObjectDamage.IsOfOneObject(e))
            {
                first = e.ErrorId == "PackArchived" ? e : first;
            }
        }
        throw first;
    }
}
