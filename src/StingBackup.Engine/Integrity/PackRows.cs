using StingBackup.Engine.Basics;
using StingBackup.Engine.Repository;

namespace StingBackup.Engine.Integrity;

/// <summary>What of a pack's rows somebody reaches.</summary>
/// <param name="Rows">Rows that are reached.</param>
/// <param name="Length">Their stored bytes.</param>
/// <param name="Whole">Stored bytes of all its rows.</param>
internal readonly record struct ReachedSum(int Rows, long Length, long Whole);

/// <summary>The index turned round: for each pack its rows, by rank. Four bytes a row, from the first time that somebody asks for rows on.</summary>
internal sealed class PackRows
{
    private readonly RepositoryIndex _index;
    private readonly Dictionary<Id32, int> _numbers = [];
    private readonly List<PackInfo> _packs = [];
    private readonly Lazy<(int[] First, int[] Ranks)> _rows;

    public PackRows(RepositoryIndex index)
    {
        _index = index;
        foreach (var pack in index.Packs)
        {
            _numbers.Add(pack.Id, _packs.Count);
            _packs.Add(pack);
        }
        _rows = new(Turn);
    }

    /// <summary>Sums over the rows of each pack, in one pass over the index in its own order. Packs that the index does not name are not in it.</summary>
    public IReadOnlyDictionary<Id32, ReachedSum> Sum(ReachedRows reached)
    {
        var sums = new ReachedSum[_packs.Count];
        foreach (var (fragment, row, rank, number) in Rows())
        {
            var length = fragment.StoredLengthAt(row);
            ref var sum = ref sums[number];
            sum = reached.Contains(rank) ? new ReachedSum(sum.Rows + 1, sum.Length + length, sum.Whole + length) : sum with { Whole = sum.Whole + length };
        }
        return _packs.Index().ToDictionary(p => p.Item.Id, p => sums[p.Index]);
    }

    /// <summary>Two passes over the rows: count, then place. Of each row only its segment is read.</summary>
    private (int[] First, int[] Ranks) Turn()
    {
        var first = new int[_packs.Count + 1];
        foreach (var row in Rows())
        {
            first[row.Number + 1]++;
        }
        for (var i = 1; i < first.Length; i++)
        {
            first[i] += first[i - 1];
        }
        var ranks = new int[first[^1]];
        var next = first.AsSpan(0, _packs.Count).ToArray();
        foreach (var row in Rows())
        {
            ranks[next[row.Number]++] = row.Rank;
        }
        return (first, ranks);
    }

    /// <summary>Each row whose pack is not gone: where it lies, its rank, and its pack's number.</summary>
    private IEnumerable<(IndexFragment Fragment, int Row, int Rank, int Number)> Rows()
    {
        var rank = 0;
        foreach (var fragment in _index.Fragments)
        {
            var numbers = fragment.Segments.Select(s => _numbers.GetValueOrDefault(s.Pack.Id, -1)).ToArray();
            for (var row = 0; row < fragment.Count; row++, rank++)
            {
                if (numbers[fragment.SegmentAt(row)] is >= 0 and var number)
                {
                    yield return (fragment, row, rank, number);
                }
            }
        }
    }

    /// <summary>Packs that the index names and that are not gone.</summary>
    public IReadOnlyList<PackInfo> Packs => _packs;

    /// <summary>Whether the index names a pack.</summary>
    public bool Knows(Id32 pack) => _numbers.ContainsKey(pack);

    /// <summary>Ranks of the rows that lie in a pack; none for one that the index does not name.</summary>
    public ReadOnlySpan<int> Of(Id32 pack) => _numbers.TryGetValue(pack, out var number) ? _rows.Value.Ranks.AsSpan(_rows.Value.First[number].._rows.Value.First[number + 1]) : [];

    /// <summary>Whether a pack's footer and the index's rows of it say the same: every chunk, its place, its lengths, its segment's header.</summary>
    public bool Agree(PackTables tables, RepositoryIndex index)
    {
        var named = new bool[tables.Entries.Count];
        foreach (var rank in Of(tables.Pack.Id))
        {
            index.TryPlaceAt(rank, out var place);
            var at = Find(tables.Entries, place.Entry.Id);
            if (at < 0)
            {
                return false;
            }
            var entry = tables.Entries[at];
            var segment = tables.Segments[entry.Segment];
            if (entry.Offset != place.Entry.Offset || entry.StoredLength != place.Entry.StoredLength || entry.RawLength != place.Entry.RawLength
                || segment.Offset != place.Segment.Offset || !SameHeader(segment.Header, place.Segment.Header))
            {
                return false;
            }
            named[at] = true;
        }
        return Array.TrueForAll(named, static n => n);
    }

    /// <summary>What the index says of a pack that it names, as its footer would say it; the length too is the one that the index says.</summary>
    public PackTables TablesOf(Id32 id, RepositoryIndex index)
    {
        var pack = _packs[_numbers[id]];
        var segments = new List<SegmentInfo>();
        var numbers = new Dictionary<int, int>();
        var entries = new Dictionary<(Id32, int), ChunkEntry>();
        foreach (var rank in Of(id))
        {
            index.TryPlaceAt(rank, out var place);
            if (!numbers.TryGetValue(place.Segment.Offset, out var number))
            {
                numbers.Add(place.Segment.Offset, number = segments.Count);
                segments.Add(place.Segment with { Pack = pack });
            }
            entries[(place.Entry.Id, place.Entry.Offset)] = place.Entry with { Segment = number };
        }
        return new PackTables(pack, segments, [.. entries.Values.OrderBy(e => e.Id)]);
    }

    private static int Find(IReadOnlyList<ChunkEntry> entries, Id32 id)
    {
        int low = 0, high = entries.Count - 1;
        while (low <= high)
        {
            var middle = (low + high) >>> 1;
            var order = entries[middle].Id.CompareTo(id);
            if (order == 0)
            {
                return middle;
            }
            (low, high) = order < 0 ? (middle + 1, high) : (low, middle - 1);
        }
        return -1;
    }

    private static bool SameHeader(SegmentHeader a, SegmentHeader b) => a.Suite == b.Suite && a.Pseudonym == b.Pseudonym && a.Generation == b.Generation
        && a.SealedKey.Span.SequenceEqual(b.SealedKey.Span) && a.Salt.Span.SequenceEqual(b.Salt.Span) && a.Commitment.Span.SequenceEqual(b.Commitment.Span);
}
