using System.Collections.Concurrent;

namespace StingBackup.Engine.Backup;

/// <summary>A block of a long file, cut, that any worker may hash, compress and store.</summary>
/// <param name="Run">Does it.</param>
internal sealed record BlockWork(Action<ReadWorker> Run);

/// <summary>
/// Work for the readers. Blocks of files being read go before new files, so that what was begun ends and its buffers come back.
/// Bounded: the scan waits when readers are behind.
/// </summary>
internal sealed class WorkQueue : IDisposable
{
    private readonly ConcurrentQueue<BlockWork> _blocks = new();
    private readonly ConcurrentQueue<ReadGroup> _groups = new();
    private readonly SemaphoreSlim _ready = new(0);
    private readonly SemaphoreSlim _groupRoom;
    private readonly int _blockRoom;
    private int _blockCount;
    private volatile bool _closed;

    public WorkQueue(int groups, int blocks)
    {
        _groupRoom = new SemaphoreSlim(groups);
        _blockRoom = blocks;
    }

    /// <summary>Adds files to read; waits while the queue is full.</summary>
    public void Add(ReadGroup group, CancellationToken cancel)
    {
        _groupRoom.Wait(cancel);
        _groups.Enqueue(group);
        _ready.Release();
    }

    /// <summary>Offers a block to other workers; false when they have enough, and the caller does it himself.</summary>
    public bool TryAdd(BlockWork block)
    {
        if (Interlocked.Increment(ref _blockCount) > _blockRoom)
        {
            Interlocked.Decrement(ref _blockCount);
            return false;
        }
        _blocks.Enqueue(block);
        _ready.Release();
        return true;
    }

    /// <summary>The next thing to do; false when there will be none.</summary>
    public bool TryTake(out BlockWork? block, out ReadGroup? group, CancellationToken cancel)
    {
        _ready.Wait(cancel);
        group = null;
        if (_blocks.TryDequeue(out block))
        {
            Interlocked.Decrement(ref _blockCount);
            return true;
        }
        if (_groups.TryDequeue(out group))
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
