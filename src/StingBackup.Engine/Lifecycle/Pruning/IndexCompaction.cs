using StingBackup.Engine.Basics;
using StingBackup.Engine.Integrity;
using StingBackup.Engine.Repository;

namespace StingBackup.Engine.Lifecycle.Pruning;

/// <summary>
/// Says in the index that packs are gone. Fragments of this host that name one of them are joined to new ones without it, and all of them when there are many; of other hosts' the new fragment says which packs do not count
/// any more, since nobody signs for what another host wrote.
/// </summary>
internal sealed class IndexCompaction(Installation installation, PruneSurvey survey)
{
    /// <summary>Fragments of this host before they are joined without any other reason.</summary>
    private const int MostFragments = 64;

    /// <summary>Writes what is needed, then deletes what it replaces; returns how many fragments that were.</summary>
    public async ValueTask<int> WithoutAsync(HashSet<Id32> gone, CancellationToken cancel)
    {
        var index = survey.View.Index;
        var own = index.Fragments.Where(f => f.IsSigned && f.Writer == installation.Writer).ToList();
        var joined = own.Count > MostFragments ? own : [.. own.Where(f => f.Packs.Any(p => gone.Contains(p.Id)))];
        var left = index.Fragments.Except(joined).SelectMany(f => f.Packs).Select(p => p.Id).ToHashSet();
        var draft = new IndexDraft();
        draft.Replaced.AddRange(joined.Select(f => f.Name).Order(StringComparer.Ordinal));
        // Said again only of packs that a fragment which stays still names.
        draft.Removes.AddRange(joined.SelectMany(f => f.Removes).Concat(gone).Distinct().Where(left.Contains).Order());
        if (draft.Replaced.Count == 0 && draft.Removes.Count == 0)
        {
            return 0;
        }
        foreach (var tables in TablesOf(joined).Where(tables => !gone.Contains(tables.Pack.Id) && survey.Rows.Knows(tables.Pack.Id)))
        {
            draft.Add(tables, tables.Entries, vouched: true);
        }
        foreach (var fragment in draft.Encode(installation.Reserve, installation.IdentityOf(survey.LastSequence)))
        {
            await installation.Store.PutAsync(fragment.Name, fragment.Bytes, cancel).ConfigureAwait(false);
        }
        foreach (var name in draft.Replaced)
        {
            await installation.Store.DeleteAsync(name, cancel).ConfigureAwait(false);
        }
        return draft.Replaced.Count;
    }

    /// <summary>What this host's fragments say, by pack: no row of another host's, which this one cannot sign for.</summary>
    private static IEnumerable<PackTables> TablesOf(List<IndexFragment> fragments)
    {
        var packs = new Dictionary<Id32, (PackInfo Pack, List<SegmentInfo> Segments, Dictionary<(Id32 Id, int Offset), ChunkEntry> Entries)>();
        foreach (var fragment in fragments)
        {
            foreach (var pack in fragment.Packs)
            {
                packs.TryAdd(pack.Id, (pack, [], []));
            }
            var numbers = new int[fragment.Segments.Count];
            for (var i = 0; i < numbers.Length; i++)
            {
                var segments = packs[fragment.Segments[i].Pack.Id].Segments;
                numbers[i] = segments.Count;
                segments.Add(fragment.Segments[i]);
            }
            for (var rank = 0; rank < fragment.Count; rank++)
            {
                var row = fragment[rank];
                packs[fragment.Segments[row.Segment].Pack.Id].Entries.TryAdd((row.Id, row.Offset), row with { Segment = numbers[row.Segment] });
            }
        }
        return packs.Values.Select(p => new PackTables(p.Pack, p.Segments, [.. p.Entries.Values.OrderBy(e => e.Id)]));
    }
}
