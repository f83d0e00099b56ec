using StingBackup.Engine.Storage;

namespace StingBackup.Engine.Tests.Storage;

/// <summary>A store behind a queue does what every store does, though what is staged is sent in the background.</summary>
public sealed class QueuedObjectStoreTests : ObjectStoreConformance, IAsyncDisposable
{
    private readonly MemoryObjectStore _inner = new();

    ValueTask IAsyncDisposable.DisposeAsync() => _inner.DisposeAsync();

    protected override ValueTask<IObjectStore> CreateAsync() => ValueTask.FromResult<IObjectStore>(new QueuedObjectStore(_inner, new TransferQueue(), TransferPriority.UserData));

    protected override async ValueTask<IObjectStore> ReopenAsync(IObjectStore store)
    {
        await store.DisposeAsync();
        return new QueuedObjectStore(new MemoryObjectStore(_inner.Objects), new TransferQueue(), TransferPriority.UserData);
    }

    [Fact]
    public async Task Long_objects_are_copied_before_they_are_sent_and_all_come_to_the_barrier()
    {
        var content = new byte[3 << 20];
        for (var i = 0; i < 12; i++)
        {
            content.AsSpan().Fill((byte)i);
            await Store.StageAsync($"data/long{i}", content, default);   // the caller's own buffer is used again at once
        }
        await Store.BarrierAsync(default);
        for (var i = 0; i < 12; i++)
        {
            var stored = _inner.Objects[$"data/long{i}"];
            Assert.True(stored.Length == content.Length && stored.Span.IndexOfAnyExcept((byte)i) < 0, $"object {i}");
        }
    }

    [Fact]
    public async Task Who_waits_for_room_can_be_stopped_and_takes_none_along()
    {
        using var held = new ManualResetEventSlim();
        var slow = new Backup.FaultyStore(_inner) { Before = (verb, _) => { if (verb == "stage") { held.Wait(); } } };
        await using var store = new QueuedObjectStore(slow, new TransferQueue(1), TransferPriority.UserData);
        await store.StageAsync("data/first", new byte[40 << 20], default);
        using var stop = new CancellationTokenSource();
        var waiting = store.StageAsync("data/second", new byte[40 << 20], stop.Token).AsTask();
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting);
        var barrier = store.BarrierAsync(stop.Token).AsTask();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => barrier);
        held.Set();
        await store.StageAsync("data/third", new byte[40 << 20], default);
        await store.BarrierAsync(default);
        Assert.Equal(["data/first", "data/third"], _inner.Objects.Keys);
    }

    [Fact]
    public async Task Who_waits_for_memory_can_be_stopped_and_gives_back_what_it_had_of_it()
    {
        using var held = new ManualResetEventSlim();
        var slow = new Backup.FaultyStore(_inner) { Before = (verb, _) => { if (verb == "stage") { held.Wait(); } } };
        await using var store = new QueuedObjectStore(slow, new TransferQueue(4), TransferPriority.UserData);
        await store.StageAsync("data/first", new byte[40 << 20], default);    // half of all memory at most
        await store.StageAsync("data/second", new byte[30 << 20], default);
        foreach (var length in (int[])[10 << 20, 40 << 20])
        {
            using var stop = new CancellationTokenSource();
            var waiting = store.StageAsync("data/third", new byte[length], stop.Token).AsTask();
            Assert.False(waiting.IsCompleted);
            await stop.CancelAsync();
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting);
        }
        await store.StageAsync("data/short", new byte[6 << 20], default);     // what is left is enough for it
        held.Set();
        await store.BarrierAsync(default);
        Assert.Equal(["data/first", "data/second", "data/short"], _inner.Objects.Keys);
    }

    [Fact]
    public async Task What_could_not_be_sent_is_told_at_the_barrier_and_the_rest_stays_staged()
    {
        var faulty = new Backup.FaultyStore(_inner) { Before = (verb, name) => { if (verb == "stage" && name == "data/bad") { throw new StingException("StoreFailed", FailureKind.Io, "No.", name, "None."); } } };
        await using var store = new QueuedObjectStore(faulty, new TransferQueue(), TransferPriority.UserData);
        await store.StageAsync("data/bad", new byte[10], default);
        await store.StageAsync("data/good", new byte[10], default);
        Assert.Equal("StoreFailed", (await Assert.ThrowsAsync<StingException>(() => store.BarrierAsync(default).AsTask())).ErrorId);
        Assert.Empty(_inner.Objects);
        await store.BarrierAsync(default);
        Assert.Equal(["data/good"], _inner.Objects.Keys);
        Assert.Equal(("memory", null, null), (store.Location, store.Thawing, store.Locking));
        Assert.True(await store.DeleteAsync("data/good", default));
        Assert.Null(await store.GetLengthAsync("data/good", default));
    }
}
