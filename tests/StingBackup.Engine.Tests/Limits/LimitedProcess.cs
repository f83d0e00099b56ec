using System.Diagnostics;
using System.Globalization;
using Microsoft.Extensions.Time.Testing;
using StingBackup.Engine.Limits;
using StingBackup.Engine.Reserve.Configuration;

namespace StingBackup.Engine.Tests.Limits;

/// <summary>A process that is limited by real means, and works as hard as it may; each line tells what it sees of itself.</summary>
internal static class LimitedProcess
{
    /// <summary>Works within a share for so many seconds; 0 waits within it until it is killed.</summary>
    public static async Task<int> RunAsync(string share, string seconds, TextWriter output)
    {
        var percent = int.Parse(share, CultureInfo.InvariantCulture);
        var clock = new FakeTimeProvider();
        var keeper = new LimitKeeper(new ControlFiles(), CpuPacer.OfProcess(), clock, Environment.ProcessorCount);
        await output.WriteLineAsync($"before {Group()} {Threads()}");
        var lease = keeper.Enter(new LimitOrder(() => HostLimits.Default with { CpuPercent = percent }, true, output.WriteLine, output.WriteLine));
        clock.Advance(LimitKeeper.Free);   // those are not waited for
        await output.WriteLineAsync($"within {Group()} {Threads()}");
        if (seconds == "0")
        {
            await Task.Delay(Timeout.Infinite);
        }
        var time = TimeSpan.FromSeconds(double.Parse(seconds, CultureInfo.InvariantCulture));
        var (began, used) = (Stopwatch.GetTimestamp(), Environment.CpuUsage.TotalTime);
        var threads = Enumerable.Range(0, Environment.ProcessorCount).Select(_ => Task.Factory.StartNew(() =>
        {
            while (Stopwatch.GetElapsedTime(began) < time)
            {
                Thread.SpinWait(20_000);
                lease.Rest(default);
            }
        }, TaskCreationOptions.LongRunning)).ToArray();
        await output.WriteLineAsync($"working {Threads()}");
        await Task.WhenAll(threads);
        var taken = (Environment.CpuUsage.TotalTime - used) / Stopwatch.GetElapsedTime(began) / Environment.ProcessorCount;
        lease.Dispose();
        await output.WriteLineAsync($"after {Group()} {Threads()}");
        await output.WriteLineAsync(string.Create(CultureInfo.InvariantCulture, $"share {taken * 100:0.0}"));
        return 0;
    }

    /// <summary>The group that this process is in, for the processors.</summary>
    private static string Group() => ControlGroupPlace.Find(new ControlFiles()).Place?.Own ?? "none";

    /// <summary>What its threads have of nice and of the disk.</summary>
    private static string Threads() => string.Join(' ', ThreadPriorities.Threads().Select(ThreadPriorities.Read).Distinct().Order().Select(p => string.Create(CultureInfo.InvariantCulture, $"{p.Nice}/{p.Io >> 13}.{p.Io & 0x1fff}")));
}
