using System.Runtime.Versioning;
using Microsoft.Win32.SafeHandles;

namespace StingBackup.Engine.Platform;

/// <summary>
/// Writes large content past the page cache where the system can: a backup then pushes nothing of the host's out of memory, and costs one copy less.
/// Where it cannot (another system, a file system without O_DIRECT, content that does not begin at a page) it writes as usual.
/// </summary>
internal static class DirectWriter
{
    private const int LeastBytes = 1 << 20, PieceSize = 8 << 20;

    /// <summary>Writes a new file's content from its start. Not durable before the file is synced.</summary>
    /// <exception cref="IOException">The disk could not write.</exception>
    public static void Write(SafeFileHandle file, ReadOnlySpan<byte> content, string path)
    {
        var written = Libc.IsSupported && content.Length >= LeastBytes && StartsAtPage(content) ? WritePages(file, content, path) : 0;
        RandomAccess.Write(file, content[written..], written);
    }

    private static unsafe bool StartsAtPage(ReadOnlySpan<byte> content)
    {
        fixed (byte* start = content)
        {
            return (nuint)start % PageBuffer.PageSize == 0;
        }
    }

    /// <summary>Writes the whole pages; returns how many bytes these were.</summary>
    [SupportedOSPlatform("linux")]
    private static int WritePages(SafeFileHandle file, ReadOnlySpan<byte> content, string path)
    {
        var number = (int)file.DangerousGetHandle();
        if (!Libc.TrySetDirect(number, true))
        {
            return 0;
        }
        var at = 0;
        for (var end = content.Length - content.Length % PageBuffer.PageSize; at < end;)
        {
            var piece = Math.Min(PieceSize, end - at);
            var error = Libc.PWriteAll(number, content.Slice(at, piece), at);
            if (error == -Errno.EINVAL)
            {
                break;   // the file system said yes and means no
            }
            if (error < 0)
            {
                throw new IOException($"Could not write '{path}': {Errno.Text(-error)}", -error);
            }
            at += piece;
        }
        return Libc.TrySetDirect(number, false) ? at : throw new IOException($"'{path}' could not be turned back to ordinary writing.");
    }
}
