using StingBackup.Engine.Jobs;
using StingBackup.Engine.Limits;
using StingBackup.Engine.Reserve.Configuration;

namespace StingBackup.Engine;

/// <summary>The process that a job runs in.</summary>
/// <param name="IsUnattended">Whether nobody waits for it: the daemon's jobs, and those of a program without a terminal.</param>
/// <param name="OwnsProcess">Whether the process is this program's own; a PowerShell session is somebody else's, and stays where it is.</param>
public sealed record HostingProcess(bool IsUnattended, bool OwnsProcess)
{
    /// <summary>Somebody waits, in a session of his own.</summary>
    public static HostingProcess Session { get; } = new(false, false);
}

/// <summary>Holds jobs to what a configuration leaves them, as the file says it now.</summary>
internal static class ConfiguredLimits
{
    /// <summary>By the names of their logs. What brings data back is never slowed down, nor what is asked for by hand and soon over: erasures, keys, repairs.</summary>
    private static readonly string[] Limited = ["backup-", "import", "sync-remote", "sync-archive", "archive-tier", "verify", "retention", "prune"];

    /// <summary>Whether a command is limited in this process.</summary>
    public static bool Count(Installation installation, string command) =>
        installation.Configuration is { } configuration && (installation.Process.IsUnattended || configuration.Performance.Limits.Attended) && Limited.Any(name => command.StartsWith(name, StringComparison.Ordinal));

    /// <summary>Does the work within its limits.</summary>
    public static async Task<T> AroundAsync<T>(Installation installation, string command, JobOutput output, Func<Task<T>> work, CancellationToken cancel)
    {
        if (!Count(installation, command))
        {
            return await work().ConfigureAwait(false);
        }
        var file = new FollowedConfiguration(installation.Configuration!);
        // Told by a timer's thread, which must not wait for a reader.
        using var lease = installation.Limits.Enter(new LimitOrder(() => file.Look().Limits, installation.Process.OwnsProcess, output.TryExplain, output.TryWarn));
        output.Progress.Rest = () => lease.Rest(cancel);
        try
        {
            return await work().ConfigureAwait(false);
        }
        finally
        {
            output.Progress.Rest = null;
        }
    }

    /// <summary>Readers that fit into what a job may have of memory.</summary>
    public static int ReadersOf(PerformanceSettings performance) => MemoryBudget.ReadersIn(performance.Limits.Memory, performance.ParallelThreads);
}
