namespace StingBackup.Engine.Storage;

/// <summary>Who goes first when streams are few.</summary>
public enum TransferPriority
{
    /// <summary>Points, claims, index: small, and nothing counts before they are there.</summary>
    Commit,
    /// <summary>What people made: files, honey jars, metadata.</summary>
    UserData,
    /// <summary>What the installation made.</summary>
    SystemData,
    /// <summary>What can wait: checks, recutting, healing.</summary>
    Maintenance,
}

/// <summary>A few streams that all transfers share. Who has the highest priority goes next, among equals who came first.</summary>
public sealed class TransferQueue
{
    /// <summary>The strategy's number of parallel streams.</summary>
    public const int DefaultStreams = 4;

    private readonly Lock _gate = new();
    private readonly PriorityQueue<TaskCompletionSource, (TransferPriority, long)> _waiting = new();
    private int _free;
    private long _arrived;

    /// <summary>Makes a queue of so many streams.</summary>
    public TransferQueue(int streams = DefaultStreams)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(streams, 1);
        Streams = streams;
        _free = streams;
    }

    /// <summary>How many streams there are.</summary>
    public int Streams { get; }

    /// <summary>How many transfers wait for one.</summary>
    public int Waiting
    {
        get
        {
            lock (_gate)
            {
                return _waiting.UnorderedItems.Count(w => !w.Element.Task.IsCompleted);
            }
        }
    }

    /// <summary>Waits for a stream, and uses it.</summary>
    public async ValueTask<T> RunAsync<T>(TransferPriority priority, Func<ValueTask<T>> transfer, CancellationToken cancel)
    {
        ArgumentNullException.ThrowIfNull(transfer);
        await TakeAsync(priority, cancel).ConfigureAwait(false);
        try
        {
            return await transfer().ConfigureAwait(false);
        }
        finally
        {
            Return();
        }
    }

    private async ValueTask TakeAsync(TransferPriority priority, CancellationToken cancel)
    {
        cancel.ThrowIfCancellationRequested();
        TaskCompletionSource turn;
        lock (_gate)
        {
            if (_free > 0)
            {
                _free--;
                return;
            }
            turn = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            _waiting.Enqueue(turn, (priority, _arrived++));
        }
        // Whoever gives up is passed over when its turn comes.
        await using var _ = cancel.UnsafeRegister(static (state, token) => ((TaskCompletionSource)state!).TrySetCanceled(token), turn).ConfigureAwait(false);
        await turn.Task.ConfigureAwait(false);
    }

    private void Return()
    {
        lock (_gate)
        {
            while (_waiting.TryDequeue(out var next, out var _))
            {
                if (next.TrySetResult())
                {
                    return;
                }
            }
            _free++;
        }
    }
}
