using StingBackup.Engine.Storage;

namespace StingBackup.Engine.Tests.Storage;

/// <summary>A failure that passes is tried again, any other is not; and whoever does not hear the answer finds out what became of the request.</summary>
public sealed class RetryingObjectStoreTests : IAsyncDisposable
{
    private static readonly byte[] Own = [1, 2, 3], Other = [1, 2, 4], Longer = [1, 2, 3, 4];

    private readonly LossyStore _inner = new();
    private readonly RetryingObjectStore _store;

    public RetryingObjectStoreTests() => _store = new RetryingObjectStore(_inner, new StoreRetry(TimeProvider.System, attempts: 3, TimeSpan.FromMilliseconds(1)));

    public ValueTask DisposeAsync() => _store.DisposeAsync();

    private async Task<string[]> NamesAsync(string after = "") => await (after.Length == 0 ? _store.ListAsync("a/", default) : _store.ListAfterAsync("a/", after, default)).Select(item => item.Name).ToArrayAsync();

    [Fact]
    public async Task A_put_whose_answer_was_lost_is_ours_when_the_same_bytes_stand_there()
    {
        _inner.LoseAnswers(1);
        Assert.True(await _store.PutAsync("a/own", Own, default));
        Assert.False(await _store.PutAsync("a/own", Own, default));   // the answer came: it was there before
        await _inner.Inner.PutAsync("a/other", Other, default);
        await _inner.Inner.PutAsync("a/longer", Longer, default);
        _inner.LoseAnswers(1);
        Assert.False(await _store.PutAsync("a/other", Own, default));
        _inner.LoseAnswers(1);
        Assert.False(await _store.PutAsync("a/longer", Own, default));
    }

    [Fact]
    public async Task A_deletion_whose_answer_was_lost_counts()
    {
        await _inner.Inner.PutAsync("a/1", new byte[1], default);
        _inner.LoseAnswers(1);
        Assert.True(await _store.DeleteAsync("a/1", default));
        Assert.False(await _store.DeleteAsync("a/1", default));
    }

    [Theory]
    [InlineData("StoreBusy", 3)]
    [InlineData("StoreUnreachable", 3)]
    [InlineData("StoreFailed", 1)]
    public async Task A_failure_that_passes_is_tried_three_times_and_another_once(string id, int calls)
    {
        _inner.LoseAnswers(int.MaxValue, id);
        var error = await Assert.ThrowsAsync<StingException>(() => _store.ReadAsync("a/1", 0, new byte[1], default).AsTask());
        Assert.Equal((id, calls > 1), (error.ErrorId, error.Message.Contains("It was tried 3 times in ", StringComparison.Ordinal)));
        Assert.Equal(calls, _inner.Calls);
        Assert.Equal(id, (await Assert.ThrowsAsync<StingException>(() => _store.StageAsync("a/1", new byte[1], default).AsTask())).ErrorId);
        Assert.Equal(id, (await Assert.ThrowsAsync<StingException>(() => _store.GetLengthAsync("a/1", default).AsTask())).ErrorId);
        Assert.Equal(3 * calls, _inner.Calls);
    }

    [Fact]
    public async Task A_listing_that_breaks_off_goes_on_behind_what_was_told()
    {
        string[] names = [.. Enumerable.Range(0, 9).Select(i => $"a/{i}")];
        foreach (var name in names)
        {
            await _inner.Inner.PutAsync(name, new byte[1], default);
        }
        _inner.BreakListingsAfter = 2;
        Assert.Equal(names, await NamesAsync());
        Assert.Equal(names[4..], await NamesAsync("a/3"));
        _inner.BreakListingsAfter = 0;   // it breaks before it tells anything, each time
        Assert.Equal("StoreBusy", (await Assert.ThrowsAsync<StingException>(() => NamesAsync())).ErrorId);
        Assert.Equal(("memory", null, null), (_store.Location, _store.Thawing, _store.Locking));
    }

    [Fact]
    public async Task A_store_that_locks_is_asked_for_locks_again_too_and_one_attempt_is_no_second()
    {
        var clock = new Microsoft.Extensions.Time.Testing.FakeTimeProvider(new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero));
        var locking = new Locks.LockingMemoryStore(new Locks.LockedBucket(clock), TierLockMode.Governance, TimeSpan.FromDays(1));
        await using var store = new RetryingObjectStore(locking, new StoreRetry(TimeProvider.System));
        Assert.Equal((TierLockMode.Governance, TimeSpan.FromDays(1)), (store.Locking!.Mode, store.Locking.AtLeast));
        var once = new RetryingObjectStore(_inner, new StoreRetry(TimeProvider.System, attempts: 1));
        _inner.LoseAnswers(1);
        Assert.Equal("StoreBusy", (await Assert.ThrowsAsync<StingException>(() => once.GetLengthAsync("a/1", default).AsTask())).ErrorId);
        Assert.Equal(1, _inner.Calls);
    }

    [Fact]
    public void A_store_is_called_at_least_once() => Assert.Throws<ArgumentOutOfRangeException>(() => new StoreRetry(TimeProvider.System, attempts: 0));

    /// <summary>Does what it is asked and fails to say so, so many times.</summary>
    private sealed class LossyStore : IObjectStore
    {
        private int _lost;
        private string _id = "";

        public MemoryObjectStore Inner { get; } = new();
        public int Calls { get; private set; }
        public int? BreakListingsAfter { get; set; }
        public string Location => Inner.Location;

        public void LoseAnswers(int count, string id = "StoreBusy") => (_lost, _id) = (count, id);

        private async ValueTask<T> AnswerAsync<T>(Func<ValueTask<T>> call)
        {
            Calls++;
            T answer = default!;
            StingException? failure = null;
            try
            {
                answer = await call();
            }
            catch (StingException e)
            {
                failure = e;
            }
            if (_lost > 0)
            {
                _lost--;
                throw new StingException(_id, FailureKind.Io, "Nothing was heard.", null, "Try again.");
            }
            return failure is null ? answer : throw failure;
        }

        public ValueTask<bool> PutAsync(string name, ReadOnlyMemory<byte> content, CancellationToken cancel) => AnswerAsync(() => Inner.PutAsync(name, content, cancel));
        public async ValueTask StageAsync(string name, ReadOnlyMemory<byte> content, CancellationToken cancel) => await AnswerAsync(() => ValueTask.FromResult(true));
        public ValueTask BarrierAsync(CancellationToken cancel) => Inner.BarrierAsync(cancel);
        public ValueTask<int> ReadAsync(string name, long offset, Memory<byte> buffer, CancellationToken cancel) => AnswerAsync(() => Inner.ReadAsync(name, offset, buffer, cancel));
        public ValueTask<long?> GetLengthAsync(string name, CancellationToken cancel) => AnswerAsync(() => Inner.GetLengthAsync(name, cancel));
        public ValueTask<bool> DeleteAsync(string name, CancellationToken cancel) => AnswerAsync(() => Inner.DeleteAsync(name, cancel));
        public ValueTask DisposeAsync() => Inner.DisposeAsync();

        public async IAsyncEnumerable<ObjectInfo> ListAsync(string prefix, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancel)
        {
            var told = 0;
            await foreach (var item in Inner.ListAsync(prefix, cancel))
            {
                if (told++ == BreakListingsAfter)
                {
                    throw new StingException("StoreBusy", FailureKind.Busy, "It broke off.", null, "Try again.");
                }
                yield return item;
            }
        }

        public async IAsyncEnumerable<ObjectInfo> ListAfterAsync(string prefix, string after, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancel)
        {
            var told = 0;
            await foreach (var item in Inner.ListAsync(prefix, cancel))
            {
                if (string.CompareOrdinal(item.Name, after) > 0)
                {
                    if (told++ == BreakListingsAfter)
                    {
                        throw new StingException("StoreBusy", FailureKind.Busy, "It broke off.", null, "Try again.");
                    }
                    yield return item;
                }
            }
        }
    }
}
