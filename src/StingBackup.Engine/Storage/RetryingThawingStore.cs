namespace StingBackup.Engine.Storage;

/// <summary>Requests of a thawing store, repeated as those of its objects are. All of them may come twice.</summary>
internal sealed class RetryingThawingStore(IThawingStore inner, StoreRetry retry) : IThawingStore
{
    public ValueTask<StoredState?> GetStateAsync(string name, CancellationToken cancel) => retry.RunAsync(stop => inner.GetStateAsync(name, stop), cancel);

    public ValueTask<ThawAnswer> ThawAsync(string name, RetrievalSpeed speed, int days, CancellationToken cancel) => retry.RunAsync(stop => inner.ThawAsync(name, speed, days, stop), cancel);

    public ValueTask MoveAsync(string name, string storageClass, CancellationToken cancel) => retry.RunAsync(stop => inner.MoveAsync(name, storageClass, stop), cancel);

    /// <summary>Not repeated: whoever lists classes can begin anew.</summary>
    public IAsyncEnumerable<StoredObject> ListStoredAsync(string prefix, CancellationToken cancel) => inner.ListStoredAsync(prefix, cancel);
}
