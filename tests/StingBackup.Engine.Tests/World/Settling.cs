using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using System.Text;
using StingBackup.Engine.Platform;

namespace StingBackup.Engine.Tests.World;

/// <summary>
/// Waits until nothing runs in this process but who asks: every other thread sleeps, and the pool has no work. Then a host that was given its answer has asked all that it will ask before the next one, whatever threads
/// it has, and the schedule's choice among what it asks is the same in each replay. It holds where one world is alone in its process, on Linux; elsewhere a host is let go on as soon as it asks for one thing.
/// </summary>
internal static unsafe partial class Settling
{
    private static readonly Dictionary<string, int> Files = new(StringComparer.Ordinal);

    /// <summary>Whether one world has this process to itself.</summary>
    public static bool IsOn { get; set; }

    public static void Wait()
    {
        if (!OperatingSystem.IsLinux())
        {
            return;
        }
        string? awake = null;
        do
        {
            // Whoever was awake is most of what there is to wait for, and one thread is looked at sooner than all.
            while (ThreadPool.PendingWorkItemCount > 0 || (awake is not null && IsAwake(awake)))
            {
                Thread.Yield();
            }
            awake = FindAwake();
        }
        while (awake is not null || ThreadPool.PendingWorkItemCount > 0);
    }

    [SupportedOSPlatform("linux")]
    private static string? FindAwake()
    {
        var self = gettid_().ToString(System.Globalization.CultureInfo.InvariantCulture);
        foreach (var folder in Directory.EnumerateDirectories("/proc/self/task"))
        {
            if (!folder.AsSpan(folder.LastIndexOf('/') + 1).SequenceEqual(self) && IsAwake(folder))
            {
                return folder;
            }
        }
        return null;
    }

    [SupportedOSPlatform("linux")]
    private static bool IsAwake(string folder)
    {
        if (!Files.TryGetValue(folder, out var file))
        {
            fixed (byte* path = Encoding.ASCII.GetBytes($"{folder}/stat\0"))
            {
                Files[folder] = file = Libc.OpenAt(LinuxAbi.AT_FDCWD, path, LinuxAbi.O_RDONLY);
            }
        }
        Span<byte> line = stackalloc byte[96];
        var length = file < 0 ? file : Libc.PRead(file, line, 0);
        if (length <= 0)
        {
            Libc.Close(file);   // the thread is gone; its number may come again
            Files.Remove(folder);
            return false;
        }
        // The compiler behind the scenes works on no host's account.
        return line[line[..length].LastIndexOf(") "u8) + 2] != 'S' && line.IndexOf("(.NET Tiered"u8) < 0;
    }

    [LibraryImport("libc", EntryPoint = "gettid")]
    private static partial int gettid_();
}
