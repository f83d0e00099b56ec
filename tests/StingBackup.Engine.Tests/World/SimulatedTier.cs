using StingBackup.Engine.Storage;

namespace StingBackup.Engine.Tests.World;

/// <summary>The objects of one tier as all hosts see them, and who is told of what comes and goes.</summary>
internal sealed class SimulatedTier(Tier tier) : IAsyncDisposable
{
    private readonly MemoryObjectStore _objects = new();
    private IReadOnlyDictionary<string, ReadOnlyMemory<byte>>? _seen;

    public Tier Tier { get; } = tier;

    /// <summary>Told when an object can be seen, and when it is gone.</summary>
    public Action<SimulatedTier, string, ReadOnlyMemory<byte>?>? Changed { get; set; }

    public IReadOnlyDictionary<string, ReadOnlyMemory<byte>> Objects => _seen ??= _objects.Objects;

    public MemoryObjectStore Store => _objects;

    public bool Put(string name, ReadOnlyMemory<byte> bytes)
    {
        if (!Now(_objects.PutAsync(name, bytes, default)))
        {
            return false;
        }
        _seen = null;
        Changed?.Invoke(this, name, bytes);
        return true;
    }

    /// <summary>Bytes that a damaged disk gives: nobody wrote them.</summary>
    public void PutUnseen(string name, ReadOnlyMemory<byte> bytes)
    {
        Now(_objects.PutAsync(name, bytes, default));
        _seen = null;
    }

    public bool Delete(string name)
    {
        if (!Now(_objects.DeleteAsync(name, default)))
        {
            return false;
        }
        _seen = null;
        Changed?.Invoke(this, name, null);
        return true;
    }

    public int Read(string name, long offset, Memory<byte> buffer) => Now(_objects.ReadAsync(name, offset, buffer, default));
    public long? Length(string name) => Now(_objects.GetLengthAsync(name, default));

    /// <summary>Up to so many names behind one: what a server gives in one answer. Between two answers others create and delete.</summary>
    public IReadOnlyList<ObjectInfo> Page(string prefix, string after, int most) =>
        [.. Objects.SkipWhile(o => string.CompareOrdinal(o.Key, after) <= 0).Where(o => o.Key.StartsWith(prefix, StringComparison.Ordinal)).Take(most).Select(o => new ObjectInfo(o.Key, o.Value.Length))];

    public ValueTask DisposeAsync() => _objects.DisposeAsync();

    // Memory answers at once, so nothing waits here.
    private static T Now<T>(ValueTask<T> answer) => answer.AsTask().GetAwaiter().GetResult();
}
