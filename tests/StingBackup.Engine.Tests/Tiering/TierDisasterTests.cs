using System.Collections.Concurrent;
using StingBackup.Engine.Storage;
using StingBackup.Engine.Storage.S3;
using StingBackup.Engine.Tests.Storage.S3;
using StingBackup.Engine.Tiering;
using StingBackup.Fixtures.Ceph;

namespace StingBackup.Engine.Tests.Tiering;

/// <summary>Disasters between a local tier and a bucket in a real S3 server: nothing is lost, and nothing counts that is not there.</summary>
public sealed class TierDisasterTests : IAsyncLifetime
{
    private S3Proxy _proxy = null!;
    private S3Options _options = null!;
    private TierReserve _reserve = null!;

    public async Task InitializeAsync()
    {
        if (CephBinaries.Missing is not null)
        {
            return;
        }
        _proxy = await S3Proxy.StartAsync(await S3Server.GetAsync());
        _reserve = Make();
        _options = (await S3Server.NewOptionsAsync()) with { Endpoint = _proxy.Address, LongestHeld = 1000, PartSize = 5 << 20, AbilityFolder = Path.Combine(_reserve.Test.Root, "stores") };
        await using (var probed = await S3ObjectStore.OpenAsync(_options, TimeProvider.System, default))
        {
            await probed.RequireWritableAsync(default);   // what the server can do is noted, undisturbed
        }
        _reserve.Write("users/1/a.bin", 300_000);
        await _reserve.BackupAsync();
        _reserve.Write("users/2/b.bin", 200_000);
        await _reserve.BackupAsync();
    }

    public async Task DisposeAsync()
    {
        if (_proxy is not null)
        {
            await _reserve.DisposeAsync();
            await _proxy.DisposeAsync();
        }
    }

    private TierReserve Make() => new() { Tiers = new Dictionary<Tier, Func<CancellationToken, ValueTask<IObjectStore>>> { [Tier.Remote] = OpenAsync } };

    private async ValueTask<IObjectStore> OpenAsync(CancellationToken cancel)
    {
        var retry = new StoreRetry(TimeProvider.System, attempts: 4, pause: TimeSpan.FromMilliseconds(1));
        var bucket = await retry.RunAsync(stop => S3ObjectStore.OpenAsync(_options with { BarrierRetry = retry }, TimeProvider.System, stop), cancel);
        return new QueuedObjectStore(new RetryingObjectStore(bucket, retry), new TransferQueue(), TransferPriority.UserData);
    }

    /// <summary>What the bucket has, told by the server itself.</summary>
    private async Task<Dictionary<string, ReadOnlyMemory<byte>>> BucketAsync()
    {
        await using var store = await S3ObjectStore.OpenAsync(_options with { Endpoint = _proxy.Behind.Address }, TimeProvider.System, default);
        var objects = new Dictionary<string, ReadOnlyMemory<byte>>(StringComparer.Ordinal);
        await foreach (var item in store.ListAsync("", default))
        {
            if (TierObjects.StepOf(item.Name) is not null)
            {
                objects[item.Name] = await store.ReadAllAsync(item.Name, default);
            }
        }
        return objects;
    }

    private async Task IsWholeAsync()
    {
        var there = await BucketAsync();
        Assert.Equal(TierReserve.Replicated(_reserve.LocalMemory), there.Keys.Order(StringComparer.Ordinal));
        Assert.Empty(await _reserve.VerifyAloneAsync(there));
    }

    [CephFact]
    public async Task A_killed_upload_leaves_whole_points_and_is_gone_on_with()
    {
        // A process that dies shows the server nothing more: from the first request of each stage on, one after the other.
        foreach (var (stage, points) in new[] { ("/data/", 0), ("/index/", 0), ("/points/", 1) })
        {
            var met = 0;
            var dead = false;
            _proxy.Disturb = (request, _) =>
            {
                dead |= request.Method is "PUT" or "POST" && request.Path.Contains(stage, StringComparison.Ordinal) && Interlocked.Increment(ref met) > points;
                return dead ? S3ProxyDeed.Cut : S3ProxyDeed.Pass;
            };
            var error = await Assert.ThrowsAsync<StingException>(() => _reserve.SyncAsync());
            Assert.Equal("TierUnavailable", error.ErrorId);
            Assert.Contains("wait on the local tier", error.Message, StringComparison.Ordinal);
            _proxy.Disturb = (_, _) => S3ProxyDeed.Pass;
            var there = await BucketAsync();
            Assert.Equal(points, there.Keys.Count(n => n.StartsWith("points/", StringComparison.Ordinal)));
            if (points > 0)
            {
                Assert.Empty(await _reserve.VerifyAloneAsync(there));
            }
        }
        Assert.Equal(1, (await _reserve.SyncAsync()).Points);
        await IsWholeAsync();
    }

    [CephFact]
    public async Task A_server_that_is_throttled_loses_nothing()
    {
        var seen = new ConcurrentDictionary<string, byte>();
        _proxy.Disturb = (request, _) => seen.TryAdd($"{request.Method} {request.Path} {(request.IsList ? request.Query : request.Query.Contains("partNumber", StringComparison.Ordinal) ? "part" : request.Query.Contains("uploadId", StringComparison.Ordinal) ? "end" : request.Query)}", 0) ? S3ProxyDeed.SlowDown : S3ProxyDeed.Pass;
        Assert.Equal(2, (await _reserve.SyncAsync()).Points);
        _proxy.Disturb = (_, _) => S3ProxyDeed.Pass;
        await IsWholeAsync();
    }

    [CephFact]
    public async Task A_network_that_is_cut_for_an_hour_costs_an_hour()
    {
        await _reserve.SyncAsync();
        _reserve.SyncsAtCommit = true;
        _proxy.Disturb = (_, _) => S3ProxyDeed.Cut;
        for (var i = 1; i <= 4; i++)
        {
            _reserve.Test.Clock.Advance(TimeSpan.FromMinutes(14));
            _reserve.Write($"users/1/{i}.bin", 20_000);
            var warnings = new List<string>();
            Assert.Equal(JobState.Completed, (await _reserve.BackupAsync(warnings: warnings)).State);
            Assert.Contains($"{i} restore points", Assert.Single(warnings), StringComparison.Ordinal);
        }
        _proxy.Disturb = (_, _) => S3ProxyDeed.Pass;
        _reserve.Write("users/1/5.bin", 20_000);
        var none = new List<string>();
        await _reserve.BackupAsync(warnings: none);
        Assert.Empty(none);
        await IsWholeAsync();
    }

    [CephFact]
    public async Task A_store_that_lies_is_not_believed()
    {
        _proxy.Disturb = (request, _) => request.Method == "PUT" && request.Path.Contains("/data/", StringComparison.Ordinal) && !request.Query.Contains("uploadId", StringComparison.Ordinal) ? S3ProxyDeed.Swallow : S3ProxyDeed.Pass;
        _options = _options with { LongestHeld = 64 << 20 };   // packs go in one request
        Assert.Equal("StoreUnconfirmed", (await Assert.ThrowsAsync<StingException>(() => _reserve.SyncAsync())).ErrorId);
        Assert.DoesNotContain((await BucketAsync()).Keys, n => n.StartsWith("points/", StringComparison.Ordinal));
        _proxy.Disturb = (_, _) => S3ProxyDeed.Pass;
        await _reserve.SyncAsync();
        _reserve.Write("users/1/c.bin", 20_000);
        await _reserve.BackupAsync();
        _proxy.Disturb = (request, _) => request.IsList ? S3ProxyDeed.Stale : S3ProxyDeed.Pass;
        await _reserve.SyncAsync();
        _proxy.Disturb = (_, _) => S3ProxyDeed.Pass;
        await IsWholeAsync();
    }

    [CephFact]
    public async Task A_lost_local_tier_comes_back_from_the_bucket_and_a_lost_bucket_from_the_local_tier()
    {
        await _reserve.SyncAsync();
        foreach (var name in _reserve.LocalMemory.Objects.Keys.ToList())
        {
            await _reserve.LocalMemory.DeleteAsync(name, default);
        }
        await _reserve.SyncAsync(Tier.Local);
        await IsWholeAsync();   // before the record of the restore, which waits for the next sync
        Assert.Equal(_reserve.Image(), await _reserve.RestoreAsync());
        _options = (await S3Server.NewOptionsAsync()) with { Endpoint = _proxy.Address };
        Assert.Equal(2, (await _reserve.SyncAsync()).Points);
        await IsWholeAsync();
    }

    [CephFact]
    public async Task A_server_that_refuses_this_hosts_clock_or_key_is_said_and_changes_no_backup()
    {
        _reserve.SyncsAtCommit = true;
        _options = _options with { Login = new S3GivenLogin(CephCluster.AccessKey, "not the secret") };
        var warnings = new List<string>();
        Assert.Equal(JobState.Completed, (await _reserve.BackupAsync(warnings: warnings)).State);
        Assert.Contains("Check the credentials", Assert.Single(warnings), StringComparison.Ordinal);
        _options = _options with { Login = new S3GivenLogin(CephCluster.AccessKey, CephCluster.SecretKey) };
        await _reserve.SyncAsync();
        await IsWholeAsync();
    }
}
