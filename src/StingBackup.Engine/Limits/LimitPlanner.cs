using System.Globalization;
using StingBackup.Engine.Reserve.Configuration;

namespace StingBackup.Engine.Limits;

/// <summary>One limit, and by which means it can be held here.</summary>
/// <param name="Setting">The setting.</param>
/// <param name="Text">For people.</param>
internal sealed record PlannedLimit(Setting Setting, string Text);

/// <summary>What of a configuration's limits can be held on this host, and how. Makes nothing.</summary>
internal static class LimitPlanner
{
    public static IReadOnlyList<PlannedLimit> Plan(PerformanceSettings performance, IControlFiles files, int processors)
    {
        var limits = performance.Limits;
        return
        [
            new(LimitSettings.CpuLimit, limits.CpuPercent is { } percent
                ? string.Create(CultureInfo.InvariantCulture, $"jobs that nobody waits for have {percent}% of {processors} processors, {MeansOf(files, processors)}{(ThreadPriorities.IsSupported ? ", and stand behind other programs (nice)" : "")}")
                : "jobs may use all processors"),
            new(LimitSettings.MemoryLimit, string.Create(CultureInfo.InvariantCulture, $"a job has {Display.Length(limits.Memory)} of memory: room for {MemoryBudget.ReadersIn(limits.Memory, performance.ParallelThreads)} of {performance.ParallelThreads} readers with their buffers")),
            new(LimitSettings.Io, limits.Io == IoPriority.Normal ? "at the disk such jobs are like other programs"
                : ThreadPriorities.IsSupported ? $"at the disk such jobs are {(limits.Io == IoPriority.Low ? "behind others" : "idle")} (ioprio), where its scheduler knows priorities{SchedulerOf(files)}" : "this system has no priorities at the disk that a program could take: performance.io_priority does nothing here"),
            new(LimitSettings.Network, !limits.BackgroundNetwork ? "packets are not marked" : OperatingSystem.IsWindows() ? "Windows takes marks of packets from its own policies alone: performance.network_priority does nothing here" : "packets to buckets are marked as those that may wait (DSCP CS1)"),
        ];
    }

    private static string MeansOf(IControlFiles files, int processors)
    {
        var (place, reason) = ControlGroupPlace.Find(files);
        if (place is not null)
        {
            reason = ControlGroup.ObstacleOf(files, place);
            if (reason.Length == 0 && CanMakeIn(files, place))
            {
                return string.Create(CultureInfo.InvariantCulture, $"by a control group (version {place.Version}, in {place.Own}; {ControlGroupPlace.QuotaOf(1, processors)} µs of each {ControlGroupPlace.Period} for a percent)");
            }
            reason = reason.Length > 0 ? reason : $"there is no right to make a control group in {place.Own}";
        }
        return $"by resting between pieces of work: {reason}";
    }

    /// <summary>Whether a folder of the kernel's can be made there: root may, and whom the group was given to.</summary>
    private static bool CanMakeIn(IControlFiles files, ControlGroupPlace place) => files.MayMakeIn(place.Own);

    private static string SchedulerOf(IControlFiles files)
    {
        var active = files.Schedulers();
        return active.Count == 0 ? "" : $" (this host's: {string.Join(", ", active)})";
    }
}
