using StingBackup.Engine.Basics;
namespace StingBackup.Engine.Repository;

/// <summary>Where a chunk is, resolved.</summary>
/// <param name="Segment">The segment that holds it, and its pack.</param>
/// <param name="Entry">Offset and lengths.</param>
public readonly record struct ChunkPlace(SegmentInfo Segment, ChunkEntry Entry);

/// <summary>
/// All index fragments as one look-up table: a hash of slots over the fragments' own rows, 8 bytes a chunk beside the rows themselves. Three bits of the id stand in each slot: of the slots that a search passes, seven in
/// eight of the others' rows are not read, and each would be a miss of every cache.
/// Immutable once built; safe to use from many threads.
/// </summary>
public sealed class RepositoryIndex
{
    private const int RankBits = 29;

    private readonly IndexFragment[] _fragments;
    private readonly long[] _firstRank;
    private readonly uint[] _slots;
    private readonly int _mask;
    private readonly HashSet<Id32> _gone;

    /// <summary>Builds the table. Fragments superseded by another one given are passed over.</summary>
    /// <param name="fragments">Valid fragments.</param>
    /// <param name="gonePacks">Packs that do not count: removed, or marked for deletion.</param>
    public RepositoryIndex(IReadOnlyCollection<IndexFragment> fragments, IEnumerable<Id32>? gonePacks = null)
    {
        ArgumentNullException.ThrowIfNull(fragments);
        var superseded = fragments.SelectMany(f => f.Supersedes).Select(s => s.Name).ToHashSet(StringComparer.Ordinal);
        Superseded = [.. fragments.Select(f => f.Name).Where(superseded.Contains).Order(StringComparer.Ordinal)];
        Replacing = fragments.Where(f => f.Supersedes.Count > 0).DistinctBy(f => f.Name).ToDictionary(f => f.Name, f => (IReadOnlyList<string>)[.. f.Supersedes.Select(s => s.Name)], StringComparer.Ordinal);
        _fragments = [.. fragments.Where(f => !superseded.Contains(f.Name)).OrderBy(f => f.Name, StringComparer.Ordinal)];
        _gone = [.. _fragments.SelectMany(f => f.Removes), .. gonePacks ?? []];
        _firstRank = new long[_fragments.Length + 1];
        for (var i = 0; i < _fragments.Length; i++)
        {
            _firstRank[i + 1] = _firstRank[i] + _fragments[i].Count;
        }
        if (_firstRank[^1] >= 1 << RankBits)
        {
            throw new StingException("IndexTooLarge", FailureKind.NotSupported, $"The index names {_firstRank[^1]} chunks, more than this version holds at once.", null,
                "Split the reserve over several repositories.");
        }
        var size = (int)System.Numerics.BitOperations.RoundUpToPowerOf2((uint)Math.Max(16, _firstRank[^1] * 3 / 2));
        _slots = new uint[size];
        _mask = size - 1;
        for (var f = 0; f < _fragments.Length; f++)
        {
            for (var rank = 0; rank < _fragments[f].Count; rank++)
            {
                var id = _fragments[f].IdAt(rank);
                var slot = FirstSlot(id);
                while (_slots[slot] != 0)
                {
                    slot = (slot + 1) & _mask;
                }
                _slots[slot] = TagOf(id) | ((uint)(_firstRank[f] + rank) + 1);
            }
        }
    }

    /// <summary>The same index, less some packs.</summary>
    public RepositoryIndex Without(IReadOnlyCollection<Id32> packs)
    {
        ArgumentNullException.ThrowIfNull(packs);
        return packs.Count == 0 ? this : new RepositoryIndex(_fragments, [.. packs, .. _gone]);
    }

    /// <summary>Names of fragments that were given and that another one replaces: who replaced them ended before he deleted them.</summary>
    public IReadOnlyList<string> Superseded { get; }

    /// <summary>Which fragments each of those given replaces that replaces any, superseded ones included.</summary>
    internal IReadOnlyDictionary<string, IReadOnlyList<string>> Replacing { get; }

    /// <summary>The fragments in use.</summary>
    public IReadOnlyList<IndexFragment> Fragments => _fragments;

    /// <summary>Chunks named, those of several fragments counted several times.</summary>
    public long Count => _firstRank[^1];

    /// <summary>Every pack that the index names and that is not gone, once.</summary>
    public IEnumerable<PackInfo> Packs => _fragments.SelectMany(f => f.Packs).Where(p => !_gone.Contains(p.Id)).DistinctBy(p => p.Id);

    /// <summary>Finds a chunk for reading, in whatever fragment names it.</summary>
    public bool TryFind(Id32 id, out ChunkPlace place) => TryFind(id, static (_, _) => true, 0, out place);

    /// <summary>Every place where a chunk is: usually one; more after two hosts stored it at once.</summary>
    public IReadOnlyList<ChunkPlace> FindAll(Id32 id)
    {
        var places = new List<ChunkPlace>(1);
        TryFind(id, static (place, list) => { list.Add(place); return false; }, places, out _);
        return places;
    }

    /// <summary>Finds a chunk that a writer may adopt: in a signed fragment of a writer that it trusts.</summary>
    public bool TryFindTrusted(Id32 id, IReadOnlySet<Id16> trusted, out ChunkPlace place)
    {
        ArgumentNullException.ThrowIfNull(trusted);
        for (var slot = FirstSlot(id); _slots[slot] != 0; slot = (slot + 1) & _mask)
        {
            if (RankIn(slot, id) is not { } global)
            {
                continue;
            }
            var (fragment, rank) = Locate(global);
            if (fragment.IdAt(rank) == id && fragment.IsSigned && trusted.Contains(fragment.Writer) && Resolve(fragment, rank, out place))
            {
                return true;
            }
        }
        place = default;
        return false;
    }

    /// <summary>
    /// Ranks (0 to <see cref="Count"/> - 1) of the rows that name a chunk, as many as fit; returns how many. Rows of packs that are gone are left out.
    /// A rank numbers a row for as long as this table lives, so a set of rows takes a bit each.
    /// </summary>
    internal int FindRanks(Id32 id, Span<int> ranks)
    {
        var found = 0;
        for (var slot = FirstSlot(id); _slots[slot] != 0 && found < ranks.Length; slot = (slot + 1) & _mask)
        {
            if (RankIn(slot, id) is not { } global)
            {
                continue;
            }
            var (fragment, rank) = Locate(global);
            if (fragment.IdAt(rank) == id && (_gone.Count == 0 || Resolve(fragment, rank, out _)))
            {
                ranks[found++] = global;
            }
        }
        return found;
    }

    /// <summary>The row of a rank; false when its pack is gone.</summary>
    internal bool TryPlaceAt(int rank, out ChunkPlace place)
    {
        var (fragment, local) = Locate(rank);
        return Resolve(fragment, local, out place);
    }

    private bool TryFind<T>(Id32 id, Func<ChunkPlace, T, bool> accept, T state, out ChunkPlace place)
    {
        for (var slot = FirstSlot(id); _slots[slot] != 0; slot = (slot + 1) & _mask)
        {
            if (RankIn(slot, id) is not { } global)
            {
                continue;
            }
            var (fragment, rank) = Locate(global);
            if (fragment.IdAt(rank) == id && Resolve(fragment, rank, out place) && accept(place, state))
            {
                return true;
            }
        }
        place = default;
        return false;
    }

    private int FirstSlot(Id32 id) => (int)(id.Prefix >> 32) & _mask;

    private static uint TagOf(Id32 id) => (uint)id.Prefix << RankBits;

    /// <summary>The rank in a slot that is taken; null where its tag says that it is another id's.</summary>
    private int? RankIn(int slot, Id32 id) => ((_slots[slot] ^ TagOf(id)) >> RankBits) == 0 ? (int)(_slots[slot] & ((1u << RankBits) - 1)) - 1 : null;

    private bool Resolve(IndexFragment fragment, int rank, out ChunkPlace place)
    {
        var entry = fragment[rank];
        place = new ChunkPlace(fragment.Segments[entry.Segment], entry);
        return _gone.Count == 0 || !_gone.Contains(place.Segment.Pack.Id);
    }

    private (IndexFragment Fragment, int Rank) Locate(int global)
    {
        var f = Array.BinarySearch(_firstRank, global);
        if (f < 0)
        {
            f = ~f - 1;
        }
        // An empty fragment shares its first rank with the one behind it.
        while (_firstRank[f + 1] == global)
        {
            f++;
        }
        return (_fragments[f], (int)(global - _firstRank[f]));
    }
}
