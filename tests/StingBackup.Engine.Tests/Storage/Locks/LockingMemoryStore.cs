using System.Runtime.CompilerServices;
using StingBackup.Engine.Storage;

namespace StingBackup.Engine.Tests.Storage.Locks;

/// <summary>A store over <see cref="LockedBucket"/> that passes the suites of stores and of locks: the double of a bucket for tests of what is above it.</summary>
internal sealed class LockingMemoryStore(LockedBucket bucket, TierLockMode mode, TimeSpan atLeast) : IObjectStore, ILockingStore
{
    private readonly List<(string Name, byte[] Content)> _staged = [];
    private readonly Dictionary<string, ShadowedObject> _shadowed = new(StringComparer.Ordinal);

    public string Location => "s3://locked/memory";
    public ILockingStore Locking => this;
    public TierLockMode Mode => mode;
    public TimeSpan AtLeast => atLeast;
    public LockedBucket Bucket => bucket;

    public IReadOnlyCollection<ShadowedObject> Shadowed { get { lock (bucket.Gate) { return [.. _shadowed.Values.OrderBy(s => s.Name, StringComparer.Ordinal)]; } } }

    public ValueTask RequireAsync(CancellationToken cancel) => bucket.CanLock ? ValueTask.CompletedTask : throw LockErrors.Unavailable(Location, "locked", null);

    public async ValueTask<bool> PutAsync(string name, ReadOnlyMemory<byte> content, CancellationToken cancel)
    {
        await CheckAsync(name, cancel);
        return Put(name, content.ToArray());
    }

    public async ValueTask StageAsync(string name, ReadOnlyMemory<byte> content, CancellationToken cancel)
    {
        await CheckAsync(name, cancel);
        lock (bucket.Gate)
        {
            _staged.Add((name, content.ToArray()));
        }
    }

    public ValueTask BarrierAsync(CancellationToken cancel)
    {
        cancel.ThrowIfCancellationRequested();
        lock (bucket.Gate)
        {
            // All of it within: another one's barrier that finds nothing staged must find it stored.
            _staged.ForEach(staged => Put(staged.Name, staged.Content));
            _staged.Clear();
        }
        return ValueTask.CompletedTask;
    }

    public ValueTask<int> ReadAsync(string name, long offset, Memory<byte> buffer, CancellationToken cancel)
    {
        ObjectName.Check(name);
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        cancel.ThrowIfCancellationRequested();
        var content = ObjectOf(name)?.Content ?? throw this.NotFound(name);
        var count = (int)Math.Clamp(content.Length - offset, 0, buffer.Length);
        if (count > 0)
        {
            content.AsMemory((int)offset, count).CopyTo(buffer);
        }
        return ValueTask.FromResult(count);
    }

    public ValueTask<long?> GetLengthAsync(string name, CancellationToken cancel)
    {
        ObjectName.Check(name);
        cancel.ThrowIfCancellationRequested();
        return ValueTask.FromResult((long?)ObjectOf(name)?.Content!.Length);
    }

    public async IAsyncEnumerable<ObjectInfo> ListAsync(string prefix, [EnumeratorCancellation] CancellationToken cancel)
    {
        ObjectName.CheckPrefix(prefix);
        foreach (var name in bucket.Keys.Where(key => key.StartsWith(prefix, StringComparison.Ordinal)))
        {
            cancel.ThrowIfCancellationRequested();
            if (ObjectOf(name) is not { } found)
            {
                continue;
            }
            lock (bucket.Gate)
            {
                var later = bucket.Of(name).SkipWhile(v => v != found).Skip(1).ToList();
                _shadowed.Remove(name);
                if (LockedNames.Covers(name) && later.Count > 0)
                {
                    _shadowed[name] = new ShadowedObject(name, later.Count, later[^1].Content is null, later[^1].Time);
                }
            }
            yield return new ObjectInfo(name, found.Content!.Length);
        }
        await Task.CompletedTask;
    }

    public ValueTask<bool> DeleteAsync(string name, CancellationToken cancel)
    {
        ObjectName.Check(name);
        cancel.ThrowIfCancellationRequested();
        var found = ObjectOf(name);
        foreach (var version in bucket.Of(name).Reverse().Where(v => v != found).Concat(found is null ? [] : [found]))
        {
            if (!bucket.TryDelete(name, version))
            {
                throw LockErrors.Locked(name, Location, new ObjectLock(version.Mode, version.Until), null);
            }
        }
        return ValueTask.FromResult(found is not null);
    }

    public ValueTask<ObjectLock?> GetLockAsync(string name, CancellationToken cancel)
    {
        var found = ObjectOf(name) ?? throw this.NotFound(name);
        return ValueTask.FromResult(found.Mode == TierLockMode.None ? null : new ObjectLock(found.Mode, found.Until));
    }

    public ValueTask<ObjectLock> ExtendAsync(string name, DateTimeOffset until, CancellationToken cancel)
    {
        var found = ObjectOf(name) ?? throw this.NotFound(name);
        if (found.Mode == TierLockMode.None || found.Until < until)
        {
            var wanted = found.Mode == TierLockMode.Compliance ? TierLockMode.Compliance : mode;
            Assert.True(bucket.TrySetLock(found, wanted, until));
        }
        return ValueTask.FromResult(new ObjectLock(found.Mode, found.Until));
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private bool Put(string name, byte[] content)
    {
        lock (bucket.Gate)
        {
            if (ObjectOf(name) is not null)
            {
                return false;
            }
            bucket.Put(name, content, LockedNames.Covers(name) ? mode : TierLockMode.None, atLeast);
            return true;
        }
    }

    private LockedBucket.Version? ObjectOf(string name)
    {
        var all = bucket.Of(name);
        return LockedNames.Covers(name) ? all.FirstOrDefault(v => v.Content is not null) : all is [.., { Content: not null } newest] ? newest : null;
    }

    private async ValueTask CheckAsync(string name, CancellationToken cancel)
    {
        ObjectName.Check(name);
        cancel.ThrowIfCancellationRequested();
        await RequireAsync(cancel);
    }
}
