using StingBackup.Engine.Storage;

namespace StingBackup.Engine;

public sealed partial class Installation
{
    private IObjectStore _store = null!;
    private IObjectStore? _local;

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
}
