using System.Collections;
using StingBackup.Engine.Basics;
using StingBackup.Engine.Repository;

namespace StingBackup.Engine.Restore;

/// <summary>Counts the packs and the bytes that chunks take, each chunk once: one bit for each chunk of the index.</summary>
internal sealed class PackTally(RepositoryIndex index)
{
    private readonly BitArray _seen = new(checked((int)index.Count));
    private readonly Dictionary<Id32, (PackInfo Pack, long Needed)> _packs = [];

    /// <summary>Packs met.</summary>
    public long Packs => _packs.Count;

    /// <summary>Bytes of the chunks' records in them.</summary>
    public long Bytes { get; private set; }

    /// <summary>Each pack met, and the bytes that are needed of it.</summary>
    public IEnumerable<(PackInfo Pack, long Needed)> All => _packs.Values;

    /// <summary>Chunks that the index names nowhere.</summary>
    public HashSet<Id32> Unknown { get; } = [];

    /// <summary>Adds a chunk. One that the index does not know counts nothing; reading it tells.</summary>
    public void Add(Id32 chunk)
    {
        Span<int> rank = stackalloc int[1];
        if (index.FindRanks(chunk, rank) == 0)
        {
            Unknown.Add(chunk);
        }
        else
        {
            Take(rank[0]);
        }
    }

    /// <summary>Adds what another restore out of the same index takes: what both need is read once.</summary>
    public void Add(PackTally other)
    {
        for (var rank = 0; rank < other._seen.Count; rank++)
        {
            if (other._seen[rank])
            {
                Take(rank);
            }
        }
        Unknown.UnionWith(other.Unknown);
    }

    private void Take(int rank)
    {
        if (_seen[rank] || !index.TryPlaceAt(rank, out var place))
        {
            return;
        }
        _seen[rank] = true;
        var pack = place.Segment.Pack;
        _packs[pack.Id] = (pack, (_packs.TryGetValue(pack.Id, out var known) ? known.Needed : 0) + place.Entry.StoredLength);
        Bytes += place.Entry.StoredLength;
    }

    /// <summary>The chunks met whose pack is one of some.</summary>
    public IEnumerable<ChunkPlace> ChunksOf(IReadOnlySet<Id32> packs)
    {
        for (var rank = 0; rank < _seen.Count; rank++)
        {
            if (_seen[rank] && index.TryPlaceAt(rank, out var place) && packs.Contains(place.Segment.Pack.Id))
            {
                yield return place;
            }
        }
    }
}
