using System.Net;
using System.Security.Cryptography;
using System.Text;
using Amazon.Runtime;
using Amazon.S3;
using Amazon.S3.Model;

namespace StingBackup.Engine.Storage.S3;

/// <summary>
/// Finds out what a server really does, below <c>~probe/</c>, where no object can lie. Its objects stay: a host that may not delete leaves no new ones. A server that
/// refuses or misses a request fails no probe; one that cannot be reached does.
/// </summary>
internal sealed class S3Probe(S3Bucket bucket, S3Options options, TimeProvider clock)
{
    private static readonly byte[] One = "one"u8.ToArray(), Other = "other"u8.ToArray();

    /// <exception cref="StingException"><c>StoreAccessDenied</c> when not even a probe may be stored, and what else keeps from the server.</exception>
    public async Task<S3Abilities> RunAsync(CancellationToken cancel)
    {
        var found = new S3Abilities { Probed = clock.GetUtcNow() };
        found = found with { ConditionalPut = await ConditionalPutAsync(cancel).ConfigureAwait(false) };
        found = found with { ConditionalComplete = await ConditionalCompleteAsync(cancel).ConfigureAwait(false) };
        found = found with { ConditionalDelete = await ConditionalDeleteAsync(cancel).ConfigureAwait(false) };
        found = found with { Checksums = await RefusesAsync("sum", r => r.ChecksumSHA256 = Convert.ToBase64String(SHA256.HashData(Other)), cancel).ConfigureAwait(false) };
        found = found with { Md5Checked = await RefusesAsync("md5", r => r.MD5Digest = Convert.ToBase64String(Md5(Other)), cancel).ConfigureAwait(false) };
        found = found with { PayloadHash = await RefusesAsync("hash", r => S3Bucket.Sign(r, Convert.ToHexStringLower(SHA256.HashData(Other))), cancel).ConfigureAwait(false) };
        var (etag, lists) = await StoredAsync(cancel).ConfigureAwait(false);
        return found with
        {
            EtagIsMd5 = etag, ListsAtOnce = lists,
            Versioning = await AskAsync(async () => (await bucket.Client.GetBucketVersioningAsync(options.Address.Bucket, cancel).ConfigureAwait(false)).VersioningConfig?.Status == VersionStatus.Enabled, cancel).ConfigureAwait(false),
            ObjectLock = await AskAsync(async () => (await bucket.Client.GetObjectLockConfigurationAsync(new GetObjectLockConfigurationRequest { BucketName = options.Address.Bucket }, cancel).ConfigureAwait(false)).ObjectLockConfiguration?.ObjectLockEnabled == ObjectLockEnabled.Enabled, cancel).ConfigureAwait(false),
            Restore = await RestoreAsync(cancel).ConfigureAwait(false),
            MayDelete = await MayDeleteAsync(cancel).ConfigureAwait(false),
        };
    }

    private async Task<Ability> ConditionalPutAsync(CancellationToken cancel)
    {
        if (await PutAsync("once", One, r => r.IfNoneMatch = "*", cancel).ConfigureAwait(false) == HttpStatusCode.PreconditionFailed)
        {
            return Ability.Yes;
        }
        return await PutAsync("once", Other, r => r.IfNoneMatch = "*", cancel).ConfigureAwait(false) == HttpStatusCode.PreconditionFailed ? Ability.Yes : Ability.No;
    }

    private async Task<Ability> ConditionalCompleteAsync(CancellationToken cancel)
    {
        var key = Key("once");
        var upload = await bucket.CallAsync("begin an upload of the probe", null, async () =>
            (await bucket.Client.InitiateMultipartUploadAsync(new InitiateMultipartUploadRequest { BucketName = options.Address.Bucket, Key = key }, cancel).ConfigureAwait(false)).UploadId, cancel).ConfigureAwait(false);
        var part = await bucket.CallAsync("send a part of the probe", null, () => bucket.Client.UploadPartAsync(new UploadPartRequest
        {
            BucketName = options.Address.Bucket, Key = key, UploadId = upload, PartNumber = 1, PartSize = One.Length, InputStream = new MemoryReadStream(One),
        }, cancel), cancel).ConfigureAwait(false);
        var honoured = await TryAsync("complete the upload of the probe", async () => await bucket.Client.CompleteMultipartUploadAsync(new CompleteMultipartUploadRequest
        {
            BucketName = options.Address.Bucket, Key = key, UploadId = upload, PartETags = [new PartETag(1, part.ETag)], IfNoneMatch = "*",
        }, cancel).ConfigureAwait(false), cancel).ConfigureAwait(false) == HttpStatusCode.PreconditionFailed;
        if (honoured)
        {
            await TryAsync("drop the upload of the probe", async () => await bucket.Client.AbortMultipartUploadAsync(options.Address.Bucket, key, upload, cancel).ConfigureAwait(false), cancel).ConfigureAwait(false);
        }
        return honoured ? Ability.Yes : Ability.No;
    }

    private async Task<Ability> ConditionalDeleteAsync(CancellationToken cancel)
    {
        if (await PutAsync("match", One, r => r.IfNoneMatch = "*", cancel).ConfigureAwait(false) is not (HttpStatusCode.OK or HttpStatusCode.PreconditionFailed))
        {
            return Ability.Unknown;
        }
        return await DeleteAsync("match", $"\"{Convert.ToHexStringLower(Md5(Other))}\"", cancel).ConfigureAwait(false) switch
        {
            HttpStatusCode.PreconditionFailed => Ability.Yes,
            HttpStatusCode.NoContent or HttpStatusCode.OK or HttpStatusCode.NotImplemented or HttpStatusCode.BadRequest => Ability.No,
            _ => Ability.Unknown,
        };
    }

    private async Task<Ability> MayDeleteAsync(CancellationToken cancel) => await DeleteAsync("match", null, cancel).ConfigureAwait(false) switch
    {
        HttpStatusCode.NoContent or HttpStatusCode.OK => Ability.Yes,
        HttpStatusCode.Forbidden => Ability.No,
        _ => Ability.Unknown,
    };

    /// <summary>Whether bytes with a checksum of others are refused. Under a policy that wants If-None-Match each name can be stored once, so the condition is sent along.</summary>
    private async Task<Ability> RefusesAsync(string name, Action<PutObjectRequest> spoil, CancellationToken cancel) => await PutAsync(name, One, request =>
    {
        request.IfNoneMatch = "*";
        spoil(request);
    }, cancel).ConfigureAwait(false) switch
    {
        HttpStatusCode.BadRequest => Ability.Yes,
        // It stands there because an earlier probe with a wrong checksum was let in.
        HttpStatusCode.OK or HttpStatusCode.PreconditionFailed => Ability.No,
        _ => Ability.Unknown,
    };

    private async Task<(Ability EtagIsMd5, Ability ListsAtOnce)> StoredAsync(CancellationToken cancel)
    {
        var name = "list-" + clock.GetUtcNow().ToString("yyyyMMdd", System.Globalization.CultureInfo.InvariantCulture);   // a new one a day
        string? etag = null;
        var status = await TryAsync("store the probe", async () => etag = (await bucket.Client.PutObjectAsync(Request(name, One, r => r.IfNoneMatch = "*"), cancel).ConfigureAwait(false)).ETag, cancel).ConfigureAwait(false);
        var listed = await bucket.CallAsync("list the probe", null, () => bucket.Client.ListObjectsV2Async(new ListObjectsV2Request { BucketName = options.Address.Bucket, Prefix = Key(name), MaxKeys = 1 }, cancel), cancel).ConfigureAwait(false);
        var item = listed.S3Objects?.FirstOrDefault(o => o.Key == Key(name));
        etag ??= item?.ETag;
        return (status is not (HttpStatusCode.OK or HttpStatusCode.PreconditionFailed) || etag is null ? Ability.Unknown : etag.Trim('"').Equals(Convert.ToHexStringLower(Md5(One)), StringComparison.OrdinalIgnoreCase) ? Ability.Yes : Ability.No,
            item is not null ? Ability.Yes : Ability.No);
    }

    private async Task<Ability> RestoreAsync(CancellationToken cancel) =>
        await TryAsync("ask for the probe's restoration", async () => await bucket.Client.RestoreObjectAsync(new RestoreObjectRequest { BucketName = options.Address.Bucket, Key = Key("once"), Days = 1 }, cancel).ConfigureAwait(false), cancel, _lastCode).ConfigureAwait(false) switch
        {
            HttpStatusCode.OK or HttpStatusCode.Accepted or HttpStatusCode.Conflict => Ability.Yes,
            // "The object's storage class needs no restoration" comes from a server that would restore others.
            HttpStatusCode.Forbidden => _lastCode.Value == "InvalidObjectState" ? Ability.Yes : Ability.Unknown,
            _ => Ability.No,
        };

    private readonly StrongBox _lastCode = new();

    private async Task<Ability> AskAsync(Func<Task<bool>> ask, CancellationToken cancel)
    {
        var yes = false;
        return await TryAsync("ask the bucket", async () => yes = await ask().ConfigureAwait(false), cancel).ConfigureAwait(false) switch
        {
            HttpStatusCode.OK => yes ? Ability.Yes : Ability.No,
            HttpStatusCode.Forbidden => Ability.Unknown,
            _ => Ability.No,
        };
    }

    private Task<HttpStatusCode> PutAsync(string name, byte[] content, Action<PutObjectRequest> change, CancellationToken cancel) =>
        TryAsync("store the probe", async () => await bucket.Client.PutObjectAsync(Request(name, content, change), cancel).ConfigureAwait(false), cancel);

    private Task<HttpStatusCode> DeleteAsync(string name, string? etag, CancellationToken cancel)
    {
        var request = new DeleteObjectRequest { BucketName = options.Address.Bucket, Key = Key(name), IfMatch = etag };
        return TryAsync("delete the probe", async () => await bucket.Client.DeleteObjectAsync(request, cancel).ConfigureAwait(false), cancel);
    }

    private PutObjectRequest Request(string name, byte[] content, Action<PutObjectRequest> change)
    {
        var request = new PutObjectRequest { BucketName = options.Address.Bucket, Key = Key(name), InputStream = new MemoryReadStream(content) };
        change(request);
        return request;
    }

    /// <summary>The status that a request comes back with. No answer, an overloaded server or a refused login fail the probe; so does a write that is not allowed at all.</summary>
    private async Task<HttpStatusCode> TryAsync(string action, Func<Task> send, CancellationToken cancel, StrongBox? code = null)
    {
        try
        {
            await send().ConfigureAwait(false);
            return HttpStatusCode.OK;
        }
        catch (AmazonServiceException e) when (e.StatusCode is not (0 or HttpStatusCode.ServiceUnavailable or HttpStatusCode.InternalServerError or HttpStatusCode.TooManyRequests) && !cancel.IsCancellationRequested)
        {
            var known = bucket.Errors.Wrap(e, action, null);
            if (known.ErrorId is "StoreLoginFailed" or "StoreClockWrong" || (known.ErrorId == "StoreUnavailable" && e.ErrorCode == "NoSuchBucket") || (known.ErrorId == "StoreAccessDenied" && action == "store the probe"))
            {
                throw known;
            }
            code?.Value = e.ErrorCode;
            return e.StatusCode;
        }
        catch (Exception e) when (S3Errors.IsKnown(e) && !cancel.IsCancellationRequested)
        {
            throw bucket.Errors.Wrap(e, action, null);
        }
    }

    private string Key(string name) => options.Address.KeyOf("~probe/" + name);

#pragma warning disable CA5351 // It is what S3 calls ETag and Content-MD5.
    private static byte[] Md5(byte[] content) => MD5.HashData(content);
#pragma warning restore CA5351

    private sealed class StrongBox
    {
        public string? Value { get; set; }
    }
}
