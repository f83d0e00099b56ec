namespace StingBackup.Engine.Tiering;

/// <summary>How much may still be written to a tier.</summary>
internal sealed class TierRoom
{
    private readonly Tier _tier;
    private readonly string _location;
    private readonly long? _limit;
    private long _used;

    private TierRoom(Tier tier, string location, long? limit, long used) => (_tier, _location, _limit, _used) = (tier, location, limit, used);

    /// <summary>The room of a route's target, of which so much is used.</summary>
    public static TierRoom Of(Installation installation, TierRoute route, long used) => new(route.Target, route.To.Location, route.Target == Tier.Remote ? installation.RemoteQuota : null, used);

    /// <summary>Takes room.</summary>
    /// <exception cref="StingException"><c>RemoteQuotaReached</c></exception>
    public void Take(long length)
    {
        if (_limit is { } limit && _used + length > limit)
        {
            throw new StingException("RemoteQuotaReached", FailureKind.ResourceExhausted,
                $"{Display.Length(_used)} lie on the {_tier} tier, and {Display.Length(length)} more would pass its quota of {Display.Length(limit)}. What is there stays usable; the rest waits.", _location,
                "Let restore points go (Invoke-StingRetention, then Optimize-StingRepository -Tier Remote), or ask for more with Set-StingTierQuota, which needs an approval.");
        }
        _used += length;
    }
}
