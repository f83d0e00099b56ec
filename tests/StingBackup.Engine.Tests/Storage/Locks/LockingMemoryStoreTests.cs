using Microsoft.Extensions.Time.Testing;
using StingBackup.Engine.Storage;

namespace StingBackup.Engine.Tests.Storage.Locks;

/// <summary>The double, held to what a real bucket is held to.</summary>
public sealed class LockingMemoryStoreTests : LockingStoreConformance
{
    private readonly FakeTimeProvider _clock = new(new DateTimeOffset(2026, 3, 1, 12, 0, 0, TimeSpan.Zero));
    private readonly LockedBucket _bucket;

    public LockingMemoryStoreTests() => _bucket = new LockedBucket(_clock);

    protected override DateTimeOffset Now => _clock.GetUtcNow();

    protected override ValueTask<IObjectStore> OpenAsync(TierLockMode mode, TimeSpan atLeast) => ValueTask.FromResult<IObjectStore>(new LockingMemoryStore(_bucket, mode, atLeast));

    protected override ValueTask<IObjectStore> OpenPlainAsync() => ValueTask.FromResult<IObjectStore>(new LockingMemoryStore(new LockedBucket(_clock) { CanLock = false }, TierLockMode.Governance, TimeSpan.FromDays(1)));

    protected override Task WriteOverAsync(string name, byte[] content)
    {
        _bucket.Put(name, content);
        return Task.CompletedTask;
    }

    protected override Task HideAsync(string name)
    {
        _bucket.Hide(name);
        return Task.CompletedTask;
    }

    protected override Task<bool> TryDestroyAsync(string name, bool bypass) => Task.FromResult(_bucket.Of(name).All(version => _bucket.TryDelete(name, version, bypass)));

    protected override Task<bool> TryShortenAsync(string name, TierLockMode mode, DateTimeOffset until) => Task.FromResult(_bucket.TrySetLock(_bucket.Of(name)[0], mode, until));

    protected override Task<int> CountAsync(string name) => Task.FromResult(_bucket.Of(name).Count);

    protected override Task PassAsync(TimeSpan time)
    {
        _clock.Advance(time);
        return Task.CompletedTask;
    }
}

/// <summary>It is a store like any other, where nothing is locked for long.</summary>
public sealed class LockingMemoryStoreAsStoreTests : ObjectStoreConformance
{
    protected override ValueTask<IObjectStore> CreateAsync() => ValueTask.FromResult<IObjectStore>(new LockingMemoryStore(new LockedBucket(TimeProvider.System), TierLockMode.Governance, TimeSpan.Zero));

    protected override ValueTask<IObjectStore> ReopenAsync(IObjectStore store) => ValueTask.FromResult<IObjectStore>(new LockingMemoryStore(((LockingMemoryStore)store).Bucket, TierLockMode.Governance, TimeSpan.Zero));
}
