using StingBackup.Engine.Basics;
using StingBackup.Engine.Keys;
using StingBackup.Engine.Repository;

namespace StingBackup.Engine.Lifecycle;

/// <summary>What of some pseudonyms lies in a repository, told from what is in the clear: no key is needed.</summary>
/// <param name="Hits">By data class.</param>
/// <param name="Packs">Packs that hold something of them.</param>
/// <param name="StoredBytes">Their stored bytes.</param>
/// <param name="Chunks">Their chunks, by rank in the index.</param>
/// <param name="Neighbours">Ranks of chunks of others, a sample.</param>
internal sealed record ErasureScope(IReadOnlyList<ErasureHit> Hits, long Packs, long StoredBytes, IReadOnlyList<int> Chunks, IReadOnlyList<int> Neighbours)
{
    private const int MostNeighbours = 4096;

    /// <summary>The same of several tiers: a copy counts where it lies.</summary>
    public ErasureScope With(ErasureScope other) => this with { Hits = [.. Hits, .. other.Hits], Packs = Packs + other.Packs, StoredBytes = StoredBytes + other.StoredBytes, Chunks = [.. Chunks, .. other.Chunks] };

    /// <summary>Looks through a tier's subject tables and index.</summary>
    public static async ValueTask<ErasureScope> MeasureAsync(Installation installation, ScopedTier tier, IReadOnlySet<Id16> pseudonyms, CancellationToken cancel)
    {
        using var reader = new ChunkReader(tier.Store, tier.View.Index, installation.Reserve, null);
        var hits = new SortedDictionary<DataClass, ErasureHit>();
        var pages = new Dictionary<Id32, IReadOnlyList<SubjectRow>>();
        foreach (var point in tier.View.Backups)
        {
            foreach (var part in point.Record.Classes)
            {
                var rows = await RowsAsync(reader, part, pages, pseudonyms, cancel).ConfigureAwait(false);
                if (rows.Count > 0)
                {
                    var before = hits.GetValueOrDefault(part.Class)?.Points ?? 0;
                    hits[part.Class] = new ErasureHit(tier.Tier, part.Class, before + 1, rows.Sum(row => row.Items), rows.Sum(row => row.Length));
                }
            }
        }
        return OfIndex(tier.View.Index, pseudonyms, [.. hits.Values], installation.FurtherTiers.Count == 0 ? null : await PacksOnAsync(tier.Store, cancel).ConfigureAwait(false));
    }

    /// <summary>What lies on the tier itself: its index also names what it let go.</summary>
    private static async ValueTask<HashSet<Id32>> PacksOnAsync(Storage.IObjectStore store, CancellationToken cancel)
    {
        var packs = new HashSet<Id32>();
        await foreach (var pack in PackFooters.ListAsync(store, cancel).ConfigureAwait(false))
        {
            packs.Add(pack.Id);
        }
        return packs;
    }

    private static async ValueTask<List<SubjectRow>> RowsAsync(
        ChunkReader reader, PointClass part, Dictionary<Id32, IReadOnlyList<SubjectRow>> pages, IReadOnlySet<Id16> pseudonyms, CancellationToken cancel)
    {
        var found = new List<SubjectRow>();
        foreach (var page in part.SubjectPages)
        {
            if (!pages.TryGetValue(page, out var rows))
            {
                // Pages are shared by many points: each is read once, and of it only what counts is kept.
                pages[page] = rows = [.. (await reader.ReadSubjectPageAsync(page, cancel).ConfigureAwait(false)).Where(row => pseudonyms.Contains(row.Pseudonym))];
            }
            found.AddRange(rows);
        }
        return found;
    }

    private static ErasureScope OfIndex(RepositoryIndex index, IReadOnlySet<Id16> pseudonyms, IReadOnlyList<ErasureHit> hits, HashSet<Id32>? here)
    {
        var packs = new HashSet<Id32>();
        long stored = 0;
        List<int> chunks = [], others = [];
        var step = Math.Max(1, index.Count / MostNeighbours);
        for (var rank = 0; rank < index.Count; rank++)
        {
            if (!index.TryPlaceAt(rank, out var place) || place.Segment.Header.Suite == SegmentHeader.ClearSuite || here?.Contains(place.Segment.Pack.Id) == false)
            {
                continue;
            }
            if (pseudonyms.Contains(place.Segment.Header.Pseudonym))
            {
                packs.Add(place.Segment.Pack.Id);
                stored += place.Entry.StoredLength;
                chunks.Add(rank);
            }
            else if (rank % step == 0 || others.Count < 16)
            {
                others.Add(rank);
            }
        }
        return new ErasureScope(hits, packs.Count, stored, chunks, others);
    }
}

/// <summary>What reading showed after the keys were destroyed.</summary>
/// <param name="Tried">Chunks of the erased subject that were tried.</param>
/// <param name="Refused">How many of them open for nobody.</param>
/// <param name="NeighboursTried">Chunks of others that were tried.</param>
/// <param name="NeighboursOpened">How many of them open.</param>
/// <param name="Fault">Why the first that shows nothing does not, if one does not.</param>
internal sealed record ErasureProof(int Tried, int Refused, int NeighboursTried, int NeighboursOpened, string? Fault)
{
    private const int Sample = 32;

    /// <summary>Whether it shows what must be shown.</summary>
    public bool Holds => Refused == Tried && NeighboursOpened == NeighboursTried;

    /// <summary>The same of several tiers.</summary>
    public ErasureProof With(ErasureProof other) =>
        new(Tried + other.Tried, Refused + other.Refused, NeighboursTried + other.NeighboursTried, NeighboursOpened + other.NeighboursOpened, Fault ?? other.Fault);

    /// <summary>Tries to read what lies on a tier, with keys as they are now. The ledger is the one of now too: whoever was erased in the same turn opens no more.</summary>
    public static async ValueTask<ErasureProof> TryAsync(Installation installation, ScopedTier tier, ErasureLedger ledger, ErasureScope scope, SubjectReader keys, CancellationToken cancel)
    {
        var view = tier.View;
        using var reader = new ChunkReader(tier.Store, view.Index, installation.Reserve, keys);
        int refused = 0, opened = 0;
        string? fault = null;
        var erased = Choose(scope.Chunks, installation.Random);
        foreach (var rank in erased)
        {
            try
            {
                await OpenAsync(tier, reader, rank, cancel).ConfigureAwait(false);
            }
            catch (StingException e) when (e.ErrorId == "SubjectKeyMissing")
            {
                refused++;
            }
            catch (StingException e)
            {
                fault ??= e.Message;   // damaged, say: it shows nothing
            }
        }
        // Only whom the ledger does not name as erased can be expected to open.
        var neighbours = Choose([.. scope.Neighbours.Where(rank => ledger.Find(PlaceAt(tier, rank).Segment.Header.Pseudonym) is null)], installation.Random);
        foreach (var rank in neighbours)
        {
            try
            {
                await OpenAsync(tier, reader, rank, cancel).ConfigureAwait(false);
                opened++;
            }
            catch (StingException e)
            {
                fault ??= e.Message;
            }
        }
        return new ErasureProof(erased.Count, refused, neighbours.Count, opened, fault);
    }

    private static List<int> Choose(IReadOnlyList<int> ranks, System.Security.Cryptography.RandomNumberGenerator random)
    {
        var left = ranks.ToList();
        var bytes = new byte[4];
        var chosen = new List<int>();
        while (left.Count > 0 && chosen.Count < Sample)
        {
            random.GetBytes(bytes);
            var at = (int)(BitConverter.ToUInt32(bytes) % left.Count);
            chosen.Add(left[at]);
            (left[at], left[^1]) = (left[^1], left[at]);
            left.RemoveAt(left.Count - 1);
        }
        return chosen;
    }

    private static async ValueTask OpenAsync(ScopedTier tier, ChunkReader reader, int rank, CancellationToken cancel)
    {
        var place = PlaceAt(tier, rank);
        var record = new byte[place.Entry.StoredLength];
        await tier.Store.ReadAsync(place.Segment.Pack.Name, place.Entry.Offset, record, cancel).ConfigureAwait(false);
        reader.OpenRecord(place, record).Dispose();
    }

    /// <summary>A scope's ranks are of rows whose packs are there: it was made from them.</summary>
    private static ChunkPlace PlaceAt(ScopedTier tier, int rank)
    {
        tier.View.Index.TryPlaceAt(rank, out var place);
        return place;
    }
}
