namespace StingBackup.Engine.Storage;

/// <summary>
/// A store whose packs are read in blocks that are kept for a while. A request to a server costs about as much as some megabytes of content, and whoever reads one chunk of a pack mostly reads its neighbours next:
/// the second read of a pack, and every one after it, fetches the whole block around what is asked for. Of packs that are expected to be read as a whole blocks are fetched before anybody asks. Packs never change, so
/// a block never gets old. Disposes the inner store.
/// </summary>
/// <param name="inner">The store.</param>
/// <param name="most">Bytes that are kept.</param>
public sealed partial class BlockCachingStore(IObjectStore inner, long most = BlockCachingStore.DefaultMost) : IObjectStore
{
    /// <summary>What is fetched at once.</summary>
    public const int BlockSize = 4 << 20;
    /// <summary>What is kept unless told otherwise: the packs that a restore has open.</summary>
    public const long DefaultMost = 160L << 20;
    /// <summary>Packs of which is remembered that they were read once.</summary>
    private const int MostSeen = 4096;

    private readonly Lock _gate = new();
    private readonly Dictionary<(string Name, long Block), LinkedListNode<Block>> _blocks = [];
    private readonly LinkedList<Block> _recent = new();
    private readonly HashSet<string> _seen = new(StringComparer.Ordinal);
    private readonly Stack<byte[]> _spare = new();
    private long _kept;

    /// <inheritdoc/>
    public string Location => inner.Location;

    /// <inheritdoc/>
    public IThawingStore? Thawing => inner.Thawing;

    /// <inheritdoc/>
    public ILockingStore? Locking => inner.Locking;

    /// <inheritdoc/>
    public bool GuardsContent => inner.GuardsContent;

    /// <inheritdoc/>
    public ValueTask<bool> PutAsync(string name, ReadOnlyMemory<byte> content, CancellationToken cancel) => inner.PutAsync(name, content, cancel);

    /// <inheritdoc/>
    public ValueTask StageAsync(string name, ReadOnlyMemory<byte> content, CancellationToken cancel) => inner.StageAsync(name, content, cancel);

    /// <inheritdoc/>
    public ValueTask BarrierAsync(CancellationToken cancel) => inner.BarrierAsync(cancel);

    /// <inheritdoc/>
    public async ValueTask<int> ReadAsync(string name, long offset, Memory<byte> buffer, CancellationToken cancel)
    {
        ObjectName.Check(name);
        if (buffer.Length is 0 or >= BlockSize || !ObjectName.IsPack(name) || (!IsExpected(name) && IsFirst(name)))
        {
            return await inner.ReadAsync(name, offset, buffer, cancel).ConfigureAwait(false);
        }
        var done = 0;
        while (done < buffer.Length)
        {
            var (at, within) = Math.DivRem(offset + done, BlockSize);
            var wanted = (int)Math.Min(BlockSize - within, buffer.Length - done);
            var got = await ReadBlockAsync(name, at, (int)within, buffer.Slice(done, wanted), cancel).ConfigureAwait(false);
            done += got;
            if (got < wanted)
            {
                break;
            }
        }
        return done;
    }

    /// <inheritdoc/>
    public ValueTask<long?> GetLengthAsync(string name, CancellationToken cancel) => inner.GetLengthAsync(name, cancel);

    /// <inheritdoc/>
    public IAsyncEnumerable<ObjectInfo> ListAsync(string prefix, CancellationToken cancel) => inner.ListAsync(prefix, cancel);

    /// <inheritdoc/>
    public IAsyncEnumerable<ObjectInfo> ListAfterAsync(string prefix, string after, CancellationToken cancel) => inner.ListAfterAsync(prefix, after, cancel);

    /// <inheritdoc/>
    public ValueTask<bool> DeleteAsync(string name, CancellationToken cancel)
    {
        Forget(name);
        return inner.DeleteAsync(name, cancel);
    }

    /// <summary>A pack's first read takes what it asks for: it may be the only one.</summary>
    private bool IsFirst(string name)
    {
        lock (_gate)
        {
            if (_seen.Count >= MostSeen)
            {
                _seen.Clear();
            }
            return _seen.Add(name);
        }
    }

    private async ValueTask<int> ReadBlockAsync(string name, long at, int within, Memory<byte> target, CancellationToken cancel)
    {
        while (true)
        {
            var (block, mine) = Take(name, at);
            try
            {
                if (mine)
                {
                    await FetchAsync(block, cancel).ConfigureAwait(false);
                }
                if (await block.Length.Task.WaitAsync(cancel).ConfigureAwait(false) is { } length)
                {
                    var got = Math.Clamp(length - within, 0, target.Length);
                    block.Bytes.AsMemory(within, got).CopyTo(target);
                    return got;
                }
                // Whoever fetched it was stopped: this one tries itself.
            }
            finally
            {
                Return(block);
            }
        }
    }

    /// <summary>The block, held so that its bytes stay until it is returned; and whether the caller is the one to fetch it.</summary>
    private (Block Block, bool Mine) Take(string name, long at)
    {
        lock (_gate)
        {
            if (_blocks.TryGetValue((name, at), out var node))
            {
                _recent.Remove(node);
                _recent.AddFirst(node);
                node.Value.Holders++;
                return (node.Value, false);
            }
            var block = new Block(name, at, _spare.TryPop(out var spare) ? spare : GC.AllocateUninitializedArray<byte>(BlockSize)) { Holders = 1 };
            _blocks.Add((name, at), _recent.AddFirst(block));
            _kept += BlockSize;
            for (var last = _recent.Last; _kept > most && last is not null && last.Value != block; last = _recent.Last)
            {
                Drop(last);
            }
            return (block, true);
        }
    }

    private async ValueTask FetchAsync(Block block, CancellationToken cancel)
    {
        try
        {
            block.Length.SetResult(await inner.ReadAsync(block.Name, block.At * BlockSize, block.Bytes, cancel).ConfigureAwait(false));
        }
        catch
        {
            lock (_gate)
            {
                if (_blocks.TryGetValue((block.Name, block.At), out var node) && node.Value == block)
                {
                    Drop(node);
                }
            }
            // Others who wait for it try by themselves, and meet what is wrong themselves.
            block.Length.SetResult(null);
            throw;
        }
    }

    private void Drop(LinkedListNode<Block> node)
    {
        _recent.Remove(node);
        _blocks.Remove((node.Value.Name, node.Value.At));
        _kept -= BlockSize;
        node.Value.IsDropped = true;
        Recycle(node.Value);
    }

    private void Return(Block block)
    {
        lock (_gate)
        {
            block.Holders--;
            Recycle(block);
        }
    }

    /// <summary>Bytes that nobody holds any more serve the next block.</summary>
    private void Recycle(Block block)
    {
        if (block is { IsDropped: true, Holders: 0, IsRecycled: false } && _spare.Count < 4)
        {
            block.IsRecycled = true;
            _spare.Push(block.Bytes);
        }
    }

    private void Forget(string name)
    {
        lock (_gate)
        {
            foreach (var node in _blocks.Where(b => b.Key.Name == name).Select(b => b.Value).ToList())
            {
                Drop(node);
            }
            _seen.Remove(name);
        }
    }

    private sealed class Block(string name, long at, byte[] bytes)
    {
        public string Name => name;
        public long At => at;
        public byte[] Bytes => bytes;
        /// <summary>How much of it there is; null when it could not be fetched.</summary>
        public TaskCompletionSource<int?> Length { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
        public int Holders { get; set; }
        public bool IsDropped { get; set; }
        public bool IsRecycled { get; set; }
    }
}
