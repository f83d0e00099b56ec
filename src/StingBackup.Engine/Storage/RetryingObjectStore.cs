using System.Runtime.CompilerServices;
using Polly;
using Polly.Retry;

namespace StingBackup.Engine.Storage;

/// <summary>
/// Repeats what failed for want of an answer: a server that is overloaded, silent, or cut off. Three attempts, exponential pauses with jitter. What is refused,
/// missing or there already is never repeated. Disposes the inner store.
/// </summary>
public sealed class RetryingObjectStore : IObjectStore
{
    /// <summary>The strategy's number of attempts.</summary>
    public const int DefaultAttempts = 3;

    private readonly IObjectStore _inner;
    private readonly ResiliencePipeline _retry;

    /// <summary>Wraps a store.</summary>
    /// <param name="inner">The store.</param>
    /// <param name="clock">The clock of the pauses.</param>
    /// <param name="attempts">Attempts in all.</param>
    /// <param name="pause">The first pause; it doubles each time, give or take.</param>
    public RetryingObjectStore(IObjectStore inner, TimeProvider clock, int attempts = DefaultAttempts, TimeSpan? pause = null)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(attempts, 1);
        _inner = inner;
        var builder = new ResiliencePipelineBuilder { TimeProvider = clock };
        if (attempts > 1)
        {
            builder.AddRetry(new RetryStrategyOptions
            {
                ShouldHandle = new PredicateBuilder().Handle<StingException>(IsPassing),
                MaxRetryAttempts = attempts - 1, BackoffType = DelayBackoffType.Exponential, UseJitter = true, Delay = pause ?? TimeSpan.FromSeconds(1), MaxDelay = TimeSpan.FromSeconds(30),
            });
        }
        _retry = builder.Build();
    }

    /// <inheritdoc/>
    public string Location => _inner.Location;

    /// <summary>Whether a failure may pass by itself.</summary>
    public static bool IsPassing(StingException failure)
    {
        ArgumentNullException.ThrowIfNull(failure);
        return failure.ErrorId is "StoreBusy" or "StoreUnreachable";
    }

    /// <inheritdoc/>
    public async ValueTask<bool> PutAsync(string name, ReadOnlyMemory<byte> content, CancellationToken cancel)
    {
        var attempts = 0;
        var created = await _retry.ExecuteAsync(async stop =>
        {
            attempts++;
            return await _inner.PutAsync(name, content, stop).ConfigureAwait(false);
        }, cancel).ConfigureAwait(false);
        // The answer to an earlier attempt may have been lost on its way: then what stands there is ours.
        return created || (attempts > 1 && await HoldsAsync(name, content, cancel).ConfigureAwait(false));
    }

    /// <inheritdoc/>
    public ValueTask StageAsync(string name, ReadOnlyMemory<byte> content, CancellationToken cancel) => _retry.ExecuteAsync(stop => _inner.StageAsync(name, content, stop), cancel);

    /// <inheritdoc/>
    public ValueTask BarrierAsync(CancellationToken cancel) => _retry.ExecuteAsync(_inner.BarrierAsync, cancel);

    /// <inheritdoc/>
    public ValueTask<int> ReadAsync(string name, long offset, Memory<byte> buffer, CancellationToken cancel) => _retry.ExecuteAsync(stop => _inner.ReadAsync(name, offset, buffer, stop), cancel);

    /// <inheritdoc/>
    public ValueTask<long?> GetLengthAsync(string name, CancellationToken cancel) => _retry.ExecuteAsync(stop => _inner.GetLengthAsync(name, stop), cancel);

    /// <inheritdoc/>
    public async IAsyncEnumerable<ObjectInfo> ListAsync(string prefix, [EnumeratorCancellation] CancellationToken cancel)
    {
        // A listing that breaks off begins anew and passes over what was told already.
        var last = "";
        var listing = _inner.ListAsync(prefix, cancel).GetAsyncEnumerator(cancel);
        try
        {
            while (await _retry.ExecuteAsync(AdvanceAsync, cancel).ConfigureAwait(false))
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
            catch (StingException e) when (IsPassing(e))
            {
                await listing.DisposeAsync().ConfigureAwait(false);
                listing = _inner.ListAsync(prefix, cancel).GetAsyncEnumerator(cancel);
                throw;
            }
        }
    }

    /// <summary>Deletes; when an answer was lost on its way, what is gone by then counts as deleted by this call.</summary>
    public async ValueTask<bool> DeleteAsync(string name, CancellationToken cancel)
    {
        var attempts = 0;
        return await _retry.ExecuteAsync(async stop =>
        {
            attempts++;
            return await _inner.DeleteAsync(name, stop).ConfigureAwait(false);
        }, cancel).ConfigureAwait(false) || attempts > 1;
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _inner.DisposeAsync();

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
