namespace StingBackup.Engine.Storage;

/// <summary>An object's lock.</summary>
/// <param name="Mode">How it is locked.</param>
/// <param name="Until">Until when.</param>
public sealed record ObjectLock(TierLockMode Mode, DateTimeOffset Until);

/// <summary>A name under which somebody stored something else later, or that he hid by a delete marker. What was there first stays the object.</summary>
/// <param name="Name">The name.</param>
/// <param name="Later">How many versions and delete markers came later.</param>
/// <param name="IsHidden">Whether the newest of them is a delete marker.</param>
/// <param name="Time">When the newest of them came.</param>
public sealed record ShadowedObject(string Name, int Later, bool IsHidden, DateTimeOffset Time);

/// <summary>
/// What a store can do beside <see cref="IObjectStore"/> that locks what it stores. Of a name that is locked (<see cref="LockedNames"/>) the oldest version is the object: a later one, or a delete marker, changes
/// nothing for any reader. Deleting deletes every version, the object last, and fails with <c>ObjectLocked</c> while one of them is locked. Reached by <see cref="IObjectStore.Locking"/>, so that decorators can stand between.
/// </summary>
public interface ILockingStore
{
    /// <summary>How new objects are locked.</summary>
    TierLockMode Mode { get; }

    /// <summary>For how long new objects are locked.</summary>
    TimeSpan AtLeast { get; }

    /// <summary>Names of which a listing showed later versions or delete markers that are not the object itself, by name.</summary>
    IReadOnlyCollection<ShadowedObject> Shadowed { get; }

    /// <summary>Fails where the bucket cannot lock.</summary>
    /// <exception cref="StingException"><c>ObjectLockUnavailable</c></exception>
    ValueTask RequireAsync(CancellationToken cancel);

    /// <summary>An object's lock, one that is over included; null when it was never locked.</summary>
    /// <exception cref="StingException"><c>ObjectNotFound</c></exception>
    ValueTask<ObjectLock?> GetLockAsync(string name, CancellationToken cancel);

    /// <summary>Locks an object for longer; one that is locked that long already stays as it is, and none is ever locked for shorter. Returns its lock.</summary>
    /// <exception cref="StingException"><c>ObjectNotFound</c>, <c>StoreAccessDenied</c></exception>
    ValueTask<ObjectLock> ExtendAsync(string name, DateTimeOffset until, CancellationToken cancel);
}

/// <summary>Which objects are locked: all that is written once and stays. What must be able to go is not: claims (an erasure removes them), sessions, marks.</summary>
public static class LockedNames
{
    private static readonly string[] s_prefixes = ["points/", "drops/", "meta/", "data/", "index/", "audit/", "drills/", "ledger/", "format/", "writers/", "approvers/", "config/"];

    /// <summary>Whether an object of this name is locked where its tier is.</summary>
    public static bool Covers(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        return Array.Exists(s_prefixes, prefix => name.StartsWith(prefix, StringComparison.Ordinal));
    }
}

/// <summary>Errors of locks.</summary>
internal static class LockErrors
{
    /// <summary>Something cannot be deleted yet.</summary>
    public static StingException Locked(string name, string location, ObjectLock held, Exception? cause) => new("ObjectLocked", FailureKind.Refused,
        $"'{name}' in {location} is locked until {held.Until.UtcDateTime.ToString("yyyy-MM-dd HH:mm", System.Globalization.CultureInfo.InvariantCulture)} UTC ({held.Mode.ToString().ToLowerInvariant()}) and cannot be deleted.", name,
        "Wait until its lock has ended: what is to go is tried again by the next run.", cause);

    /// <summary>The place cannot lock.</summary>
    public static StingException Unavailable(string location, string bucket, Exception? cause) => new("ObjectLockUnavailable", FailureKind.NotSupported,
        $"object_lock is set for {location}, but bucket '{bucket}' has no Object Lock: what is written there could be deleted by whoever has its credentials.", location,
        "Make a bucket with Object Lock on (aws s3api create-bucket --object-lock-enabled-for-bucket), without a default retention, and name it; or set object_lock: none.", cause);
}

/// <summary>Requests of a locking store, repeated as those of its objects are. All of them may come twice.</summary>
internal sealed class RetryingLockingStore(ILockingStore inner, StoreRetry retry) : ILockingStore
{
    public TierLockMode Mode => inner.Mode;

    public TimeSpan AtLeast => inner.AtLeast;

    public IReadOnlyCollection<ShadowedObject> Shadowed => inner.Shadowed;

    public ValueTask RequireAsync(CancellationToken cancel) => retry.RunAsync(inner.RequireAsync, cancel);

    public ValueTask<ObjectLock?> GetLockAsync(string name, CancellationToken cancel) => retry.RunAsync(stop => inner.GetLockAsync(name, stop), cancel);

    public ValueTask<ObjectLock> ExtendAsync(string name, DateTimeOffset until, CancellationToken cancel) => retry.RunAsync(stop => inner.ExtendAsync(name, until, stop), cancel);
}
