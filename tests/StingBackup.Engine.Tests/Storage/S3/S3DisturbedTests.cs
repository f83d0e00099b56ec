using System.Security.Cryptography;
using StingBackup.Engine.Storage;
using StingBackup.Engine.Storage.S3;
using StingBackup.Fixtures.Ceph;

namespace StingBackup.Engine.Tests.Storage.S3;

/// <summary>A server that is overloaded, a network that breaks, a store that lies: nothing is lost, and nothing counts as stored that is not.</summary>
public sealed class S3DisturbedTests : IAsyncLifetime
{
    private S3Proxy _proxy = null!;
    private S3Options _options = null!;

    public async Task InitializeAsync()
    {
        if (CephBinaries.Missing is null)
        {
            _proxy = await S3Proxy.StartAsync(await S3Server.GetAsync());
            _options = (await S3Server.NewOptionsAsync()) with { Endpoint = _proxy.Address, LongestHeld = 1000, PartSize = 5 << 20 };
        }
    }

    public async Task DisposeAsync()
    {
        if (_proxy is not null)
        {
            await _proxy.DisposeAsync();
        }
    }

    [CephTheory]
    [InlineData(nameof(S3ProxyDeed.SlowDown))]
    [InlineData(nameof(S3ProxyDeed.Fail))]
    [InlineData(nameof(S3ProxyDeed.Cut))]
    [InlineData(nameof(S3ProxyDeed.LoseAnswer))]
    [InlineData(nameof(S3ProxyDeed.CutAnswer))]
    [InlineData(nameof(S3ProxyDeed.TruncateAnswer))]
    public async Task Every_request_may_fail_once_and_nothing_is_lost(string name)
    {
        var deed = Enum.Parse<S3ProxyDeed>(name);
        await using var store = await RetryingAsync();
        await store.PutAsync("first", new byte[1], default);   // the probe, undisturbed
        var seen = new HashSet<string>();
        // The first attempt of each request is disturbed; of a lost answer only what changes something, of a cut body only what has one.
        _proxy.Disturb = (request, _) =>
        {
            lock (seen)
            {
                var hasBody = request.Method == "PUT";
                var applies = deed switch
                {
                    S3ProxyDeed.Cut => hasBody,
                    S3ProxyDeed.CutAnswer or S3ProxyDeed.TruncateAnswer => request.Method == "GET" && !request.IsList,
                    _ => true,
                };
                return applies && seen.Add($"{request.Method} {request.Path} {(request.Query.Contains("partNumber", StringComparison.Ordinal) ? "part" : request.Query.Contains("uploads", StringComparison.Ordinal) ? "begin" : "")}") ? deed : S3ProxyDeed.Pass;
            }
        };
        var contents = new Dictionary<string, byte[]> { ["points/w/1"] = Bytes(700), ["data/aa/1"] = Bytes(200_000), ["data/aa/2"] = Bytes(6 << 20), ["subjects/1"] = Bytes(400) };
        Assert.True(await store.PutAsync("points/w/1", contents["points/w/1"], default));
        foreach (var staged in contents.Keys.Where(k => k != "points/w/1"))
        {
            await store.StageAsync(staged, contents[staged], default);
        }
        await store.BarrierAsync(default);
        foreach (var (key, content) in contents)
        {
            Assert.Equal(content, await store.ReadAllAsync(key, default));
        }
        Assert.Equal(contents.Keys.Append("first").Order(StringComparer.Ordinal), await NamesAsync(store));
        Assert.NotEmpty(seen);
        Assert.False(await store.PutAsync("points/w/1", Bytes(700), default));
        Assert.True(await store.DeleteAsync("points/w/1", default));
        Assert.Null(await store.GetLengthAsync("points/w/1", default));
    }

    [CephFact]
    public async Task After_three_attempts_it_gives_up_and_what_was_staged_waits_for_the_next_barrier()
    {
        await using var store = await RetryingAsync();
        await store.PutAsync("first", new byte[1], default);
        await store.StageAsync("data/aa/1", Bytes(5000), default);
        await store.StageAsync("data/aa/2", Bytes(500), default);
        _proxy.Disturb = (_, _) => S3ProxyDeed.SlowDown;
        _proxy.Log.Clear();
        var error = await Assert.ThrowsAsync<StingException>(async () => await store.PutAsync("points/w/1", Bytes(5), default));
        Assert.Equal("StoreBusy", error.ErrorId);
        Assert.Contains("503 SlowDown", error.Message, StringComparison.Ordinal);
        Assert.Contains("points/w/1", error.Message, StringComparison.Ordinal);
        Assert.Equal(3, _proxy.Log.Count);
        Assert.Equal("StoreBusy", (await Assert.ThrowsAsync<StingException>(async () => await store.BarrierAsync(default))).ErrorId);
        _proxy.Disturb = (_, _) => S3ProxyDeed.Pass;
        Assert.Equal(["first"], await NamesAsync(store));
        await store.BarrierAsync(default);
        Assert.Equal(["data/aa/1", "data/aa/2", "first"], await NamesAsync(store));
    }

    [CephFact]
    public async Task What_is_refused_is_not_repeated()
    {
        await using var store = await RetryingAsync();
        await store.PutAsync("a", new byte[1], default);
        _proxy.Log.Clear();
        Assert.False(await store.PutAsync("a", new byte[2], default));
        Assert.Single(_proxy.Log);
        await Assert.ThrowsAsync<StingException>(async () => await store.ReadAsync("nowhere", 0, new byte[1], default));
        Assert.Equal(2, _proxy.Log.Count);
    }

    [CephFact]
    public async Task A_lost_answer_followed_by_412_is_success_only_for_the_same_bytes()
    {
        await using var store = await RetryingAsync();
        await store.PutAsync("first", new byte[1], default);
        var lost = 0;
        _proxy.Disturb = (request, _) => request.Method == "PUT" && request.Path.EndsWith("/mine", StringComparison.Ordinal) && Interlocked.Increment(ref lost) == 1 ? S3ProxyDeed.LoseAnswer : S3ProxyDeed.Pass;
        _proxy.Log.Clear();
        Assert.True(await store.PutAsync("mine", Bytes(30), default), string.Join(", ", _proxy.Log));
        Assert.Equal(2, lost);

        // Another host's object arrives between the attempts.
        var cut = 0;
        await using var other = await S3ObjectStore.OpenAsync(_options with { Endpoint = _proxy.Behind.Address }, TimeProvider.System, default);
        _proxy.Disturb = (request, _) =>
        {
            if (request.Method == "PUT" && Interlocked.Increment(ref cut) == 1)
            {
                Assert.True(other.PutAsync("theirs", Bytes(30), default).AsTask().GetAwaiter().GetResult());
                return S3ProxyDeed.Cut;
            }
            return S3ProxyDeed.Pass;
        };
        Assert.False(await store.PutAsync("theirs", Bytes(30), default));
    }

    [CephFact]
    public async Task A_store_that_ignores_the_condition_is_found_out_and_written_by_one_host_alone()
    {
        _proxy.Disturb = (request, _) => request.IsConditional ? S3ProxyDeed.IgnoreCondition : S3ProxyDeed.Pass;
        await using var store = await S3ObjectStore.OpenAsync(_options, TimeProvider.System, default);
        foreach (var call in (Func<Task>[])[async () => await store.PutAsync("a", new byte[1], default), async () => await store.StageAsync("a", new byte[1], default)])
        {
            var error = await Assert.ThrowsAsync<StingException>(call);
            Assert.Equal("StoreWithoutConditionalWrites", error.ErrorId);
            Assert.Contains("only_writer", error.Remedy, StringComparison.Ordinal);
        }
        Assert.Equal(Ability.No, (await store.GetAbilitiesAsync(default)).ConditionalPut);
        Assert.Empty(await NamesAsync(store));

        await using var alone = await S3ObjectStore.OpenAsync(_options with { IsOnlyWriter = true }, TimeProvider.System, default);
        var content = Bytes(10);
        Assert.True(await alone.PutAsync("a", content, default));
        Assert.False(await alone.PutAsync("a", Bytes(20), default));
        Assert.Equal(content, await alone.ReadAllAsync("a", default));
    }

    [CephTheory]
    [InlineData(10)]
    [InlineData(50_000)]
    public async Task What_a_store_says_to_have_and_has_not_does_not_count(int length)
    {
        await using var store = await RetryingAsync();
        await store.PutAsync("first", new byte[1], default);
        _proxy.Disturb = (request, _) => request.Method == "PUT" ? S3ProxyDeed.Swallow : S3ProxyDeed.Pass;
        Assert.Equal("StoreUnconfirmed", (await Assert.ThrowsAsync<StingException>(async () => await store.PutAsync("points/w/1", Bytes(length), default))).ErrorId);
        await Assert.ThrowsAsync<StingException>(async () =>
        {
            await store.StageAsync("data/aa/1", Bytes(length), default);
            await store.BarrierAsync(default);
        });
        Assert.Equal(["first"], await NamesAsync(store));
    }

    [CephTheory]
    [InlineData(10)]
    [InlineData(50_000)]
    public async Task What_changes_on_its_way_is_refused_by_the_server(int length)
    {
        await using var store = await RetryingAsync();
        await store.PutAsync("first", new byte[1], default);
        _proxy.Disturb = (request, _) => request.Method == "PUT" ? S3ProxyDeed.Flip : S3ProxyDeed.Pass;
        await Assert.ThrowsAsync<StingException>(async () => await store.PutAsync("points/w/1", Bytes(length), default));
        await Assert.ThrowsAsync<StingException>(async () =>
        {
            await store.StageAsync("data/aa/1", Bytes(length), default);
            await store.BarrierAsync(default);
        });
        Assert.Equal(["first"], await NamesAsync(store));
    }

    [CephFact]
    public async Task A_store_that_lists_late_is_found_out()
    {
        // As the first listing was, so all later ones are.
        _proxy.Disturb = (request, _) => request.IsList ? S3ProxyDeed.Stale : S3ProxyDeed.Pass;
        await using var store = await S3ObjectStore.OpenAsync(_options, TimeProvider.System, default);
        Assert.Empty(await NamesAsync(store));
        Assert.True(await store.PutAsync("a", new byte[1], default));   // confirmed by the object itself, not by the listing
        Assert.Equal(1, await store.GetLengthAsync("a", default));
        Assert.Empty(await NamesAsync(store));
        _proxy.Disturb = (request, _) => request.IsList && request.Query.Contains("probe", StringComparison.Ordinal) ? S3ProxyDeed.SlowDown : S3ProxyDeed.Pass;
        Assert.Equal("StoreBusy", (await Assert.ThrowsAsync<StingException>(async () => await store.ProbeAsync(default))).ErrorId);
    }

    [CephFact]
    public async Task The_bandwidth_holds_for_all_streams_together_and_changes_while_they_run()
    {
        var limit = new BandwidthLimiter(2_000_000, TimeProvider.System);
        await using var store = new QueuedObjectStore(await S3ObjectStore.OpenAsync(_options with { Bandwidth = limit }, TimeProvider.System, default), new TransferQueue(4), TransferPriority.UserData);
        await store.PutAsync("first", new byte[1], default);
        var started = TimeProvider.System.GetTimestamp();
        for (var i = 0; i < 4; i++)
        {
            await store.StageAsync($"data/aa/{i}", Bytes(500_000), default);
        }
        await store.BarrierAsync(default);
        // 2 MB at 2 MB/s, less the burst of a tenth of a second. How much longer it takes is the machine's affair.
        Assert.InRange(TimeProvider.System.GetElapsedTime(started).TotalSeconds, 0.8, 120);

        limit.BytesPerSecond = 50_000;
        var slow = Task.Run(async () => await store.PutAsync("slow", Bytes(2_000_000), default));
        await Task.Delay(300);
        Assert.False(slow.IsCompleted);   // it would take 40 seconds
        limit.BytesPerSecond = null;
        Assert.True(await slow.WaitAsync(TimeSpan.FromSeconds(30)));
    }

    private async Task<RetryingObjectStore> RetryingAsync()
    {
        var retry = new StoreRetry(TimeProvider.System, pause: TimeSpan.FromMilliseconds(5));
        return new RetryingObjectStore(await S3ObjectStore.OpenAsync(_options with { BarrierRetry = retry }, TimeProvider.System, default), retry);
    }

    private static async Task<List<string>> NamesAsync(IObjectStore store)
    {
        var names = new List<string>();
        await foreach (var item in store.ListAsync("", default))
        {
            names.Add(item.Name);
        }
        return names;
    }

    private static byte[] Bytes(int length) => RandomNumberGenerator.GetBytes(length);
}
