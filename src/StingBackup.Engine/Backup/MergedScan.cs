using StingBackup.Engine.Basics;
using StingBackup.Engine.Sources;

namespace StingBackup.Engine.Backup;

/// <summary>The items of several sources in the path order of the reserve.</summary>
internal static class MergedScan
{
    /// <summary>Walks all sources at once; each is a step ahead at most.</summary>
    public static IEnumerable<(OpenedSource Origin, SourceEntry Entry)> Run(
        IReadOnlyList<OpenedSource> sources, Func<OpenedSource, EntryPath, ItemKind, ScanChoice> choose, CancellationToken cancel)
    {
        var ahead = new List<(IEnumerator<SourceEntry> Entries, OpenedSource Origin, EntryPath Path)>();
        try
        {
            foreach (var source in sources)
            {
                Advance(source.Scan((path, kind) => choose(source, path, kind), cancel).GetEnumerator(), source);
            }
            while (ahead.Count > 0)
            {
                var first = 0;
                for (var i = 1; i < ahead.Count; i++)
                {
                    first = ahead[i].Path < ahead[first].Path ? i : first;
                }
                var (entries, origin, _) = ahead[first];
                ahead.RemoveAt(first);
                yield return (origin, entries.Current);
                Advance(entries, origin);
            }
        }
        finally
        {
            ahead.ForEach(a => a.Entries.Dispose());
        }

        void Advance(IEnumerator<SourceEntry> entries, OpenedSource origin)
        {
            if (entries.MoveNext())
            {
                ahead.Add((entries, origin, origin.Source.InReserve(entries.Current.Path)));
            }
            else
            {
                entries.Dispose();
            }
        }
    }
}
