using System.Net;
using System.Runtime.CompilerServices;
using Amazon.S3;
using Amazon.S3.Model;

namespace StingBackup.Engine.Storage.S3;

/// <summary>Storage classes of a bucket: https://docs.aws.amazon.com/AmazonS3/latest/API/API_RestoreObject.html and archived-objects.html. Repeats nothing.</summary>
internal sealed class S3Thawing(S3Bucket bucket, S3Options options, S3Versions? versions) : IThawingStore
{
    /// <summary>Classes whose objects must be thawed before they can be read.</summary>
    private static bool IsArchived(string storageClass) => storageClass is "GLACIER" or "DEEP_ARCHIVE";

    public async ValueTask<StoredState?> GetStateAsync(string name, CancellationToken cancel)
    {
        ObjectName.Check(name);
        var version = await VersionOfAsync(name, cancel).ConfigureAwait(false);
        return await bucket.CallAsync("look up the object", name, async () =>
        {
            try
            {
                var answer = await bucket.Client.GetObjectMetadataAsync(new GetObjectMetadataRequest { BucketName = options.Address.Bucket, Key = options.Address.KeyOf(name), VersionId = version }, cancel).ConfigureAwait(false);
                var found = new StoredObject(name, answer.ContentLength, ClassOf(answer.StorageClass), TimeOf(answer.LastModified) ?? default);
                var until = TimeOf(answer.RestoreExpiration);
                var state = !IsArchived(found.StorageClass) ? ThawState.Ready : answer.RestoreInProgress == true ? ThawState.Thawing : until is not null ? ThawState.Thawed : ThawState.Archived;
                return new StoredState(found, state, state == ThawState.Thawed ? until : null);
            }
            catch (AmazonS3Exception e) when (e.StatusCode == HttpStatusCode.NotFound)
            {
                return null;
            }
        }, cancel).ConfigureAwait(false);
    }

    public async ValueTask<ThawAnswer> ThawAsync(string name, RetrievalSpeed speed, int days, CancellationToken cancel)
    {
        ObjectName.Check(name);
        var version = await VersionOfAsync(name, cancel).ConfigureAwait(false);
        return await bucket.CallAsync("thaw the object", name, async () =>
        {
            try
            {
                var answer = await bucket.Client.RestoreObjectAsync(new RestoreObjectRequest
                {
                    BucketName = options.Address.Bucket, Key = options.Address.KeyOf(name), VersionId = version, Days = days,
                    RetrievalTier = speed switch { RetrievalSpeed.Bulk => GlacierJobTier.Bulk, RetrievalSpeed.Expedited => GlacierJobTier.Expedited, _ => GlacierJobTier.Standard },
                }, cancel).ConfigureAwait(false);
                return answer.HttpStatusCode == HttpStatusCode.OK ? ThawAnswer.Extended : ThawAnswer.Begun;
            }
            catch (AmazonS3Exception e) when (e.ErrorCode == "RestoreAlreadyInProgress" || e.StatusCode == HttpStatusCode.Conflict)
            {
                return ThawAnswer.UnderWay;
            }
            catch (AmazonS3Exception e) when (e.ErrorCode is "InvalidObjectState" or "ObjectAlreadyInActiveTierError")
            {
                return ThawAnswer.NotArchived;
            }
            catch (AmazonS3Exception e) when (e.ErrorCode is "GlacierExpeditedRetrievalNotAvailable" || e.StatusCode is HttpStatusCode.BadRequest or HttpStatusCode.NotImplemented)
            {
                throw bucket.Errors.ThawRefused(name, speed, e);
            }
        }, cancel).ConfigureAwait(false);
    }

    public async ValueTask MoveAsync(string name, string storageClass, CancellationToken cancel)
    {
        ObjectName.Check(name);
        var key = options.Address.KeyOf(name);
        await bucket.CallAsync("move to another storage class the object", name, () => bucket.Client.CopyObjectAsync(new CopyObjectRequest
        {
            SourceBucket = options.Address.Bucket, SourceKey = key, DestinationBucket = options.Address.Bucket, DestinationKey = key, StorageClass = new S3StorageClass(storageClass), MetadataDirective = S3MetadataDirective.COPY,
        }, cancel), cancel).ConfigureAwait(false);
    }

    public async IAsyncEnumerable<StoredObject> ListStoredAsync(string prefix, [EnumeratorCancellation] CancellationToken cancel)
    {
        ObjectName.CheckPrefix(prefix);
        if (versions is not null)
        {
            await foreach (var found in versions.ListAsync(prefix, cancel).ConfigureAwait(false))
            {
                yield return new StoredObject(found.Name, found.Length, ClassOf(found.Item.StorageClass), TimeOf(found.Item.LastModified) ?? default);
            }
            yield break;
        }
        await foreach (var (info, item) in bucket.ListItemsAsync(prefix, options.ListPage, cancel).ConfigureAwait(false))
        {
            yield return new StoredObject(info.Name, info.Length, ClassOf(item.StorageClass), TimeOf(item.LastModified) ?? default);
        }
    }

    private async ValueTask<string?> VersionOfAsync(string name, CancellationToken cancel) => versions is null ? null : (await versions.FindAsync(name, cancel).ConfigureAwait(false))?.Version;

    private static string ClassOf(S3StorageClass? given) => given?.Value is { Length: > 0 } name ? name : "STANDARD";

    private static DateTimeOffset? TimeOf(DateTime? time) => time is { } given ? new DateTimeOffset(given.ToUniversalTime(), TimeSpan.Zero) : null;
}
