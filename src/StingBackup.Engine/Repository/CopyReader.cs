using StingBackup.Engine.Storage;

namespace StingBackup.Engine.Repository;

/// <summary>Reads an object that is damaged on one tier from the others.</summary>
/// <param name="others">The other tiers' stores, the nearest first.</param>
/// <param name="cameFrom">Told of what came from where, and what was wrong here.</param>
internal sealed class CopyReader(Func<CancellationToken, IAsyncEnumerable<(Tier Tier, IObjectStore Store)>> others, Action<string, Tier, StingException> cameFrom)
{
    /// <summary>The first copy that passes; null when none does.</summary>
    /// <param name="name">The object.</param>
    /// <param name="open">Proves its bytes, and makes something of them.</param>
    /// <param name="why">What is wrong with it here.</param>
    /// <param name="cancel">Cancels.</param>
    public async ValueTask<T?> ReadAsync<T>(string name, Func<byte[], T> open, StingException why, CancellationToken cancel)
        where T : class
    {
        await foreach (var (tier, store) in others(cancel).ConfigureAwait(false))
        {
            try
            {
                var copy = open(await store.ReadAllAsync(name, cancel).ConfigureAwait(false));
                cameFrom(name, tier, why);
                return copy;
            }
            catch (StingException e) when (ObjectDamage.IsOfOneObject(e))
            {
                // Damaged there too, or not there.
            }
        }
        return null;
    }
}
