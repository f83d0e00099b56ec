using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using StingBackup.Engine.Storage;

namespace StingBackup.Engine.Tests.Faults;

/// <summary>A tier whose calls are counted, one of which fails as the script says. What is closed with the installation is this, not the objects.</summary>
internal sealed class SweptStore(MemoryObjectStore inner, Tier tier, FaultScript script) : IObjectStore
{
    private readonly IReadOnlyDictionary<string, ReadOnlyMemory<byte>> _before = inner.Objects;
    private readonly ConcurrentQueue<(string Name, byte[] Content)> _staged = new();

    public string Location => tier == Tier.Local ? "memory" : $"s3://{tier.ToString().ToLowerInvariant()}/sting";

    public async ValueTask<bool> PutAsync(string name, ReadOnlyMemory<byte> content, CancellationToken cancel)
    {
        var way = Begin("put", name);
        var created = await inner.PutAsync(name, content, cancel);
        FaultScript.ThrowAfter(way, "put", name);
        return created && way != FaultWay.Twice;
    }

    public ValueTask StageAsync(string name, ReadOnlyMemory<byte> content, CancellationToken cancel)
    {
        Begin("stage", name);
        _staged.Enqueue((name, content.ToArray()));
        return inner.StageAsync(name, content, cancel);
    }

    public async ValueTask BarrierAsync(CancellationToken cancel)
    {
        var way = Begin("barrier", "");
        if (way == FaultWay.Half)
        {
            foreach (var (name, content) in _staged.Where((_, i) => i % 2 == 0))
            {
                await inner.PutAsync(name, content, cancel);
            }
        }
        else
        {
            await inner.BarrierAsync(cancel);
            _staged.Clear();
        }
        FaultScript.ThrowAfter(way, "barrier", "");
    }

    public async ValueTask<int> ReadAsync(string name, long offset, Memory<byte> buffer, CancellationToken cancel)
    {
        var way = Begin("read", name);
        var count = await inner.ReadAsync(name, offset, buffer, cancel);
        return way == FaultWay.Short ? count / 2 : count;
    }

    public ValueTask<long?> GetLengthAsync(string name, CancellationToken cancel)
    {
        Begin("length", name);
        return inner.GetLengthAsync(name, cancel);
    }

    public async IAsyncEnumerable<ObjectInfo> ListAsync(string prefix, [EnumeratorCancellation] CancellationToken cancel)
    {
        var way = Begin("list", prefix);
        var items = way == FaultWay.Stale
            ? [.. _before.Where(o => o.Key.StartsWith(prefix, StringComparison.Ordinal)).Select(o => new ObjectInfo(o.Key, o.Value.Length))]
            : await inner.ListAsync(prefix, cancel).ToListAsync(cancel);
        foreach (var item in way == FaultWay.Half ? items.Take(items.Count / 2) : items)
        {
            yield return item;
        }
        FaultScript.ThrowAfter(way, "list", prefix);
    }

    public async ValueTask<bool> DeleteAsync(string name, CancellationToken cancel)
    {
        var way = Begin("delete", name);
        var deleted = await inner.DeleteAsync(name, cancel);
        FaultScript.ThrowAfter(way, "delete", name);
        return deleted;
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private FaultWay? Begin(string verb, string name)
    {
        var way = script.Meet(tier, verb, name);
        FaultScript.ThrowBefore(way, verb, name);
        return way;
    }
}
