using System.Runtime.CompilerServices;
using System.Runtime.Versioning;

namespace StingBackup.Engine.Platform;

/// <summary>
/// Opens paths below a directory without following a link in any component, however long the path is. Linux 5.6 and later check that
/// within one call; older kernels (and sandboxes that refuse the call) are walked component by component to the same end.
/// </summary>
[SupportedOSPlatform("linux")]
internal sealed unsafe class Beneath(bool kernelResolves)
{
    private const int ParentFlags = LinuxAbi.O_PATH;

    /// <summary>The way that this kernel allows.</summary>
    public static Beneath Default { get; } = new(KernelResolves());

    /// <summary>Opens a path; its components are separated by single <c>/</c>, the empty path is the root itself.</summary>
    /// <param name="root">An open directory.</param>
    /// <param name="path">The path below it, as an EntryPath holds it.</param>
    /// <param name="flags">Flags of open, none that creates.</param>
    /// <returns>The open file, or the error negated: <c>ELOOP</c> always means that a link stands somewhere in the path.</returns>
    [SkipLocalsInit]
    public int Open(int root, ReadOnlySpan<byte> path, int flags)
    {
        var text = stackalloc byte[LinuxAbi.PathMax];
        if (path.IsEmpty)
        {
            return Libc.OpenAt(root, Terminate("."u8, text), flags | LinuxAbi.O_DIRECTORY);
        }
        var directory = root;
        try
        {
            while (true)
            {
                var piece = NextPiece(path);
                if (piece < 0)
                {
                    return -Errno.ENAMETOOLONG;
                }
                var last = piece == path.Length;
                Terminate(path[..piece], text);
                var pieceFlags = last ? flags | LinuxAbi.O_NOFOLLOW : ParentFlags | LinuxAbi.O_DIRECTORY | LinuxAbi.O_NOFOLLOW;
                var file = kernelResolves
                    ? Libc.OpenAt2(directory, text, pieceFlags, LinuxAbi.RESOLVE_BENEATH | LinuxAbi.RESOLVE_NO_SYMLINKS)
                    : Libc.OpenAt(directory, text, pieceFlags);
                if (file == -Errno.ENOTDIR && IsLink(directory, text))
                {
                    return -Errno.ELOOP;   // with O_DIRECTORY a link is told as what it is not
                }
                if (last || file < 0)
                {
                    return file;
                }
                if (directory != root)
                {
                    Libc.Close(directory);
                }
                directory = file;
                path = path[(piece + 1)..];
            }
        }
        finally
        {
            if (directory != root)
            {
                Libc.Close(directory);
            }
        }
    }

    /// <summary>How much of a path leads to the first link in it, that included; -1 when there is none (any more).</summary>
    [SkipLocalsInit]
    public int FindLink(int root, ReadOnlySpan<byte> path)
    {
        for (var end = 0; end < path.Length;)
        {
            var slash = path[(end + 1)..].IndexOf((byte)'/');
            end = slash < 0 ? path.Length : end + 1 + slash;
            var file = Open(root, path[..end], LinuxAbi.O_PATH);
            if (file < 0)
            {
                return -1;
            }
            var isLink = Libc.Stat(file, out var stat) == 0 && stat.Kind == ItemKind.SymbolicLink;
            Libc.Close(file);
            if (isLink)
            {
                return end;
            }
        }
        return -1;
    }

    /// <summary>Copies a text and ends it with NUL; the buffer has room for both.</summary>
    public static byte* Terminate(ReadOnlySpan<byte> text, byte* buffer)
    {
        text.CopyTo(new Span<byte>(buffer, text.Length));
        buffer[text.Length] = 0;
        return buffer;
    }

    // As much as one call takes: a path up to PATH_MAX, or one component where links must be looked for by hand.
    private int NextPiece(ReadOnlySpan<byte> path)
    {
        if (!kernelResolves)
        {
            var slash = path.IndexOf((byte)'/');
            var length = slash < 0 ? path.Length : slash;
            return length > LinuxAbi.NameMax ? -1 : length;
        }
        return path.Length < LinuxAbi.PathMax ? path.Length : path[..LinuxAbi.PathMax].LastIndexOf((byte)'/');
    }

    private static bool IsLink(int directory, byte* name) =>
        Libc.Stat(directory, name, LinuxAbi.AT_SYMLINK_NOFOLLOW, out var stat) == 0 && stat.Kind == ItemKind.SymbolicLink;

    private static bool KernelResolves()
    {
        if (!Libc.IsSupported)
        {
            return false;
        }
        byte* here = stackalloc byte[] { (byte)'.', 0 };
        var file = Libc.OpenAt2(LinuxAbi.AT_FDCWD, here, LinuxAbi.O_PATH, LinuxAbi.RESOLVE_BENEATH | LinuxAbi.RESOLVE_NO_SYMLINKS);
        if (file < 0)
        {
            return false;
        }
        Libc.Close(file);
        return true;
    }
}
