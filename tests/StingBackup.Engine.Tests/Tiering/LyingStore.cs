using System.Runtime.CompilerServices;
using StingBackup.Engine.Storage;

namespace StingBackup.Engine.Tests.Tiering;

/// <summary>Says success and does something else.</summary>
internal sealed class LyingStore(MemoryObjectStore inner) : IObjectStore
{
    /// <summary>Of these it says that they are stored, and throws them away.</summary>
    public Func<string, bool> Swallows { get; set; } = _ => false;
    /// <summary>Of these it keeps half.</summary>
    public Func<string, bool> Truncates { get; set; } = _ => false;
    /// <summary>What it lists in the place of what it has.</summary>
    public IReadOnlyDictionary<string, ReadOnlyMemory<byte>>? Stale { get; set; }

    /// <summary>What it lists and does not have.</summary>
    public Dictionary<string, long> Ghosts { get; } = [];

    public string Location => "lying";

    public async ValueTask<bool> PutAsync(string name, ReadOnlyMemory<byte> content, CancellationToken cancel) => Swallows(name) || await inner.PutAsync(name, Cut(name, content), cancel);

    public async ValueTask StageAsync(string name, ReadOnlyMemory<byte> content, CancellationToken cancel)
    {
        if (!Swallows(name))
        {
            await inner.StageAsync(name, Cut(name, content), cancel);
        }
    }

    public ValueTask BarrierAsync(CancellationToken cancel) => inner.BarrierAsync(cancel);
    public ValueTask<int> ReadAsync(string name, long offset, Memory<byte> buffer, CancellationToken cancel) => inner.ReadAsync(name, offset, buffer, cancel);
    public ValueTask<long?> GetLengthAsync(string name, CancellationToken cancel) => inner.GetLengthAsync(name, cancel);

    public async IAsyncEnumerable<ObjectInfo> ListAsync(string prefix, [EnumeratorCancellation] CancellationToken cancel)
    {
        await foreach (var item in inner.ListAsync(prefix, cancel))
        {
            if (Stale is null || Stale.ContainsKey(item.Name))
            {
                yield return item;
            }
        }
        foreach (var (name, length) in Ghosts.Where(g => g.Key.StartsWith(prefix, StringComparison.Ordinal)))
        {
            yield return new ObjectInfo(name, length);
        }
    }

    public ValueTask<bool> DeleteAsync(string name, CancellationToken cancel) => inner.DeleteAsync(name, cancel);
    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private ReadOnlyMemory<byte> Cut(string name, ReadOnlyMemory<byte> content) => Truncates(name) ? content[..(content.Length / 2)] : content;
}
