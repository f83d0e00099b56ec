using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using StingBackup.Engine.Storage;

namespace StingBackup.Engine;

/// <summary>The stores of the tiers besides one, the nearest first, each opened when it is asked for. One that cannot be reached is told once and passed over. Safe to use from many threads.</summary>
/// <param name="installation">The installation.</param>
/// <param name="except">The tier that is left out.</param>
/// <param name="tell">Takes, for people, why a tier cannot be reached.</param>
internal sealed class OtherTiers(Installation installation, Tier except, Action<string>? tell = null)
{
    private readonly ConcurrentDictionary<Tier, string> _away = new();

    /// <summary>Whether there are any.</summary>
    public bool Any => installation.Tiers.Count > 1;

    /// <summary>Tiers that could not be reached, and why.</summary>
    public IReadOnlyDictionary<Tier, string> Away => _away;

    /// <summary>Opens one after the other, as long as the caller goes on.</summary>
    public async IAsyncEnumerable<(Tier Tier, IObjectStore Store)> OpenAsync([EnumeratorCancellation] CancellationToken cancel)
    {
        foreach (var tier in installation.Tiers.Where(t => t != except && !_away.ContainsKey(t)))
        {
            if (await TryOpenAsync(tier, cancel).ConfigureAwait(false) is { } store)
            {
                yield return (tier, store);
            }
        }
    }

    private async ValueTask<IObjectStore?> TryOpenAsync(Tier tier, CancellationToken cancel)
    {
        try
        {
            return await installation.OpenTierAsync(tier, cancel).ConfigureAwait(false);
        }
        catch (StingException e)
        {
            if (_away.TryAdd(tier, e.Message))
            {
                tell?.Invoke($"The {tier} tier cannot be reached: {e.Message}");
            }
            return null;
        }
    }
}
