using System.Collections.Concurrent;

namespace StingBackup.Engine.Backup;

/// <summary>A fixed number of large read buffers: what bounds how far reading runs ahead.</summary>
internal sealed class BlockPool : IDisposable
{
    /// <summary>Bytes of a block: several of the longest chunks.</summary>
    public const int BlockSize = 4 << 20;

    /// <summary>The block given back last is handed out first: it is still in the processor's cache.</summary>
    private readonly BlockingCollection<byte[]> _free = new(new ConcurrentStack<byte[]>());
    private int _left;

    public BlockPool(int blocks) => _left = blocks;

    public byte[] Rent(CancellationToken cancel)
    {
        if (_free.TryTake(out var block))
        {
            return block;
        }
        return Interlocked.Decrement(ref _left) >= 0 ? GC.AllocateUninitializedArray<byte>(BlockSize, pinned: true) : _free.Take(cancel);
    }

    public void Return(byte[] block) => _free.Add(block);

    public void Dispose() => _free.Dispose();
}
