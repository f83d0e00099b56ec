using StingBackup.Engine.Basics;
using StingBackup.Engine.Jobs;
using StingBackup.Engine.Repository;

namespace StingBackup.Engine.Integrity;

/// <summary>
/// Which packs a tier lacks because its days are over, or its room: no restore point that is younger, nor the newest of a class, reaches them, and a further tier holds what is needed of them. These are no fault. Everything else that is missing is.
/// </summary>
internal sealed class TierLeave(Installation installation, RepositoryIndex index, PackRows rows, JobOutput output)
{
    /// <summary>Finds them.</summary>
    /// <param name="missing">Packs that the index names and the tier lacks.</param>
    /// <param name="points">The tier's points.</param>
    /// <param name="book">Takes what cannot be told.</param>
    /// <param name="cancel">Cancels.</param>
    public async ValueTask<IReadOnlySet<Id32>> FindAsync(IEnumerable<PackInfo> missing, IReadOnlyList<StoredPoint> points, FaultBook book, CancellationToken cancel)
    {
        var left = new HashSet<Id32>();
        var further = installation.Tiers.Where(t => t > installation.AtTier).ToList();
        var absent = missing.ToDictionary(p => p.Id);
        var candidates = absent.Values.Where(p => p.Kind == ObjectKind.DataPack).ToList();
        if (further.Count == 0 || candidates.Count == 0)
        {
            return left;
        }
        var young = await ReachedAsync([.. PointSelection.Within(points, installation.DaysCertainAt(installation.AtTier), installation.Clock.GetUtcNow())], cancel).ConfigureAwait(false);
        // A run that found a pack gone stored again what it needed of it: then the young point has it in another one.
        candidates.RemoveAll(p => Ranks(p, young).Any(rank => !index.TryPlaceAt(rank, out var place) || index.FindAll(place.Entry.Id).All(other => absent.ContainsKey(other.Segment.Pack.Id))));
        foreach (var tier in further)
        {
            if (candidates.Count == 0)
            {
                break;
            }
            try
            {
                var held = await HeldByAsync(tier, candidates, points, cancel).ConfigureAwait(false);
                left.UnionWith(held);
                candidates.RemoveAll(p => held.Contains(p.Id));
            }
            catch (StingException e) when (e.Kind is not FailureKind.InvalidArgument)
            {
                book.Add("data/", $"{candidates.Count} packs that no young restore point needs are not here, and whether the {tier} tier has them cannot be told: {e.Message.TrimEnd('.')}");
                left.UnionWith(candidates.Select(p => p.Id));
                break;
            }
        }
        return left;
    }

    private async ValueTask<HashSet<Id32>> HeldByAsync(Tier tier, List<PackInfo> packs, IReadOnlyList<StoredPoint> points, CancellationToken cancel)
    {
        var store = await installation.OpenTierAsync(tier, cancel).ConfigureAwait(false);
        if (tier != Tier.Archive)
        {
            var there = new Dictionary<string, long>(StringComparer.Ordinal);
            await foreach (var item in store.ListAsync("data/", cancel).ConfigureAwait(false))
            {
                there[item.Name] = item.Length;
            }
            return [.. packs.Where(p => there.GetValueOrDefault(p.Name) == p.Length).Select(p => p.Id)];
        }
        // Archive has packs of its own: what points reach of a pack must be in some of them.
        var archive = (await RepositoryView.LoadAsync(store, installation.Reserve, installation.Writers, cancel).ConfigureAwait(false)).Index;
        var reached = await ReachedAsync(PointSelection.Choose(points, new VerifyRequest(), installation.Zone), cancel).ConfigureAwait(false);
        return [.. packs.Where(p => Ranks(p, reached).All(rank => index.TryPlaceAt(rank, out var place) && archive.TryFind(place.Entry.Id, out _))).Select(p => p.Id)];
    }

    private IEnumerable<int> Ranks(PackInfo pack, ReachedRows reached) => rows.Of(pack.Id).ToArray().Where(reached.Contains);

    private async ValueTask<ReachedRows> ReachedAsync(IReadOnlyList<PointPart> parts, CancellationToken cancel)
    {
        using var reader = new ChunkReader(installation.Store, index, installation.Reserve, null);
        var walk = new ReachWalk(reader, null, installation.Ledger, new FaultBook(), installation.Threads, output);
        await walk.RunAsync(parts, cancel).ConfigureAwait(false);
        return walk.Reached;
    }
}
