using System.Net;
using Amazon.S3;
using Amazon.S3.Model;

namespace StingBackup.Engine.Storage.S3;

/// <summary>Object Lock of a bucket: https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-lock.html. Repeats nothing.</summary>
internal sealed class S3Locking(S3Bucket bucket, S3Options options, S3Versions versions, S3ObjectStore store) : ILockingStore
{
    public TierLockMode Mode => options.Lock!.Mode;

    public TimeSpan AtLeast => options.Lock!.AtLeast;

    public IReadOnlyCollection<ShadowedObject> Shadowed => versions.Shadowed;

    public ValueTask RequireAsync(CancellationToken cancel) => store.RequireLockAsync(cancel);

    public async ValueTask<ObjectLock?> GetLockAsync(string name, CancellationToken cancel) => await LockOfAsync(bucket, options, name, await VersionAsync(name, cancel).ConfigureAwait(false), cancel).ConfigureAwait(false);

    public async ValueTask<ObjectLock> ExtendAsync(string name, DateTimeOffset until, CancellationToken cancel)
    {
        var version = await VersionAsync(name, cancel).ConfigureAwait(false);
        var held = await LockOfAsync(bucket, options, name, version, cancel).ConfigureAwait(false);
        var wanted = held?.Mode == TierLockMode.Compliance ? TierLockMode.Compliance : Mode;   // no server takes that back
        if (held is not null && held.Until >= until && held.Mode == wanted)
        {
            return held;
        }
        var end = held is not null && held.Until > until ? held.Until : until;
        await bucket.CallAsync("lock the object", name, async () =>
        {
            try
            {
                return await SetAsync(name, version, wanted, end, cancel).ConfigureAwait(false);
            }
            catch (AmazonS3Exception e) when (e.StatusCode == HttpStatusCode.Forbidden && held is { Mode: TierLockMode.Governance } && wanted == TierLockMode.Compliance)
            {
                // Some servers count a stricter mode as a change that needs the right to bypass: then it is longer at least.
                wanted = TierLockMode.Governance;
                return await SetAsync(name, version, wanted, end, cancel).ConfigureAwait(false);
            }
            catch (AmazonS3Exception e) when (e is { StatusCode: HttpStatusCode.BadRequest, ErrorCode: "InvalidRequest" })
            {
                throw LockErrors.Unavailable(options.Address.ToString(), options.Address.Bucket, e);
            }
        }, cancel).ConfigureAwait(false);
        return new ObjectLock(wanted, end);
    }

    /// <summary>The lock of a version; null when it was never locked.</summary>
    public static Task<ObjectLock?> LockOfAsync(S3Bucket bucket, S3Options options, string name, string version, CancellationToken cancel) => bucket.CallAsync("ask for the lock of the object", name, async () =>
    {
        try
        {
            var answer = await bucket.Client.GetObjectRetentionAsync(new GetObjectRetentionRequest { BucketName = options.Address.Bucket, Key = options.Address.KeyOf(name), VersionId = version }, cancel).ConfigureAwait(false);
            return answer.Retention is { RetainUntilDate: { } until } retention
                ? new ObjectLock(retention.Mode == ObjectLockRetentionMode.Compliance ? TierLockMode.Compliance : TierLockMode.Governance, new DateTimeOffset(until.ToUniversalTime(), TimeSpan.Zero)) : null;
        }
        catch (AmazonS3Exception e) when (e.ErrorCode is "NoSuchObjectLockConfiguration" or "ObjectLockConfigurationNotFoundError" || e is { StatusCode: HttpStatusCode.BadRequest, ErrorCode: "InvalidRequest" })
        {
            return null;
        }
        catch (AmazonS3Exception e) when (e.StatusCode == HttpStatusCode.MethodNotAllowed)
        {
            return null;   // a delete marker has none
        }
    }, cancel);

    /// <summary>The mode in the words of S3.</summary>
    public static ObjectLockMode ModeOf(TierLockMode mode) => mode == TierLockMode.Compliance ? ObjectLockMode.Compliance : ObjectLockMode.Governance;

    private Task<PutObjectRetentionResponse> SetAsync(string name, string version, TierLockMode mode, DateTimeOffset until, CancellationToken cancel) => bucket.Client.PutObjectRetentionAsync(new PutObjectRetentionRequest
    {
        BucketName = options.Address.Bucket, Key = options.Address.KeyOf(name), VersionId = version,
        Retention = new ObjectLockRetention { Mode = mode == TierLockMode.Compliance ? ObjectLockRetentionMode.Compliance : ObjectLockRetentionMode.Governance, RetainUntilDate = until.UtcDateTime },
    }, cancel);

    private async Task<string> VersionAsync(string name, CancellationToken cancel)
    {
        ObjectName.Check(name);
        return (await versions.FindAsync(name, cancel).ConfigureAwait(false))?.Version ?? throw store.NotFound(name);
    }
}
