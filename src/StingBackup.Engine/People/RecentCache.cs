using System.Diagnostics.CodeAnalysis;

namespace StingBackup.Engine.People;

/// <summary>Remembers what was used last, up to a weight in all. Safe to use from many threads.</summary>
internal sealed class RecentCache<TKey, TValue>(long most, Func<TValue, long> weigh) where TKey : notnull
{
    private readonly Lock _gate = new();
    private readonly Dictionary<TKey, LinkedListNode<(TKey Key, TValue Value)>> _byKey = [];
    private readonly LinkedList<(TKey Key, TValue Value)> _byUse = [];
    private long _weight;

    /// <summary>The weight of what is remembered.</summary>
    public long Weight => Interlocked.Read(ref _weight);

    public async ValueTask<TValue> GetAsync(TKey key, Func<ValueTask<TValue>> read) => TryGet(key, out var known) ? known : Add(key, await read().ConfigureAwait(false));

    public TValue GetOrAdd(TKey key, Func<TValue> make) => TryGet(key, out var known) ? known : Add(key, make());

    public bool TryGet(TKey key, [MaybeNullWhen(false)] out TValue value)
    {
        lock (_gate)
        {
            if (_byKey.TryGetValue(key, out var known))
            {
                _byUse.Remove(known);
                _byUse.AddFirst(known);
                value = known.Value.Value;
                return true;
            }
        }
        value = default;
        return false;
    }

    /// <summary>Of two that were made at once the first one counts.</summary>
    private TValue Add(TKey key, TValue value)
    {
        lock (_gate)
        {
            if (_byKey.TryGetValue(key, out var known))
            {
                return known.Value.Value;
            }
            _byKey.Add(key, _byUse.AddFirst((key, value)));
            _weight += weigh(value);
            while (_weight > most && _byUse.Last is { } oldest)
            {
                _byUse.RemoveLast();
                _byKey.Remove(oldest.Value.Key);
                _weight -= weigh(oldest.Value.Value);
            }
            return value;
        }
    }
}
