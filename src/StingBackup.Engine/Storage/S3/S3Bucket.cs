using System.Net;
using System.Runtime.CompilerServices;
using Amazon;
using Amazon.Runtime;
using Amazon.S3;
using Amazon.S3.Model;

namespace StingBackup.Engine.Storage.S3;

/// <summary>Whether something was stored, and as which version of its key; that is null where the bucket keeps no versions.</summary>
internal readonly record struct S3Stored(bool IsDone, string? Version);

/// <summary>The few requests that a store makes of a bucket, with errors in its words. Repeats nothing.</summary>
internal sealed class S3Bucket : IDisposable
{
    /// <summary>What is handed to a connection at once; the library's 8 KB would be a system call each.</summary>
    private const int SendBuffer = 256 << 10;

    private readonly S3Options _options;
    private readonly TimeProvider _clock;
    private readonly S3HttpClients _connections;
    private readonly AmazonS3Client _client;
    private long _bucketSeen = long.MinValue;

    public S3Bucket(S3Options options, TimeProvider clock)
    {
        _options = options;
        _clock = clock;
        Errors = new S3Errors(options, clock);
        _connections = new S3HttpClients(options, clock);
        var config = new AmazonS3Config
        {
            ForcePathStyle = options.PathStyle, AuthenticationRegion = options.Region, MaxErrorRetry = 0, HttpClientFactory = _connections, BufferSize = SendBuffer,
            // Older servers do not understand what the library would add by itself; checksums are sent where a server was seen to keep them.
            RequestChecksumCalculation = RequestChecksumCalculation.WHEN_REQUIRED, ResponseChecksumValidation = ResponseChecksumValidation.WHEN_REQUIRED,
            // A host whose clock is wrong is told so at each request: see S3Errors.
            DisableS3ExpressSessionAuth = true, DisableClockSkewCorrection = true,
        };
        if (options.Endpoint is { } endpoint)
        {
            config.ServiceURL = endpoint.GetLeftPart(UriPartial.Authority);
            config.UseHttp = endpoint.Scheme == Uri.UriSchemeHttp;
        }
        else
        {
            config.RegionEndpoint = RegionEndpoint.GetBySystemName(options.Region);
        }
        _client = new AmazonS3Client(options.Login.Credentials(clock), config);
    }

    public S3Errors Errors { get; }

    public IAmazonS3 Client => _client;

    private string Bucket => _options.Address.Bucket;

    /// <summary>Calls, and names what fails.</summary>
    public async Task<T> CallAsync<T>(string action, string? name, Func<Task<T>> call, CancellationToken cancel)
    {
        try
        {
            return await call().ConfigureAwait(false);
        }
        catch (Exception e) when (S3Errors.IsKnown(e) && !cancel.IsCancellationRequested)
        {
            throw Errors.Wrap(e, action, name);
        }
    }

    /// <summary>Stores bytes by one request; not done when <paramref name="conditional"/> and the key is taken.</summary>
    public Task<S3Stored> PutAsync(string name, ReadOnlyMemory<byte> content, bool conditional, S3Abilities abilities, CancellationToken cancel) => CallAsync("store the object", name, async () =>
    {
        var sums = S3Checksums.Of(name, content.Span, isWhole: true, abilities);
        var request = new PutObjectRequest
        {
            BucketName = Bucket, Key = _options.Address.KeyOf(name), InputStream = new MemoryReadStream(content), ContentType = "application/octet-stream", StorageClass = ClassOf(name), DisablePayloadSigning = SignsNoPayload,
        };
        request.IfNoneMatch = conditional ? "*" : null;
        sums.ApplyTo(request);
        if (sums.Signed is { } hash)
        {
            Sign(request, hash);
        }
        if (LockOf(name) is var (mode, until))
        {
            (request.ObjectLockMode, request.ObjectLockRetainUntilDate) = (mode, until);
        }
        try
        {
            var answer = await _client.PutObjectAsync(request, cancel).ConfigureAwait(false);
            if (sums.Contradiction(answer.ETag, answer.ChecksumSHA256, abilities) is { } problem)
            {
                throw Errors.Unconfirmed("store the object", name, problem);
            }
            return new S3Stored(true, answer.VersionId);
        }
        catch (AmazonS3Exception e) when (conditional && e.StatusCode == HttpStatusCode.PreconditionFailed)
        {
            return default;
        }
        catch (AmazonS3Exception e) when (IsOfNoLock(e))
        {
            throw LockErrors.Unavailable(_options.Address.ToString(), Bucket, e);
        }
    }, cancel);

    /// <summary>Begins an upload of parts.</summary>
    public Task<string> BeginUploadAsync(string name, S3Abilities abilities, CancellationToken cancel) => CallAsync("begin an upload of the object", name, async () =>
    {
        var request = new InitiateMultipartUploadRequest
        {
            BucketName = Bucket, Key = _options.Address.KeyOf(name), ContentType = "application/octet-stream", StorageClass = ClassOf(name),
            ChecksumAlgorithm = abilities.Checksums == Ability.Yes ? ChecksumAlgorithm.SHA256 : null,
        };
        if (LockOf(name) is var (mode, until))
        {
            (request.ObjectLockMode, request.ObjectLockRetainUntilDate) = (mode, until);
        }
        try
        {
            return (await _client.InitiateMultipartUploadAsync(request, cancel).ConfigureAwait(false)).UploadId;
        }
        catch (AmazonS3Exception e) when (IsOfNoLock(e))
        {
            throw LockErrors.Unavailable(_options.Address.ToString(), Bucket, e);
        }
    }, cancel);

    /// <summary>Sends a part.</summary>
    /// <param name="name">The object.</param>
    /// <param name="upload">The upload.</param>
    /// <param name="number">The part's number, from 1.</param>
    /// <param name="content">Its bytes, and whether there are no others.</param>
    /// <param name="abilities">What the server can be held to.</param>
    /// <param name="cancel">Cancels.</param>
    public Task<PartETag> SendPartAsync(string name, string upload, int number, (ReadOnlyMemory<byte> Bytes, bool IsWhole) content, S3Abilities abilities, CancellationToken cancel) => CallAsync("send a part of the object", name, async () =>
    {
        var sums = S3Checksums.Of(name, content.Bytes.Span, content.IsWhole, abilities);
        var request = new UploadPartRequest
        {
            BucketName = Bucket, Key = _options.Address.KeyOf(name), UploadId = upload, PartNumber = number, PartSize = content.Bytes.Length, InputStream = new MemoryReadStream(content.Bytes), DisablePayloadSigning = SignsNoPayload,
        };
        sums.ApplyTo(request);
        if (sums.Signed is { } hash)
        {
            Sign(request, hash);
        }
        var answer = await _client.UploadPartAsync(request, cancel).ConfigureAwait(false);
        return sums.Contradiction(answer.ETag, answer.ChecksumSHA256, abilities) is { } problem ? throw Errors.Unconfirmed("send a part of the object", name, problem) : sums.Part(number, answer.ETag);
    }, cancel);

    /// <summary>Makes an object of parts; not done when <paramref name="conditional"/> and the key is taken.</summary>
    public Task<S3Stored> CompleteUploadAsync(string name, string upload, IEnumerable<PartETag> parts, bool conditional, CancellationToken cancel) => CallAsync("complete the upload of the object", name, async () =>
    {
        var request = new CompleteMultipartUploadRequest { BucketName = Bucket, Key = _options.Address.KeyOf(name), UploadId = upload, PartETags = [.. parts], IfNoneMatch = conditional ? "*" : null };
        try
        {
            return new S3Stored(true, (await _client.CompleteMultipartUploadAsync(request, cancel).ConfigureAwait(false)).VersionId);
        }
        catch (AmazonS3Exception e) when (conditional && e.StatusCode == HttpStatusCode.PreconditionFailed)
        {
            return default;
        }
    }, cancel);

    /// <summary>Drops an upload. What cannot be dropped goes by the bucket's lifecycle rule.</summary>
    public async Task AbandonUploadAsync(string name, string upload, CancellationToken cancel)
    {
        try
        {
            await CallAsync("drop an upload of the object", name, () => _client.AbortMultipartUploadAsync(new AbortMultipartUploadRequest { BucketName = Bucket, Key = _options.Address.KeyOf(name), UploadId = upload }, cancel), cancel).ConfigureAwait(false);
        }
        catch (Exception e) when (e is StingException or OperationCanceledException)
        {
        }
    }

    /// <summary>An object's length; null when it is not there. A bucket that is not there is an error.</summary>
    public async Task<long?> HeadAsync(string name, CancellationToken cancel)
    {
        var length = await CallAsync("look up the object", name, async () =>
        {
            try
            {
                var answer = await _client.GetObjectMetadataAsync(new GetObjectMetadataRequest { BucketName = Bucket, Key = _options.Address.KeyOf(name) }, cancel).ConfigureAwait(false);
                return answer.ContentLength;
            }
            catch (AmazonS3Exception e) when (e.StatusCode == HttpStatusCode.NotFound)
            {
                return -1L;   // without a body, which of the two is missing cannot be told
            }
        }, cancel).ConfigureAwait(false);
        if (length < 0)
        {
            await EnsureThereAsync(cancel).ConfigureAwait(false);
            return null;
        }
        return length;
    }

    /// <summary>An object's length by listing, for hosts that may list and not read; null when it is not there.</summary>
    public async Task<long?> FindAsync(string name, CancellationToken cancel)
    {
        await foreach (var found in ListAsync(name, 1, cancel).ConfigureAwait(false))
        {
            return found.Name == name ? found.Length : null;   // the name itself sorts before all that begin with it
        }
        return null;
    }

    /// <summary>Objects whose names begin so, in order.</summary>
    public IAsyncEnumerable<ObjectInfo> ListAsync(string prefix, int page, CancellationToken cancel) => ListAfterAsync(prefix, "", page, cancel);

    /// <summary>The same, of names behind one alone.</summary>
    public async IAsyncEnumerable<ObjectInfo> ListAfterAsync(string prefix, string after, int page, [EnumeratorCancellation] CancellationToken cancel)
    {
        await foreach (var (info, _) in ListItemsAsync(prefix, page, cancel, after).ConfigureAwait(false))
        {
            // A server that does not know how to begin there begins at the beginning.
            if (string.CompareOrdinal(info.Name, after) > 0)
            {
                yield return info;
            }
        }
    }

    /// <summary>The same, with all that the server says of each.</summary>
    public async IAsyncEnumerable<(ObjectInfo Info, S3Object Item)> ListItemsAsync(string prefix, int page, [EnumeratorCancellation] CancellationToken cancel, string after = "")
    {
        var request = new ListObjectsV2Request { BucketName = Bucket, Prefix = _options.Address.KeyOf(prefix), MaxKeys = page, StartAfter = after.Length == 0 ? null : _options.Address.KeyOf(after) };
        var own = _options.Address.KeyOf("").Length;
        var last = "";
        while (true)
        {
            cancel.ThrowIfCancellationRequested();
            var answer = await CallAsync("list objects", prefix.Length == 0 ? null : prefix, () => _client.ListObjectsV2Async(request, cancel), cancel).ConfigureAwait(false);
            _bucketSeen = _clock.GetTimestamp();
            foreach (var item in answer.S3Objects ?? [])
            {
                if (string.CompareOrdinal(item.Key, last) <= 0 || !item.Key.StartsWith(request.Prefix, StringComparison.Ordinal))
                {
                    throw Errors.Broken("list objects", prefix, $"it lists '{item.Key}' where it does not belong", "Use a server and a kind of bucket that list keys in the order of their bytes.");
                }
                last = item.Key;
                var name = item.Key[own..];
                if (ObjectName.IsValid(name))   // else another program's, or a probe
                {
                    yield return (new ObjectInfo(name, item.Size ?? 0), item);
                }
            }
            if (answer.IsTruncated != true)
            {
                yield break;
            }
            if (string.IsNullOrEmpty(answer.NextContinuationToken) || answer.NextContinuationToken == request.ContinuationToken)
            {
                throw Errors.Broken("list objects", prefix, "it says that there is more, and not how to get it", "Use a server that speaks ListObjectsV2.");
            }
            request.ContinuationToken = answer.NextContinuationToken;
        }
    }

    /// <summary>Fails when the bucket is not there or not to be listed; asks once a minute at most.</summary>
    public async Task EnsureThereAsync(CancellationToken cancel)
    {
        if (_bucketSeen == long.MinValue || _clock.GetElapsedTime(_bucketSeen) > TimeSpan.FromMinutes(1))
        {
            await CallAsync("list objects", null, () => _client.ListObjectsV2Async(new ListObjectsV2Request { BucketName = Bucket, Prefix = _options.Address.KeyOf(""), MaxKeys = 1 }, cancel), cancel).ConfigureAwait(false);
            _bucketSeen = _clock.GetTimestamp();
        }
    }

    /// <summary>Reads a range; of one version, where it is named.</summary>
    public Task<int> ReadAsync(string name, long offset, Memory<byte> buffer, string? version, CancellationToken cancel) => CallAsync("read the object", name, async () =>
    {
        GetObjectResponse answer;
        try
        {
            answer = await _client.GetObjectAsync(new GetObjectRequest { BucketName = Bucket, Key = _options.Address.KeyOf(name), VersionId = version, ByteRange = new ByteRange(offset, offset + buffer.Length - 1) }, cancel).ConfigureAwait(false);
        }
        catch (AmazonS3Exception e) when (e.StatusCode == HttpStatusCode.RequestedRangeNotSatisfiable)
        {
            return 0;
        }
        using (answer)
        {
            var expected = Expected(answer, offset, buffer.Length);
            if (expected < 0)
            {
                throw Errors.Broken("read the object", name, $"it answers a request for bytes from {offset} with '{answer.ContentRange ?? "the whole"}'", "Use a server that reads ranges.");
            }
            var done = 0;
            while (done < expected)
            {
                var read = await answer.ResponseStream.ReadAsync(buffer[done..expected], cancel).ConfigureAwait(false);
                if (read == 0)
                {
                    throw Errors.Truncated("read the object", name, $"only {done} of {expected} bytes arrived");
                }
                done += read;
            }
            return done;
        }
    }, cancel);

    public Task DeleteAsync(string name, string? version, CancellationToken cancel) => CallAsync("delete the object", name,
        () => _client.DeleteObjectAsync(new DeleteObjectRequest { BucketName = Bucket, Key = _options.Address.KeyOf(name), VersionId = version }, cancel), cancel);

    public void Dispose()
    {
        _client.Dispose();
        _connections.Dispose();
    }

    /// <summary>Lets a request be signed with a payload's hash that is known before: nothing is computed for it, and the bytes go out as they are.</summary>
    internal static void Sign(PutObjectRequest request, string hash)
    {
        (request.UseChunkEncoding, request.DisablePayloadSigning) = (false, false);
        SetHash(request, hash);
    }

    private static void Sign(UploadPartRequest request, string hash)
    {
        (request.UseChunkEncoding, request.DisablePayloadSigning) = (false, false);
        SetHash(request, hash);
    }

    private static void SetHash(Amazon.Runtime.Internal.IAmazonWebServiceRequest request, string hash) =>
        request.AddBeforeRequestHandler((_, e) => ((WebServiceRequestEventArgs)e).Headers["x-amz-content-sha256"] = hash);

    /// <summary>Over TLS the payload needs no signature of its own: its checksum is part of what is signed.</summary>
    private bool? SignsNoPayload => _options.Endpoint is null || _options.Endpoint.Scheme == Uri.UriSchemeHttps ? true : null;

    private S3StorageClass? ClassOf(string name) => _options.DataStorageClass is { } given && name.StartsWith("data/", StringComparison.Ordinal) ? new S3StorageClass(given) : null;

    /// <summary>How a new object is locked; null when it is not.</summary>
    private (ObjectLockMode Mode, DateTime Until)? LockOf(string name) => _options.Lock is { } held && LockedNames.Covers(name) ? (S3Locking.ModeOf(held.Mode), (_clock.GetUtcNow() + held.AtLeast).UtcDateTime) : null;

    /// <summary>What a bucket without Object Lock says to a lock.</summary>
    private bool IsOfNoLock(AmazonS3Exception e) => _options.Lock is not null && e is { StatusCode: HttpStatusCode.BadRequest, ErrorCode: "InvalidRequest" };

    /// <summary>How many bytes must come, by what the server says of the whole object; below zero when it did not read the range.</summary>
    private static int Expected(GetObjectResponse answer, long offset, int wanted)
    {
        if (answer.HttpStatusCode != HttpStatusCode.PartialContent)
        {
            return offset == 0 ? (int)Math.Min(answer.ContentLength, wanted) : -1;
        }
        // bytes 10-19/100
        var range = answer.ContentRange ?? "";
        var slash = range.IndexOf('/', StringComparison.Ordinal);
        return slash > 0 && range.StartsWith(FormattableString.Invariant($"bytes {offset}-"), StringComparison.Ordinal)
            && long.TryParse(range.AsSpan(slash + 1), System.Globalization.NumberStyles.None, System.Globalization.CultureInfo.InvariantCulture, out var total) ? (int)Math.Min(total - offset, wanted) : -1;
    }
}
