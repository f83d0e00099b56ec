using StingBackup.Engine.Basics;
using StingBackup.Engine.Integrity;
using StingBackup.Engine.Jobs;
using StingBackup.Engine.Repository;
using StingBackup.Engine.Storage;

namespace StingBackup.Engine.Tiering;

/// <summary>Whether restore points need what a sync has not copied yet. One walk for all of them: what an earlier one shares with a later one is read once.</summary>
internal sealed class WaveNeeds : IDisposable
{
    private readonly TierComparison _comparison;
    private readonly ChunkReader _reader;
    private readonly ReachWalk _walk;
    private readonly Dictionary<string, IndexFragment> _fragments;

    public WaveNeeds(Installation installation, IObjectStore source, TierComparison comparison, JobOutput output)
    {
        _comparison = comparison;
        _reader = new ChunkReader(source, comparison.View.Index, installation.Reserve, null);
        _walk = new ReachWalk(_reader, null, installation.Ledger, new FaultBook(), installation.Threads, output);
        _fragments = comparison.View.Index.Fragments.DistinctBy(f => f.Name).ToDictionary(f => f.Name, StringComparer.Ordinal);
    }

    /// <summary>Whether every pack that a fragment names is there.</summary>
    public bool IsWhole(string fragment, HashSet<Id32> lacking) => _fragments.TryGetValue(fragment, out var known) && !known.Packs.Any(p => lacking.Contains(p.Id));

    /// <summary>Whether any of some restore points needs a pack that is lacking, or one that no fragment over there names yet. Where that cannot be told it is assumed.</summary>
    public async ValueTask<bool> AnyAsync(IReadOnlyList<WaitingPoint> points, HashSet<Id32> lacking, Func<string, bool> isCopied, CancellationToken cancel)
    {
        await _walk.RunAsync([.. points.Where(p => p.Record is { IsVoid: false }).SelectMany(p => p.Record!.Classes.Select(c => PointSelection.PartOf(p.Record, c)))], cancel).ConfigureAwait(false);
        if (_walk.Missing.Count + _walk.Unreadable.Count > 0 || points.Any(p => p.Record is null))
        {
            return true;
        }
        var unnamed = _comparison.Lacking(TierStep.Index).Where(name => !isCopied(name)).Select(_fragments.GetValueOrDefault).OfType<IndexFragment>().SelectMany(f => f.Packs).Select(p => p.Id).ToHashSet();
        unnamed.UnionWith(lacking);
        var index = _comparison.View.Index;
        for (var rank = 0; rank < index.Count; rank++)
        {
            if (_walk.Reached.Contains(rank) && index.TryPlaceAt(rank, out var place) && unnamed.Contains(place.Segment.Pack.Id))
            {
                return true;
            }
        }
        return false;
    }

    public void Dispose() => _reader.Dispose();
}
