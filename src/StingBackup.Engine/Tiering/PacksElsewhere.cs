using StingBackup.Engine.Integrity;
using StingBackup.Engine.Repository;

namespace StingBackup.Engine.Tiering;

/// <summary>Which packs of content that a tier's index names and its store lacks lie on a further tier: let go by its days, and not lost.</summary>
internal static class PacksElsewhere
{
    /// <summary>Those of some packs that a further tier holds. One that cannot be asked is told, and counts as if it held them: what is not known to be lost is no fault.</summary>
    /// <param name="installation">The installation.</param>
    /// <param name="absent">Packs that the local store lacks.</param>
    /// <param name="index">The index that names them.</param>
    /// <param name="rows">The same by packs.</param>
    /// <param name="output">Told of tiers that cannot be asked.</param>
    /// <param name="cancel">Cancels.</param>
    public static async ValueTask<IReadOnlySet<Id32>> AmongAsync(Installation installation, IEnumerable<PackInfo> absent, RepositoryIndex index, PackRows rows, JobOutput output, CancellationToken cancel)
    {
        var wanted = installation.IsLocalTierLost || installation.FurtherTiers.Count == 0 ? [] : absent.Where(p => p.Kind == ObjectKind.DataPack).ToDictionary(p => p.Id);
        var found = new HashSet<Id32>();
        foreach (var tier in installation.FurtherTiers.Keys.Order())
        {
            if (wanted.Count == found.Count)
            {
                break;
            }
            try
            {
                found.UnionWith(await OnAsync(installation, tier, wanted, index, rows, cancel).ConfigureAwait(false));
            }
            catch (StingException e) when (TierSyncJob.IsAway(e))
            {
                output.Warn($"{wanted.Count - found.Count} packs are not on the local tier, and the {tier} tier, which may have them, cannot be asked: {e.Message}");
                found.UnionWith(wanted.Keys);
            }
        }
        return found;
    }

    private static async ValueTask<List<Id32>> OnAsync(Installation installation, Tier tier, Dictionary<Id32, PackInfo> wanted, RepositoryIndex index, PackRows rows, CancellationToken cancel)
    {
        var store = await installation.OpenTierAsync(tier, cancel).ConfigureAwait(false);
        if (tier == Tier.Archive)
        {
            var archive = (await RepositoryView.LoadAsync(store, installation.Reserve, installation.Writers, cancel).ConfigureAwait(false)).Index;
            return [.. wanted.Keys.Where(id => HoldsSome(archive, id, index, rows))];
        }
        var there = new List<Id32>();
        await foreach (var item in store.ListAsync("data/", cancel).ConfigureAwait(false))
        {
            if (wanted.TryGetValue(ObjectKinds.IdIn(item.Name), out var pack) && pack.Length == item.Length)
            {
                there.Add(pack.Id);
            }
        }
        return there;
    }

    /// <summary>The archive has what restore points need of a pack, in other packs: of the rest it has nothing.</summary>
    private static bool HoldsSome(RepositoryIndex archive, Id32 pack, RepositoryIndex index, PackRows rows)
    {
        foreach (var rank in rows.Of(pack))
        {
            if (index.TryPlaceAt(rank, out var place) && archive.TryFind(place.Entry.Id, out _))
            {
                return true;
            }
        }
        return false;
    }
}
