using System.Runtime.CompilerServices;
using StingBackup.Engine.Storage;

namespace StingBackup.Engine.Tests.World;

/// <summary>One running host's way to a tier. What it has staged is its own until a barrier, and goes with it in a crash.</summary>
internal sealed class HostStore(SimulatedTier tier, Gate gate) : IObjectStore
{
    /// <summary>Names in one answer to a listing: few, so that listings of a small world are no moments either.</summary>
    private const int PageNames = 16;

    private readonly Lock _lock = new();
    private readonly List<KeyValuePair<string, byte[]>> _staged = [];

    public string Location => tier.Tier == Tier.Local ? "memory" : "s3://far/sting";
    public Gate Gate => gate;
    public SimulatedTier Held => tier;

    public ValueTask<bool> PutAsync(string name, ReadOnlyMemory<byte> content, CancellationToken cancel)
    {
        ObjectName.Check(name);
        cancel.ThrowIfCancellationRequested();
        var bytes = content.ToArray();
        return new(gate.EnterAsync("put", name, tier.Tier, () => tier.Put(name, bytes)));
    }

    public ValueTask StageAsync(string name, ReadOnlyMemory<byte> content, CancellationToken cancel)
    {
        ObjectName.Check(name);
        cancel.ThrowIfCancellationRequested();
        var bytes = content.ToArray();
        return new(gate.EnterAsync("stage", name, tier.Tier, () =>
        {
            lock (_lock)
            {
                _staged.Add(new(name, bytes));
            }
            return true;
        }));
    }

    public ValueTask BarrierAsync(CancellationToken cancel)
    {
        cancel.ThrowIfCancellationRequested();
        return new(gate.EnterAsync("barrier", "", tier.Tier, () => Land(_ => true), random => Land(_ => random.Next(2) == 0)));
    }

    public ValueTask<int> ReadAsync(string name, long offset, Memory<byte> buffer, CancellationToken cancel)
    {
        ObjectName.Check(name);
        cancel.ThrowIfCancellationRequested();
        return new(gate.EnterAsync("read", name, tier.Tier, () => tier.Read(name, offset, buffer)));
    }

    public ValueTask<long?> GetLengthAsync(string name, CancellationToken cancel)
    {
        ObjectName.Check(name);
        cancel.ThrowIfCancellationRequested();
        return new(gate.EnterAsync("look", name, tier.Tier, () => tier.Length(name)));
    }

    public IAsyncEnumerable<ObjectInfo> ListAsync(string prefix, CancellationToken cancel) => ListAfterAsync(prefix, "", cancel);

    public async IAsyncEnumerable<ObjectInfo> ListAfterAsync(string prefix, string after, [EnumeratorCancellation] CancellationToken cancel)
    {
        ObjectName.CheckPrefix(prefix);
        while (true)
        {
            cancel.ThrowIfCancellationRequested();
            var from = after;
            var page = await gate.EnterAsync("list", prefix, tier.Tier, () => tier.Page(prefix, from, PageNames)).ConfigureAwait(false);
            foreach (var item in page)
            {
                yield return item;
            }
            if (page.Count < PageNames)
            {
                yield break;
            }
            after = page[^1].Name;
        }
    }

    public ValueTask<bool> DeleteAsync(string name, CancellationToken cancel)
    {
        ObjectName.Check(name);
        cancel.ThrowIfCancellationRequested();
        return new(gate.EnterAsync("delete", name, tier.Tier, () => tier.Delete(name)));
    }

    /// <summary>What of the staged objects is there after a crash: any of them, in any order, and none that is not whole (a store shows an object when it is).</summary>
    public void Crash(Random random) => Land(_ => random.Next(3) == 0);

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private bool Land(Func<string, bool> lands)
    {
        KeyValuePair<string, byte[]>[] staged;
        lock (_lock)
        {
            staged = [.. _staged];
            _staged.Clear();
        }
        foreach (var (name, bytes) in staged.Where(o => lands(o.Key)))
        {
            tier.Put(name, bytes);
        }
        return true;
    }
}
