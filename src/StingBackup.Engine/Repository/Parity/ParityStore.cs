using StingBackup.Engine.Basics;
using StingBackup.Engine.Storage;

namespace StingBackup.Engine.Repository.Parity;

/// <summary>
/// A folder that keeps parity beside its packs. A pack's parity is stored after the pack, by the same barrier, and goes before it: so there is none whose pack was deleted, but for a moment in which a process or the
/// power fails, and then a sweep removes it. It gives back what is damaged of a pack that is there, and never one that is gone.
/// </summary>
public sealed class ParityStore : IObjectStore, IParityStore
{
    private const int Block = 1 << 20;

    private readonly IReplacingStore _inner;

    /// <summary>Puts itself in front of a store. With 0 percent no parity is made; what there is goes with its pack and serves as ever.</summary>
    internal ParityStore(IReplacingStore inner, int percent) => (_inner, Percent) = (inner, percent);

    /// <inheritdoc/>
    public string Location => _inner.Location;

    /// <inheritdoc/>
    public int Percent { get; }

    /// <inheritdoc/>
    public IParityStore Parity => this;

    /// <inheritdoc/>
    public long Beside(string name, long length) => IsKept(name) ? PackParity.LengthOf(length, Percent) : 0;

    /// <inheritdoc/>
    public async ValueTask<bool> PutAsync(string name, ReadOnlyMemory<byte> content, CancellationToken cancel)
    {
        var created = await _inner.PutAsync(name, content, cancel).ConfigureAwait(false);
        if (created && IsKept(name))
        {
            await _inner.PutAsync(PackParity.NameOf(name), PackParity.Make(name, content.Span, Percent), cancel).ConfigureAwait(false);
        }
        return created;
    }

    /// <inheritdoc/>
    public async ValueTask StageAsync(string name, ReadOnlyMemory<byte> content, CancellationToken cancel)
    {
        await _inner.StageAsync(name, content, cancel).ConfigureAwait(false);
        if (IsKept(name))
        {
            await _inner.StageAsync(PackParity.NameOf(name), PackParity.Make(name, content.Span, Percent), cancel).ConfigureAwait(false);
        }
    }

    /// <inheritdoc/>
    public ValueTask BarrierAsync(CancellationToken cancel) => _inner.BarrierAsync(cancel);

    /// <inheritdoc/>
    public ValueTask<int> ReadAsync(string name, long offset, Memory<byte> buffer, CancellationToken cancel) => _inner.ReadAsync(name, offset, buffer, cancel);

    /// <inheritdoc/>
    public ValueTask<long?> GetLengthAsync(string name, CancellationToken cancel) => _inner.GetLengthAsync(name, cancel);

    /// <inheritdoc/>
    public IAsyncEnumerable<ObjectInfo> ListAsync(string prefix, CancellationToken cancel) => _inner.ListAsync(prefix, cancel);

    /// <inheritdoc/>
    public IAsyncEnumerable<ObjectInfo> ListAfterAsync(string prefix, string after, CancellationToken cancel) => _inner.ListAfterAsync(prefix, after, cancel);

    /// <summary>Deletes an object, of a pack its parity first.</summary>
    public async ValueTask<bool> DeleteAsync(string name, CancellationToken cancel)
    {
        if (ObjectName.IsPack(name))
        {
            await _inner.DeleteAsync(PackParity.NameOf(name), cancel).ConfigureAwait(false);
        }
        return await _inner.DeleteAsync(name, cancel).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public async ValueTask<byte[]?> RecoverAsync(string pack, CancellationToken cancel)
    {
        var name = PackParity.NameOf(pack);
        if (await _inner.GetLengthAsync(pack, cancel).ConfigureAwait(false) is null || await _inner.GetLengthAsync(name, cancel).ConfigureAwait(false) is not { } length)
        {
            return null;
        }
        if (length > PackFormat.MaxPackLength)
        {
            throw Failures.Damaged(name, $"it has {length} bytes, more than any parity may");
        }
        // Of a parity too there may be sectors that cannot be read.
        var bytes = new byte[length];
        var lost = await ReadAsync(name, bytes, cancel).ConfigureAwait(false);
        foreach (var (offset, count) in lost)
        {
            bytes.AsSpan(offset, count).Clear();
        }
        var parity = PackParity.Read(name, bytes);
        var content = new byte[parity.PackLength];
        lost = await ReadAsync(pack, content, cancel).ConfigureAwait(false);
        parity.Recover(pack, content, (offset, count) => lost.Any(part => part.Offset < offset + count && offset < part.Offset + part.Length));
        return content;
    }

    /// <inheritdoc/>
    public ValueTask ReplaceAsync(string pack, ReadOnlyMemory<byte> content, CancellationToken cancel) => _inner.ReplaceAsync(pack, content, cancel);

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _inner.DisposeAsync();

    private bool IsKept(string name) => Percent > 0 && ObjectKinds.Of(name) is ObjectKind.MetaPack or ObjectKind.DataPack;

    /// <summary>Reads what can be read, and tells what cannot: by blocks, and where one fails by pieces of it.</summary>
    private async ValueTask<List<(int Offset, int Length)>> ReadAsync(string name, byte[] into, CancellationToken cancel)
    {
        var lost = new List<(int, int)>();
        for (var at = 0; at < into.Length; at += Block)
        {
            var count = Math.Min(Block, into.Length - at);
            if (await TryReadAsync(at, count).ConfigureAwait(false))
            {
                continue;
            }
            for (var piece = at; piece < at + count; piece += ParityLayout.Piece)
            {
                var part = Math.Min(ParityLayout.Piece, at + count - piece);
                if (!await TryReadAsync(piece, part).ConfigureAwait(false))
                {
                    lost.Add((piece, part));
                }
            }
        }
        return lost;

        async ValueTask<bool> TryReadAsync(int offset, int length)
        {
            try
            {
                return await _inner.ReadAsync(name, offset, into.AsMemory(offset, length), cancel).ConfigureAwait(false) == length;
            }
            catch (StingException e) when (e.ErrorId == "StoreFailed")
            {
                return false;
            }
        }
    }
}
