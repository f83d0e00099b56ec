using StingBackup.Engine.Governance;
using StingBackup.Engine.Storage;
using StingBackup.Engine.Tiering.Locks;

namespace StingBackup.Engine.Tiering;

/// <summary>Tells how tiers stand. A tier that is away is told as such, with what waits for it.</summary>
public static class TierStatusReader
{
    /// <summary>Every tier, the nearest first. Lists each; changes nothing in them.</summary>
    public static async IAsyncEnumerable<TierStatus> ReadAsync(Installation installation, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancel)
    {
        Access.Require(installation, "Get-StingTier");
        ArgumentNullException.ThrowIfNull(installation);
        foreach (var tier in installation.Tiers)
        {
            yield return await ReadAsync(installation, tier, cancel).ConfigureAwait(false);
        }
    }

    /// <summary>One tier.</summary>
    /// <exception cref="StingException"><c>TierNotConfigured</c></exception>
    public static async ValueTask<TierStatus> ReadAsync(Installation installation, Tier tier, CancellationToken cancel)
    {
        Access.Require(installation, "Get-StingTier");
        ArgumentNullException.ThrowIfNull(installation);
        var (listing, failure) = await ListAsync(installation, tier, cancel).ConfigureAwait(false);
        var note = tier == Tier.Local ? null : installation.MemoryOf(tier).ReadNote();
        if (listing is not null && tier != Tier.Local)
        {
            installation.MemoryOf(tier).Replace(listing.Objects.Keys);
        }
        var waiting = tier == Tier.Local ? null : await TierBacklogReader.ReadAsync(installation, tier, cancel).ConfigureAwait(false);
        var lag = LagOf(waiting, installation);
        return new TierStatus
        {
            Tier = tier, Location = installation.LocationOf(tier), IsReachable = listing is not null, Problem = failure is null ? "" : $"{failure.Message} {failure.Remedy}",
            Points = listing?.Of(TierStep.Points).Count, Length = listing?.Length, Limit = tier == Tier.Remote ? installation.RemoteQuota : null,
            Packs = listing is null ? null : SumOf(listing), Days = DaysOf(installation, tier), Waiting = waiting is { } backlog ? backlog with { OldestTime = InZone(backlog.OldestTime, installation) } : null, Lag = lag, IsLate = tier == Tier.Remote && lag > installation.RemoteLag,
            LastSyncTime = InZone(note?.CompleteTime, installation), Locks = listing is null || tier == Tier.Local ? null : await LocksAsync(installation, tier, cancel).ConfigureAwait(false),
        };
    }

    /// <summary>How long the oldest restore point that a tier lacks has waited.</summary>
    internal static TimeSpan LagOf(TierBacklog? waiting, Installation installation) => waiting?.OldestTime is { } oldest && installation.Clock.GetUtcNow() - oldest is { Ticks: > 0 } lag ? lag : TimeSpan.Zero;

    /// <summary>Days after which a tier lets content go; null where no further one could hold it.</summary>
    internal static int? DaysOf(Installation installation, Tier tier) => tier switch
    {
        Tier.Local when installation.FurtherTiers.ContainsKey(Tier.Remote) => installation.Retention.LocalDays,
        Tier.Remote when installation.FurtherTiers.ContainsKey(Tier.Archive) => installation.Retention.RemoteDays,
        _ => null,
    };

    private static async ValueTask<TierLocks?> LocksAsync(Installation installation, Tier tier, CancellationToken cancel) =>
        (await installation.OpenTierAsync(tier, cancel).ConfigureAwait(false)).Locking is { } locking ? LockKeeper.Tell(installation, locking, LockMemory.Read(installation, tier)) : null;

    private static DateTimeOffset? InZone(DateTimeOffset? time, Installation installation) => time is { } known ? TimeZoneInfo.ConvertTime(known, installation.Zone) : null;

    private static PackSum SumOf(TierListing listing)
    {
        var packs = listing.Of(TierStep.Packs).Where(TierObjects.IsData).ToList();
        return new PackSum(packs.Count, packs.Sum(name => listing.Objects[name]));
    }

    private static async ValueTask<(TierListing? Listing, StingException? Failure)> ListAsync(Installation installation, Tier tier, CancellationToken cancel)
    {
        try
        {
            return (await TierListing.TakeAsync(await installation.OpenTierAsync(tier, cancel).ConfigureAwait(false), cancel).ConfigureAwait(false), null);
        }
        catch (StingException e) when (e.ErrorId != "TierNotConfigured")
        {
            return (null, e);
        }
    }
}
