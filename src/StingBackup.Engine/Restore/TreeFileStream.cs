using StingBackup.Engine.Repository;

namespace StingBackup.Engine.Restore;

/// <summary>A file of a restore point, read from its beginning to its end. Each chunk is proved by its id; holes read as zeros. Not safe for several threads.</summary>
internal sealed class TreeFileStream(ChunkReader reader, Id16 pseudonym, TreeEntry entry, CancellationToken cancel) : Stream
{
    private readonly IEnumerator<Extent> _extents = ExtentsOf(reader, pseudonym, entry, cancel).GetEnumerator();
    private ChunkBytes? _chunk;
    private ReadOnlyMemory<byte> _rest;
    private long _hole;

    public override bool CanRead => true;
    public override bool CanSeek => false;
    public override bool CanWrite => false;
    public override long Length => entry.Length;
    public override long Position { get; set; }

    public override int Read(Span<byte> buffer)
    {
        while (_rest.IsEmpty && _hole == 0)
        {
            if (!_extents.MoveNext())
            {
                return 0;
            }
            Take(_extents.Current);
        }
        int count;
        if (_hole > 0)
        {
            count = (int)Math.Min(_hole, buffer.Length);
            buffer[..count].Clear();
            _hole -= count;
        }
        else
        {
            count = Math.Min(_rest.Length, buffer.Length);
            _rest.Span[..count].CopyTo(buffer);
            _rest = _rest[count..];
        }
        Position += count;
        return count;
    }

    /// <summary>Goes on at a later place; chunks that lie before it are not read.</summary>
    public void SkipTo(long position)
    {
        while (Position < position)
        {
            var step = Math.Min(position - Position, _hole > 0 ? _hole : _rest.Length);
            if (step > 0)
            {
                (_hole, _rest) = _hole > 0 ? (_hole - step, _rest) : (0, _rest[(int)step..]);
            }
            else if (!_extents.MoveNext())
            {
                return;
            }
            else if (Position + _extents.Current.Length <= position)
            {
                step = _extents.Current.Length;
            }
            else
            {
                Take(_extents.Current);
            }
            Position += step;
        }
    }

    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));
    public override void Flush() { }
    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();
    public override void SetLength(long value) => throw new NotSupportedException();
    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        _chunk?.Dispose();
        _extents.Dispose();
        base.Dispose(disposing);
    }

    private void Take(Extent extent)
    {
        if (extent.IsHole)
        {
            _hole = extent.Length;
            return;
        }
        _chunk?.Dispose();
        _chunk = null;
        _chunk = Wait(reader.ReadDataAsync(pseudonym, extent.Id, cancel));
        _rest = extent.Offset >= 0 && extent.Length >= 0 && extent.Offset + extent.Length <= _chunk.Memory.Length ? _chunk.Memory.Slice(extent.Offset, (int)extent.Length)
            : throw ObjectFrame.Damaged(extent.Id.ToString(), "a file refers to bytes that the chunk does not have");
    }

    private static IEnumerable<Extent> ExtentsOf(ChunkReader reader, Id16 pseudonym, TreeEntry entry, CancellationToken cancel) =>
        entry.ContentPages.Count == 0 ? entry.Extents : entry.ContentPages.SelectMany(p => Wait(reader.ReadPageAsync(pseudonym, p.Page, cancel)).Extents);

    private static T Wait<T>(ValueTask<T> task) => task.IsCompletedSuccessfully ? task.Result : task.AsTask().GetAwaiter().GetResult();
}
