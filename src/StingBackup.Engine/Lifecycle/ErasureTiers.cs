using StingBackup.Engine.Basics;
using StingBackup.Engine.Keys;
using StingBackup.Engine.Repository;
using StingBackup.Engine.Storage;
using StingBackup.Engine.Tiering;

namespace StingBackup.Engine.Lifecycle;

/// <summary>What an erasure found on all tiers together.</summary>
/// <param name="Scope">What it hits, by tier.</param>
/// <param name="Away">Tiers that could not be looked at, and why.</param>
internal sealed record ErasedTiers(ErasureScope Scope, IReadOnlyList<string> Away)
{
    /// <summary>What reading showed, over all tiers that were read.</summary>
    public ErasureProof? Proof { get; init; }
}

/// <summary>
/// An erasure on tiers: the key is what is destroyed, so that every copy on every tier is unreadable at once. What remains to be done there is to delete claims, to enter the ledger, and to show
/// by reading that it holds. A tier that is away gets claims and ledger with the next sync, and stands in the certificate.
/// </summary>
internal sealed class ErasureTiers(Installation installation, IReadOnlySet<Id16> pseudonyms)
{
    /// <summary>What it would hit on every tier that can be looked at.</summary>
    /// <param name="view">Points and index of the local tier.</param>
    /// <param name="cancel">Cancels.</param>
    public async ValueTask<ErasedTiers> MeasureAsync(RepositoryView view, CancellationToken cancel)
    {
        var scope = await ErasureScope.MeasureAsync(installation, new ScopedTier(Tier.Local, installation.Store, view), pseudonyms, cancel).ConfigureAwait(false);
        return await OverAsync(new ErasedTiers(scope, []), async (found, tier) => found with { Scope = found.Scope.With(await ErasureScope.MeasureAsync(installation, tier, pseudonyms, cancel).ConfigureAwait(false)) }, cancel).ConfigureAwait(false);
    }

    /// <summary>Deletes claims and enters the ledger on every tier, then measures and proves. The local tier's own are done before.</summary>
    /// <param name="view">Points and index of the local tier.</param>
    /// <param name="tags">The erased subjects' tags.</param>
    /// <param name="ledger">The ledger as it is now.</param>
    /// <param name="keys">Keys as they are now.</param>
    /// <param name="cancel">Cancels.</param>
    public async ValueTask<ErasedTiers> ProveAsync(RepositoryView view, IReadOnlyList<Id16> tags, ErasureLedger ledger, SubjectReader keys, CancellationToken cancel)
    {
        var local = new ScopedTier(Tier.Local, installation.Store, view);
        var scope = await ErasureScope.MeasureAsync(installation, local, pseudonyms, cancel).ConfigureAwait(false);
        var first = new ErasedTiers(scope, []) { Proof = await ErasureProof.TryAsync(installation, local, ledger, scope, keys, cancel).ConfigureAwait(false) };
        return await OverAsync(first, async (found, tier) =>
        {
            await CleanAsync(tier.Store, tags, cancel).ConfigureAwait(false);
            var here = await ErasureScope.MeasureAsync(installation, tier, pseudonyms, cancel).ConfigureAwait(false);
            // What lies in the archive would have to be thawed to be read.
            var proof = tier.Tier == Tier.Archive ? found.Proof : found.Proof!.With(await ErasureProof.TryAsync(installation, tier, ledger, here, keys, cancel).ConfigureAwait(false));
            return found with { Scope = found.Scope.With(here), Proof = proof };
        }, cancel).ConfigureAwait(false);
    }

    private async ValueTask<ErasedTiers> OverAsync(ErasedTiers found, Func<ErasedTiers, ScopedTier, Task<ErasedTiers>> look, CancellationToken cancel)
    {
        Tier[] tiers = installation.IsLocalTierLost ? [] : [.. installation.FurtherTiers.Keys.Order()];
        foreach (var tier in tiers)
        {
            try
            {
                var store = await installation.OpenTierAsync(tier, cancel).ConfigureAwait(false);
                found = await look(found, new ScopedTier(tier, store, await RepositoryView.LoadAsync(store, installation.Reserve, installation.Writers, cancel).ConfigureAwait(false))).ConfigureAwait(false);
            }
            catch (StingException e) when (TierSyncJob.IsAway(e))
            {
                found = found with { Away = [.. found.Away, $"tier {tier} ({installation.LocationOf(tier)}) could not be reached: {e.Message}"] };
            }
        }
        return found;
    }

    private async ValueTask CleanAsync(IObjectStore store, IReadOnlyList<Id16> tags, CancellationToken cancel)
    {
        await foreach (var item in installation.Store.ListAsync(KeyObjectNames.LedgerPrefix, cancel).ConfigureAwait(false))
        {
            var entry = await installation.Store.ReadAllAsync(item.Name, cancel).ConfigureAwait(false);
            TierObjects.Prove(item.Name, entry, installation);
            await store.PutAsync(item.Name, entry, cancel).ConfigureAwait(false);
        }
        foreach (var tag in tags)
        {
            await store.DeleteAsync(KeyObjectNames.Claim(tag), cancel).ConfigureAwait(false);
        }
    }
}

/// <summary>A tier that is looked through.</summary>
/// <param name="Tier">The tier.</param>
/// <param name="Store">Its store.</param>
/// <param name="View">Its points and index.</param>
internal sealed record ScopedTier(Tier Tier, IObjectStore Store, RepositoryView View);
