using System.Collections;
using StingBackup.Engine.Repository;

namespace StingBackup.Engine.Restore;

/// <summary>Counts the packs and the bytes that chunks take, each chunk once: one bit for each chunk of the index.</summary>
internal sealed class PackTally(RepositoryIndex index)
{
    private readonly BitArray _seen = new(checked((int)index.Count));
    private readonly HashSet<Id32> _packs = [];

    /// <summary>Packs met.</summary>
    public long Packs => _packs.Count;

    /// <summary>Bytes of the chunks' records in them.</summary>
    public long Bytes { get; private set; }

    /// <summary>Adds a chunk. One that the index does not know counts nothing; reading it tells.</summary>
    public void Add(Id32 chunk)
    {
        Span<int> rank = stackalloc int[1];
        if (index.FindRanks(chunk, rank) == 1 && !_seen[rank[0]] && index.TryPlaceAt(rank[0], out var place))
        {
            _seen[rank[0]] = true;
            _packs.Add(place.Segment.Pack.Id);
            Bytes += place.Entry.StoredLength;
        }
    }
}
