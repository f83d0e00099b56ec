using StingBackup.Engine.Basics;
using StingBackup.Engine.Integrity;
using StingBackup.Engine.Jobs;
using StingBackup.Engine.Repository;

namespace StingBackup.Engine.Tiering;

/// <summary>
/// Whether the tier behind one holds a pack: the remote tier has it by name; the archive, which cuts packs anew, has every chunk of it that some restore point reaches.
/// </summary>
internal sealed class NextHolder
{
    private readonly Func<PackInfo, bool> _lists;

    private NextHolder(Func<PackInfo, bool> lists) => _lists = lists;

    /// <summary>Whether it lists what a pack holds.</summary>
    public bool Lists(PackInfo pack) => _lists(pack);

    /// <summary>Looks at the tier.</summary>
    /// <param name="installation">The installation.</param>
    /// <param name="tier">The tier behind.</param>
    /// <param name="view">Points and index of the tier before it.</param>
    /// <param name="output">Takes progress.</param>
    /// <param name="cancel">Cancels.</param>
    public static async ValueTask<NextHolder> OpenAsync(Installation installation, Tier tier, RepositoryView view, JobOutput output, CancellationToken cancel)
    {
        var store = await installation.OpenTierAsync(tier, cancel).ConfigureAwait(false);
        var there = new Dictionary<Id32, long>();
        await foreach (var pack in PackFooters.ListAsync(store, cancel).ConfigureAwait(false))
        {
            there[pack.Id] = pack.Length;
        }
        if (tier != Tier.Archive)
        {
            return new NextHolder(pack => there.GetValueOrDefault(pack.Id, -1) == pack.Length);
        }
        var archive = (await RepositoryView.LoadAsync(store, installation.Reserve, installation.Writers, cancel).ConfigureAwait(false)).Index;
        var rows = new PackRows(view.Index);
        var first = await installation.OpenTierAsync(Tier.Remote, cancel).ConfigureAwait(false);
        var living = await TierReach.WalkAsync(installation, first, view.Index, view.Backups.SelectMany(p => p.Record.Classes.Select(c => PointSelection.PartOf(p.Record, c))), output, cancel).ConfigureAwait(false);
        return new NextHolder(pack => living.Faults.Count == 0 && Holds(pack));

        bool Holds(PackInfo pack)
        {
            foreach (var rank in rows.Of(pack.Id))
            {
                if (living.Rows.Contains(rank) && view.Index.TryPlaceAt(rank, out var place)
                    && !archive.FindAll(place.Entry.Id).Any(cold => cold.Segment.Header.Pseudonym == place.Segment.Header.Pseudonym && there.GetValueOrDefault(cold.Segment.Pack.Id, -1) == cold.Segment.Pack.Length))
                {
                    return false;
                }
            }
            return true;
        }
    }
}
