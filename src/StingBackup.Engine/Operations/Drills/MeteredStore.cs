using System.Collections.Concurrent;
using StingBackup.Engine.Storage;

namespace StingBackup.Engine.Operations.Drills;

/// <summary>A store that counts which packs were read, and how many bytes. It writes nothing: a drill looks at a tier, and changes none. Owns no store.</summary>
internal sealed class MeteredStore(IObjectStore inner) : IObjectStore
{
    private readonly ConcurrentDictionary<string, bool> _packs = new(StringComparer.Ordinal);
    private long _length;

    /// <summary>Packs of which something was read.</summary>
    public long Packs => _packs.Count;

    /// <summary>Bytes that were read, of packs and of all else.</summary>
    public long Length => Interlocked.Read(ref _length);

    /// <inheritdoc/>
    public string Location => inner.Location;
    /// <inheritdoc/>
    public IThawingStore? Thawing => inner.Thawing;
    /// <inheritdoc/>
    public ILockingStore? Locking => inner.Locking;

    /// <inheritdoc/>
    public bool GuardsContent => inner.GuardsContent;

    /// <inheritdoc/>
    public async ValueTask<int> ReadAsync(string name, long offset, Memory<byte> buffer, CancellationToken cancel)
    {
        var read = await inner.ReadAsync(name, offset, buffer, cancel).ConfigureAwait(false);
        Interlocked.Add(ref _length, read);
        if (ObjectName.IsPack(name))
        {
            _packs.TryAdd(name, true);
        }
        return read;
    }

    /// <inheritdoc/>
    public ValueTask<long?> GetLengthAsync(string name, CancellationToken cancel) => inner.GetLengthAsync(name, cancel);
    /// <inheritdoc/>
    public IAsyncEnumerable<ObjectInfo> ListAsync(string prefix, CancellationToken cancel) => inner.ListAsync(prefix, cancel);
    /// <inheritdoc/>
    public void Expect(IReadOnlyList<ObjectInfo> objects, int ahead) => inner.Expect(objects, ahead);
    /// <inheritdoc/>
    public ValueTask<bool> PutAsync(string name, ReadOnlyMemory<byte> content, CancellationToken cancel) => throw ReadsOnly();
    /// <inheritdoc/>
    public ValueTask StageAsync(string name, ReadOnlyMemory<byte> content, CancellationToken cancel) => throw ReadsOnly();
    /// <inheritdoc/>
    public ValueTask BarrierAsync(CancellationToken cancel) => throw ReadsOnly();
    /// <inheritdoc/>
    public ValueTask<bool> DeleteAsync(string name, CancellationToken cancel) => throw ReadsOnly();
    /// <inheritdoc/>
    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private static InvalidOperationException ReadsOnly() => new("A drill writes to no tier.");
}
