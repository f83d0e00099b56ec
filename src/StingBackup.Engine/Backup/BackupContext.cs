using StingBackup.Engine.Reserve;
using StingBackup.Engine.Sources;

namespace StingBackup.Engine.Backup;

/// <summary>What the stages of a run share.</summary>
internal sealed class BackupContext
{
    public required ISourceTree Source { get; init; }
    public required ReserveMap Map { get; init; }
    public required IReadOnlySet<DataClass> Classes { get; init; }
    public required RunStore Store { get; init; }
    public required BackupCounters Counters { get; init; }
    public required JobOutput Output { get; init; }
    public required TimeProvider Clock { get; init; }
    /// <summary>The caches of the last run by class; empty when everything is to be read.</summary>
    public required IReadOnlyDictionary<DataClass, HostCacheReader> Caches { get; init; }

    public HostCacheReader? CacheOf(DataClass dataClass) => Caches.GetValueOrDefault(dataClass);
}
