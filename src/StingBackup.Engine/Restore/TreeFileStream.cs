using StingBackup.Engine.Basics;
using StingBackup.Engine.Repository;

namespace StingBackup.Engine.Restore;

/// <summary>
/// A file of a restore point, or a stretch of it, read in order: chunks before the stretch are not read, nor content pages that hold nothing of it. Each chunk is proved by its id; holes read as zeros. Not safe for several threads.
/// </summary>
internal sealed class TreeFileStream : Stream
{
    private readonly ChunkReader _reader;
    private readonly Id16 _pseudonym;
    private readonly TreeEntry _entry;
    private readonly CancellationToken _cancel;
    private IReadOnlyList<Extent> _extents;
    private int _nextPage, _nextExtent;
    private ChunkBytes? _chunk;
    private ReadOnlyMemory<byte> _rest;
    private long _hole, _skip, _left;

    /// <summary>Opens a whole file.</summary>
    public TreeFileStream(ChunkReader reader, Id16 pseudonym, TreeEntry entry, CancellationToken cancel) : this(reader, pseudonym, entry, (0, entry.Length), cancel)
    {
    }

    /// <summary>Opens a stretch, which must lie within the file.</summary>
    public TreeFileStream(ChunkReader reader, Id16 pseudonym, TreeEntry entry, (long Offset, long Length) stretch, CancellationToken cancel)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(stretch.Offset);
        ArgumentOutOfRangeException.ThrowIfNegative(stretch.Length);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(stretch.Length, entry.Length - stretch.Offset);
        (_reader, _pseudonym, _entry, _cancel, _skip, _left, Length) = (reader, pseudonym, entry, cancel, stretch.Offset, stretch.Length, stretch.Length);
        _extents = entry.ContentPages.Count == 0 ? entry.Extents : [];
    }

    public override bool CanRead => true;
    public override bool CanSeek => false;
    public override bool CanWrite => false;
    public override long Length { get; }
    public override long Position { get; set; }

    public override int Read(Span<byte> buffer)
    {
        // The chunks that a read needs are waited for here; what is at hand goes out at once.
        while (_left > 0 && _rest.IsEmpty && _hole == 0 && Wait(NextAsync(_cancel)))
        {
        }
        return Take(buffer);
    }

    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        while (_left > 0 && _rest.IsEmpty && _hole == 0 && await NextAsync(cancellationToken).ConfigureAwait(false))
        {
        }
        return Take(buffer.Span);
    }

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) => ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();
    public override void Flush() { }
    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();
    public override void SetLength(long value) => throw new NotSupportedException();
    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        _chunk?.Dispose();
        (_chunk, _rest, _left) = (null, default, 0);
        base.Dispose(disposing);
    }

    private int Take(Span<byte> buffer)
    {
        if (_left > 0 && _rest.IsEmpty && _hole == 0)
        {
            throw Failures.Damaged(_pseudonym.ToString(), "a file's parts make fewer bytes than its length");
        }
        int count;
        if (_hole > 0)
        {
            count = (int)Math.Min(Math.Min(_hole, _left), buffer.Length);
            buffer[..count].Clear();
            _hole -= count;
        }
        else
        {
            count = (int)Math.Min(Math.Min(_rest.Length, _left), buffer.Length);
            _rest.Span[..count].CopyTo(buffer);
            _rest = _rest[count..];
        }
        Position += count;
        _left -= count;
        return count;
    }

    /// <summary>Goes to the next extent that holds something of what is wanted; false when there is none.</summary>
    private async ValueTask<bool> NextAsync(CancellationToken cancel)
    {
        while (true)
        {
            while (_nextExtent < _extents.Count)
            {
                var extent = _extents[_nextExtent++];
                if (extent.Length > _skip)
                {
                    await OpenAsync(extent, cancel).ConfigureAwait(false);
                    return true;
                }
                _skip -= extent.Length;
            }
            if (_nextPage == _entry.ContentPages.Count)
            {
                return false;
            }
            var page = _entry.ContentPages[_nextPage++];
            if (page.Length <= _skip)
            {
                _skip -= page.Length;
                continue;
            }
            (_extents, _nextExtent) = ((await _reader.ReadPageAsync(_pseudonym, page.Page, cancel).ConfigureAwait(false)).Extents, 0);
        }
    }

    private async ValueTask OpenAsync(Extent extent, CancellationToken cancel)
    {
        var skip = _skip;
        _skip = 0;
        if (extent.IsHole)
        {
            _hole = extent.Length - skip;
            return;
        }
        _chunk?.Dispose();
        _chunk = null;
        _chunk = await _reader.ReadDataAsync(_pseudonym, extent.Id, cancel).ConfigureAwait(false);
        _rest = extent.Offset >= 0 && extent.Length >= 0 && extent.Offset + extent.Length <= _chunk.Memory.Length ? _chunk.Memory.Slice(extent.Offset, (int)extent.Length)[(int)skip..]
            : throw Failures.Damaged(extent.Id.ToString(), "a file refers to bytes that the chunk does not have");
    }

    private static T Wait<T>(ValueTask<T> task) => task.IsCompletedSuccessfully ? task.Result : task.AsTask().GetAwaiter().GetResult();
}
