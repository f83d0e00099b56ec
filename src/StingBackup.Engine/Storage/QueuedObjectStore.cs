using System.Buffers;

namespace StingBackup.Engine.Storage;

/// <summary>
/// A store behind a queue of few streams. What is staged is copied and sent in the background, so that whoever stages goes on; when as many objects are
/// under way as there are streams (of packs two of the usual length, for their memory), it waits. Disposes the inner store; several such stores may share one queue, each with a priority of its own.
/// </summary>
/// <param name="inner">The store.</param>
/// <param name="queue">The streams.</param>
/// <param name="priority">Of what is not a commit: packs.</param>
public sealed class QueuedObjectStore(IObjectStore inner, TransferQueue queue, TransferPriority priority) : IObjectStore
{
    /// <summary>What copies may take in memory, in MiB: two packs of the usual length, or many short ones. A longer one counts as half of it, so that two are always under way.</summary>
    private const int MostCopied = 72;
    private const int LongCopy = 1 << 20;
    /// <summary>Long copies that are kept for the next ones.</summary>
    private const int MostSpare = 2;

    private readonly Lock _gate = new();
    private readonly SemaphoreSlim _room = new(queue.Streams), _memory = new(MostCopied), _turn = new(1);
    private readonly List<byte[]> _spare = [];
    private readonly CancellationTokenSource _closed = new();
    private readonly Dictionary<string, Task> _lastOfName = new(StringComparer.Ordinal);
    private List<Task> _sending = [];

    /// <inheritdoc/>
    public string Location => inner.Location;

    /// <inheritdoc/>
    public IThawingStore? Thawing => inner.Thawing;

    /// <inheritdoc/>
    public ILockingStore? Locking => inner.Locking;

    /// <inheritdoc/>
    public bool GuardsContent => inner.GuardsContent;

    /// <inheritdoc/>
    public ValueTask<bool> PutAsync(string name, ReadOnlyMemory<byte> content, CancellationToken cancel) => queue.RunAsync(PriorityOf(name), () => inner.PutAsync(name, content, cancel), cancel);

    /// <inheritdoc/>
    public async ValueTask StageAsync(string name, ReadOnlyMemory<byte> content, CancellationToken cancel)
    {
        ObjectName.Check(name);
        await _room.WaitAsync(cancel).ConfigureAwait(false);
        await TakeMemoryAsync(MemoryOf(content.Length), cancel).ConfigureAwait(false);
        var copy = Rent(content.Length);
        content.CopyTo(copy);
        lock (_gate)
        {
            // Of two objects of one name the first staged must be the first inside.
            var send = SendAsync(name, copy, content.Length, _lastOfName.GetValueOrDefault(name, Task.CompletedTask));
            _lastOfName[name] = send;
            _sending.Add(send);
        }
    }

    /// <inheritdoc/>
    /// <exception cref="StingException">Of the first object that could not be sent, too: it is discarded, the others stay staged.</exception>
    public async ValueTask BarrierAsync(CancellationToken cancel)
    {
        cancel.ThrowIfCancellationRequested();
        Task[] sending;
        lock (_gate)
        {
            sending = [.. _sending];
        }
        Task? failed = null;
        foreach (var each in sending)
        {
            await each.WaitAsync(cancel).ContinueWith(static _ => { }, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default).ConfigureAwait(false);
            cancel.ThrowIfCancellationRequested();
            failed ??= each.IsFaulted || each.IsCanceled ? each : null;
        }
        lock (_gate)
        {
            _sending.RemoveAll(sending.Contains);
            foreach (var (name, last) in _lastOfName.ToArray())
            {
                if (last.IsCompleted)
                {
                    _lastOfName.Remove(name);
                }
            }
        }
        if (failed is not null)
        {
            await failed.ConfigureAwait(false);
        }
        await inner.BarrierAsync(cancel).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public ValueTask<int> ReadAsync(string name, long offset, Memory<byte> buffer, CancellationToken cancel) => queue.RunAsync(PriorityOf(name), () => inner.ReadAsync(name, offset, buffer, cancel), cancel);

    /// <inheritdoc/>
    public ValueTask<long?> GetLengthAsync(string name, CancellationToken cancel) => inner.GetLengthAsync(name, cancel);

    /// <inheritdoc/>
    public IAsyncEnumerable<ObjectInfo> ListAsync(string prefix, CancellationToken cancel) => inner.ListAsync(prefix, cancel);

    /// <inheritdoc/>
    public IAsyncEnumerable<ObjectInfo> ListAfterAsync(string prefix, string after, CancellationToken cancel) => inner.ListAfterAsync(prefix, after, cancel);

    /// <inheritdoc/>
    public ValueTask<bool> DeleteAsync(string name, CancellationToken cancel) => inner.DeleteAsync(name, cancel);

    /// <summary>Ends what is under way, discards what was staged, and closes the inner store.</summary>
    public async ValueTask DisposeAsync()
    {
        await _closed.CancelAsync().ConfigureAwait(false);
        List<Task> sending;
        lock (_gate)
        {
            (sending, _sending) = (_sending, []);
        }
        await Task.WhenAll(sending).ContinueWith(static all => _ = all.Exception, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default).ConfigureAwait(false);
        await inner.DisposeAsync().ConfigureAwait(false);
        _room.Dispose();
        _memory.Dispose();
        _turn.Dispose();
        _closed.Dispose();
    }

    private async Task SendAsync(string name, byte[] copy, int length, Task before)
    {
        await Task.Yield();
        try
        {
            await before.ContinueWith(static _ => { }, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default).ConfigureAwait(false);
            await queue.RunAsync(PriorityOf(name), async () =>
            {
                await inner.StageAsync(name, copy.AsMemory(0, length), _closed.Token).ConfigureAwait(false);
                return true;
            }, _closed.Token).ConfigureAwait(false);
        }
        finally
        {
            Return(copy);
            if (MemoryOf(length) is > 0 and var taken)
            {
                _memory.Release(taken);
            }
            _room.Release();
        }
    }

    private static int MemoryOf(int length) => Math.Min(length >> 20, MostCopied / 2);

    /// <summary>Takes MiB of what copies may take, one caller at a time: two that hold a part each would wait for each other.</summary>
    private async ValueTask TakeMemoryAsync(int count, CancellationToken cancel)
    {
        var taken = 0;
        try
        {
            await _turn.WaitAsync(cancel).ConfigureAwait(false);
            try
            {
                for (; taken < count; taken++)
                {
                    await _memory.WaitAsync(cancel).ConfigureAwait(false);
                }
            }
            finally
            {
                _turn.Release();
            }
        }
        catch
        {
            if (taken > 0)
            {
                _memory.Release(taken);
            }
            _room.Release();
            throw;
        }
    }

    /// <summary>Packs are a little longer than a power of two: the shared pool would take twice the room for each. Of what is kept the shortest that fits serves; what is let go stays in memory until old objects are looked at.</summary>
    private byte[] Rent(int length)
    {
        if (length < LongCopy)
        {
            return ArrayPool<byte>.Shared.Rent(length);
        }
        lock (_gate)
        {
            if (_spare.Where(s => s.Length >= length).MinBy(s => s.Length) is { } found)
            {
                _spare.Remove(found);
                return found;
            }
        }
        return GC.AllocateUninitializedArray<byte>((length + LongCopy - 1) / LongCopy * LongCopy);
    }

    private void Return(byte[] copy)
    {
        if (copy.Length < LongCopy)
        {
            ArrayPool<byte>.Shared.Return(copy);
            return;
        }
        lock (_gate)
        {
            _spare.Add(copy);
            if (_spare.Count > MostSpare)
            {
                _spare.Remove(_spare.MinBy(s => s.Length)!);
            }
        }
    }

    private TransferPriority PriorityOf(string name) => ObjectName.IsPack(name) ? priority : TransferPriority.Commit;
}
