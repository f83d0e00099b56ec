using System.Globalization;
using System.Runtime.InteropServices;

namespace StingBackup.Engine.Limits;

/// <summary>How threads stand behind others: nice for the processors, ionice for the disk. Linux keeps both for each thread; a new one inherits them from the thread that starts it, and so does a child.</summary>
internal static partial class ThreadPriorities
{
    /// <summary>What stands behind everything that nobody has set aside.</summary>
    public const int BehindOthers = 10;

    private const int WhoIsAThread = 1;   // IOPRIO_WHO_PROCESS, which means a thread
    private static readonly (int Set, int Get) s_numbers = RuntimeInformation.ProcessArchitecture switch
    {
        Architecture.X64 => (251, 252),
        Architecture.Arm64 or Architecture.RiscV64 or Architecture.LoongArch64 => (30, 31),
        Architecture.S390x => (282, 283),
        Architecture.Ppc64le => (273, 274),
        _ => (0, 0),
    };

    /// <summary>Whether this system has them.</summary>
    public static bool IsSupported { get; } = OperatingSystem.IsLinux() && s_numbers.Set != 0;

    /// <summary>The value that the kernel takes for a priority: class in the upper bits, level in the lower.</summary>
    public static int IoValue(IoClass io) => io switch { IoClass.BestEffortLast => (2 << 13) | 7, IoClass.Idle => 3 << 13, _ => 0 };

    /// <summary>Every thread of this process.</summary>
    public static IReadOnlyList<int> Threads() => [.. Directory.EnumerateDirectories("/proc/self/task").Select(path => int.Parse(Path.GetFileName(path), CultureInfo.InvariantCulture))];

    /// <summary>A thread's nice and its priority at the disk; 0 is the calling thread's.</summary>
    public static (int Nice, int Io) Read(int thread)
    {
        Marshal.SetLastSystemError(0);
        var nice = getpriority_(0, thread);
        return (nice, (int)Math.Max(0, ioprio_get_(s_numbers.Get, WhoIsAThread, thread)));
    }

    /// <summary>Sets both of a thread; false where one of them was not allowed, or where the thread has ended.</summary>
    public static bool Set(int thread, int nice, int io)
    {
        var first = setpriority_(0, thread, nice) == 0;
        return ioprio_set_(s_numbers.Set, WhoIsAThread, thread, io) == 0 && first;
    }

    // The thread's number is a who_t without a sign; integers travel alike.
    [LibraryImport("libc", EntryPoint = "setpriority", SetLastError = true)]
    private static partial int setpriority_(int which, int who, int nice);
    [LibraryImport("libc", EntryPoint = "getpriority", SetLastError = true)]
    private static partial int getpriority_(int which, int who);
    [LibraryImport("libc", EntryPoint = "syscall", SetLastError = true)]
    private static partial nint ioprio_set_(nint number, nint which, nint who, nint value);
    [LibraryImport("libc", EntryPoint = "syscall", SetLastError = true)]
    private static partial nint ioprio_get_(nint number, nint which, nint who);
}

/// <summary>How a thread stands at the disk.</summary>
internal enum IoClass
{
    /// <summary>As the system has it.</summary>
    Unset,
    /// <summary>Behind all others of the usual class.</summary>
    BestEffortLast,
    /// <summary>When nobody else wants it.</summary>
    Idle,
}
