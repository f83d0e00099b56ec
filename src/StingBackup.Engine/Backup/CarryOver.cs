using StingBackup.Engine.Basics;
using StingBackup.Engine.Repository;

namespace StingBackup.Engine.Backup;

/// <summary>What a class keeps, in the place of what sources gave that failed in this run.</summary>
/// <param name="Class">The class.</param>
/// <param name="Mounts">Where these sources stand in the reserve.</param>
/// <param name="Items">Their items of the last run, in path order; read anew each time.</param>
/// <param name="Parts">What the point says of it.</param>
internal sealed record CarriedClass(DataClass Class, IReadOnlyList<EntryPath> Mounts, IEnumerable<CachedItem> Items, IReadOnlyList<PointCarry> Parts)
{
    /// <summary>Whether a path is one of theirs.</summary>
    public bool Holds(EntryPath path) => Mounts.Any(path.IsWithin);
}

/// <summary>
/// A source failed, and other sources feed its classes too: the new point then holds what these gave now, and of the failed one what the newest point holds of it. So no point lacks a source, and none hides an
/// older one that has it. It is done only where the host's cache is proven to be of that newest point, and names something of the source in the class; else the class waits, as it does where nothing else feeds it.
/// </summary>
internal sealed class CarryOver(RunCaches caches, RunStore store, OpenRun run)
{
    private static readonly int AllClasses = Enum.GetValues<DataClass>().Length;

    /// <summary>What a class keeps of its failed sources; null when it must wait for them.</summary>
    /// <param name="dataClass">The class.</param>
    /// <param name="lost">Every source of it that failed.</param>
    public CarriedClass? Of(DataClass dataClass, IReadOnlyList<ReserveSource> lost)
    {
        // Physical captures mix people and end early: none is handed on. A folder can hold any class, so that nothing says what of it is missing.
        if (dataClass == DataClass.Physical || !caches.IsStaged(dataClass) || lost.Any(s => s.Classes.Count == AllClasses || s.Mount.IsRoot))
        {
            return null;
        }
        var newest = run.View.Backups.Select(p => p.Record).Where(p => !p.IsImported && p.Classes.Any(c => c.Class == dataClass)).MaxBy(p => p.TimeNs);
        if (newest is null || newest.Writer != run.Identity.Writer || caches.LastRunOf(dataClass) != newest.Sequence)
        {
            return null;
        }
        EntryPath[] mounts = [.. lost.Select(s => s.Mount)];
        var met = new HashSet<EntryPath>();
        var whole = true;
        foreach (var item in caches.ReadLast(dataClass, () => whole = false))
        {
            if (mounts.FirstOrDefault(item.Entry.Path.IsWithin) is { } mount)
            {
                whole &= item.Entry.Extents.All(x => x.IsHole || store.Holds(x.Id));
                met.Add(mount);
            }
        }
        return !whole || met.Count < mounts.Length ? null : new CarriedClass(dataClass, mounts,
            caches.ReadLast(dataClass, () => throw new StingException("CacheNotReadable", FailureKind.Io, $"The host's cache of {dataClass} cannot be read any more.", dataClass.ToString(), "Look at the disk that holds cache_directory; then run the backup again."))
                .Where(item => mounts.Any(item.Entry.Path.IsWithin)),
            [.. lost.Select(s => new PointCarry(dataClass, s.Name, newest.Carried.FirstOrDefault(c => c.Class == dataClass && c.Source == s.Name)?.From ?? newest.Name))]);
    }
}
