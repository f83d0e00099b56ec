using StingBackup.Engine.Sources;

namespace StingBackup.Engine.Backup;

/// <summary>What the stages share while a run reads the sources of one capture stage.</summary>
internal sealed class BackupContext
{
    /// <summary>The open sources, no two at one place.</summary>
    public required IReadOnlyList<OpenedSource> Sources { get; init; }
    public required IReadOnlySet<DataClass> Classes { get; init; }
    /// <summary>Told of what is met; null where no rows name files.</summary>
    public required CutCheck? Cut { get; init; }
    /// <summary>The only items that are taken, and the folders on the way to them; null for all.</summary>
    public required IReadOnlySet<EntryPath>? Only { get; init; }
    public required RunStore Store { get; init; }
    public required BackupCounters Counters { get; init; }
    public required JobOutput Output { get; init; }
    /// <summary>Place of each class in the order in which they are read.</summary>
    public required IReadOnlyDictionary<DataClass, int> Ranks { get; init; }
    /// <summary>Temporary files that did not change since this moment are left out; <see cref="long.MinValue"/> for none.</summary>
    public required long TempFilesSinceNs { get; init; }
    /// <summary>Whether what the caches know need not be read.</summary>
    public required bool ReusesCaches { get; init; }
    /// <summary>Whether somebody looks at what content is.</summary>
    public required bool LooksAtContent { get; init; }
    /// <summary>The caches of the last run by class, at their beginning; empty when everything is to be read and nobody compares.</summary>
    public required IReadOnlyDictionary<DataClass, HostCacheReader> Caches { get; init; }

    /// <summary>What a journal of changes is worth to this run; null where there is none, and in stages that read by other means.</summary>
    public ScanWitness? Witness { get; init; }

    /// <summary>Whether nothing was told of an item of a folder since the caches were made; the path is within the source.</summary>
    public bool IsClean(OpenedSource origin, EntryPath path) => Witness?.Changes is { } changes && origin.Source.Folder is not null && !changes.Visits(origin.Source.InReserve(path));

    /// <summary>The folder that holds an item of the cache that nothing was told of; null for any other item.</summary>
    public OpenedSource? CleanOriginOf(EntryPath path) => Witness?.Changes is { } changes && !changes.Visits(path) && OriginOf(path) is { Source.Folder: not null } origin ? origin : null;

    /// <summary>The open source that a path of the reserve belongs to, or null.</summary>
    public OpenedSource? OriginOf(EntryPath path)
    {
        OpenedSource? best = null;
        foreach (var source in Sources)
        {
            if (path.IsWithin(source.Source.Mount) && (best is null || source.Source.Mount.Bytes.Length > best.Source.Mount.Bytes.Length))
            {
                best = source;
            }
        }
        return best;
    }

    /// <summary>The scan is through: what is left in the caches of the last run was not met.</summary>
    public void TellRest()
    {
        foreach (var cache in Caches.Values.Where(c => c.Passed is not null))
        {
            while (cache.Next() is { } item)
            {
                cache.Passed!(item);
            }
        }
    }

    public HostCacheReader? CacheOf(DataClass dataClass) => Caches.GetValueOrDefault(dataClass);
}
