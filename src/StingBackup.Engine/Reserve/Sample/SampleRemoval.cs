using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using System.Text;
using StingBackup.Engine.Basics;
using StingBackup.Engine.Platform;

namespace StingBackup.Engine.Reserve.Sample;

/// <summary>Removes a tree that holds names which .NET cannot say, and therefore cannot delete. Never follows a link.</summary>
internal static unsafe class SampleRemoval
{
    // struct linux_dirent64: inode 8, offset 8, record length 2, type 1, name.
    private const int RecordLength = 16, EntryName = 19;

    public static void Remove(string root)
    {
        if (!Libc.IsSupported)
        {
            Directory.Delete(root, recursive: true);
            return;
        }
        byte[] path = [.. Encoding.UTF8.GetBytes(Path.TrimEndingDirectorySeparator(root)), 0];
        Remove(LinuxAbi.AT_FDCWD, path);
    }

    [SupportedOSPlatform("linux")]
    private static void Remove(int parent, byte[] name)
    {
        fixed (byte* entry = name)
        {
            var folder = Check(Libc.OpenAt(parent, entry, LinuxAbi.O_RDONLY | LinuxAbi.O_DIRECTORY | LinuxAbi.O_NOFOLLOW), name);
            try
            {
                foreach (var child in Names(folder, name))
                {
                    RemoveEntry(folder, child);
                }
            }
            finally
            {
                Libc.Close(folder);
            }
            Check(Libc.Unlink(parent, entry, LinuxAbi.AT_REMOVEDIR), name);
        }
    }

    [SupportedOSPlatform("linux")]
    private static void RemoveEntry(int folder, byte[] name)
    {
        fixed (byte* entry = name)
        {
            var result = Libc.Unlink(folder, entry);
            if (result == -Errno.EISDIR)
            {
                Remove(folder, name);
            }
            else
            {
                Check(result, name);
            }
        }
    }

    // All names first: a folder that is emptied while it is listed may pass names over.
    [SupportedOSPlatform("linux")]
    private static List<byte[]> Names(int folder, byte[] folderName)
    {
        var names = new List<byte[]>();
        var buffer = new byte[64 * 1024];
        int length;
        while ((length = Check(Libc.GetDirectoryEntries(folder, buffer), folderName)) > 0)
        {
            for (var at = 0; at < length; at += MemoryMarshal.Read<ushort>(buffer.AsSpan(at + RecordLength)))
            {
                var name = buffer.AsSpan(at + EntryName);
                name = name[..(name.IndexOf((byte)0) + 1)];
                if (!name.SequenceEqual(".\0"u8) && !name.SequenceEqual("..\0"u8))
                {
                    names.Add(name.ToArray());
                }
            }
        }
        return names;
    }

    private static int Check(int result, byte[] name) =>
        result >= 0 ? result : throw new IOException($"{Errno.Text(-result)}: '{EntryPath.Display(name.AsSpan(0, name.Length - 1))}'");
}
