using System.Globalization;
using System.Text;
using StingBackup.Engine.Platform;

namespace StingBackup.Engine.Targets.Chroma;

/// <summary>Whether a process holds files of a folder. A Chroma that idles holds no lock, but it keeps its database open.</summary>
internal static class FolderHolders
{
    /// <summary>Makes sure that nobody has a file of the folder open.</summary>
    /// <exception cref="StingException"><c>ChromaFolderInUse</c>, also where it cannot be told</exception>
    public static void Require(string folder)
    {
        foreach (var file in FilesIn(folder))
        {
            bool? isOpen;
            try
            {
                isOpen = OperatingSystem.IsWindows() ? IsOpenOnWindows(file) : FileLease.IsOpenElsewhere(file);
            }
            catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
            {
                throw InUse(folder, $"'{file}' went away just now");
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                throw Unknown(folder, e.Message.TrimEnd('.'), e);
            }
            // Where there are no leases, root at least sees every process of this system.
            isOpen ??= OperatingSystem.IsLinux() && Environment.IsPrivilegedProcess ? WhoHas(file) is not null : null;
            if (isOpen is null)
            {
                throw Unknown(folder, OperatingSystem.IsLinux() ? $"this account does not own '{file}', or its file system has no leases" : "this system does not tell which processes have a file open", null);
            }
            if (isOpen.Value)
            {
                throw InUse(folder, $"{WhoHas(file) ?? "a process"} has '{file}' open");
            }
        }
    }

    private static IEnumerable<string> FilesIn(string folder)
    {
        try
        {
            return Directory.Exists(folder)
                ? [.. new DirectoryInfo(folder).EnumerateFiles("*", new EnumerationOptions { RecurseSubdirectories = true, AttributesToSkip = FileAttributes.ReparsePoint, IgnoreInaccessible = false }).Select(f => f.FullName)] : [];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Unknown(folder, e.Message.TrimEnd('.'), e);
        }
    }

    private static bool? IsOpenOnWindows(string file)
    {
        try
        {
            File.OpenHandle(file, FileMode.Open, FileAccess.ReadWrite, FileShare.None).Dispose();
            return false;
        }
        catch (IOException e) when (e is not (FileNotFoundException or DirectoryNotFoundException))
        {
            return true;
        }
    }

    /// <summary>The process that has a file open, as far as this account sees; by inode, since a container sees it under another path.</summary>
    private static string? WhoHas(string file)
    {
        if (!OperatingSystem.IsLinux() || StatOf(file) is not { } wanted)
        {
            return null;
        }
        foreach (var process in Directory.EnumerateDirectories("/proc").Where(p => int.TryParse(Path.GetFileName(p), NumberStyles.None, CultureInfo.InvariantCulture, out var id) && id != Environment.ProcessId))
        {
            try
            {
                if (Directory.EnumerateFiles(Path.Join(process, "fd")).Any(f => StatOf(f) == wanted))
                {
                    return $"process {Path.GetFileName(process)} ({File.ReadAllText(Path.Join(process, "comm")).Trim()})";
                }
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                // It has ended, or is none of this account's business.
            }
        }
        return null;
    }

    private static unsafe (ulong Inode, ulong Device)? StatOf(string path)
    {
        if (!Libc.IsSupported)
        {
            return null;
        }
        fixed (byte* name = Encoding.UTF8.GetBytes(path + '\0'))
        {
            return Libc.Stat(LinuxAbi.AT_FDCWD, name, 0, out var stat) == 0 ? (stat.Stamp.Inode, stat.Stamp.Device) : null;
        }
    }

    private static StingException InUse(string folder, string who) => new("ChromaFolderInUse", FailureKind.Busy,
        $"Chroma's folder {folder} is in use: {who}. Nothing was written.", folder,
        "Stop Chroma (its container), then restore again; or restore its collections into the running server: -DataClass Embeddings.");

    private static StingException Unknown(string folder, string why, Exception? cause) => new("ChromaFolderInUse", FailureKind.Busy,
        $"Whether a process holds Chroma's folder {folder} cannot be told: {why}. Nothing was written.", folder,
        "Restore it to another folder by -Destination, and put it in place while Chroma stands still; or run this as root.", cause);
}
