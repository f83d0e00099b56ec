using System.Runtime.CompilerServices;

namespace StingBackup.Engine.Storage;

/// <summary>
/// A store whose calls are repeated as <see cref="StoreRetry"/> says. A barrier is many requests: the store inside repeats each of them by itself, and what it did not come to stays
/// staged. Disposes the inner store.
/// </summary>
/// <param name="inner">The store.</param>
/// <param name="retry">How to repeat.</param>
public sealed class RetryingObjectStore(IObjectStore inner, StoreRetry retry) : IObjectStore
{
    /// <inheritdoc/>
    public string Location => inner.Location;

    /// <inheritdoc/>
    public IThawingStore? Thawing => inner.Thawing is { } thawing ? new RetryingThawingStore(thawing, retry) : null;

    /// <inheritdoc/>
    public ILockingStore? Locking => inner.Locking is { } locking ? new RetryingLockingStore(locking, retry) : null;

    /// <inheritdoc/>
    public bool GuardsContent => inner.GuardsContent;

    /// <inheritdoc/>
    public async ValueTask<bool> PutAsync(string name, ReadOnlyMemory<byte> content, CancellationToken cancel)
    {
        var attempts = 0;
        var created = await retry.RunAsync(async stop =>
        {
            attempts++;
            return await inner.PutAsync(name, content, stop).ConfigureAwait(false);
        }, cancel).ConfigureAwait(false);
        // The answer to an earlier attempt may have been lost on its way: then what stands there is ours.
        return created || (attempts > 1 && await HoldsAsync(name, content, cancel).ConfigureAwait(false));
    }

    /// <inheritdoc/>
    public ValueTask StageAsync(string name, ReadOnlyMemory<byte> content, CancellationToken cancel) => retry.RunAsync(stop => inner.StageAsync(name, content, stop), cancel);

    /// <inheritdoc/>
    public ValueTask BarrierAsync(CancellationToken cancel) => inner.BarrierAsync(cancel);

    /// <inheritdoc/>
    public ValueTask<int> ReadAsync(string name, long offset, Memory<byte> buffer, CancellationToken cancel) => retry.RunAsync(stop => inner.ReadAsync(name, offset, buffer, stop), cancel);

    /// <inheritdoc/>
    public ValueTask<long?> GetLengthAsync(string name, CancellationToken cancel) => retry.RunAsync(stop => inner.GetLengthAsync(name, stop), cancel);

    /// <inheritdoc/>
    public IAsyncEnumerable<ObjectInfo> ListAsync(string prefix, CancellationToken cancel) => ListFromAsync(prefix, "", cancel);

    /// <inheritdoc/>
    public IAsyncEnumerable<ObjectInfo> ListAfterAsync(string prefix, string after, CancellationToken cancel) => ListFromAsync(prefix, after, cancel);

    private async IAsyncEnumerable<ObjectInfo> ListFromAsync(string prefix, string after, [EnumeratorCancellation] CancellationToken cancel)
    {
        // A listing that breaks off goes on behind what was told already.
        var last = after;
        IAsyncEnumerable<ObjectInfo> Begin() => last.Length == 0 ? inner.ListAsync(prefix, cancel) : inner.ListAfterAsync(prefix, last, cancel);
        var listing = Begin().GetAsyncEnumerator(cancel);
        try
        {
            while (await retry.RunAsync(AdvanceAsync, cancel).ConfigureAwait(false))
            {
                last = listing.Current.Name;
                yield return listing.Current;
            }
        }
        finally
        {
            await listing.DisposeAsync().ConfigureAwait(false);
        }

        async ValueTask<bool> AdvanceAsync(CancellationToken stop)
        {
            try
            {
                do
                {
                    if (!await listing.MoveNextAsync().ConfigureAwait(false))
                    {
                        return false;
                    }
                }
                while (string.CompareOrdinal(listing.Current.Name, last) <= 0);
                return true;
            }
            catch (StingException e) when (StoreRetry.IsPassing(e))
            {
                await listing.DisposeAsync().ConfigureAwait(false);
                listing = Begin().GetAsyncEnumerator(cancel);
                throw;
            }
        }
    }

    /// <summary>Deletes; when an answer was lost on its way, what is gone by then counts as deleted by this call.</summary>
    public async ValueTask<bool> DeleteAsync(string name, CancellationToken cancel)
    {
        var attempts = 0;
        return await retry.RunAsync(async stop =>
        {
            attempts++;
            return await inner.DeleteAsync(name, stop).ConfigureAwait(false);
        }, cancel).ConfigureAwait(false) || attempts > 1;
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => inner.DisposeAsync();

    private async ValueTask<bool> HoldsAsync(string name, ReadOnlyMemory<byte> content, CancellationToken cancel)
    {
        if (await GetLengthAsync(name, cancel).ConfigureAwait(false) != content.Length)
        {
            return false;
        }
        var there = new byte[content.Length];
        return await ReadAsync(name, 0, there, cancel).ConfigureAwait(false) == there.Length && content.Span.SequenceEqual(there);
    }
}
