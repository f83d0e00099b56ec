using System.Globalization;
using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using System.Text;
using StingBackup.Engine.Platform;

namespace StingBackup.Engine.Tests.World;

/// <summary>
/// Waits until nothing runs in this process but who asks: every other thread sleeps, and the pool has no work. Then a host that was given its answer has asked all that it will ask before the next one, whatever threads
/// it has, and the schedule's choice among what it asks is the same in each replay. It holds where one world is alone in its process, on Linux; elsewhere a host is let go on as soon as it asks for one thing.
/// </summary>
/// <remarks>
/// Threads are looked at one after another: one that was seen asleep may have been woken since, by one that fell asleep before it was looked at. So how often each was given a processor is read before it is looked at, and
/// again when all of them were seen asleep. Where no number has changed there was a moment in between at which all slept.
/// </remarks>
internal static unsafe partial class Settling
{
    private static readonly Dictionary<string, Watched> Threads = new(StringComparer.Ordinal);

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
            awake = Find(IsAwake);
        }
        while (awake is not null || ThreadPool.PendingWorkItemCount > 0 || Find(HasRunSince) is not null);
    }

    /// <summary>The first of the other threads of which something is so.</summary>
    private static string? Find(Func<string, bool> isSo)
    {
        var self = gettid_().ToString(CultureInfo.InvariantCulture);
        foreach (var folder in Directory.EnumerateDirectories("/proc/self/task"))
        {
            if (!folder.AsSpan(folder.LastIndexOf('/') + 1).SequenceEqual(self) && isSo(folder))
            {
                return folder;
            }
        }
        return null;
    }

    [SupportedOSPlatform("linux")]
    private static bool IsAwake(string folder)
    {
        if (!Threads.TryGetValue(folder, out var thread))
        {
            Threads[folder] = thread = new Watched(Open(folder, "stat"), Open(folder, "schedstat"));
        }
        thread.Turns = TurnsOf(thread);
        Span<byte> line = stackalloc byte[96];
        var length = thread.State < 0 ? 0 : Libc.PRead(thread.State, line, 0);
        if (length <= 0)
        {
            Libc.Close(thread.State);   // it is gone; its number may come again
            Libc.Close(thread.Schedule);
            Threads.Remove(folder);
            return false;
        }
        // The compiler behind the scenes works on no host's account.
        thread.Counts = line.IndexOf("(.NET Tiered"u8) < 0;
        return thread.Counts && line[line[..length].LastIndexOf(") "u8) + 2] != 'S';
    }

    [SupportedOSPlatform("linux")]
    private static bool HasRunSince(string folder) => !Threads.TryGetValue(folder, out var thread) || (thread.Counts && TurnsOf(thread) != thread.Turns);

    /// <summary>How often a thread was given a processor: the last of three numbers. 0 where the kernel does not count it.</summary>
    [SupportedOSPlatform("linux")]
    private static long TurnsOf(Watched thread)
    {
        Span<byte> line = stackalloc byte[96];
        var length = thread.Schedule < 0 ? 0 : Libc.PRead(thread.Schedule, line, 0);
        return length > 0 && long.TryParse(line[(line[..length].LastIndexOf((byte)' ') + 1)..(length - 1)], NumberStyles.None, CultureInfo.InvariantCulture, out var count) ? count : 0;
    }

    [SupportedOSPlatform("linux")]
    private static int Open(string folder, string file)
    {
        fixed (byte* path = Encoding.ASCII.GetBytes($"{folder}/{file}\0"))
        {
            return Libc.OpenAt(LinuxAbi.AT_FDCWD, path, LinuxAbi.O_RDONLY);
        }
    }

    [LibraryImport("libc", EntryPoint = "gettid")]
    private static partial int gettid_();

    /// <summary>A thread, by two of its files that stay open.</summary>
    private sealed class Watched(int state, int schedule)
    {
        public int State => state;
        public int Schedule => schedule;

        /// <summary>How often it had been given a processor before it was looked at last.</summary>
        public long Turns { get; set; }

        /// <summary>Whether it is waited for.</summary>
        public bool Counts { get; set; }
    }
}
