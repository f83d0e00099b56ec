using System.Collections.Concurrent;
using StingBackup.Engine.Storage;

namespace StingBackup.Engine.Tests.Storage;

/// <summary>Everything that a store does, and: neighbours in a pack come with one request, what is read is what is there, and a failure is each reader's own.</summary>
public sealed class BlockCachingStoreTests : ObjectStoreConformance
{
    private Func<IReadOnlyDictionary<string, ReadOnlyMemory<byte>>> _objects = static () => new Dictionary<string, ReadOnlyMemory<byte>>();

    protected override ValueTask<IObjectStore> CreateAsync() => ValueTask.FromResult<IObjectStore>(Made(new MemoryObjectStore()));

    protected override ValueTask<IObjectStore> ReopenAsync(IObjectStore store) => ValueTask.FromResult<IObjectStore>(Made(new MemoryObjectStore(_objects())));

    private BlockCachingStore Made(MemoryObjectStore memory)
    {
        _objects = () => memory.Objects;
        return new BlockCachingStore(memory);
    }


    [Fact]
    public async Task Neighbours_come_with_one_request_and_the_first_read_of_a_pack_takes_only_itself()
    {
        var content = Bytes((2 * BlockCachingStore.BlockSize) + 1000);
        var inner = new Counting(new MemoryObjectStore([new("data/ab/pack", content), new("points/a", content)]));
        await using var store = new BlockCachingStore(inner);
        var buffer = new byte[1000];
        for (var i = 0; i < 1000; i++)
        {
            Assert.Equal(1000, await store.ReadAsync("data/ab/pack", i * 8000, buffer, default));
            Assert.True(content.AsSpan(i * 8000, 1000).SequenceEqual(buffer));
        }
        // The first by itself, then the blocks.
        Assert.Equal([1000, BlockCachingStore.BlockSize, BlockCachingStore.BlockSize], inner.Reads.Select(r => r.Length));
        // Across blocks, and beyond the end.
        var long_ = new byte[5000];
        Assert.Equal(5000, await store.ReadAsync("data/ab/pack", BlockCachingStore.BlockSize - 2500, long_, default));
        Assert.True(content.AsSpan(BlockCachingStore.BlockSize - 2500, 5000).SequenceEqual(long_));
        Assert.Equal(10, await store.ReadAsync("data/ab/pack", content.Length - 10, long_, default));
        Assert.Equal(0, await store.ReadAsync("data/ab/pack", content.Length + 10, long_, default));
        Assert.Equal(4, inner.Reads.Count);
        // Whole packs and other objects pass by.
        Assert.Equal(content, await store.ReadAllAsync("data/ab/pack", default));
        await store.ReadAsync("points/a", 0, buffer, default);
        await store.ReadAsync("points/a", 0, buffer, default);
        Assert.Equal(7, inner.Reads.Count);
    }

    [Fact]
    public async Task Packs_that_are_expected_are_fetched_before_anybody_asks_each_block_once_and_no_further_than_told()
    {
        var packs = Enumerable.Range(0, 4).ToDictionary(i => $"data/ab/pack{i}", i => Bytes((2 * BlockCachingStore.BlockSize) + 200_000 + i));
        var inner = new Counting(new MemoryObjectStore(packs.Select(p => new KeyValuePair<string, ReadOnlyMemory<byte>>(p.Key, p.Value))));
        await using var store = new BlockCachingStore(inner);
        store.Expect([.. packs.Select(p => new ObjectInfo(p.Key, p.Value.Length)), new ObjectInfo("points/a", 1)], ahead: 1);
        await ReadsAsync(inner, 0);      // maybe nobody reads anything
        var buffer = new byte[10];
        Assert.Equal(10, await store.ReadAsync("data/ab/pack0", 5, buffer, default));
        await ReadsAsync(inner, 6);      // that one and one more
        Assert.Equal(10, await store.ReadAsync("data/ab/pack1", 5, buffer, default));
        await ReadsAsync(inner, 9);
        foreach (var (name, content) in packs)
        {
            for (var at = 0; at < content.Length; at += 100_000)
            {
                var got = await store.ReadAsync(name, at, buffer, default);
                Assert.True(content.AsSpan(at, got).SequenceEqual(buffer.AsSpan(0, got)));
            }
        }
        Assert.Equal(packs.SelectMany(p => Enumerable.Range(0, 3).Select(b => (p.Key, b * (long)BlockCachingStore.BlockSize))), inner.Reads.Select(r => (r.Name, r.Offset)).Order());
        store.Expect([], ahead: 1);

        static async Task ReadsAsync(Counting inner, int count)
        {
            for (var i = 0; inner.Reads.Count < count && i < 1000; i++)
            {
                await Task.Delay(10);
            }
            await Task.Delay(50);
            Assert.Equal(count, inner.Reads.Count);
        }
    }

    [Fact]
    public async Task What_cannot_be_fetched_ahead_fails_whoever_asks_and_nobody_else()
    {
        var content = Bytes(100_000);
        var inner = new Counting(new MemoryObjectStore([new("data/ab/pack", content)])) { Fail = new StingException("StoreUnreachable", FailureKind.Io, "No.", null, "") };
        await using var store = new BlockCachingStore(inner);
        store.Expect([new ObjectInfo("data/ab/pack", content.Length), new ObjectInfo("data/ab/gone", 5)], ahead: 2);
        var buffer = new byte[100];
        await Assert.ThrowsAsync<StingException>(async () => await store.ReadAsync("data/ab/pack", 0, buffer, default));
        inner.Fail = null;
        Assert.Equal(100, await store.ReadAsync("data/ab/pack", 0, buffer, default));
        Assert.True(content.AsSpan(0, 100).SequenceEqual(buffer));
        Assert.Equal("ObjectNotFound", (await Assert.ThrowsAsync<StingException>(async () => await store.ReadAsync("data/ab/gone", 0, buffer, default))).ErrorId);
    }

    [Fact]
    public async Task Many_readers_of_more_than_is_kept_read_what_is_there()
    {
        var packs = Enumerable.Range(0, 6).ToDictionary(i => $"data/ab/pack{i}", i => Bytes((2 * BlockCachingStore.BlockSize) + (i * 777)));
        var inner = new Counting(new MemoryObjectStore(packs.Select(p => new KeyValuePair<string, ReadOnlyMemory<byte>>(p.Key, p.Value))));
        await using var store = new BlockCachingStore(inner, 3 * BlockCachingStore.BlockSize);
        await Parallel.ForAsync(0, 8, async (reader, cancel) =>
        {
            var random = new Random(reader);
            var buffer = new byte[50_000];
            for (var i = 0; i < 300; i++)
            {
                var (name, content) = packs.ElementAt(random.Next(packs.Count));
                var at = random.Next(content.Length);
                var got = await store.ReadAsync(name, at, buffer, cancel);
                Assert.Equal(Math.Min(buffer.Length, content.Length - at), got);
                Assert.True(content.AsSpan(at, got).SequenceEqual(buffer.AsSpan(0, got)));
            }
        });
    }

    [Fact]
    public async Task A_fetch_that_fails_is_tried_again_by_the_next_and_one_that_is_stopped_stops_nobody_else()
    {
        var content = Bytes(100_000);
        var inner = new Counting(new MemoryObjectStore([new("data/ab/pack", content)]));
        await using var store = new BlockCachingStore(inner);
        var buffer = new byte[100];
        await store.ReadAsync("data/ab/pack", 0, buffer, default);
        inner.Fail = new StingException("StoreUnreachable", FailureKind.Io, "No.", null, "");
        await Assert.ThrowsAsync<StingException>(async () => await store.ReadAsync("data/ab/pack", 0, buffer, default));
        inner.Fail = null;
        Assert.Equal(100, await store.ReadAsync("data/ab/pack", 200, buffer, default));

        await store.DeleteAsync("data/ab/pack", default);
        await store.PutAsync("data/ab/pack", content, default);
        await store.ReadAsync("data/ab/pack", 0, buffer, default);
        inner.Gate = new TaskCompletionSource();
        using var stop = new CancellationTokenSource();
        var first = store.ReadAsync("data/ab/pack", 0, new byte[100], stop.Token).AsTask();
        var second = store.ReadAsync("data/ab/pack", 300, buffer, default).AsTask();
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => first);
        inner.Gate.SetResult();
        Assert.Equal(100, await second);
        Assert.True(content.AsSpan(300, 100).SequenceEqual(buffer));
    }

    private sealed class Counting(MemoryObjectStore inner) : IObjectStore
    {
        public ConcurrentQueue<(string Name, long Offset, int Length)> Reads { get; } = new();
        public StingException? Fail { get; set; }
        public TaskCompletionSource? Gate { get; set; }
        public string Location => inner.Location;
        public ValueTask<bool> PutAsync(string name, ReadOnlyMemory<byte> content, CancellationToken cancel) => inner.PutAsync(name, content, cancel);
        public ValueTask StageAsync(string name, ReadOnlyMemory<byte> content, CancellationToken cancel) => inner.StageAsync(name, content, cancel);
        public ValueTask BarrierAsync(CancellationToken cancel) => inner.BarrierAsync(cancel);
        public ValueTask<long?> GetLengthAsync(string name, CancellationToken cancel) => inner.GetLengthAsync(name, cancel);
        public IAsyncEnumerable<ObjectInfo> ListAsync(string prefix, CancellationToken cancel) => inner.ListAsync(prefix, cancel);
        public ValueTask<bool> DeleteAsync(string name, CancellationToken cancel) => inner.DeleteAsync(name, cancel);
        public ValueTask DisposeAsync() => inner.DisposeAsync();

        public async ValueTask<int> ReadAsync(string name, long offset, Memory<byte> buffer, CancellationToken cancel)
        {
            Reads.Enqueue((name, offset, buffer.Length));
            if (Gate is { } gate)
            {
                await gate.Task.WaitAsync(cancel);
            }
            return Fail is { } fail ? throw fail : await inner.ReadAsync(name, offset, buffer, cancel);
        }
    }
}
