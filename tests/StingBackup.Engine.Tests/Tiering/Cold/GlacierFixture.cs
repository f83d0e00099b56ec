using StingBackup.Engine.Storage;
using StingBackup.Engine.Storage.S3;
using StingBackup.Engine.Tests.Storage.S3;
using StingBackup.Fixtures.Ceph;

namespace StingBackup.Engine.Tests.Tiering.Cold;

/// <summary>A bucket of the real server behind a state machine of storage classes for archives, on the clock of a reserve.</summary>
internal sealed class GlacierFixture : IAsyncDisposable
{
    private GlacierFixture(GlacierProxy proxy, string bucket, S3Options options) => (Proxy, Bucket, Options) = (proxy, bucket, options);

    public GlacierProxy Proxy { get; }
    public string Bucket { get; }
    public S3Options Options { get; }

    public static async Task<GlacierFixture> StartAsync(TimeProvider clock, string storageClass = "GLACIER")
    {
        var cluster = await S3Server.GetAsync();
        var bucket = await cluster.NewBucketAsync();
        var proxy = await GlacierProxy.StartAsync(cluster, clock);
        return new GlacierFixture(proxy, bucket, cluster.Options($"glacier://{bucket}/sting") with { Endpoint = proxy.Address, DataStorageClass = storageClass });
    }

    /// <summary>The store as an installation opens it.</summary>
    public async Task<IObjectStore> OpenAsync()
    {
        var retry = new StoreRetry(TimeProvider.System, pause: TimeSpan.FromMilliseconds(1));
        return new QueuedObjectStore(new RetryingObjectStore(await S3ObjectStore.OpenAsync(Options with { BarrierRetry = retry }, TimeProvider.System, default), retry), new TransferQueue(4), TransferPriority.UserData);
    }

    public ValueTask DisposeAsync() => Proxy.DisposeAsync();
}
