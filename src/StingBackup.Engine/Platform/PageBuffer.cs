using System.Buffers;
using System.Runtime.InteropServices;

namespace StingBackup.Engine.Platform;

/// <summary>A buffer that begins at a page of memory, outside the garbage-collected heap: what a file system asks of a write past its cache.</summary>
internal sealed unsafe class PageBuffer(int capacity) : MemoryManager<byte>
{
    /// <summary>Bytes of a page, and of the largest sector that disks have.</summary>
    public const int PageSize = 4096;

    private void* _start = NativeMemory.AlignedAlloc((nuint)capacity, PageSize);

    /// <summary>Bytes that it holds.</summary>
    public int Capacity => capacity;

    /// <inheritdoc/>
    public override Span<byte> GetSpan()
    {
        ObjectDisposedException.ThrowIf(_start is null, this);
        return new(_start, capacity);
    }

    /// <inheritdoc/>
    public override MemoryHandle Pin(int elementIndex = 0) => new((byte*)_start + elementIndex);

    /// <inheritdoc/>
    public override void Unpin()
    {
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        NativeMemory.AlignedFree(_start);
        _start = null;
    }
}
