using System.Runtime.Versioning;
using System.Text;

namespace StingBackup.Engine.Platform;

/// <summary>
/// Removes a folder with all that is in it, whatever that is: names of any bytes, paths of any length, folders whose attributes keep even their owner out. .NET's own knows none of these.
/// No link is followed.
/// </summary>
internal static unsafe class FolderRemoval
{
    private const int RecordLengthAt = 16, KindAt = 18, NameAt = 19, Folder = 4, Unknown = 0;
    private const uint Owned = 0b111_000_000;

    /// <summary>Removes it; one that is not there is no failure.</summary>
    /// <exception cref="IOException"></exception>
    /// <exception cref="UnauthorizedAccessException"></exception>
    public static void Remove(string folder)
    {
        if (Libc.IsSupported)
        {
            RemoveOnLinux(folder);
        }
        else if (Directory.Exists(folder))
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [SupportedOSPlatform("linux")]
    private static void RemoveOnLinux(string folder)
    {
        fixed (byte* path = Encoding.UTF8.GetBytes(Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder)) + '\0'))
        {
            var error = RemoveFolder(LinuxAbi.AT_FDCWD, path);
            if (error is not (0 or -Errno.ENOENT))
            {
                throw -error is Errno.EACCES or Errno.EPERM ? new UnauthorizedAccessException($"'{folder}': {Errno.Text(-error)}") : new IOException($"'{folder}': {Errno.Text(-error)}");
            }
        }
    }

    [SupportedOSPlatform("linux")]
    private static int RemoveFolder(int parent, byte* name)
    {
        var flags = LinuxAbi.O_RDONLY | LinuxAbi.O_DIRECTORY | LinuxAbi.O_NOFOLLOW;
        var file = Libc.OpenAt(parent, name, flags);
        if (file == -Errno.EACCES && Libc.SetMode(parent, name, Owned) == 0)
        {
            file = Libc.OpenAt(parent, name, flags);
        }
        if (file < 0)
        {
            return file;
        }
        int error;
        try
        {
            Libc.SetMode(file, Owned);   // what is in it can be removed then; if not, that is told
            error = Empty(file);
        }
        finally
        {
            Libc.Close(file);
        }
        return error != 0 ? error : Libc.Unlink(parent, name, LinuxAbi.AT_REMOVEDIR);
    }

    [SupportedOSPlatform("linux")]
    private static int Empty(int directory)
    {
        var buffer = new byte[32 << 10];
        var first = 0;
        int length;
        while ((length = Libc.GetDirectoryEntries(directory, buffer)) > 0)
        {
            for (var at = 0; at < length; at += BitConverter.ToUInt16(buffer, at + RecordLengthAt))
            {
                fixed (byte* name = &buffer[at + NameAt])
                {
                    if (IsDots(name))
                    {
                        continue;
                    }
                    var kind = buffer[at + KindAt];
                    var error = kind == Folder ? RemoveFolder(directory, name) : Libc.Unlink(directory, name);
                    if (kind == Unknown && error is -Errno.EISDIR or -Errno.EPERM)
                    {
                        error = RemoveFolder(directory, name);
                    }
                    first = first == 0 ? error : first;
                }
            }
        }
        return length < 0 ? length : first;
    }

    private static bool IsDots(byte* name) => name[0] == '.' && (name[1] == 0 || (name[1] == '.' && name[2] == 0));
}
