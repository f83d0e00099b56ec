using StingBackup.Engine.Basics;
using StingBackup.Engine.Repository;

namespace StingBackup.Engine.Integrity;

/// <summary>
/// Finds the files that damage hits. Walks the trees of the points once, when something is damaged: each page is judged once, however many points share it, and
/// only pages with damage below them are remembered with what they hit.
/// </summary>
internal sealed class DamageTrace(
    ChunkReader reader, IReadOnlyDictionary<Id32, IReadOnlyList<Fault>> damage, PageAudit audit, IReadOnlyDictionary<Id16, Fault> locked)
{
    private readonly Dictionary<Id32, PageHits> _pages = [];
    private readonly Dictionary<Id32, IReadOnlyList<Fault>> _contents = [];
    private readonly TreeWalker _walker = new(reader);
    private readonly PageHits _clean = new();

    /// <summary>Adds what is hit in one class of one point to the faults.</summary>
    public async ValueTask RunAsync(PointPart part, CancellationToken cancel)
    {
        var unknown = part.Part.Items;
        var pages = new HashSet<Fault>();
        foreach (var page in part.Part.SubjectPages)
        {
            try
            {
                foreach (var row in await reader.ReadSubjectPageAsync(page, cancel).ConfigureAwait(false))
                {
                    unknown -= row.Items;
                    await AddTreeAsync(part, row, cancel).ConfigureAwait(false);
                }
            }
            catch (StingException e) when (ObjectDamage.IsOfOneObject(e))
            {
                pages.UnionWith(FaultsOf(page));
            }
        }
        foreach (var fault in pages)
        {
            fault.AddFiles(unknown, [$"{part.Name}: ({unknown} items of {part.Part.Class}: a page of its table of subjects cannot be read)"]);
        }
    }

    private async ValueTask AddTreeAsync(PointPart part, SubjectRow row, CancellationToken cancel)
    {
        if (locked.TryGetValue(row.Pseudonym, out var keyFault))
        {
            keyFault.AddSubject(row.Pseudonym);
            keyFault.AddFiles(row.Items, [$"{part.Name}: {new Hit(null, null, true)}"]);
            return;
        }
        Report(part, row, await TreeAsync(row, cancel).ConfigureAwait(false));
    }

    private static void Report(PointPart part, SubjectRow row, PageHits hits)
    {
        foreach (var (fault, hit) in hits.ByFault)
        {
            fault.AddSubject(row.Pseudonym);
            fault.AddFiles(hit.Count, hit.First.Select(h => $"{part.Name}: {h}"));
        }
    }

    private async ValueTask<PageHits> TreeAsync(SubjectRow row, CancellationToken cancel)
    {
        var hits = await PageAsync(row.Pseudonym, row.Root, row.Items, cancel).ConfigureAwait(false);
        if (hits.ByFault.Count == 0 || hits.Links.Count == 0)
        {
            return hits;
        }
        // A second name of a file is hit where the file is; which page holds the file, only the whole tree tells.
        var withLinks = new PageHits();
        withLinks.Add(hits, null, null);
        foreach (var (link, target) in hits.Links)
        {
            await foreach (var entry in _walker.WalkAsync(new TreeRoot(row.Pseudonym, row.Root), target, static _ => { }, cancel).ConfigureAwait(false))
            {
                if (entry.Path == target)
                {
                    withLinks.Add(await EntryAsync(row.Pseudonym, row.Root, entry, cancel).ConfigureAwait(false), new Hit(link, null, false));
                }
                break;
            }
        }
        return withLinks;
    }

    private async ValueTask<PageHits> PageAsync(Id16 pseudonym, Id32 id, long items, CancellationToken cancel)
    {
        if (_pages.TryGetValue(id, out var known))
        {
            return known;
        }
        cancel.ThrowIfCancellationRequested();
        var hits = new PageHits();
        TreePage page;
        try
        {
            page = await reader.ReadPageAsync(pseudonym, id, cancel).ConfigureAwait(false);
        }
        catch (StingException e) when (ObjectDamage.IsOfOneObject(e) || e.ErrorId == "NameNotAllowed")
        {
            // Where the range ends is for the parent to say.
            hits.Add(FaultsOf(id), new Hit(null, null, true), items);
            return _pages[id] = hits;
        }
        for (var i = 0; i < page.Children.Count; i++)
        {
            var child = page.Children[i];
            var below = await PageAsync(pseudonym, child.Page, child.Items, cancel).ConfigureAwait(false);
            hits.Add(below, child.First, i + 1 < page.Children.Count ? page.Children[i + 1].First : null);
        }
        foreach (var entry in page.Entries)
        {
            hits.Add(await EntryAsync(pseudonym, id, entry, cancel).ConfigureAwait(false), new Hit(entry.Path, null, false));
            if (entry.HardLinkTo is not null)
            {
                hits.Links.Add((entry.Path, entry.HardLinkTo));
            }
        }
        return _pages[id] = hits.ByFault.Count == 0 && hits.Links.Count == 0 ? _clean : hits;
    }

    /// <summary>The faults that hit one item.</summary>
    private async ValueTask<IReadOnlyCollection<Fault>> EntryAsync(Id16 pseudonym, Id32 page, TreeEntry entry, CancellationToken cancel)
    {
        HashSet<Fault>? faults = null;
        foreach (var extent in entry.Extents)
        {
            if (damage.TryGetValue(extent.Id, out var found))
            {
                (faults ??= []).UnionWith(found);
            }
        }
        foreach (var reference in entry.ContentPages)
        {
            var found = await ContentAsync(pseudonym, reference.Page, cancel).ConfigureAwait(false);
            if (found.Count > 0)
            {
                (faults ??= []).UnionWith(found);
            }
        }
        if (audit.BadEntries.TryGetValue(page, out var bad) && bad.TryGetValue(entry.Path, out var fault))
        {
            (faults ??= []).Add(fault);
        }
        return faults ?? (IReadOnlyCollection<Fault>)[];
    }

    private async ValueTask<IReadOnlyList<Fault>> ContentAsync(Id16 pseudonym, Id32 id, CancellationToken cancel)
    {
        if (_contents.TryGetValue(id, out var known))
        {
            return known;
        }
        IReadOnlyList<Fault> faults;
        try
        {
            var page = await reader.ReadPageAsync(pseudonym, id, cancel).ConfigureAwait(false);
            faults = [.. page.Extents.SelectMany(x => FaultsOf(x.Id)).Distinct()];
        }
        catch (StingException e) when (ObjectDamage.IsOfOneObject(e))
        {
            faults = FaultsOf(id);
        }
        return _contents[id] = faults;
    }

    private IReadOnlyList<Fault> FaultsOf(Id32 id) => damage.TryGetValue(id, out var faults) ? faults : [];
}
