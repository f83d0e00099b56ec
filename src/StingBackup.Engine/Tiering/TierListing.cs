using StingBackup.Engine.Repository;
using StingBackup.Engine.Storage;

namespace StingBackup.Engine.Tiering;

/// <summary>The objects of a store that lie on several tiers, with their lengths.</summary>
internal sealed class TierListing
{
    private readonly Dictionary<string, long> _objects = new(StringComparer.Ordinal);
    private readonly List<string>[] _bySteps = [.. Enum.GetValues<TierStep>().Select(_ => new List<string>())];

    private TierListing()
    {
    }

    /// <summary>Lengths by name.</summary>
    public IReadOnlyDictionary<string, long> Objects => _objects;

    /// <summary>Bytes of everything in the store, what stays where it is included.</summary>
    public long Length { get; private set; }

    /// <summary>Names of one step, in order.</summary>
    public IReadOnlyList<string> Of(TierStep step) => _bySteps[(int)step];

    /// <summary>
    /// Lists a store: points first, then the index, then the rest. A run writes in the opposite order, so that of every point listed all that it reaches is listed too, and what a run
    /// commits meanwhile waits for the next look.
    /// </summary>
    public static async ValueTask<TierListing> TakeAsync(IObjectStore store, CancellationToken cancel)
    {
        var listing = new TierListing();
        foreach (var prefix in (string[])["points/", "drops/", "index/", ""])
        {
            await foreach (var item in store.ListAsync(prefix, cancel).ConfigureAwait(false))
            {
                listing.Add(item, isRest: prefix.Length == 0);
            }
        }
        return listing;
    }

    /// <summary>The same from names that a store has confirmed before, with the lengths that they have elsewhere; what lies there no more has none.</summary>
    /// <param name="names">The names.</param>
    /// <param name="elsewhere">Where their lengths stand.</param>
    /// <param name="length">Bytes of everything in the store.</param>
    public static TierListing Recall(IEnumerable<string> names, TierListing elsewhere, long length)
    {
        var listing = new TierListing();
        foreach (var name in names.Order(StringComparer.Ordinal))
        {
            listing.Add(new ObjectInfo(name, elsewhere.Objects.GetValueOrDefault(name)), isRest: false);
        }
        listing.Length = length;
        return listing;
    }

    private void Add(ObjectInfo item, bool isRest)
    {
        var step = TierObjects.StepOf(item.Name);
        if (isRest)
        {
            Length += item.Length;
            if (step is TierStep.Points or TierStep.Index || ObjectKinds.Of(item.Name) == ObjectKind.Drop)
            {
                return;   // as they were listed first; what came since waits
            }
        }
        if (step is { } known && _objects.TryAdd(item.Name, item.Length))
        {
            _bySteps[(int)known].Add(item.Name);
        }
    }
}
