using System.Collections.Concurrent;

namespace StingBackup.Engine;

/// <summary>
/// Work for several threads: groups of items, and parts of long items that one of them shares with the others. Parts go before new groups, so that what was
/// begun ends and its buffers come back; of groups the one of the lowest rank, and of these the oldest. Bounded: whoever adds groups waits when the workers are behind.
/// </summary>
internal sealed class WorkQueue<TPart, TGroup> : IDisposable
    where TPart : class
    where TGroup : class
{
    private readonly ConcurrentQueue<TPart> _parts = new();
    private readonly PriorityQueue<TGroup, (int Rank, long Number)> _groups = new();
    private readonly Lock _groupLock = new();
    private readonly SemaphoreSlim _ready = new(0);
    private readonly SemaphoreSlim _groupRoom;
    private readonly int _partRoom;
    private int _partCount;
    private long _added;
    private volatile bool _closed;

    public WorkQueue(int groups, int parts)
    {
        _groupRoom = new SemaphoreSlim(groups);
        _partRoom = parts;
    }

    /// <summary>Adds items; waits while the queue is full.</summary>
    public void Add(TGroup group, CancellationToken cancel, int rank = 0)
    {
        _groupRoom.Wait(cancel);
        lock (_groupLock)
        {
            _groups.Enqueue(group, (rank, _added++));
        }
        _ready.Release();
    }

    /// <summary>Offers a part to other workers; false when they have enough, and the caller does it himself.</summary>
    public bool TryAdd(TPart part)
    {
        if (Interlocked.Increment(ref _partCount) > _partRoom)
        {
            Interlocked.Decrement(ref _partCount);
            return false;
        }
        _parts.Enqueue(part);
        _ready.Release();
        return true;
    }

    /// <summary>The next thing to do; false when there will be none.</summary>
    public bool TryTake(out TPart? part, out TGroup? group, CancellationToken cancel)
    {
        _ready.Wait(cancel);
        group = null;
        if (_parts.TryDequeue(out part))
        {
            Interlocked.Decrement(ref _partCount);
            return true;
        }
        bool taken;
        lock (_groupLock)
        {
            taken = _groups.TryDequeue(out group, out _);
        }
        if (taken)
        {
            _groupRoom.Release();
            return true;
        }
        // Woken by the closing: the next worker is too.
        _ready.Release();
        return !_closed;
    }

    /// <summary>There will be no more work: wakes every worker.</summary>
    public void Close()
    {
        _closed = true;
        _ready.Release();
    }

    public void Dispose()
    {
        _ready.Dispose();
        _groupRoom.Dispose();
    }
}
