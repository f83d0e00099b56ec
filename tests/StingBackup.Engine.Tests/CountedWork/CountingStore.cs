using System.Collections.Concurrent;
using StingBackup.Engine.Storage;

namespace StingBackup.Engine.Tests.CountedWork;

/// <summary>Counts what is asked of a store, and the bytes that it takes. A listing counts once, however many pages a server would give it in.</summary>
internal sealed class CountingStore(IObjectStore inner) : IObjectStore
{
    private readonly ConcurrentDictionary<string, int> _requests = new(StringComparer.Ordinal);
    private long _taken;

    public string Location => inner.Location;

    /// <summary>Requests since the last call, by kind.</summary>
    public SortedDictionary<string, double> TakeRequests()
    {
        var taken = new SortedDictionary<string, double>(_requests.ToDictionary(r => r.Key, r => (double)r.Value), StringComparer.Ordinal);
        _requests.Clear();
        return taken;
    }

    /// <summary>Bytes put and staged since the last call.</summary>
    public long TakeBytes() => Interlocked.Exchange(ref _taken, 0);

    public ValueTask<bool> PutAsync(string name, ReadOnlyMemory<byte> content, CancellationToken cancel)
    {
        Interlocked.Add(ref _taken, content.Length);
        return Counted("put", inner).PutAsync(name, content, cancel);
    }

    public ValueTask StageAsync(string name, ReadOnlyMemory<byte> content, CancellationToken cancel)
    {
        Interlocked.Add(ref _taken, content.Length);
        return Counted("stage", inner).StageAsync(name, content, cancel);
    }

    public ValueTask BarrierAsync(CancellationToken cancel) => Counted("barrier", inner).BarrierAsync(cancel);
    public ValueTask<int> ReadAsync(string name, long offset, Memory<byte> buffer, CancellationToken cancel) => Counted("read", inner).ReadAsync(name, offset, buffer, cancel);
    public ValueTask<long?> GetLengthAsync(string name, CancellationToken cancel) => Counted("length", inner).GetLengthAsync(name, cancel);
    public IAsyncEnumerable<ObjectInfo> ListAsync(string prefix, CancellationToken cancel) => Counted("list", inner).ListAsync(prefix, cancel);
    public ValueTask<bool> DeleteAsync(string name, CancellationToken cancel) => Counted("delete", inner).DeleteAsync(name, cancel);
    public ValueTask DisposeAsync() => inner.DisposeAsync();

    private IObjectStore Counted(string kind, IObjectStore store)
    {
        _requests.AddOrUpdate(kind, 1, (_, n) => n + 1);
        return store;
    }
}
