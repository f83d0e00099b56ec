using System.Runtime.InteropServices;
using System.Text;

namespace StingBackup.Engine.Reserve.Sample;

/// <summary>What .NET has no call for: hard links, names of raw bytes, extended attributes. A failure is an IOException with the system's words.</summary>
internal static partial class SampleLinks
{
    public static void MakeHardLink(string existing, string link)
    {
        if (OperatingSystem.IsWindows())
        {
            Check(CreateHardLinkW(link, existing, 0), existing);
        }
        else
        {
            Check(Link(existing, link) == 0, existing);
        }
    }

    /// <summary>Renames a file to a name of raw bytes in the same folder.</summary>
    public static void RenameToBytes(string path, ReadOnlySpan<byte> name)
    {
        byte[] from = [.. Encoding.UTF8.GetBytes(path), 0];
        byte[] to = [.. Encoding.UTF8.GetBytes(path[..(path.LastIndexOf('/') + 1)]), .. name, 0];
        Check(Rename(from, to) == 0, path);
    }

    public static void SetAttribute(string path, string name, byte[] value)
    {
        if (!OperatingSystem.IsLinux())
        {
            throw new PlatformNotSupportedException("Only Linux keeps extended attributes that this program reads.");
        }
        Check(SetXattr(path, name, value, value.Length, 0) == 0, path);
    }

    private static void Check(bool success, string path)
    {
        if (!success)
        {
            throw new IOException($"{Marshal.GetLastPInvokeErrorMessage()}: '{path}'");
        }
    }

    [LibraryImport("libc", EntryPoint = "link", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Link(string existing, string link);

    [LibraryImport("libc", EntryPoint = "rename", SetLastError = true)]
    private static partial int Rename(byte[] from, byte[] to);

    [LibraryImport("libc", EntryPoint = "setxattr", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int SetXattr(string path, string name, byte[] value, nint length, int flags);

    [LibraryImport("kernel32", SetLastError = true, StringMarshalling = StringMarshalling.Utf16)]
    [return: MarshalAs(UnmanagedType.Bool)]
    private static partial bool CreateHardLinkW(string link, string existing, nint security);
}
