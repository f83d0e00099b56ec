using System.Runtime.CompilerServices;

namespace StingBackup.Engine.Storage;

/// <summary>
/// Objects in memory, for tests and for simulation: what has passed a barrier is in <see cref="Objects"/>, so a store made from
/// it is the store after a crash, and one made from a changed copy is a damaged one.
/// </summary>
public sealed class MemoryObjectStore : IObjectStore, IReplacingStore
{
    private readonly Lock _gate = new();
    private readonly SortedDictionary<string, ReadOnlyMemory<byte>> _objects = new(StringComparer.Ordinal);
    private readonly List<KeyValuePair<string, ReadOnlyMemory<byte>>> _staged = [];

    /// <summary>Makes an empty store.</summary>
    public MemoryObjectStore()
    {
    }

    /// <summary>Makes a store of these objects.</summary>
    /// <exception cref="StingException"><c>NameNotAllowed</c></exception>
    public MemoryObjectStore(IEnumerable<KeyValuePair<string, ReadOnlyMemory<byte>>> objects)
    {
        ArgumentNullException.ThrowIfNull(objects);
        foreach (var (name, content) in objects)
        {
            ObjectName.Check(name);
            _objects.Add(name, content.ToArray());
        }
    }

    /// <inheritdoc/>
    public string Location => "memory";

    /// <summary>The objects now, by name in ordinal order, staged ones left out.</summary>
    public IReadOnlyDictionary<string, ReadOnlyMemory<byte>> Objects
    {
        get
        {
            lock (_gate)
            {
                return new SortedDictionary<string, ReadOnlyMemory<byte>>(_objects, StringComparer.Ordinal);
            }
        }
    }

    /// <inheritdoc/>
    public ValueTask<bool> PutAsync(string name, ReadOnlyMemory<byte> content, CancellationToken cancel)
    {
        Check(name, cancel);
        lock (_gate)
        {
            return ValueTask.FromResult(_objects.TryAdd(name, content.ToArray()));
        }
    }

    /// <inheritdoc/>
    public ValueTask StageAsync(string name, ReadOnlyMemory<byte> content, CancellationToken cancel)
    {
        Check(name, cancel);
        lock (_gate)
        {
            _staged.Add(new(name, content.ToArray()));
        }
        return ValueTask.CompletedTask;
    }

    /// <inheritdoc/>
    public ValueTask BarrierAsync(CancellationToken cancel)
    {
        cancel.ThrowIfCancellationRequested();
        lock (_gate)
        {
            _staged.ForEach(o => _objects.TryAdd(o.Key, o.Value));
            _staged.Clear();
        }
        return ValueTask.CompletedTask;
    }

    /// <inheritdoc/>
    public ValueTask<int> ReadAsync(string name, long offset, Memory<byte> buffer, CancellationToken cancel)
    {
        Check(name, cancel);
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        ReadOnlyMemory<byte> content;
        lock (_gate)
        {
            if (!_objects.TryGetValue(name, out content))
            {
                throw this.NotFound(name);
            }
        }
        var count = (int)Math.Clamp(content.Length - offset, 0, buffer.Length);
        if (count > 0)
        {
            content.Slice((int)offset, count).CopyTo(buffer);
        }
        return ValueTask.FromResult(count);
    }

    /// <inheritdoc/>
    public ValueTask<long?> GetLengthAsync(string name, CancellationToken cancel)
    {
        Check(name, cancel);
        lock (_gate)
        {
            return ValueTask.FromResult(_objects.TryGetValue(name, out var content) ? content.Length : (long?)null);
        }
    }

    /// <inheritdoc/>
    public async IAsyncEnumerable<ObjectInfo> ListAsync(string prefix, [EnumeratorCancellation] CancellationToken cancel)
    {
        ObjectName.CheckPrefix(prefix);
        foreach (var (name, content) in Objects)
        {
            cancel.ThrowIfCancellationRequested();
            if (name.StartsWith(prefix, StringComparison.Ordinal))
            {
                yield return new ObjectInfo(name, content.Length);
            }
        }
        await ValueTask.CompletedTask.ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public ValueTask<bool> DeleteAsync(string name, CancellationToken cancel)
    {
        Check(name, cancel);
        lock (_gate)
        {
            return ValueTask.FromResult(_objects.Remove(name));
        }
    }

    ValueTask IReplacingStore.ReplaceAsync(string name, ReadOnlyMemory<byte> content, CancellationToken cancel)
    {
        Check(name, cancel);
        lock (_gate)
        {
            _objects[name] = content.ToArray();
        }
        return ValueTask.CompletedTask;
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private static void Check(string name, CancellationToken cancel)
    {
        ObjectName.Check(name);
        cancel.ThrowIfCancellationRequested();
    }
}
