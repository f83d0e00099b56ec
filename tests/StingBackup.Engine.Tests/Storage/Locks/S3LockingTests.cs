using System.Net;
using Amazon.S3;
using Amazon.S3.Model;
using StingBackup.Engine.Storage;
using StingBackup.Engine.Storage.S3;
using StingBackup.Engine.Tests.Storage.S3;

namespace StingBackup.Engine.Tests.Storage.Locks;

/// <summary>The real server, whose bucket refuses by itself what the store must not depend on. The thief has the very credentials of the store.</summary>
public sealed class S3LockingTests : LockingStoreConformance
{
    private S3Options? _options;

    protected override DateTimeOffset Now => TimeProvider.System.GetUtcNow();

    protected override async ValueTask<IObjectStore> OpenAsync(TierLockMode mode, TimeSpan atLeast)
    {
        var options = (await OptionsAsync()) with { Lock = new S3Lock(mode, atLeast), ListPage = 5, LongestHeld = 100_000, IsOnlyWriter = true };   // in a bucket with versions Ceph 16.2 ignores If-None-Match
        // As StoreFactory puts it together.
        return new BlockCachingStore(new QueuedObjectStore(new RetryingObjectStore(await S3Server.OpenAsync(options), new StoreRetry(TimeProvider.System)), new TransferQueue(), TransferPriority.UserData));
    }

    protected override async ValueTask<IObjectStore> OpenPlainAsync() => await S3Server.OpenAsync((await S3Server.NewOptionsAsync()) with { Lock = new S3Lock(TierLockMode.Governance, TimeSpan.FromDays(1)) });

    protected override async Task WriteOverAsync(string name, byte[] content)
    {
        using var stream = new MemoryStream(content);
        await (await ThiefAsync()).PutObjectAsync(new PutObjectRequest { BucketName = _options!.Address.Bucket, Key = _options.Address.KeyOf(name), InputStream = stream });
    }

    protected override async Task HideAsync(string name) => await (await ThiefAsync()).DeleteObjectAsync(_options!.Address.Bucket, _options.Address.KeyOf(name));

    protected override async Task<bool> TryDestroyAsync(string name, bool bypass)
    {
        foreach (var version in await VersionsAsync(name))
        {
            try
            {
                await (await ThiefAsync()).DeleteObjectAsync(new DeleteObjectRequest { BucketName = version.BucketName ?? _options!.Address.Bucket, Key = version.Key, VersionId = version.VersionId, BypassGovernanceRetention = bypass ? true : null });
            }
            catch (AmazonS3Exception e) when (e.StatusCode == HttpStatusCode.Forbidden)
            {
                return false;
            }
        }
        return true;
    }

    protected override async Task<bool> TryShortenAsync(string name, TierLockMode mode, DateTimeOffset until)
    {
        try
        {
            await (await ThiefAsync()).PutObjectRetentionAsync(new PutObjectRetentionRequest
            {
                BucketName = _options!.Address.Bucket, Key = _options.Address.KeyOf(name), VersionId = (await VersionsAsync(name))[^1].VersionId, BypassGovernanceRetention = true,
                Retention = new ObjectLockRetention { Mode = mode == TierLockMode.Compliance ? ObjectLockRetentionMode.Compliance : ObjectLockRetentionMode.Governance, RetainUntilDate = until.UtcDateTime },
            });
            return true;
        }
        catch (AmazonS3Exception e) when (e.StatusCode == HttpStatusCode.Forbidden)
        {
            return false;
        }
    }

    protected override async Task<int> CountAsync(string name) => (await VersionsAsync(name)).Count;

    protected override Task PassAsync(TimeSpan time) => Task.Delay(time);   // the server's clock is the real one

    private async Task<List<S3ObjectVersion>> VersionsAsync(string name)
    {
        var key = (await OptionsAsync()).Address.KeyOf(name);
        return [.. ((await (await ThiefAsync()).ListVersionsAsync(new ListVersionsRequest { BucketName = _options!.Address.Bucket, Prefix = key })).Versions ?? []).Where(v => v.Key == key)];
    }

    private static async Task<AmazonS3Client> ThiefAsync() => (await S3Server.GetAsync()).Client;

    private async Task<S3Options> OptionsAsync()
    {
        var cluster = await S3Server.GetAsync();
        return _options ??= cluster.Options($"s3://{await cluster.LockedBucketAsync()}/{Guid.NewGuid():n}");
    }
}
