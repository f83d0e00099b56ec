namespace StingBackup.Engine.Storage;

/// <summary>
/// Stands in the place of a local tier that holds no repository any more: what is read comes from the next tier, and nothing is written, since a host that went on in an empty repository would
/// give the numbers of its lost runs a second time.
/// </summary>
/// <param name="location">Where the local tier lay.</param>
/// <param name="local">Its store, empty; null when it is not even there.</param>
/// <param name="next">The next tier; its owner closes it.</param>
internal sealed class LostTierStore(string location, IObjectStore? local, IObjectStore next) : IObjectStore
{
    /// <inheritdoc/>
    public string Location => location;

    /// <summary>The empty local store.</summary>
    /// <exception cref="StingException"><c>StoreUnavailable</c></exception>
    public IObjectStore Local => local ?? throw StoreErrors.Missing(location);

    /// <summary>Where it is read from.</summary>
    public IObjectStore Next => next;

    /// <summary>How it is told.</summary>
    public StingException ToWarning() => new("LocalTierLost", FailureKind.NotFound, $"The local tier {location} holds no repository. What is read comes from {next.Location}; nothing can be written.", location,
        local is null ? "If its disk is only not mounted, mount it. If it is lost, make an empty folder there, then run Sync-StingTier -Tier Local (sting-backup sync --tier=local): it brings the local tier back."
        : "If its disk is only not mounted, mount it. If it is lost, run Sync-StingTier -Tier Local (sting-backup sync --tier=local): it brings the local tier back.");

    /// <inheritdoc/>
    public ValueTask<int> ReadAsync(string name, long offset, Memory<byte> buffer, CancellationToken cancel) => next.ReadAsync(name, offset, buffer, cancel);

    /// <inheritdoc/>
    public ValueTask<long?> GetLengthAsync(string name, CancellationToken cancel) => next.GetLengthAsync(name, cancel);

    /// <inheritdoc/>
    public IAsyncEnumerable<ObjectInfo> ListAsync(string prefix, CancellationToken cancel) => next.ListAsync(prefix, cancel);

    /// <inheritdoc/>
    public ValueTask<bool> PutAsync(string name, ReadOnlyMemory<byte> content, CancellationToken cancel) => throw ToWarning();

    /// <inheritdoc/>
    public ValueTask StageAsync(string name, ReadOnlyMemory<byte> content, CancellationToken cancel) => throw ToWarning();

    /// <inheritdoc/>
    public ValueTask BarrierAsync(CancellationToken cancel) => throw ToWarning();

    /// <inheritdoc/>
    public ValueTask<bool> DeleteAsync(string name, CancellationToken cancel) => throw ToWarning();

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => local?.DisposeAsync() ?? ValueTask.CompletedTask;

    /// <summary>Neither the local tier nor the remote one in its place can be read.</summary>
    public static StingException Neither(StingException local, StingException remote) =>
        new(local.ErrorId, local.Kind, $"{local.Message} Nor can it be read from the Remote tier: {remote.Message}", local.Target, $"{local.Remedy} Or: {remote.Remedy}", local);
}
