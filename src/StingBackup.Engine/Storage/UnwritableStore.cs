namespace StingBackup.Engine.Storage;

/// <summary>A store that this program may read and not write: a later one moved its format on.</summary>
/// <param name="inner">The store; closed with this one.</param>
/// <param name="refusal">Why.</param>
internal sealed class UnwritableStore(IObjectStore inner, StingException refusal) : IObjectStore
{
    /// <inheritdoc/>
    public string Location => inner.Location;

    /// <inheritdoc/>
    public ILockingStore? Locking => inner.Locking;

    /// <inheritdoc/>
    public bool GuardsContent => inner.GuardsContent;

    /// <inheritdoc/>
    public IThawingStore? Thawing => inner.Thawing;

    /// <inheritdoc/>
    public ValueTask<int> ReadAsync(string name, long offset, Memory<byte> buffer, CancellationToken cancel) => inner.ReadAsync(name, offset, buffer, cancel);

    /// <inheritdoc/>
    public ValueTask<long?> GetLengthAsync(string name, CancellationToken cancel) => inner.GetLengthAsync(name, cancel);

    /// <inheritdoc/>
    public IAsyncEnumerable<ObjectInfo> ListAsync(string prefix, CancellationToken cancel) => inner.ListAsync(prefix, cancel);

    /// <inheritdoc/>
    public IAsyncEnumerable<ObjectInfo> ListAfterAsync(string prefix, string after, CancellationToken cancel) => inner.ListAfterAsync(prefix, after, cancel);

    /// <inheritdoc/>
    public void Expect(IReadOnlyList<ObjectInfo> objects, int ahead) => inner.Expect(objects, ahead);

    /// <inheritdoc/>
    public ValueTask<bool> PutAsync(string name, ReadOnlyMemory<byte> content, CancellationToken cancel) => throw refusal;

    /// <inheritdoc/>
    public ValueTask StageAsync(string name, ReadOnlyMemory<byte> content, CancellationToken cancel) => throw refusal;

    /// <inheritdoc/>
    public ValueTask BarrierAsync(CancellationToken cancel) => throw refusal;

    /// <inheritdoc/>
    public ValueTask<bool> DeleteAsync(string name, CancellationToken cancel) => throw refusal;

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => inner.DisposeAsync();
}
