using System.Collections.Concurrent;

namespace StingBackup.Engine.Backup;

/// <summary>What a run has read and failed on, for its result and its point.</summary>
internal sealed class BackupCounters
{
    private readonly ConcurrentDictionary<DataClass, long> _errors = new();
    private long _itemsRead, _bytesRead, _bytesNew, _refused, _leftOut;

    public long ItemsRead => Interlocked.Read(ref _itemsRead);
    public long BytesRead => Interlocked.Read(ref _bytesRead);
    public long BytesNew => Interlocked.Read(ref _bytesNew);
    /// <summary>Items of subjects that have no keys; each subject was reported once.</summary>
    public long Refused => Interlocked.Read(ref _refused);

    /// <summary>Temporary files that are too old.</summary>
    public long LeftOut => Interlocked.Read(ref _leftOut);

    public void AddLeftOut() => Interlocked.Increment(ref _leftOut);

    public void AddRead(long items, long bytes)
    {
        Interlocked.Add(ref _itemsRead, items);
        Interlocked.Add(ref _bytesRead, bytes);
    }

    public void AddNew(long bytes) => Interlocked.Add(ref _bytesNew, bytes);

    public void AddFailed(DataClass dataClass) => _errors.AddOrUpdate(dataClass, 1, static (_, n) => n + 1);

    public void AddRefused(DataClass dataClass)
    {
        Interlocked.Increment(ref _refused);
        AddFailed(dataClass);
    }

    public long ErrorsOf(DataClass dataClass) => _errors.GetValueOrDefault(dataClass);
}
