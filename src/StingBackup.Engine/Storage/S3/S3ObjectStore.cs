using System.Collections.Concurrent;
using System.Runtime.CompilerServices;

namespace StingBackup.Engine.Storage.S3;

/// <summary>
/// Objects in a bucket. A put is one conditional request (<c>If-None-Match: *</c>), never an upload of parts, because some servers take that condition with the
/// completion of an upload and ignore it. Longer staged objects are sent as parts at once, and the barrier completes them. Nothing counts as stored before the server
/// has confirmed checksum and length. Repeats nothing: see <see cref="RetryingObjectStore"/>.
/// </summary>
public sealed class S3ObjectStore : IObjectStore
{
    private readonly S3Options _options;
    private readonly TimeProvider _clock;
    private readonly S3Bucket _bucket;
    private readonly S3Staging _staging;
    private readonly S3AbilityFile _noted;
    private readonly SemaphoreSlim _oneBarrier = new(1), _oneProbe = new(1);
    private readonly SemaphoreSlim[] _turns = [.. Enumerable.Range(0, 64).Select(_ => new SemaphoreSlim(1))];
    private readonly S3Versions? _versions;
    private S3Abilities? _abilities;

    private S3ObjectStore(S3Options options, TimeProvider clock)
    {
        _options = options;
        _clock = clock;
        _bucket = new S3Bucket(options, clock);
        _staging = new S3Staging(_bucket, options);
        _noted = new S3AbilityFile(options);
        _versions = options.Lock is null ? null : new S3Versions(_bucket, options);
    }

    /// <inheritdoc/>
    public string Location => _options.Address.ToString();

    /// <inheritdoc/>
    public IThawingStore Thawing => new S3Thawing(_bucket, _options, _versions);

    /// <inheritdoc/>
    public ILockingStore? Locking => _versions is { } versions ? new S3Locking(_bucket, _options, versions, this) : null;

    /// <inheritdoc/>
    public bool GuardsContent => true;

    /// <summary>Opens the store; the bucket must be there. What the server can do is asked before the first write, unless this host has noted it lately.</summary>
    /// <exception cref="StingException"><c>StoreUnavailable</c>, <c>StoreAccessDenied</c>, <c>StoreLoginFailed</c>, <c>StoreTlsFailed</c>, <c>StoreUnreachable</c>, <c>StoreBusy</c></exception>
    public static async ValueTask<S3ObjectStore> OpenAsync(S3Options options, TimeProvider clock, CancellationToken cancel)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(clock);
        var store = new S3ObjectStore(options, clock);
        try
        {
            await store._bucket.EnsureThereAsync(cancel).ConfigureAwait(false);
            return store;
        }
        catch
        {
            await store.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>What the server does, as noted, or found out now.</summary>
    public async ValueTask<S3Abilities> GetAbilitiesAsync(CancellationToken cancel)
    {
        if (_abilities is { } known)
        {
            return known;
        }
        await _oneProbe.WaitAsync(cancel).ConfigureAwait(false);
        try
        {
            if (_abilities is null)
            {
                _abilities = _noted.Load(_clock.GetUtcNow()) ?? await ProbeAsync(cancel).ConfigureAwait(false);
            }
            return _abilities;
        }
        finally
        {
            _oneProbe.Release();
        }
    }

    /// <summary>Fails unless this host may write: the server honours conditional writes, or this host is the only writer.</summary>
    /// <exception cref="StingException"><c>StoreWithoutConditionalWrites</c>, <c>StoreAccessDenied</c></exception>
    public async ValueTask RequireWritableAsync(CancellationToken cancel) => await WritableAsync("~probe", cancel).ConfigureAwait(false);

    /// <summary>Finds out anew what the server does, and notes it.</summary>
    public async ValueTask<S3Abilities> ProbeAsync(CancellationToken cancel)
    {
        var found = await new S3Probe(_bucket, _options, _clock).RunAsync(cancel).ConfigureAwait(false);
        _noted.Save(found);
        return _abilities = found;
    }

    /// <inheritdoc/>
    public async ValueTask<bool> PutAsync(string name, ReadOnlyMemory<byte> content, CancellationToken cancel)
    {
        ObjectName.Check(name);
        cancel.ThrowIfCancellationRequested();
        return await StoreAsync(name, content, await WritableAsync(name, cancel).ConfigureAwait(false), cancel).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public async ValueTask StageAsync(string name, ReadOnlyMemory<byte> content, CancellationToken cancel)
    {
        ObjectName.Check(name);
        cancel.ThrowIfCancellationRequested();
        await _staging.AddAsync(name, content, await WritableAsync(name, cancel).ConfigureAwait(false), cancel).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public async ValueTask BarrierAsync(CancellationToken cancel)
    {
        await _oneBarrier.WaitAsync(cancel).ConfigureAwait(false);
        try
        {
            var batch = _staging.TakeAll();
            if (batch.Count > 0)
            {
                await StoreAllAsync(batch, cancel).ConfigureAwait(false);
            }
        }
        finally
        {
            _oneBarrier.Release();
        }
    }

    /// <summary>Fails unless the bucket can lock objects. What was noted may be older than a bucket that was made for it, so a "no" is asked for again.</summary>
    internal async ValueTask RequireLockAsync(CancellationToken cancel)
    {
        if ((await GetAbilitiesAsync(cancel).ConfigureAwait(false)).ObjectLock == Ability.No && (await ProbeAsync(cancel).ConfigureAwait(false)).ObjectLock == Ability.No)
        {
            throw LockErrors.Unavailable(Location, _options.Address.Bucket, null);
        }
    }

    /// <inheritdoc/>
    public async ValueTask<int> ReadAsync(string name, long offset, Memory<byte> buffer, CancellationToken cancel)
    {
        ObjectName.Check(name);
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        cancel.ThrowIfCancellationRequested();
        if (buffer.Length == 0)
        {
            return await GetLengthAsync(name, cancel).ConfigureAwait(false) is null ? throw this.NotFound(name) : 0;
        }
        return _versions is null ? await _bucket.ReadAsync(name, offset, buffer, null, cancel).ConfigureAwait(false)
            : await _versions.ReadAsync(name, async version => await _bucket.ReadAsync(name, offset, buffer, version, cancel).ConfigureAwait(false), () => this.NotFound(name), cancel).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public async ValueTask<long?> GetLengthAsync(string name, CancellationToken cancel)
    {
        ObjectName.Check(name);
        cancel.ThrowIfCancellationRequested();
        if (_versions is not null)
        {
            return (await _versions.FindAsync(name, cancel).ConfigureAwait(false))?.Length;
        }
        try
        {
            return await _bucket.HeadAsync(name, cancel).ConfigureAwait(false);
        }
        catch (StingException e) when (e.ErrorId == "StoreAccessDenied")
        {
            // A host that only writes may list packs and not read them.
            return await _bucket.FindAsync(name, cancel).ConfigureAwait(false);
        }
    }

    /// <inheritdoc/>
    public IAsyncEnumerable<ObjectInfo> ListAsync(string prefix, CancellationToken cancel) => ListAfterAsync(prefix, "", cancel);

    /// <inheritdoc/>
    public async IAsyncEnumerable<ObjectInfo> ListAfterAsync(string prefix, string after, [EnumeratorCancellation] CancellationToken cancel)
    {
        ObjectName.CheckPrefix(prefix);
        if (prefix.StartsWith('/'))
        {
            yield break;   // no name does, and what it means as a key's prefix is not the same everywhere
        }
        if (_versions is not null)
        {
            await foreach (var found in _versions.ListAsync(prefix, cancel).ConfigureAwait(false))
            {
                if (string.CompareOrdinal(found.Name, after) > 0)
                {
                    yield return new ObjectInfo(found.Name, found.Length);
                }
            }
            yield break;
        }
        await foreach (var item in _bucket.ListAfterAsync(prefix, after, _options.ListPage, cancel).ConfigureAwait(false))
        {
            yield return item;
        }
    }

    /// <summary>
    /// Deletes an object; false when it was not there. In a bucket with versions and without locks the server keeps the bytes under a delete marker; with locks every version goes, the object last, so that none of
    /// another hand takes its place.
    /// </summary>
    /// <exception cref="StingException">Also <c>ObjectLocked</c>.</exception>
    public async ValueTask<bool> DeleteAsync(string name, CancellationToken cancel)
    {
        ObjectName.Check(name);
        cancel.ThrowIfCancellationRequested();
        if (_versions is not null)
        {
            return await _versions.DeleteAsync(name, _clock, cancel).ConfigureAwait(false);
        }
        if (await GetLengthAsync(name, cancel).ConfigureAwait(false) is null)
        {
            return false;
        }
        await _bucket.DeleteAsync(name, null, cancel).ConfigureAwait(false);
        return true;
    }

    /// <summary>Closes the store; what was staged and had no barrier is dropped.</summary>
    public async ValueTask DisposeAsync()
    {
        foreach (var staged in _staging.TakeAll())
        {
            await _staging.AbandonAsync(staged).ConfigureAwait(false);
        }
        _bucket.Dispose();
        _oneBarrier.Dispose();
        _oneProbe.Dispose();
        Array.ForEach(_turns, turn => turn.Dispose());
    }

    /// <summary>Stores what is staged, several at once, those of one name in turn: the first wins. What the server refuses is dropped; what it did not come to is put back.</summary>
    private async Task StoreAllAsync(List<S3Staged> batch, CancellationToken cancel)
    {
        var left = new ConcurrentDictionary<S3Staged, int>(batch.Select((s, i) => KeyValuePair.Create(s, i)), ReferenceEqualityComparer.Instance);
        var failures = new ConcurrentQueue<StingException>();
        try
        {
            var abilities = await WritableAsync(batch[0].Name, cancel).ConfigureAwait(false);
            await Parallel.ForEachAsync(batch.GroupBy(s => s.Name, StringComparer.Ordinal), new ParallelOptions { MaxDegreeOfParallelism = _options.Streams, CancellationToken = cancel }, async (group, stop) =>
            {
                foreach (var staged in group)
                {
                    try
                    {
                        await StoreAsync(staged, abilities, stop).ConfigureAwait(false);
                        left.TryRemove(staged, out _);
                    }
                    catch (StingException e)
                    {
                        failures.Enqueue(e);
                        if (!StoreRetry.IsPassing(e))
                        {
                            left.TryRemove(staged, out _);
                            await _staging.AbandonAsync(staged).ConfigureAwait(false);
                        }
                        return;
                    }
                }
            }).ConfigureAwait(false);
        }
        finally
        {
            _staging.PutBack([.. left.OrderBy(s => s.Value).Select(s => s.Key)]);
        }
        if (failures.FirstOrDefault(f => !StoreRetry.IsPassing(f)) is { } final)
        {
            throw final;
        }
        if (failures.TryPeek(out var first))
        {
            throw first;
        }
    }

    private async Task StoreAsync(S3Staged staged, S3Abilities abilities, CancellationToken cancel)
    {
        if (staged.Upload is not { } upload)
        {
            await AgainAsync(stop => StoreAsync(staged.Name, staged.Content, abilities, stop), cancel).ConfigureAwait(false);
            return;
        }
        // Where the condition would be ignored, a look comes first. Uploads are packs, whose names are their hashes: between look and completion only the same bytes can arrive.
        var conditional = abilities.ConditionalComplete == Ability.Yes;
        var isThere = !conditional && await AgainAsync(stop => FindAsync(staged.Name, stop), cancel).ConfigureAwait(false) is not null;
        if (!isThere && await AgainAsync(stop => CompleteAsync(staged, upload, conditional, stop), cancel).ConfigureAwait(false) is { IsDone: true } stored)
        {
            await AgainAsync(stop => ConfirmAsync(staged.Name, staged.Length, stored.Version, stop), cancel).ConfigureAwait(false);
            await AgainAsync(stop => EnsureLockedAsync(staged.Name, stop), cancel).ConfigureAwait(false);
        }
        else
        {
            await _staging.AbandonAsync(staged).ConfigureAwait(false);
        }
    }

    private async Task<T> AgainAsync<T>(Func<CancellationToken, Task<T>> request, CancellationToken cancel) =>
        _options.BarrierRetry is { } retry ? await retry.RunAsync(async stop => await request(stop).ConfigureAwait(false), cancel).ConfigureAwait(false) : await request(cancel).ConfigureAwait(false);

    /// <summary>Some servers (Ceph 16) take a lock with the beginning of an upload and forget it when the parts are joined.</summary>
    private async Task<bool> EnsureLockedAsync(string name, CancellationToken cancel)
    {
        if (Locking is { } locking && LockedNames.Covers(name) && await locking.GetLockAsync(name, cancel).ConfigureAwait(false) is null)
        {
            await locking.ExtendAsync(name, _clock.GetUtcNow() + locking.AtLeast, cancel).ConfigureAwait(false);
        }
        return true;
    }

    private async Task<long?> FindAsync(string name, CancellationToken cancel) =>
        _versions is null ? await _bucket.FindAsync(name, cancel).ConfigureAwait(false) : (await _versions.FindAsync(name, cancel).ConfigureAwait(false))?.Length;

    private async Task<S3Stored> CompleteAsync(S3Staged staged, string upload, bool conditional, CancellationToken cancel)
    {
        try
        {
            return await _bucket.CompleteUploadAsync(staged.Name, upload, staged.Parts, conditional, cancel).ConfigureAwait(false);
        }
        catch (StingException e) when (e.InnerException is Amazon.S3.AmazonS3Exception { ErrorCode: "NoSuchUpload" })
        {
            // The answer to an earlier completion was lost on its way; what it made is told by its length.
            if (await FindAsync(staged.Name, cancel).ConfigureAwait(false) != staged.Length)
            {
                throw;
            }
            return new S3Stored(true, null);
        }
    }

    private async Task<bool> StoreAsync(string name, ReadOnlyMemory<byte> content, S3Abilities abilities, CancellationToken cancel)
    {
        var stored = abilities.ConditionalPut == Ability.Yes ? await _bucket.PutAsync(name, content, conditional: true, abilities, cancel).ConfigureAwait(false)
            : await StoreAloneAsync(name, content, abilities, cancel).ConfigureAwait(false);
        return stored.IsDone && await ConfirmAsync(name, content.Length, stored.Version, cancel).ConfigureAwait(false);
    }

    /// <summary>For the one writer of a bucket without conditional writes: looks, then stores; in this process one at a time for each name.</summary>
    private async Task<S3Stored> StoreAloneAsync(string name, ReadOnlyMemory<byte> content, S3Abilities abilities, CancellationToken cancel)
    {
        var turn = _turns[(uint)name.GetHashCode(StringComparison.Ordinal) % _turns.Length];
        await turn.WaitAsync(cancel).ConfigureAwait(false);
        try
        {
            return await GetLengthAsync(name, cancel).ConfigureAwait(false) is null ? await _bucket.PutAsync(name, content, conditional: false, abilities, cancel).ConfigureAwait(false) : default;
        }
        finally
        {
            turn.Release();
        }
    }

    /// <summary>The server has said that it stored the bytes; now it must show an object of their length. False when the name was taken all the same: the object was hidden by a delete marker, and what was stored is a later version.</summary>
    private async Task<bool> ConfirmAsync(string name, long length, string? version, CancellationToken cancel)
    {
        if (_versions is not null && version is not null && LockedNames.Covers(name) && await _versions.FindAsync(name, cancel).ConfigureAwait(false) is { } oldest && oldest.Version != version)
        {
            return false;
        }
        return await GetLengthAsync(name, cancel).ConfigureAwait(false) is var there && there == length ? true : throw Unconfirmed(name, length, there);
    }

    private StingException Unconfirmed(string name, long length, long? there) =>
        _bucket.Errors.Unconfirmed("store the object", name, there is null ? "the server said that it is stored, and does not have it" : FormattableString.Invariant($"the server has {there} of {length} bytes"));

    private async ValueTask<S3Abilities> WritableAsync(string name, CancellationToken cancel)
    {
        var abilities = await GetAbilitiesAsync(cancel).ConfigureAwait(false);
        if (abilities.ConditionalPut != Ability.Yes && !_options.IsOnlyWriter)
        {
            throw _bucket.Errors.NoConditionalWrites(name);
        }
        if (_versions is not null && abilities.ObjectLock == Ability.No)
        {
            await RequireLockAsync(cancel).ConfigureAwait(false);
        }
        return abilities;
    }
}
