using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using Amazon.S3.Model;

namespace StingBackup.Engine.Storage.S3;

/// <summary>The version of a key that is the object.</summary>
/// <param name="Name">The object's name.</param>
/// <param name="Version">The version's id.</param>
/// <param name="Length">Its length.</param>
/// <param name="Item">What the server says of it.</param>
internal sealed record S3FoundVersion(string Name, string Version, long Length, S3ObjectVersion Item);

/// <summary>
/// Which version of a key is the object, in a bucket whose objects are locked: of a locked name the oldest, so that nobody who can write puts another in its place or hides it; of others the newest, as ever.
/// Repeats nothing.
/// </summary>
internal sealed class S3Versions(S3Bucket bucket, S3Options options)
{
    /// <summary>Names whose version is remembered for reading.</summary>
    private const int MostRemembered = 100_000;

    private readonly ConcurrentDictionary<string, string> _versions = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, ShadowedObject> _shadowed = new(StringComparer.Ordinal);

    /// <summary>Names of which a listing showed more than the object.</summary>
    public IReadOnlyCollection<ShadowedObject> Shadowed => [.. _shadowed.Values.OrderBy(s => s.Name, StringComparer.Ordinal)];

    /// <summary>The object of a name; null when there is none.</summary>
    public async Task<S3FoundVersion?> FindAsync(string name, CancellationToken cancel)
    {
        var found = ObjectOf(name, await AllOfAsync(name, cancel).ConfigureAwait(false));
        Remember(name, found);
        return found;
    }

    /// <summary>Objects whose names begin so, in order.</summary>
    public async IAsyncEnumerable<S3FoundVersion> ListAsync(string prefix, [EnumeratorCancellation] CancellationToken cancel)
    {
        var own = options.Address.KeyOf("").Length;
        var versions = new List<S3ObjectVersion>();
        await foreach (var item in RawAsync(prefix, options.ListPage, cancel).ConfigureAwait(false))
        {
            if (versions.Count > 0 && item.Key != versions[0].Key && Take(versions, own) is { } found)
            {
                yield return found;
            }
            versions.Add(item);
        }
        if (versions.Count > 0 && Take(versions, own) is { } last)
        {
            yield return last;
        }
    }

    /// <summary>Reads the object of a name, whose version is looked up when it is not known or no longer there.</summary>
    public async ValueTask<int> ReadAsync(string name, Func<string, ValueTask<int>> read, Func<StingException> missing, CancellationToken cancel)
    {
        // A name that is not locked may have been given to another object since.
        if (LockedNames.Covers(name) && _versions.TryGetValue(name, out var known))
        {
            try
            {
                return await read(known).ConfigureAwait(false);
            }
            catch (StingException e) when (e.ErrorId is "ObjectNotFound" or "StoreUnavailable")
            {
                _versions.TryRemove(name, out _);
            }
        }
        return await FindAsync(name, cancel).ConfigureAwait(false) is { } found ? await read(found.Version).ConfigureAwait(false) : throw missing();
    }

    /// <summary>Deletes every version of a name, the object last; false when there was no object.</summary>
    /// <exception cref="StingException"><c>ObjectLocked</c>, <c>StoreAccessDenied</c></exception>
    public async ValueTask<bool> DeleteAsync(string name, TimeProvider clock, CancellationToken cancel)
    {
        var all = await AllOfAsync(name, cancel).ConfigureAwait(false);
        var found = ObjectOf(name, all);
        foreach (var version in all.Where(v => v.VersionId != found?.Version).Concat(found is null ? [] : [found.Item]))
        {
            try
            {
                await bucket.DeleteAsync(name, version.VersionId, cancel).ConfigureAwait(false);
            }
            catch (StingException e) when (e.ErrorId == "StoreAccessDenied")
            {
                if (await S3Locking.LockOfAsync(bucket, options, name, version.VersionId, cancel).ConfigureAwait(false) is { } held && held.Until > clock.GetUtcNow())
                {
                    throw LockErrors.Locked(name, options.Address.ToString(), held, e);
                }
                throw;
            }
        }
        _versions.TryRemove(name, out _);
        _shadowed.TryRemove(name, out _);
        return found is not null;
    }

    private S3FoundVersion? Take(List<S3ObjectVersion> versions, int own)
    {
        var name = versions[0].Key[own..];
        var found = ObjectName.IsValid(name) ? ObjectOf(name, versions) : null;   // else another program's, or a probe
        if (found is not null)
        {
            Remember(name, found);
            Note(found, versions);
        }
        versions.Clear();
        return found;
    }

    /// <summary>Versions come newest first.</summary>
    private static S3FoundVersion? ObjectOf(string name, List<S3ObjectVersion> versions)
    {
        var chosen = LockedNames.Covers(name) ? versions.LastOrDefault(v => v.IsDeleteMarker != true) : versions.FirstOrDefault() is { IsDeleteMarker: not true } newest ? newest : null;
        return chosen is null ? null : new S3FoundVersion(name, chosen.VersionId, chosen.Size ?? 0, chosen);
    }

    /// <summary>A later version of the same bytes is a copy that two hosts made at once, and nobody's deed.</summary>
    private void Note(S3FoundVersion found, List<S3ObjectVersion> versions)
    {
        var later = versions.TakeWhile(v => v.VersionId != found.Version).Where(v => v.IsDeleteMarker == true || v.ETag != found.Item.ETag || v.Size != found.Item.Size).ToList();
        if (LockedNames.Covers(found.Name) && later.Count > 0)
        {
            _shadowed[found.Name] = new ShadowedObject(found.Name, later.Count, later[0].IsDeleteMarker == true, later[0].LastModified is { } time ? new DateTimeOffset(time.ToUniversalTime(), TimeSpan.Zero) : default);
        }
        else
        {
            _shadowed.TryRemove(found.Name, out _);
        }
    }

    private void Remember(string name, S3FoundVersion? found)
    {
        if (found is null)
        {
            _versions.TryRemove(name, out _);
        }
        else if (LockedNames.Covers(name) && (_versions.Count < MostRemembered || _versions.ContainsKey(name)))
        {
            _versions[name] = found.Version;
        }
    }

    private async Task<List<S3ObjectVersion>> AllOfAsync(string name, CancellationToken cancel)
    {
        var all = new List<S3ObjectVersion>();
        var key = options.Address.KeyOf(name);
        await foreach (var item in RawAsync(name, 100, cancel).ConfigureAwait(false))
        {
            if (item.Key != key)
            {
                break;   // the name itself sorts before all that begin with it
            }
            all.Add(item);
        }
        return all;
    }

    private async IAsyncEnumerable<S3ObjectVersion> RawAsync(string prefix, int page, [EnumeratorCancellation] CancellationToken cancel)
    {
        var request = new ListVersionsRequest { BucketName = options.Address.Bucket, Prefix = options.Address.KeyOf(prefix), MaxKeys = page };
        var last = "";
        while (true)
        {
            cancel.ThrowIfCancellationRequested();
            var answer = await bucket.CallAsync("list versions of objects", prefix.Length == 0 ? null : prefix, () => bucket.Client.ListVersionsAsync(request, cancel), cancel).ConfigureAwait(false);
            foreach (var item in answer.Versions ?? [])
            {
                if (string.CompareOrdinal(item.Key, last) < 0 || !item.Key.StartsWith(request.Prefix, StringComparison.Ordinal))
                {
                    throw bucket.Errors.Broken("list versions of objects", prefix, $"it lists '{item.Key}' where it does not belong", "Use a server and a kind of bucket that list keys in the order of their bytes.");
                }
                last = item.Key;
                yield return item;
            }
            if (answer.IsTruncated != true)
            {
                yield break;
            }
            if (string.IsNullOrEmpty(answer.NextKeyMarker) || (answer.NextKeyMarker == request.KeyMarker && answer.NextVersionIdMarker == request.VersionIdMarker))
            {
                throw bucket.Errors.Broken("list versions of objects", prefix, "it says that there is more, and not how to get it", "Use a server that lists the versions of objects.");
            }
            (request.KeyMarker, request.VersionIdMarker) = (answer.NextKeyMarker, answer.NextVersionIdMarker);
        }
    }
}
