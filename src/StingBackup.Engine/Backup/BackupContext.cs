using StingBackup.Engine.Basics;
using StingBackup.Engine.Jobs;

namespace StingBackup.Engine.Backup;

/// <summary>What the stages share while a run reads the sources of one capture stage.</summary>
internal sealed class BackupContext
{
    /// <summary>The open sources, no two at one place.</summary>
    public required IReadOnlyList<OpenedSource> Sources { get; init; }
    /// <summary>The sources of all stages.</summary>
    public required IReadOnlyList<ReserveSource> AllSources { get; init; }
    public required IReadOnlySet<DataClass> Classes { get; init; }
    /// <summary>Whether databases may say anew whose a document of a jar is.</summary>
    public required bool AsksForContributors { get; init; }
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

    /// <summary>The source that a path of the reserve belongs to, where it is open; null where another stage reads it.</summary>
    public OpenedSource? OriginOf(EntryPath path)
    {
        ReserveSource? best = null;
        foreach (var source in AllSources)
        {
            if (path.IsWithin(source.Mount) && (best is null || source.Mount.Bytes.Length > best.Mount.Bytes.Length))
            {
                best = source;
            }
        }
        foreach (var open in Sources)
        {
            if (open.Source == best)
            {
                return open;
            }
        }
        return null;
    }

    /// <summary>The folder that holds all of a leaf, where nothing was told of any of it and all that it refers to is there; null where its items have to be read.</summary>
    public OpenedSource? CleanOriginOf(CachedLeaf leaf) =>
        Witness?.Changes is { } changes && !changes.Touches(leaf.First, leaf.Last) && OriginOf(leaf.First) is { Source.Folder: not null } origin && origin == OriginOf(leaf.Last)
        && !AllSources.Any(s => s.Mount > leaf.First && s.Mount <= leaf.Last) && Store.Holds(leaf.Page) && leaf.Chunks.All(Store.Holds) ? origin : null;

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
