using System.Collections.Immutable;
using StingBackup.Engine.Storage;

namespace StingBackup.Engine;

public sealed partial class Installation
{
    private readonly SemaphoreSlim _tierGate = new(1, 1);
    private readonly Dictionary<Tier, IObjectStore> _openTiers = [];

    /// <summary>How the tiers behind the first one are opened. A tier is opened when something is asked of it: a run that needs the local one alone must not fail because another is away.</summary>
    internal IReadOnlyDictionary<Tier, Func<CancellationToken, ValueTask<IObjectStore>>> FurtherTiers { get; init; } = ImmutableDictionary<Tier, Func<CancellationToken, ValueTask<IObjectStore>>>.Empty;

    /// <summary>The tiers that there are, the nearest first.</summary>
    public IReadOnlyList<Tier> Tiers => [Tier.Local, .. FurtherTiers.Keys.Order()];

    /// <summary>The store of a tier, opened once. It is closed with the installation.</summary>
    /// <exception cref="StingException"><c>TierNotConfigured</c>, and as the store's own <c>Open</c></exception>
    public async ValueTask<IObjectStore> OpenTierAsync(Tier tier, CancellationToken cancel)
    {
        if (tier == AtTier)
        {
            return Store;
        }
        if (tier == Tier.Local)
        {
            return _local!;
        }
        var open = FurtherTiers.GetValueOrDefault(tier) ?? throw new StingException("TierNotConfigured", FailureKind.InvalidConfiguration, $"There is no {tier} tier: {tier.ToString().ToLowerInvariant()}.location is not set.",
            Configuration?.File, $"Set {tier.ToString().ToLowerInvariant()}.location, or name another tier.");
        await _tierGate.WaitAsync(cancel).ConfigureAwait(false);
        try
        {
            return _openTiers.TryGetValue(tier, out var store) ? store : _openTiers[tier] = await open(cancel).ConfigureAwait(false);
        }
        finally
        {
            _tierGate.Release();
        }
    }

    private async ValueTask CloseTiersAsync()
    {
        foreach (var store in _openTiers.Values)
        {
            await store.DisposeAsync().ConfigureAwait(false);
        }
        _tierGate.Dispose();
    }
}
