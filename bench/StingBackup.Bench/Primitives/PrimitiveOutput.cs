using System.Collections.Concurrent;
using System.Diagnostics;
using System.Runtime.Versioning;
using Microsoft.Win32.SafeHandles;
using StingBackup.Engine.Platform;

namespace StingBackup.Bench.Primitives;

/// <summary>One file that everything goes into, written by a thread of its own past the page cache where the system can, as packs are, and synced at the end.</summary>
[SupportedOSPlatform("linux")]
internal sealed class PrimitiveOutput : IDisposable
{
    private const int BufferLength = 8 << 20;

    private readonly SafeFileHandle _file;
    private readonly string _path;
    private readonly BlockingCollection<PageBuffer> _free = [];
    private readonly BlockingCollection<(PageBuffer Buffer, int Length)> _full = [];
    private readonly CancellationToken _cancel;
    private long _ticks;

    public PrimitiveOutput(string path, int buffers, CancellationToken cancel)
    {
        _path = path;
        _cancel = cancel;
        _file = File.OpenHandle(path, FileMode.CreateNew, FileAccess.Write);
        for (var i = 0; i < buffers; i++)
        {
            _free.Add(new PageBuffer(BufferLength), CancellationToken.None);
        }
    }

    /// <summary>Bytes written.</summary>
    public long Length { get; private set; }
    /// <summary>How long the writing thread wrote.</summary>
    public double Seconds => Stopwatch.GetElapsedTime(0, _ticks).TotalSeconds;

    public PageBuffer Rent() => _free.Take(_cancel);

    public void Hand(PageBuffer buffer, int length) => _full.Add((buffer, length));

    /// <summary>No more will be handed.</summary>
    public void Complete() => _full.CompleteAdding();

    /// <summary>Writes what is handed until all is, and syncs.</summary>
    public void Write()
    {
        var descriptor = (int)_file.DangerousGetHandle();
        var direct = Libc.TrySetDirect(descriptor, true);
        foreach (var (buffer, length) in _full.GetConsumingEnumerable(_cancel))
        {
            var start = Stopwatch.GetTimestamp();
            // The next one must begin at a page: what is left of this one's last page is written as it is.
            var pages = (length + PageBuffer.PageSize - 1) / PageBuffer.PageSize * PageBuffer.PageSize;
            var error = direct ? Libc.PWriteAll(descriptor, buffer.GetSpan()[..pages], Length) : -Errno.EINVAL;
            if (error == -Errno.EINVAL)   // it cannot after all
            {
                direct = direct && !Libc.TrySetDirect(descriptor, false);
                RandomAccess.Write(_file, buffer.GetSpan()[..pages], Length);
            }
            else if (error < 0)
            {
                throw new IOException($"Could not write '{_path}': {Errno.Text(-error)}", -error);
            }
            Length += pages;
            _free.Add(buffer, CancellationToken.None);
            _ticks += Stopwatch.GetTimestamp() - start;
        }
        var sync = Stopwatch.GetTimestamp();
        Durable.SyncFile(_file, _path);
        _ticks += Stopwatch.GetTimestamp() - sync;
    }

    public void Dispose()
    {
        _file.Dispose();
        while (_free.TryTake(out var buffer))
        {
            ((IDisposable)buffer).Dispose();
        }
        _free.Dispose();
        _full.Dispose();
    }
}
