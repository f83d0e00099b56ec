using StingBackup.Engine.Platform;

namespace StingBackup.Engine.Targets;

/// <summary>
/// Gathers what is written to a file in a row, and hands it on in whole pages that lie in memory as they will in the file: these can go past the page cache.
/// One a worker; holds nothing between two calls of <see cref="Flush"/>.
/// </summary>
internal sealed class RestoreWindow : IDisposable
{
    /// <summary>Bytes from which a write past the page cache is worth waiting for the disk.</summary>
    public const int LeastDirect = 512 << 10;
    private const int Size = 2 << 20;

    private readonly PageBuffer _buffer = new(Size);
    private long _start;      // the file's offset at the buffer's begin, a whole number of pages
    private int _from, _to;   // what of the buffer holds bytes

    /// <summary>Adds bytes at an offset; gathers on when they follow the ones before.</summary>
    public void Write(IRestoreFile file, long offset, ReadOnlySpan<byte> bytes)
    {
        if (_from == _to || offset != _start + _to)
        {
            Flush(file);
            _from = _to = (int)(offset % PageBuffer.PageSize);
            _start = offset - _to;
        }
        while (!bytes.IsEmpty)
        {
            var part = Math.Min(bytes.Length, Size - _to);
            bytes[..part].CopyTo(_buffer.GetSpan()[_to..]);
            _to += part;
            bytes = bytes[part..];
            if (_to == Size)
            {
                Flush(file);
                (_start, _from, _to) = (_start + Size, 0, 0);
            }
        }
    }

    /// <summary>Writes what was gathered: the whole pages in one piece, what begins or ends within a page by itself.</summary>
    public void Flush(IRestoreFile file)
    {
        var firstPage = _from == 0 ? 0 : PageBuffer.PageSize;
        var lastPage = _to - _to % PageBuffer.PageSize;
        if (lastPage - firstPage < LeastDirect)
        {
            WriteOut(file, _from, _to);
        }
        else
        {
            WriteOut(file, _from, firstPage);
            WriteOut(file, firstPage, lastPage);
            WriteOut(file, lastPage, _to);
        }
        _from = _to = 0;
    }

    /// <summary>Forgets what was gathered: its file failed.</summary>
    public void Discard() => _from = _to = 0;

    /// <inheritdoc/>
    public void Dispose() => ((IDisposable)_buffer).Dispose();

    private void WriteOut(IRestoreFile file, int from, int to)
    {
        if (from < to)
        {
            file.Write(_start + from, _buffer.GetSpan()[from..to]);
        }
    }
}
