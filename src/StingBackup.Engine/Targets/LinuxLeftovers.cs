using System.Buffers;
using System.Runtime.Versioning;
using StingBackup.Engine.Platform;

namespace StingBackup.Engine.Targets;

/// <summary>Removes the temporary files of restores that were interrupted, and leaves those of restores that run.</summary>
[SupportedOSPlatform("linux")]
internal static unsafe class LinuxLeftovers
{
    private const int ListBuffer = 1 << 16;

    /// <summary>Removes them from an open directory; 0 or the error negated.</summary>
    public static int Remove(int folder)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(ListBuffer);
        using var names = new DirectoryReader();
        var result = names.Read(folder, buffer);
        ArrayPool<byte>.Shared.Return(buffer);
        for (var i = 0; i < names.Count; i++)
        {
            if (!TemporaryNames.IsTemporary(names.Name(i)))
            {
                continue;
            }
            fixed (byte* name = names.Name(i))   // the byte after it is NUL
            {
                var removed = IsInUse(folder, name) ? 0 : Libc.Unlink(folder, name);
                result = removed is < 0 and not -Errno.ENOENT ? removed : result;
            }
        }
        return result;
    }

    // A running restore marks each file that it writes. Links and pipes have theirs for no longer than it takes to rename them.
    private static bool IsInUse(int folder, byte* name)
    {
        if (Libc.Stat(folder, name, LinuxAbi.AT_SYMLINK_NOFOLLOW, out var stat) < 0 || stat.Kind != ItemKind.File)
        {
            return false;
        }
        var file = Libc.OpenAt(folder, name, LinuxAbi.O_RDONLY | LinuxAbi.O_NOFOLLOW | LinuxAbi.O_NONBLOCK);
        if (file < 0)
        {
            return file != -Errno.ENOENT;   // another's, and not ours to remove
        }
        var inUse = Libc.IsInUse(file);
        Libc.Close(file);
        return inUse;
    }
}
