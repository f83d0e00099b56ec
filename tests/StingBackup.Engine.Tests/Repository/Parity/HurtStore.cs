using StingBackup.Engine.Storage;

namespace StingBackup.Engine.Tests.Repository.Parity;

/// <summary>A store in memory some of whose sectors cannot be read, and whose barrier may die after so many objects.</summary>
internal sealed class HurtStore(MemoryObjectStore inner) : IReplacingStore
{
    private readonly List<(string Name, byte[] Content)> _staged = [];

    /// <summary>Stretches that cannot be read: name, offset, length.</summary>
    public List<(string Name, long Offset, long Length)> Unreadable { get; } = [];

    /// <summary>Objects that the barriers still place before the process dies; null for all.</summary>
    public int? Left { get; set; }

    /// <summary>As the next process finds it: what was staged is gone.</summary>
    public void Restart()
    {
        Left = null;
        lock (_staged)
        {
            _staged.Clear();
        }
    }

    public string Location => inner.Location;

    public ValueTask<bool> PutAsync(string name, ReadOnlyMemory<byte> content, CancellationToken cancel)
    {
        Place();
        return inner.PutAsync(name, content, cancel);
    }

    public ValueTask StageAsync(string name, ReadOnlyMemory<byte> content, CancellationToken cancel)
    {
        lock (_staged)
        {
            _staged.Add((name, content.ToArray()));
        }
        return ValueTask.CompletedTask;
    }

    public ValueTask BarrierAsync(CancellationToken cancel)
    {
        lock (_staged)
        {
            var batch = _staged.ToArray();
            _staged.Clear();
            foreach (var (name, content) in batch)
            {
                Place();
                inner.PutAsync(name, content, cancel).AsTask().GetAwaiter().GetResult();
            }
        }
        return ValueTask.CompletedTask;
    }

    /// <summary>The next read fails so.</summary>
    public StingException? Next { get; set; }

    public ValueTask<int> ReadAsync(string name, long offset, Memory<byte> buffer, CancellationToken cancel)
    {
        Reads++;
        if (Next is { } failure)
        {
            Next = null;
            throw failure;
        }
        return Unreadable.Any(u => u.Name == name && u.Offset < offset + buffer.Length && offset < u.Offset + u.Length)
            ? throw new StingException("StoreFailed", FailureKind.Io, $"Could not read '{name}': Input/output error.", name, "Look at the disk.") : inner.ReadAsync(name, offset, buffer, cancel);
    }

    /// <summary>Reads so far.</summary>
    public int Reads { get; private set; }

    public ValueTask<long?> GetLengthAsync(string name, CancellationToken cancel) => inner.GetLengthAsync(name, cancel);

    public IAsyncEnumerable<ObjectInfo> ListAsync(string prefix, CancellationToken cancel) => inner.ListAsync(prefix, cancel);

    public ValueTask<bool> DeleteAsync(string name, CancellationToken cancel) => inner.DeleteAsync(name, cancel);

    public ValueTask ReplaceAsync(string name, ReadOnlyMemory<byte> content, CancellationToken cancel)
    {
        Unreadable.RemoveAll(u => u.Name == name);   // the new file lies elsewhere on the disk
        return ((IReplacingStore)inner).ReplaceAsync(name, content, cancel);
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private void Place()
    {
        if (Left is { } left)
        {
            Left = left > 0 ? left - 1 : throw new StingException("StoreFailed", FailureKind.Io, "The process was killed.", null, "");
        }
    }
}
