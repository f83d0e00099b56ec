namespace StingBackup.Engine.Tests.Storage.Locks;

/// <summary>A bucket with versions and locks in memory, as S3 describes it: https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-lock.html. Requests that name no version do what a thief's would.</summary>
internal sealed class LockedBucket(TimeProvider clock)
{
    public sealed class Version(byte[]? content, DateTimeOffset time)
    {
        public byte[]? Content { get; } = content;   // null for a delete marker
        public DateTimeOffset Time { get; } = time;
        public TierLockMode Mode { get; set; }
        public DateTimeOffset Until { get; set; }
    }

    private readonly SortedDictionary<string, List<Version>> _keys = new(StringComparer.Ordinal);   // newest last

    public Lock Gate { get; } = new();
    /// <summary>False for a bucket that was made without Object Lock.</summary>
    public bool CanLock { get; set; } = true;
    /// <summary>How often a deletion was refused.</summary>
    public int Refusals { get; private set; }
    /// <summary>How often a lock was set.</summary>
    public int Extensions { get; private set; }
    public TimeProvider Clock => clock;

    public IReadOnlyList<string> Keys { get { lock (Gate) { return [.. _keys.Keys]; } } }

    public IReadOnlyList<Version> Of(string key) { lock (Gate) { return _keys.TryGetValue(key, out var all) ? [.. all] : []; } }

    public Version Put(string key, byte[]? content, TierLockMode mode = TierLockMode.None, TimeSpan held = default)
    {
        lock (Gate)
        {
            var version = new Version(content, clock.GetUtcNow()) { Mode = mode, Until = mode == TierLockMode.None ? default : clock.GetUtcNow() + held };
            (_keys.TryGetValue(key, out var all) ? all : _keys[key] = []).Add(version);
            return version;
        }
    }

    /// <summary>Without a version: a delete marker.</summary>
    public void Hide(string key) => Put(key, null);

    /// <summary>False when it is locked.</summary>
    public bool TryDelete(string key, Version version, bool bypass = false)
    {
        lock (Gate)
        {
            if (version.Mode != TierLockMode.None && version.Until > clock.GetUtcNow() && !(bypass && version.Mode == TierLockMode.Governance))
            {
                Refusals++;
                return false;
            }
            if (_keys.TryGetValue(key, out var all) && all.Remove(version) && all.Count == 0)
            {
                _keys.Remove(key);
            }
            return true;
        }
    }

    /// <summary>False when it is refused: locks are never shortened.</summary>
    public bool TrySetLock(Version version, TierLockMode mode, DateTimeOffset until)
    {
        lock (Gate)
        {
            if (version.Until > clock.GetUtcNow() && (until < version.Until || (version.Mode == TierLockMode.Compliance && mode != TierLockMode.Compliance)))
            {
                return false;
            }
            (version.Mode, version.Until) = (mode, until);
            Extensions++;
            return true;
        }
    }
}
