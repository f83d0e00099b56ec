using System.Collections.Concurrent;
using StingBackup.Engine.Basics;
using StingBackup.Engine.Platform;
using StingBackup.Engine.Repository;

namespace StingBackup.Engine.Backup;

/// <summary>The open pack of one kind, and the few buffers that bound how much memory packs may take.</summary>
internal sealed class PackQueue : IDisposable
{
    private const int Outputs = 1;
    /// <summary>A slab can take one chunk more than a pack should hold.</summary>
    private const int Slack = PackFormat.MaxRawLength / 4;

    private readonly BlockingCollection<PackSlab> _slabs = [];
    private readonly BlockingCollection<PageBuffer> _outputs = [];
    private readonly Lock _lock = new();
    private readonly int _packSize;
    private int _slabsLeft;
    private PackSlab? _open;

    public PackQueue(ObjectKind kind, int packSize, int slabs)
    {
        Kind = kind;
        _packSize = packSize;
        _slabsLeft = slabs;
        for (var i = 0; i < Outputs; i++)
        {
            _outputs.Add(new PageBuffer(PageBuffer.PageSize));
        }
    }

    public ObjectKind Kind { get; }

    /// <summary>Adds a chunk; returns the slab that it no longer fitted into, for the caller to seal.</summary>
    public PackSlab? Add(ISegmentOwner owner, Id32 id, ChunkType type, ChunkCodec codec, ReadOnlySpan<byte> table, ReadOnlySpan<byte> body, int rawLength, CancellationToken cancel)
    {
        lock (_lock)
        {
            PackSlab? full = null;
            _open ??= Rent(cancel);
            if (!_open.Fits(table.Length + body.Length, _packSize))
            {
                full = _open;
                _open = null;
                // The full slab goes back only when its caller seals it, so with every slab full this waits for another worker's.
                _open = Rent(cancel);
            }
            _open.Add(owner, id, type, codec, table, body, rawLength);
            return full;
        }
    }

    /// <summary>The open slab when it holds anything.</summary>
    public PackSlab? TakeRest()
    {
        lock (_lock)
        {
            var rest = _open is { Slots.Count: > 0 } ? _open : null;
            if (rest is not null)
            {
                _open = null;
            }
            return rest;
        }
    }

    public void Return(PackSlab slab)
    {
        slab.Clear();
        _slabs.Add(slab);
    }

    public PageBuffer RentOutput(CancellationToken cancel) => _outputs.Take(cancel);

    public void ReturnOutput(PageBuffer output) => _outputs.Add(output);

    private PackSlab Rent(CancellationToken cancel)
    {
        if (_slabs.TryTake(out var slab))
        {
            return slab;
        }
        if (_slabsLeft > 0)
        {
            _slabsLeft--;
            return new PackSlab(_packSize + Slack);
        }
        return _slabs.Take(cancel);
    }

    public void Dispose()
    {
        _slabs.Dispose();
        while (_outputs.TryTake(out var output))
        {
            ((IDisposable)output).Dispose();
        }
        _outputs.Dispose();
    }
}
