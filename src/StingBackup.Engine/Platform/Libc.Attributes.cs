using System.Runtime.InteropServices;

namespace StingBackup.Engine.Platform;

// Mode, owner, times and extended attributes: of an open file, or by a path that ends in NUL.
internal static unsafe partial class Libc
{
    /// <summary>Names of a path's extended attributes, each ended by NUL; an empty buffer asks for the length. Does not follow a final link.</summary>
    public static int ListAttributesNoFollow(byte* path, Span<byte> list)
    {
        fixed (byte* start = list)
        {
            return Result(llistxattr_(path, start, list.Length));
        }
    }

    /// <summary>Names of extended attributes, each ended by NUL; an empty buffer asks for the length.</summary>
    public static int ListAttributes(byte* path, Span<byte> list)
    {
        fixed (byte* start = list)
        {
            return Result(listxattr_(path, start, list.Length));
        }
    }

    /// <inheritdoc cref="ListAttributes(byte*, Span{byte})"/>
    public static int ListAttributes(int file, Span<byte> list)
    {
        fixed (byte* start = list)
        {
            return Result(flistxattr_(file, start, list.Length));
        }
    }

    /// <summary>An extended attribute's value; an empty buffer asks for the length.</summary>
    public static int GetAttribute(byte* path, byte* name, Span<byte> value)
    {
        fixed (byte* start = value)
        {
            return Result(getxattr_(path, name, start, value.Length));
        }
    }

    /// <inheritdoc cref="GetAttribute(byte*, byte*, Span{byte})"/>
    public static int GetAttribute(int file, byte* name, Span<byte> value)
    {
        fixed (byte* start = value)
        {
            return Result(fgetxattr_(file, name, start, value.Length));
        }
    }

    /// <summary>Sets an extended attribute.</summary>
    public static int SetAttribute(byte* path, byte* name, ReadOnlySpan<byte> value)
    {
        fixed (byte* start = value)
        {
            return Result(setxattr_(path, name, start, value.Length, 0));
        }
    }

    /// <inheritdoc cref="SetAttribute(byte*, byte*, ReadOnlySpan{byte})"/>
    public static int SetAttribute(int file, byte* name, ReadOnlySpan<byte> value)
    {
        fixed (byte* start = value)
        {
            return Result(fsetxattr_(file, name, start, value.Length, 0));
        }
    }

    /// <summary>Removes an extended attribute.</summary>
    public static int RemoveAttribute(byte* path, byte* name) => Result(removexattr_(path, name));

    /// <inheritdoc cref="RemoveAttribute(byte*, byte*)"/>
    public static int RemoveAttribute(int file, byte* name) => Result(fremovexattr_(file, name));

    /// <summary>Sets the owner of an open file, one opened as a mere path included.</summary>
    public static int SetOwner(int file, uint user, uint group)
    {
        byte nul = 0;
        return Result(fchownat_(file, &nul, user, group, LinuxAbi.AT_EMPTY_PATH));
    }

    /// <summary>Sets the permission bits of an open file.</summary>
    public static int SetMode(int file, uint mode) => Result(fchmod_(file, mode));

    /// <summary>Sets permission bits; follows a link.</summary>
    public static int SetMode(int directory, byte* path, uint mode) => Result(fchmodat_(directory, path, mode, 0));

    /// <summary>Sets the mode of what a path leads to.</summary>
    public static int SetMode(byte* path, uint mode) => Result(fchmodat_(LinuxAbi.AT_FDCWD, path, mode, 0));

    /// <summary>Sets the time of the last change of content, in nanoseconds since 1970 UTC, of an open file (null path) or by path.</summary>
    public static int SetModified(int directory, byte* path, long time)
    {
        var (seconds, nanoseconds) = NanosecondTime.ToParts(time);
        var times = stackalloc TimeSpec[2];
        times[0].Nanoseconds = LinuxAbi.UTIME_OMIT;
        times[1].Seconds = seconds;
        times[1].Nanoseconds = nanoseconds;
        return Result(path is null ? futimens_(directory, times) : utimensat_(directory, path, times, 0));   // glibc refuses a null path
    }

    private static int Result(nint result) => result < 0 ? -Marshal.GetLastPInvokeError() : (int)result;
}
