using StingBackup.Engine.Basics;
using StingBackup.Engine.Repository;
using StingBackup.Engine.Storage;
using StingBackup.Engine.Tiering;

namespace StingBackup.Engine.Lifecycle.Pruning;

/// <summary>
/// What a sweep of a further tier may take: packs that the tier before does not have any more and that no index names, of writers whose points the tier before shows. The index itself is decided on the
/// local tier, and gets to the others by a sync; packs are never written anew there.
/// </summary>
/// <param name="Before">Packs that the tier before has.</param>
/// <param name="Writers">Writers of its points.</param>
/// <param name="Fragments">Names of its index fragments.</param>
internal sealed record PruneBounds(IReadOnlySet<Id32> Before, IReadOnlySet<Id16> Writers, IReadOnlySet<string> Fragments)
{
    /// <summary>Looks at the tier before. The further one must have all its points, so that its own are the roots of both.</summary>
    /// <exception cref="StingException"><c>TierBehind</c></exception>
    public static async ValueTask<PruneBounds> TakeAsync(Installation installation, Tier tier, CancellationToken cancel)
    {
        var store = await installation.OpenTierAsync(tier, cancel).ConfigureAwait(false);
        var (here, there) = (await TierListing.TakeAsync(installation.Store, cancel).ConfigureAwait(false), await TierListing.TakeAsync(store, cancel).ConfigureAwait(false));
        foreach (var step in (TierStep[])[TierStep.Points, TierStep.Index, TierStep.Records])
        {
            if (here.Of(step).FirstOrDefault(name => ObjectKinds.Of(name) is not (ObjectKind.Audit or ObjectKind.Drill) && !there.Objects.ContainsKey(name)) is { } lacking)
            {
                throw new StingException("TierBehind", FailureKind.Refused, $"The {tier} tier lacks '{lacking}', which the local one has: what it needs of the {tier} tier cannot be told.", lacking, "Bring it up to date with Sync-StingTier, then sweep it.");
            }
        }
        return new PruneBounds(here.Of(TierStep.Packs).Select(ObjectKinds.IdIn).ToHashSet(), here.Of(TierStep.Points).Select(name => ObjectKinds.RunIn(name).Writer).ToHashSet(), here.Of(TierStep.Index).ToHashSet(StringComparer.Ordinal));
    }

    /// <summary>Whether a fragment of the further tier is one that the tier before has replaced: the tier before may have replaced it more than once between two syncs, so that nothing here says so.</summary>
    public bool IsReplaced(IndexFragment fragment) => fragment.IsSigned && Writers.Contains(fragment.Writer) && !Fragments.Contains(fragment.Name);

    /// <summary>Whether a pack may be taken.</summary>
    public bool Allows(Id32 pack, bool named, IEnumerable<Id16> writers) => !named && !Before.Contains(pack) && writers.All(Writers.Contains);
}
