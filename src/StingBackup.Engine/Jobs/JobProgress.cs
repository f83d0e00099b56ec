namespace StingBackup.Engine.Jobs;

/// <summary>What a job has done so far. Workers add to it; the stream turns it into progress events.</summary>
public sealed class JobProgress
{
    private long _items, _bytes;

    /// <summary>What is being done, for people.</summary>
    public string Activity { get; set; } = "";
    /// <summary>The item at hand, for people.</summary>
    public string Status { get; set; } = "";
    /// <summary>Items in all, or null while unknown.</summary>
    public long? TotalItems { get; set; }
    /// <summary>Bytes in all, or null while unknown.</summary>
    public long? TotalBytes { get; set; }
    /// <summary>What is at work within the activity, for those that look on from elsewhere. Never a name or a path.</summary>
    public string Stage { get; set; } = "";
    /// <summary>Where a job is limited: called whenever a piece of work is finished, and rests as long as it must.</summary>
    internal Action? Rest { get; set; }
    /// <summary>Items finished.</summary>
    public long Items => Interlocked.Read(ref _items);
    /// <summary>Bytes finished.</summary>
    public long Bytes => Interlocked.Read(ref _bytes);

    /// <summary>Counts finished work.</summary>
    public void Add(long items, long bytes)
    {
        Interlocked.Add(ref _items, items);
        Interlocked.Add(ref _bytes, bytes);
        Rest?.Invoke();
    }

    internal ProgressEvent Snapshot(TimeSpan elapsed)
    {
        var (items, bytes) = (Items, Bytes);
        TimeSpan? remaining = TotalBytes is > 0 && bytes > 0 && elapsed > TimeSpan.FromSeconds(1)
            ? elapsed * Math.Max(0, (double)TotalBytes.Value / bytes - 1) : null;
        return new ProgressEvent(Activity, Status, items, TotalItems, bytes, TotalBytes, remaining);
    }
}
