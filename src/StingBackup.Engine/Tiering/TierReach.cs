using StingBackup.Engine.Basics;
using StingBackup.Engine.Integrity;
using StingBackup.Engine.Jobs;
using StingBackup.Engine.Repository;
using StingBackup.Engine.Storage;

namespace StingBackup.Engine.Tiering;

/// <summary>Which packs some restore points reach, told from what is in the clear: no key is needed.</summary>
internal sealed class TierReach
{
    private TierReach(HashSet<Id32> packs, IReadOnlyList<StingException> faults, ReachedRows rows) => (Packs, Faults, Rows) = (packs, faults, rows);

    /// <summary>Packs that hold something of what they reach.</summary>
    public IReadOnlySet<Id32> Packs { get; }

    /// <summary>What could not be followed; behind it more may lie.</summary>
    public IReadOnlyList<StingException> Faults { get; }

    /// <summary>Rows of the index that they reach.</summary>
    public ReachedRows Rows { get; }

    /// <summary>Walks from parts of points.</summary>
    public static async ValueTask<TierReach> WalkAsync(Installation installation, IObjectStore store, RepositoryIndex index, IEnumerable<PointPart> parts, JobOutput output, CancellationToken cancel)
    {
        using var reader = new ChunkReader(store, index, installation.Reserve, null);
        var walk = new ReachWalk(reader, null, installation.Ledger, new FaultBook(), installation.Threads, output);
        await walk.RunAsync([.. parts], cancel).ConfigureAwait(false);
        var packs = new HashSet<Id32>();
        for (var rank = 0; rank < index.Count; rank++)
        {
            if (walk.Reached.Contains(rank) && index.TryPlaceAt(rank, out var place))
            {
                packs.Add(place.Segment.Pack.Id);
            }
        }
        return new TierReach(packs, [.. walk.Unreadable.Values, .. walk.Missing.Select(m => new StingException("ChunkMissing", FailureKind.Integrity,
            $"Chunk {m.Id}, which '{m.From}' names, is in no pack that the index names.", m.From, "Run Test-StingBackupIntegrity, then Repair-StingRepository."))], walk.Reached);
    }
}
