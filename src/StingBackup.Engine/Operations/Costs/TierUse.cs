using StingBackup.Engine.Basics;
using StingBackup.Engine.Integrity;
using StingBackup.Engine.Repository;
using StingBackup.Engine.Storage;
using StingBackup.Engine.Tiering.Cold;

namespace StingBackup.Engine.Operations.Costs;

/// <summary>What lies on a tier, and for whom.</summary>
internal sealed class TierUse
{
    /// <summary>Writes are counted over so many days.</summary>
    public const int Days = 30;

    private TierUse(Tier tier) => Tier = tier;

    public Tier Tier { get; }
    /// <summary>Why it could not be looked at.</summary>
    public StingException? Failure { get; private set; }
    /// <summary>Bytes of all objects.</summary>
    public long Length { get; private set; }
    /// <summary>Objects written in <see cref="Days"/>; null where the store tells no times.</summary>
    public long? Writes { get; private set; }
    /// <summary>Bytes by data class.</summary>
    public Dictionary<DataClass, long> Classes { get; } = [];
    /// <summary>Bytes by pseudonym; the zero one has what is in the clear.</summary>
    public Dictionary<Id16, long> Subjects { get; } = [];
    /// <summary>Bytes that nothing needs.</summary>
    public long Unneeded { get; private set; }
    /// <summary>Bytes that only points older than the local tier's days need.</summary>
    public long Old { get; private set; }

    /// <summary>Bytes that some point needs.</summary>
    public long Needed => Classes.Values.Sum();

    /// <summary>Lists a tier and looks each of its packs up in the index. A tier that is away is told as such.</summary>
    public static async ValueTask<TierUse> TakeAsync(Installation installation, Tier tier, RepositoryIndex index, NeededRows needs, CancellationToken cancel)
    {
        var use = new TierUse(tier);
        try
        {
            var store = await installation.OpenTierAsync(tier, cancel).ConfigureAwait(false);
            var packs = await use.ListAsync(store, installation.Clock.GetUtcNow().AddDays(-Days), cancel).ConfigureAwait(false);
            if (tier == Tier.Archive)
            {
                var archive = await ArchiveIndex.LoadAsync(installation, cancel).ConfigureAwait(false);
                use.Count(archive.Index, packs, (_, place) => RankOf(index, place), needs, cancel);
            }
            else
            {
                use.Count(index, packs, static (rank, _) => rank, needs, cancel);
            }
        }
        catch (StingException e) when (tier != Tier.Local)
        {
            use.Failure = e;
        }
        return use;
    }

    private async ValueTask<HashSet<Id32>> ListAsync(IObjectStore store, DateTimeOffset since, CancellationToken cancel)
    {
        var packs = new HashSet<Id32>();
        void Add(string name, long length)
        {
            Length += length;
            if (ObjectKinds.Of(name) is ObjectKind.DataPack or ObjectKind.MetaPack)
            {
                packs.Add(ObjectKinds.IdIn(name));
            }
        }
        if (store.Thawing is { } timed)
        {
            var writes = 0L;
            await foreach (var item in timed.ListStoredAsync("", cancel).ConfigureAwait(false))
            {
                Add(item.Name, item.Length);
                writes += item.Stored >= since ? 1 : 0;
            }
            Writes = writes;
        }
        else
        {
            await foreach (var item in store.ListAsync("", cancel).ConfigureAwait(false))
            {
                Add(item.Name, item.Length);
            }
        }
        return packs;
    }

    private void Count(RepositoryIndex rows, HashSet<Id32> packs, Func<int, ChunkPlace, int?> rankOf, NeededRows needs, CancellationToken cancel)
    {
        for (var row = 0; row < rows.Count; row++)
        {
            if (!rows.TryPlaceAt(row, out var place) || !packs.Contains(place.Segment.Pack.Id))
            {
                continue;
            }
            if (row % 100_000 == 0)
            {
                cancel.ThrowIfCancellationRequested();
            }
            var length = place.Entry.StoredLength;
            var pseudonym = place.Segment.Header.Pseudonym;
            Subjects[pseudonym] = Subjects.GetValueOrDefault(pseudonym) + length;
            if (rankOf(row, place) is { } rank && needs.ClassOf(rank) is { } dataClass)
            {
                Classes[dataClass] = Classes.GetValueOrDefault(dataClass) + length;
                Old += needs.IsOld(rank) ? length : 0;
            }
            else
            {
                Unneeded += length;
            }
        }
    }

    /// <summary>The row under which the hot tiers' index names a chunk of the archive; points and pages are the same on every tier.</summary>
    private static int? RankOf(RepositoryIndex index, ChunkPlace place)
    {
        Span<int> ranks = stackalloc int[ReachWalk.MostPlaces];
        foreach (var rank in ranks[..index.FindRanks(place.Entry.Id, ranks)])
        {
            if (index.TryPlaceAt(rank, out var here) && here.Segment.Header.Pseudonym == place.Segment.Header.Pseudonym)
            {
                return rank;
            }
        }
        return null;
    }
}
