using StingBackup.Engine.Storage;

namespace StingBackup.Engine.Tiering;

/// <summary>From where to where something is copied.</summary>
/// <param name="Source">The tier that has it.</param>
/// <param name="Target">The tier that lacks it.</param>
/// <param name="From">The store of the one.</param>
/// <param name="To">The store of the other.</param>
internal sealed record TierRoute(Tier Source, Tier Target, IObjectStore From, IObjectStore To)
{
    /// <summary>The route that brings a tier up to date: further tiers from the local one, a lost local one from the remote tier.</summary>
    /// <exception cref="StingException"><c>TierNotConfigured</c>, and as the stores' own <c>Open</c></exception>
    public static async ValueTask<TierRoute> ToAsync(Installation installation, Tier target, CancellationToken cancel)
    {
        var source = SourceOf(target);
        if (target != Tier.Local && installation.Store is LostTierStore lost)
        {
            throw lost.ToWarning();
        }
        var from = await installation.OpenTierAsync(source, cancel).ConfigureAwait(false);
        return new TierRoute(source, target, from, await installation.OpenTierAsync(target, cancel).ConfigureAwait(false));
    }

    /// <summary>The tier that one is copied from.</summary>
    public static Tier SourceOf(Tier target) => target == Tier.Local ? Tier.Remote : Tier.Local;
}
