using System.Globalization;
using System.Text.RegularExpressions;

namespace StingBackup.Engine.Tests.CountedWork;

/// <summary>What a run asked of the system: calls by kind, and the bytes that went through them.</summary>
internal sealed partial class TracedRun
{
    /// <summary>What the runtime does for itself, whenever it likes: waiting, memory, signals, threads.</summary>
    public const string LeftOut = "trace=!futex,mmap,munmap,mprotect,madvise,mremap,brk,membarrier,sched_yield,sched_getaffinity,sched_setaffinity,sched_getparam,sched_getscheduler,sched_get_priority_max,sched_get_priority_min," +
        "rt_sigaction,rt_sigprocmask,rt_sigreturn,sigaltstack,clock_gettime,clock_nanosleep,nanosleep,restart_syscall,poll,ppoll,epoll_wait,epoll_pwait,clone3,clone,exit,set_robust_list,rseq,prctl,getpid,gettid,getrusage,mincore,tgkill,get_mempolicy,prlimit64,sysinfo";

    private readonly SortedDictionary<string, double> _calls = new(StringComparer.Ordinal);

    public IReadOnlyDictionary<string, double> Calls => _calls;
    public double Read { get; private set; }
    public double Written { get; private set; }

    /// <summary>Reads a trace of a <see cref="WorkScript"/>, by run.</summary>
    public static Dictionary<string, TracedRun> Parse(IEnumerable<string> trace)
    {
        var runs = new Dictionary<string, TracedRun>(StringComparer.Ordinal);
        TracedRun? current = null;
        foreach (var line in trace)
        {
            if (line.Contains(WorkScript.Mark, StringComparison.Ordinal))
            {
                var mark = MarkLine().Match(line);
                current = mark.Success && mark.Groups[1].Value == "begin" ? runs[mark.Groups[2].Value] = new TracedRun() : null;
            }
            else
            {
                current?.Add(line);
            }
        }
        return runs;
    }

    private void Add(string line)
    {
        if (RuntimeLine().IsMatch(line))
        {
            return;
        }
        var begun = BegunLine().Match(line);
        if (begun.Success)
        {
            _calls[begun.Groups[1].Value] = _calls.GetValueOrDefault(begun.Groups[1].Value) + 1;
        }
        var ended = EndedLine().Match(line);
        if (!ended.Success)
        {
            return;
        }
        var bytes = double.Parse(ended.Groups[2].Value, CultureInfo.InvariantCulture);
        switch (ended.Groups[1].Value)
        {
            case "read" or "pread64" or "readv" or "preadv" or "preadv2": Read += bytes; break;
            case "write" or "pwrite64" or "writev" or "pwritev" or "pwritev2": Written += bytes; break;
            case "copy_file_range" or "sendfile" or "splice": (Read, Written) = (Read + bytes, Written + bytes); break;
        }
    }

    /// <summary>A new thread looks up its stack, the collector how much memory there is: as many times as the machine's load lets them.</summary>
    [GeneratedRegex("[\"<](/proc/self/(maps|stat|task)|/proc/(meminfo|stat)|/sys/)")]
    private static partial Regex RuntimeLine();

    [GeneratedRegex("\"/counted-work/(begin|end) ([^\"]+)\"")]
    private static partial Regex MarkLine();

    [GeneratedRegex(@"^\d+ +(\w+)\(")]
    private static partial Regex BegunLine();

    [GeneratedRegex(@"^\d+ +(?:<\.\.\. )?(\w+)(?:\(| resumed>).* = (\d+)$")]
    private static partial Regex EndedLine();
}
