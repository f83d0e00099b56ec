using System.Runtime.Versioning;
using Microsoft.Win32.SafeHandles;
using StingBackup.Engine.Basics;
using StingBackup.Engine.Platform;
using StingBackup.Engine.Sources;

namespace StingBackup.Engine.Targets;

/// <summary>A file on Linux that is being restored.</summary>
[SupportedOSPlatform("linux")]
internal sealed class LinuxRestoreFile : IRestoreFile
{
    /// <summary>Shorter files get their length from what is written: most are one write, and to make room for them first would be a call for each.</summary>
    private const long RoomAhead = 1 << 20;

    private readonly LinuxRestoreTarget _target;
    private readonly EntryPath _path;
    private readonly LinuxTemporary _temporary;
    private readonly SafeFileHandle _file;
    /// <summary>The same file, opened past the page cache when first asked for: a second handle, since a flag of the first would hold for every worker.</summary>
    private readonly Lazy<SafeFileHandle?> _direct;
    private readonly long _length;
    private long _end;   // of what it is long by now

    /// <summary>Starts it; the whole length of a long one is one hole at first.</summary>
    public LinuxRestoreFile(LinuxRestoreTarget target, EntryPath path, long length)
    {
        _target = target;
        _path = path;
        _temporary = LinuxTemporary.MakeFile(target, path, out _file);
        _direct = new(_temporary.TryOpenDirect);
        _length = length;
        if (length >= RoomAhead)
        {
            try
            {
                MakeRoom();
            }
            catch
            {
                Dispose();
                throw;
            }
        }
    }

    /// <summary>Whether bytes can go to the disk as they lie, and are enough for that to be worth its wait.</summary>
    private static unsafe bool IsWholePages(long offset, ReadOnlySpan<byte> bytes)
    {
        fixed (byte* start = bytes)
        {
            return bytes.Length >= RestoreWindow.LeastDirect && offset % PageBuffer.PageSize == 0 && bytes.Length % PageBuffer.PageSize == 0 && (nuint)start % PageBuffer.PageSize == 0;
        }
    }

    private int File => (int)_file.DangerousGetHandle();

    /// <inheritdoc/>
    public void Write(long offset, ReadOnlySpan<byte> bytes)
    {
        var result = IsWholePages(offset, bytes) && _direct.Value is { } direct ? Libc.PWriteAll((int)direct.DangerousGetHandle(), bytes, offset) : -Errno.EINVAL;
        if (result == -Errno.EINVAL)
        {
            result = Libc.PWriteAll(File, bytes, offset);
        }
        if (result < 0)
        {
            throw _target.Failed(_path, "write", result);
        }
        Reached(offset + bytes.Length);
    }

    /// <inheritdoc/>
    public IReadOnlyList<string> Place(EntryPath name, ItemMetadata metadata, bool replace)
    {
        ArgumentNullException.ThrowIfNull(name);
        ArgumentNullException.ThrowIfNull(metadata);
        if (Interlocked.Read(ref _end) < _length)
        {
            MakeRoom();   // it ends in a hole
        }
        var messages = _target.Metadata.Apply(new ItemHandle(File, isPath: false), ItemKind.File, metadata);
        _temporary.Place(name, replace);
        return messages;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (_direct.IsValueCreated)
        {
            _direct.Value?.Dispose();
        }
        _temporary.Dispose();   // before the file, whose mark keeps CleanUp away
        _file.Dispose();
    }

    private void MakeRoom()
    {
        var result = Libc.Truncate(File, _length);
        if (result < 0)
        {
            throw _target.Failed(_path, "make room for", result);
        }
        Reached(_length);
    }

    // Several workers write one file.
    private void Reached(long end)
    {
        for (var was = Interlocked.Read(ref _end); was < end;)
        {
            var found = Interlocked.CompareExchange(ref _end, end, was);
            if (found == was)
            {
                return;
            }
            was = found;
        }
    }
}
