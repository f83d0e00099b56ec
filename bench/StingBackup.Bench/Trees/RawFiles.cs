using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using Microsoft.Win32.SafeHandles;

namespace StingBackup.Bench.Trees;

/// <summary>
/// Linux file calls on names of raw bytes. The judge of a restore shares no code with the program that it judges, so these are its own.
/// Each failure is an IOException with the system's words and the path.
/// </summary>
[SupportedOSPlatform("linux")]
internal static unsafe partial class RawFiles
{
    private const int AtCurrentFolder = -100, NoFollowLink = 0x100;
    private const uint BasicStats = 0x7FF;
    private const int CloseOnExec = 0x80000;
    private const int SeekData = 3, NoSuchDevice = 6;
    private const int NoSuchAttribute = 61, NotSupported = 95;
    private const int EntryName = 19;

    /// <summary>The kernel's <c>struct statx</c>, as far as it is read; the same on every processor.</summary>
    [StructLayout(LayoutKind.Explicit, Size = 256)]
    internal struct Stat
    {
        [FieldOffset(16)] public uint Links;
        [FieldOffset(20)] public uint UserId;
        [FieldOffset(24)] public uint GroupId;
        [FieldOffset(28)] public ushort Mode;
        [FieldOffset(32)] public ulong Inode;
        [FieldOffset(40)] public long Size;
        [FieldOffset(112)] public long ModifiedSeconds;
        [FieldOffset(120)] public uint ModifiedNanoseconds;
        [FieldOffset(136)] public ulong Device;
    }

    /// <summary>Names in a folder, without <c>.</c> and <c>..</c>, in no order.</summary>
    public static List<byte[]> List(byte[] path)
    {
        var folder = opendir(Terminated(path));
        if (folder == 0)
        {
            throw Failed(path);
        }
        try
        {
            var names = new List<byte[]>();
            while (true)
            {
                var entry = (byte*)readdir(folder);
                if (entry == null)
                {
                    return Marshal.GetLastPInvokeError() == 0 ? names : throw Failed(path);
                }
                var name = MemoryMarshal.CreateReadOnlySpanFromNullTerminated(entry + EntryName);
                if (!name.SequenceEqual("."u8) && !name.SequenceEqual(".."u8))
                {
                    names.Add(name.ToArray());
                }
            }
        }
        finally
        {
            _ = closedir(folder);
        }
    }

    /// <summary>What stands at a path; a link itself, not what it leads to.</summary>
    public static Stat StatOf(byte[] path)
    {
        Stat stat;
        return statx(AtCurrentFolder, Terminated(path), NoFollowLink, BasicStats, &stat) == 0 ? stat : throw Failed(path);
    }

    public static SafeFileHandle OpenToRead(byte[] path)
    {
        var file = open(Terminated(path), CloseOnExec);
        return file >= 0 ? new SafeFileHandle(file, ownsHandle: true) : throw Failed(path);
    }

    /// <summary>The first offset at or after <paramref name="offset"/> that is no hole; null when only a hole follows.</summary>
    public static long? NextData(SafeFileHandle file, long offset)
    {
        var found = lseek(file, offset, SeekData);
        return found >= 0 ? found : Marshal.GetLastPInvokeError() == NoSuchDevice ? null : offset;
    }

    public static byte[] ReadLink(byte[] path)
    {
        Span<byte> target = stackalloc byte[4097];
        nint length;
        fixed (byte* buffer = target)
        {
            length = readlink(Terminated(path), buffer, target.Length);
        }
        return length >= 0 ? target[..(int)length].ToArray() : throw Failed(path);
    }

    /// <summary>Extended attributes that users set, by name.</summary>
    public static SortedDictionary<string, byte[]> UserAttributes(byte[] path)
    {
        var attributes = new SortedDictionary<string, byte[]>(StringComparer.Ordinal);
        var buffer = new byte[65536];
        var length = llistxattr(Terminated(path), buffer, buffer.Length);
        if (length < 0)
        {
            return Marshal.GetLastPInvokeError() == NotSupported ? attributes : throw Failed(path);
        }
        foreach (var name in System.Text.Encoding.Latin1.GetString(buffer, 0, (int)length).Split('\0', StringSplitOptions.RemoveEmptyEntries))
        {
            if (!name.StartsWith("user.", StringComparison.Ordinal))
            {
                continue;
            }
            var value = new byte[65536];
            var valueLength = lgetxattr(Terminated(path), Terminated(System.Text.Encoding.Latin1.GetBytes(name)), value, value.Length);
            if (valueLength >= 0)
            {
                attributes.Add(name, value[..(int)valueLength]);
            }
            else if (Marshal.GetLastPInvokeError() != NoSuchAttribute)
            {
                throw Failed(path);
            }
        }
        return attributes;
    }

    private static byte[] Terminated(byte[] path) => [.. path, 0];

    private static IOException Failed(byte[] path) => new($"{Marshal.GetLastPInvokeErrorMessage()}: '{System.Text.Encoding.UTF8.GetString(path)}'");

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint opendir(byte[] path);
    [LibraryImport("libc", SetLastError = true)]
    private static partial nint readdir(nint folder);
    [LibraryImport("libc")]
    private static partial int closedir(nint folder);
    [LibraryImport("libc", SetLastError = true)]
    private static partial int statx(int folder, byte[] path, int flags, uint mask, Stat* result);
    // Variadic in C; with two arguments there is nothing that a processor could pass differently.
    [LibraryImport("libc", SetLastError = true)]
    private static partial int open(byte[] path, int flags);
    [LibraryImport("libc", SetLastError = true)]
    private static partial long lseek(SafeFileHandle file, long offset, int whence);
    [LibraryImport("libc", SetLastError = true)]
    private static partial nint readlink(byte[] path, byte* target, nint length);
    [LibraryImport("libc", SetLastError = true)]
    private static partial nint llistxattr(byte[] path, byte[] list, nint length);
    [LibraryImport("libc", SetLastError = true)]
    private static partial nint lgetxattr(byte[] path, byte[] name, byte[] value, nint length);
}
