using StingBackup.Engine.Cryptography;
using StingBackup.Engine.Storage;

namespace StingBackup.Engine;

public sealed partial class Installation
{
    private IObjectStore _store = null!;
    private IObjectStore? _local;
    private EnrolledWriters _writers = null!;

    /// <summary>The tier that <see cref="Store"/> is.</summary>
    internal Tier AtTier { get; private set; } = Tier.Local;

    /// <summary>The local state about a tier: caches and journals, never authority about content.</summary>
    internal string TierFolder(Tier tier) => Path.Combine(StateFolder, "tiers", tier.ToString().ToLowerInvariant());

    /// <summary>The same installation as if a tier were its only store: what reads a repository reads that one. It shares everything with this one, which alone is disposed.</summary>
    /// <exception cref="StingException"><c>TierNotConfigured</c>, and as the store's own <c>Open</c></exception>
    internal async ValueTask<Installation> AtTierAsync(Tier tier, CancellationToken cancel)
    {
        if (tier == AtTier)
        {
            return this;
        }
        var store = await OpenTierAsync(tier, cancel).ConfigureAwait(false);
        var there = (Installation)MemberwiseClone();
        (there._local, there._store, there._reading, there.AtTier) = (_local ?? _store, store, null, tier);
        return there;
    }

    /// <summary>
    /// The same installation as if there were one tier and no other: what it lacks, or has damaged, no other tier helps out with. It shares everything with this one, which alone is disposed, and writes nothing.
    /// </summary>
    /// <param name="tier">The tier.</param>
    /// <param name="wrap">Put around its store.</param>
    /// <param name="cancel">Cancels.</param>
    /// <exception cref="StingException">As <see cref="OpenTierAsync"/>.</exception>
    internal async ValueTask<Installation> AloneAtTierAsync(Tier tier, Func<IObjectStore, IObjectStore> wrap, CancellationToken cancel)
    {
        var store = wrap(await OpenTierAsync(tier, cancel).ConfigureAwait(false));
        var there = (Installation)MemberwiseClone();
        (there._store, there._reading, there.AtTier) = (store, null, tier);
        there._local = tier == Tier.Local ? null : new MemoryObjectStore();
        // The archive is looked into by its own index, as the further tier that it is.
        there._furtherTiers = tier == Tier.Archive ? new Dictionary<Tier, Func<CancellationToken, ValueTask<IObjectStore>>> { [tier] = _ => ValueTask.FromResult(store) }
            : System.Collections.Immutable.ImmutableDictionary<Tier, Func<CancellationToken, ValueTask<IObjectStore>>>.Empty;
        return there;
    }

    /// <summary>The same installation as it knows writers whom another store has enrolled and the local tier has not: whoever took over while this host was away. It shares everything with this one, which alone is disposed.</summary>
    internal async ValueTask<Installation> WithWritersOfAsync(IObjectStore store, CancellationToken cancel)
    {
        if (Keys is null)
        {
            return this;
        }
        var others = await Keys.LoadWritersAsync(store, cancel).ConfigureAwait(false);
        if (others.All.All(w => Writers.Find(w.Id) is not null))
        {
            others.Dispose();
            return this;
        }
        var there = (Installation)MemberwiseClone();
        there._writers = new EnrolledWriters([.. Writers.All, .. others.All.Where(w => Writers.Find(w.Id) is null)], Writers.Faults);
        return there;
    }
}
