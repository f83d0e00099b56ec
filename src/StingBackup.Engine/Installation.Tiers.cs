using System.Collections.Immutable;
using StingBackup.Engine.Reserve.Configuration;
using StingBackup.Engine.Storage;

namespace StingBackup.Engine;

public sealed partial class Installation
{
    private IReadOnlyDictionary<Tier, Func<CancellationToken, ValueTask<IObjectStore>>> _furtherTiers = ImmutableDictionary<Tier, Func<CancellationToken, ValueTask<IObjectStore>>>.Empty;
    private readonly SemaphoreSlim _tierGate = new(1, 1);
    private readonly Dictionary<Tier, IObjectStore> _openTiers = [];

    /// <summary>How the tiers behind the first one are opened. A tier is opened when something is asked of it: a run that needs the local one alone must not fail because another is away.</summary>
    internal IReadOnlyDictionary<Tier, Func<CancellationToken, ValueTask<IObjectStore>>> FurtherTiers { get => _furtherTiers; init => _furtherTiers = value; }

    /// <summary>How further tiers lock what is stored there, those that do.</summary>
    internal IReadOnlyDictionary<Tier, Storage.S3.S3Lock> Locks { get; init; } = ImmutableDictionary<Tier, Storage.S3.S3Lock>.Empty;

    /// <summary>Whether what a run commits goes to the remote tier at once.</summary>
    public bool SyncsAtCommit { get; init; } = TierTimes.AtCommit.Default;
    /// <summary>How far the remote tier may lag before that is told.</summary>
    public TimeSpan RemoteLag { get; init; } = TimeSpan.FromMinutes(TierTimes.EveryMinutes.Default);
    /// <summary>The most bytes that may lie on the remote tier without an approval.</summary>
    public long ConfiguredQuota { get; init; } = TierTimes.Quota.Default;
    /// <summary>The most bytes that may lie on the remote tier.</summary>
    public long RemoteQuota => Math.Max(ConfiguredQuota, MemoryOf(Tier.Remote).ReadQuota() ?? 0);
    /// <summary>The share of its disk, in percent, that the local tier may take where further tiers hold what it lets go.</summary>
    public int LocalMaxPercent { get; init; } = TierTimes.MaxPercent.Default;

    /// <summary>The tiers that there are, the nearest first.</summary>
    public IReadOnlyList<Tier> Tiers => [Tier.Local, .. FurtherTiers.Keys.Order()];

    /// <summary>The store of a tier, opened once. It is closed with the installation.</summary>
    /// <exception cref="StingException"><c>TierNotConfigured</c>, and as the store's own <c>Open</c></exception>
    public async ValueTask<IObjectStore> OpenTierAsync(Tier tier, CancellationToken cancel)
    {
        if (tier == AtTier)
        {
            return (Store as LostTierStore)?.Local ?? Store;
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

    /// <summary>What is read: the local tier, and where it lacks a pack, the further ones by the pack's name. Writes go to the local tier.</summary>
    public IObjectStore Reading => FurtherTiers.Count == 0 || AtTier != Tier.Local || Store is LostTierStore ? Store : _reading ??= new ReadThroughStore(Store, [.. FurtherTiers.Keys.Order().Select(tier => new FurtherPlace(tier, cancel => OpenTierAsync(tier, cancel)))], Clock);

    private ReadThroughStore? _reading;

    /// <summary>Whether the local tier holds no repository any more, so that everything is read from the next one and nothing is written.</summary>
    public bool IsLocalTierLost => Store is LostTierStore;

    /// <summary>Days for which a tier holds content for certain: none, beyond the newest state, where the local cap may let it go earlier.</summary>
    internal int DaysCertainAt(Tier tier) => tier != Tier.Local ? Retention.RemoteDays : LocalLimit is null ? Retention.LocalDays : 0;

    /// <summary>The tier that takes over what a tier lets go; null where none does.</summary>
    internal Tier? NextOf(Tier tier) => tier switch
    {
        Tier.Local when FurtherTiers.ContainsKey(Tier.Remote) => Tier.Remote,
        Tier.Remote when FurtherTiers.ContainsKey(Tier.Remote) && FurtherTiers.ContainsKey(Tier.Archive) => Tier.Archive,
        _ => null,
    };

    /// <summary>The most bytes of the local tier; null for no limit.</summary>
    internal long? LocalLimit => LocalMaxPercent < 100 && !IsLocalTierLost && NextOf(Tier.Local) is not null && HostView.RoomOf(Store.Location) is var (_, total) ? total / 100 * LocalMaxPercent : null;

    /// <summary>Where a tier lies, for people; nothing is opened.</summary>
    internal string LocationOf(Tier tier) => (tier switch { Tier.Local => Store.Location, Tier.Remote => Configuration?.RemoteLocation, _ => Configuration?.ArchiveLocation })
        ?? (_openTiers.TryGetValue(tier, out var open) ? open.Location : tier.ToString());

    /// <summary>What this host remembers of a further tier.</summary>
    internal TierMemory MemoryOf(Tier tier) => new(this, tier);

    private async ValueTask CloseTiersAsync()
    {
        foreach (var store in _openTiers.Values)
        {
            await store.DisposeAsync().ConfigureAwait(false);
        }
        _tierGate.Dispose();
    }
}
