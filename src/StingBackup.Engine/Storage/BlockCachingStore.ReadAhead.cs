using System.Collections;

namespace StingBackup.Engine.Storage;

// Fetching ahead: content is decoded and written while the next blocks are on their way.
public sealed partial class BlockCachingStore
{
    /// <summary>One of the strategy's four streams stays free for whoever waits for a block.</summary>
    private const int AheadStreams = 3;

    private readonly CancellationTokenSource _closed = new();
    private readonly Queue<(string Name, long Block)> _wanted = new();
    private readonly List<Task> _fetchers = [];
    private IReadOnlyList<ObjectInfo> _expected = [];
    private Dictionary<string, int> _ranks = [];
    private BitArray _begun = new(0);
    private int _ahead, _running;

    /// <inheritdoc/>
    public void Expect(IReadOnlyList<ObjectInfo> objects, int ahead)
    {
        ArgumentNullException.ThrowIfNull(objects);
        ArgumentOutOfRangeException.ThrowIfNegative(ahead);
        lock (_gate)
        {
            _expected = [.. objects.Where(o => ObjectName.IsPack(o.Name)).DistinctBy(o => o.Name)];
            _ranks = _expected.Index().ToDictionary(o => o.Item.Name, o => o.Index, StringComparer.Ordinal);
            _begun = new BitArray(_expected.Count);
            _ahead = ahead;
            _wanted.Clear();   // nothing is begun before the first read: where everything is there already, there is none
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _closed.CancelAsync().ConfigureAwait(false);
        Task[] running;
        lock (_gate)
        {
            running = [.. _fetchers];
        }
        await Task.WhenAll(running).ConfigureAwait(false);
        await inner.DisposeAsync().ConfigureAwait(false);
        _closed.Dispose();
    }

    /// <summary>Whether somebody has said that this pack is read as a whole; its first read is the sign to fetch it, and those behind it.</summary>
    private bool IsExpected(string name)
    {
        lock (_gate)
        {
            if (!_ranks.TryGetValue(name, out var rank))
            {
                return false;
            }
            Want(rank, 1 + _ahead);
            return true;
        }
    }

    private void Want(int first, int count)
    {
        for (var rank = first; rank < Math.Min(first + count, _expected.Count); rank++)
        {
            if (_begun[rank])
            {
                continue;
            }
            _begun[rank] = true;
            for (var at = 0L; at * BlockSize < _expected[rank].Length; at++)
            {
                _wanted.Enqueue((_expected[rank].Name, at));
            }
        }
        _fetchers.RemoveAll(f => f.IsCompleted);
        for (; _running < Math.Min(AheadStreams, _wanted.Count); _running++)
        {
            _fetchers.Add(Task.Run(FetchAheadAsync));
        }
    }

    private async Task FetchAheadAsync()
    {
        while (TakeWanted() is { } block)
        {
            try
            {
                await FetchAsync(block, _closed.Token).ConfigureAwait(false);
            }
            catch (Exception e) when (e is StingException or OperationCanceledException)
            {
                // Whoever needs it meets what is wrong; nothing more is fetched ahead until another pack is begun.
                lock (_gate)
                {
                    _wanted.Clear();
                }
            }
            finally
            {
                Return(block);
            }
        }
    }

    private Block? TakeWanted()
    {
        lock (_gate)
        {
            while (_wanted.TryDequeue(out var next))
            {
                if (!_blocks.ContainsKey(next) && !_closed.IsCancellationRequested)
                {
                    return Take(next.Name, next.Block).Block;
                }
            }
            _running--;
            return null;
        }
    }
}
