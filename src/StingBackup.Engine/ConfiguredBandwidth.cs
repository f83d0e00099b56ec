using StingBackup.Engine.Reserve.Configuration;
using StingBackup.Engine.Storage;

namespace StingBackup.Engine;

/// <summary>
/// The one limit for everything that this process sends and receives by a configuration, whatever the tier and however many jobs: opened stores share it for as long as one of them lives. It follows
/// the file: whoever changes <c>performance.bandwidth_limit</c> changes it for the jobs that run.
/// </summary>
internal static class ConfiguredBandwidth
{
    private static readonly Lock Gate = new();
    private static readonly Dictionary<(string File, TimeProvider Clock), WeakReference<BandwidthLimiter>> Shared = [];

    /// <summary>The limit of a configuration.</summary>
    public static BandwidthLimiter Of(StingConfiguration configuration, TimeProvider clock)
    {
        lock (Gate)
        {
            if (Shared.TryGetValue((configuration.File, clock), out var known) && known.TryGetTarget(out var limiter))
            {
                return limiter;
            }
            foreach (var ended in Shared.Where(entry => !entry.Value.TryGetTarget(out _)).Select(entry => entry.Key).ToList())
            {
                Shared.Remove(ended);
            }
            var limit = configuration.Performance.BandwidthLimit.BytesPerSecond;
            var file = new FollowedConfiguration(configuration);
            limiter = new BandwidthLimiter(limit, clock, () => file.Look().BandwidthLimit.BytesPerSecond);
            Shared[(configuration.File, clock)] = new WeakReference<BandwidthLimiter>(limiter);
            return limiter;
        }
    }
}
