using StingBackup.Engine.Reserve;
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
            limiter = new BandwidthLimiter(limit, clock, new ConfigurationFile(configuration.File, limit).Look);
            Shared[(configuration.File, clock)] = new WeakReference<BandwidthLimiter>(limiter);
            return limiter;
        }
    }

    /// <summary>The limit as the file says it now. A file that is away or wrong for the moment changes nothing.</summary>
    private sealed class ConfigurationFile(string path, long? limit)
    {
        private readonly Lock _gate = new();
        private (DateTime Time, DateTime Beside) _read = Changed(path);
        private long? _limit = limit;

        public long? Look()
        {
            lock (_gate)
            {
                var changed = Changed(path);
                if (changed == _read)
                {
                    return _limit;
                }
                _read = changed;
                try
                {
                    _limit = new ConfigurationLoader(new HostView()).Load(path).Performance.BandwidthLimit.BytesPerSecond;
                }
                catch (Exception e) when (e is StingException or IOException or UnauthorizedAccessException)
                {
                    // In the middle of being written, most likely. The next change is looked at again, and the next job says what is wrong.
                }
                return _limit;
            }
        }

        private static (DateTime, DateTime) Changed(string path) => (File.GetLastWriteTimeUtc(path), File.GetLastWriteTimeUtc(Path.Join(Path.GetDirectoryName(path), ConfigurationLocator.ShellName)));
    }
}
