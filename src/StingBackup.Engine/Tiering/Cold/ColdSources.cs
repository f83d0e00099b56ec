using System.IO.Hashing;
using StingBackup.Engine.Basics;
using StingBackup.Engine.Integrity;
using StingBackup.Engine.Jobs;
using StingBackup.Engine.Repository;
using StingBackup.Engine.Storage;

namespace StingBackup.Engine.Tiering.Cold;

/// <summary>A chunk that is to be recut.</summary>
/// <param name="Place">Where it lies, proven.</param>
/// <param name="Sum">Checksum of its record when its pack was proven.</param>
internal readonly record struct ColdRow(ChunkPlace Place, ulong Sum);

/// <summary>
/// Proves and reads what is recut. A pack is read whole once and its SHA-256 compared; of each record that is needed a checksum is kept, so that what is read later, in another order, is known to be the
/// same bytes. A damaged pack is told and another place of the chunk taken where there is one.
/// </summary>
internal sealed class ColdSources(IObjectStore source, RepositoryIndex index, JobOutput output)
{
    private const int Window = 8 << 20;
    private const int Gap = 64 << 10;
    private readonly HashSet<Id32> _bad = [];

    /// <summary>Chunks of which no place can be read.</summary>
    public HashSet<Id32> Lost { get; } = [];

    /// <summary>Proves the packs that hold some rows; what comes back is ordered by subject, then as it lies.</summary>
    public async ValueTask<List<ColdRow>> ProveAsync(int[] ranks, CancellationToken cancel)
    {
        var waiting = new SortedDictionary<Id32, List<ChunkPlace>>();
        foreach (var rank in ranks)
        {
            if (index.TryPlaceAt(rank, out var place))
            {
                Queue(waiting, place);
            }
        }
        var proven = new List<ColdRow>(ranks.Length);
        while (waiting.Count > 0)
        {
            var (pack, places) = waiting.First();
            waiting.Remove(pack);
            if (await TryReadAsync(places[0].Segment.Pack, cancel).ConfigureAwait(false) is { } bytes)
            {
                proven.AddRange(places.Select(place => new ColdRow(place, XxHash3.HashToUInt64(bytes.AsSpan(place.Entry.Offset, place.Entry.StoredLength)))));
            }
            else
            {
                _bad.Add(pack);
                places.ForEach(place => Elsewhere(waiting, place));
            }
        }
        proven.Sort(ByOwner);
        return proven;
    }

    /// <summary>Reads a pack of pages whole and proves it; null, and told, when it is damaged.</summary>
    public async ValueTask<byte[]?> TryReadAsync(PackInfo pack, CancellationToken cancel)
    {
        output.Progress.Status = pack.Name;
        try
        {
            var bytes = await source.ReadAllAsync(pack.Name, cancel).ConfigureAwait(false);
            PackReader.CheckBytes(pack, bytes);
            return bytes;
        }
        catch (StingException e) when (ObjectDamage.IsOfOneObject(e))
        {
            output.Failed(e);
            return null;
        }
    }

    /// <summary>The records of some rows of one segment, in the order in which they lie: neighbours by one read.</summary>
    public async IAsyncEnumerable<(ChunkEntry Entry, ReadOnlyMemory<byte> Record)> ReadAsync(IReadOnlyList<ColdRow> rows, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancel)
    {
        var buffer = Array.Empty<byte>();
        for (var first = 0; first < rows.Count;)
        {
            var (start, end, last) = (rows[first].Place.Entry.Offset, EndOf(rows[first]), first + 1);
            while (last < rows.Count && rows[last].Place.Entry.Offset - end <= Gap && EndOf(rows[last]) - start <= Window)
            {
                end = EndOf(rows[last++]);
            }
            buffer = buffer.Length < end - start ? GC.AllocateUninitializedArray<byte>(Math.Max(Window, end - start)) : buffer;
            var name = rows[first].Place.Segment.Pack.Name;
            var read = await source.ReadAsync(name, start, buffer.AsMemory(0, end - start), cancel).ConfigureAwait(false);
            for (; first < last; first++)
            {
                var entry = rows[first].Place.Entry;
                var record = buffer.AsMemory(entry.Offset - start, entry.StoredLength);
                if (read != end - start || XxHash3.HashToUInt64(record.Span) != rows[first].Sum)
                {
                    throw Failures.Damaged(name, "it reads otherwise than a moment ago");
                }
                yield return (entry, record);
            }
        }
    }

    private static int EndOf(in ColdRow row) => row.Place.Entry.Offset + row.Place.Entry.StoredLength;

    private static int ByOwner(ColdRow a, ColdRow b)
    {
        var (left, right) = (a.Place, b.Place);
        var order = left.Segment.Header.Pseudonym.CompareTo(right.Segment.Header.Pseudonym);
        order = order != 0 ? order : left.Segment.Pack.Id.CompareTo(right.Segment.Pack.Id);
        return order != 0 ? order : left.Entry.Offset.CompareTo(right.Entry.Offset);
    }

    /// <summary>Places whose lengths lie cannot be copied: a place that is impossible is as good as damaged.</summary>
    private void Queue(SortedDictionary<Id32, List<ChunkPlace>> waiting, in ChunkPlace place)
    {
        var pack = place.Segment.Pack;
        if (!place.Entry.LiesIn(pack.Length))
        {
            output.Failed(Failures.Damaged(pack.Name, "the index names a chunk outside of it"));
            _bad.Add(pack.Id);
            Elsewhere(waiting, place);
            return;
        }
        (waiting.TryGetValue(pack.Id, out var list) ? list : waiting[pack.Id] = []).Add(place);
    }

    private void Elsewhere(SortedDictionary<Id32, List<ChunkPlace>> waiting, in ChunkPlace place)
    {
        Span<int> ranks = stackalloc int[ReachWalk.MostPlaces];
        foreach (var rank in ranks[..index.FindRanks(place.Entry.Id, ranks)])
        {
            if (index.TryPlaceAt(rank, out var other) && !_bad.Contains(other.Segment.Pack.Id) && other.Segment.Header.Pseudonym == place.Segment.Header.Pseudonym && other.Entry.LiesIn(other.Segment.Pack.Length))
            {
                (waiting.TryGetValue(other.Segment.Pack.Id, out var list) ? list : waiting[other.Segment.Pack.Id] = []).Add(other);
                return;
            }
        }
        Lost.Add(place.Entry.Id);
    }
}
