using System.Globalization;
using System.Runtime.CompilerServices;
using System.Runtime.Versioning;
using System.Text;

namespace StingBackup.Engine.Platform;

/// <summary>
/// An open item whose attributes are read or set. What can be opened for reading goes by its descriptor; links, pipes and devices are opened
/// as a mere path (O_PATH: no right to read needed, no side effect), and are then reached through <c>/proc/self/fd</c>, never by name:
/// a name could by then stand for something else.
/// </summary>
[SupportedOSPlatform("linux")]
internal readonly unsafe ref struct ItemHandle
{
    private const int RoomForPath = 32;
    private const int RoomAtFirst = 1024;

    private readonly bool _isPath;

    /// <summary>Takes an open file; it stays the caller's to close.</summary>
    /// <param name="file">The descriptor.</param>
    /// <param name="isPath">Whether it was opened with O_PATH.</param>
    public ItemHandle(int file, bool isPath)
    {
        File = file;
        _isPath = isPath;
    }

    /// <summary>The descriptor.</summary>
    public int File { get; }

    /// <summary>Sets the owner.</summary>
    public int SetOwner(uint user, uint group) => Libc.SetOwner(File, user, group);

    /// <summary>Sets the permission bits (07777).</summary>
    public int SetMode(uint mode)
    {
        var path = stackalloc byte[RoomForPath];
        return _isPath ? Libc.SetMode(WritePath(path), mode) : Libc.SetMode(File, mode);
    }

    /// <summary>Sets the time of the last change of content.</summary>
    public int SetModified(long time)
    {
        var path = stackalloc byte[RoomForPath];
        return _isPath ? Libc.SetModified(LinuxAbi.AT_FDCWD, WritePath(path), time) : Libc.SetModified(File, null, time);
    }

    /// <summary>Sets an extended attribute; the name ends in NUL.</summary>
    public int SetAttribute(byte* name, ReadOnlySpan<byte> value)
    {
        var path = stackalloc byte[RoomForPath];
        return _isPath ? Libc.SetAttribute(WritePath(path), name, value) : Libc.SetAttribute(File, name, value);
    }

    /// <summary>Removes an extended attribute; the name ends in NUL.</summary>
    public int RemoveAttribute(byte* name)
    {
        var path = stackalloc byte[RoomForPath];
        return _isPath ? Libc.RemoveAttribute(WritePath(path), name) : Libc.RemoveAttribute(File, name);
    }

    /// <summary>Whether it has any extended attribute that may be listed.</summary>
    public bool HasAttributes() => Read(null, []) > 0;

    /// <summary>Reads all extended attributes, ascending by name; none where the file system has none. One that goes meanwhile is left out.</summary>
    /// <returns>0, or the error negated.</returns>
    public int ReadAttributes(out List<KeyValuePair<byte[], byte[]>> attributes)
    {
        attributes = [];
        var names = ReadGrowing(null, out var error);
        if (error != 0)
        {
            return error is -Errno.EOPNOTSUPP or -Errno.ENOSYS ? 0 : error;
        }
        for (var start = 0; start < names.Length;)
        {
            var length = names.AsSpan(start).IndexOf((byte)0);
            fixed (byte* name = &names[start])
            {
                var value = ReadGrowing(name, out error);
                if (error == 0)
                {
                    attributes.Add(new(names[start..(start + length)], value));
                }
                else if (error is not (-Errno.ENODATA or -Errno.EOPNOTSUPP))
                {
                    return error;
                }
            }
            start += length + 1;
        }
        attributes.Sort(static (a, b) => a.Key.AsSpan().SequenceCompareTo(b.Key));
        return 0;
    }

    // The names (null name) or a value; either may grow between asking and reading.
    [SkipLocalsInit]
    private byte[] ReadGrowing(byte* name, out int error)
    {
        Span<byte> buffer = stackalloc byte[RoomAtFirst];
        while (true)
        {
            var read = Read(name, buffer);
            if (read == -Errno.ERANGE)
            {
                read = Read(name, []);
                buffer = new byte[Math.Max(read, 0) + RoomAtFirst];
                if (read >= 0)
                {
                    continue;
                }
            }
            error = Math.Min(read, 0);
            return read <= 0 ? [] : buffer[..read].ToArray();
        }
    }

    private int Read(byte* name, Span<byte> buffer)
    {
        var path = stackalloc byte[RoomForPath];
        return (_isPath, name is null) switch
        {
            (true, true) => Libc.ListAttributes(WritePath(path), buffer),
            (true, false) => Libc.GetAttribute(WritePath(path), name, buffer),
            (false, true) => Libc.ListAttributes(File, buffer),
            (false, false) => Libc.GetAttribute(File, name, buffer),
        };
    }

    private byte* WritePath(byte* buffer)
    {
        var room = new Span<byte>(buffer, RoomForPath);
        "/proc/self/fd/"u8.CopyTo(room);
        File.TryFormat(room[14..], out var written, default, CultureInfo.InvariantCulture);
        room[14 + written] = 0;
        return buffer;
    }
}
