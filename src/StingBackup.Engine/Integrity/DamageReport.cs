using StingBackup.Engine.Basics;
using StingBackup.Engine.Jobs;
using StingBackup.Engine.Repository;

namespace StingBackup.Engine.Integrity;

/// <summary>Says of each fault whom and what it hits: files with keys, pseudonyms without.</summary>
internal sealed class DamageReport(Reach reach, PackCheck packs, FaultBook book, JobOutput output)
{
    public async ValueTask RunAsync(IReadOnlyList<PointPart> parts, IReadOnlyList<DoubtfulPoint> doubtful, CancellationToken cancel)
    {
        var locked = reach.Walk.Locked.ToDictionary(l => l.Key, l => book.Add($"keys/{l.Key}", $"what its subject has cannot be opened: {l.Value.Message.TrimEnd('.')}"));
        var damage = reach.Audit is null ? [] : await FindLostAsync(cancel).ConfigureAwait(false);
        if (reach.Audit is { } audit && (damage.Count > 0 || locked.Count > 0 || audit.BadEntries.Count > 0))
        {
            output.Progress.Status = "the files that damage hits";
            var trace = new DamageTrace(reach.Reader, damage, audit, locked);
            foreach (var part in parts)
            {
                await trace.RunAsync(part, cancel).ConfigureAwait(false);
            }
        }
        else if (reach.Audit is null)
        {
            AddPseudonyms();
        }
        foreach (var (fault, guess) in doubtful)
        {
            foreach (var part in guess.Classes)
            {
                await AddAllAsync(fault, PointSelection.PartOf(fault, guess, part), cancel).ConfigureAwait(false);
            }
        }
    }

    /// <summary>Ids that open in no place, and the faults that are why.</summary>
    private async ValueTask<Dictionary<Id32, IReadOnlyList<Fault>>> FindLostAsync(CancellationToken cancel)
    {
        var lost = new Dictionary<Id32, IReadOnlyList<Fault>>();
        foreach (var group in packs.MissingByKind().Where(g => book.Holds(g.Key)))
        {
            foreach (var missing in group)
            {
                lost[missing.Id] = [book[group.Key]];
            }
        }
        foreach (var (id, names) in packs.Failed)
        {
            // Another pack may hold it as well, and a disk that failed once may give it now.
            if (FaultsOf(names) is { Count: > 0 } faults && !await OpensAsync(id, cancel).ConfigureAwait(false))
            {
                lost[id] = faults;
            }
        }
        foreach (var id in reach.Walk.Unreadable.Keys)
        {
            if (FaultsOf(reach.Reader.Index.FindAll(id).Select(p => p.Segment.Pack.Name).Distinct()) is { Count: > 0 } faults)
            {
                lost.TryAdd(id, faults);
            }
        }
        return lost;
    }

    /// <summary>Faults of packs; of those that were let go or moved while they were looked at there is none.</summary>
    private List<Fault> FaultsOf(IEnumerable<string> names) => [.. names.Where(book.Holds).Select(n => book[n])];

    private async ValueTask<bool> OpensAsync(Id32 id, CancellationToken cancel)
    {
        try
        {
            (await reach.Reader.ReadAnyAsync(id, cancel).ConfigureAwait(false)).Dispose();
            return true;
        }
        catch (StingException e) when (ObjectDamage.IsOfOneObject(e))
        {
            return false;
        }
    }

    /// <summary>Without keys: the subjects of what is reached in damaged packs, by pseudonym.</summary>
    private void AddPseudonyms()
    {
        foreach (var pack in packs.Rows.Packs.Where(p => book.Holds(p.Name)))
        {
            foreach (var rank in packs.Rows.Of(pack.Id))
            {
                if (reach.Walk.Reached.Contains(rank) && reach.Reader.Index.TryPlaceAt(rank, out var place) && !place.Segment.Header.Pseudonym.IsZero)
                {
                    book[pack.Name].AddSubject(place.Segment.Header.Pseudonym);
                }
            }
        }
    }

    /// <summary>All that a point seems to hold which is itself damaged.</summary>
    private async ValueTask AddAllAsync(Fault fault, PointPart part, CancellationToken cancel)
    {
        foreach (var page in part.Part.SubjectPages)
        {
            try
            {
                foreach (var row in await reach.Reader.ReadSubjectPageAsync(page, cancel).ConfigureAwait(false))
                {
                    fault.AddSubject(row.Pseudonym);
                    fault.AddFiles(row.Items, reach.Audit is null ? [] : await PathsAsync(part, row, cancel).ConfigureAwait(false));
                }
            }
            catch (StingException e) when (ObjectDamage.IsOfOneObject(e))
            {
                fault.AddFiles(0, [$"{part.Name}: (which subjects of {part.Part.Class} it holds is not known)"]);
            }
        }
    }

    private async ValueTask<List<string>> PathsAsync(PointPart part, SubjectRow row, CancellationToken cancel)
    {
        var paths = new List<string>();
        try
        {
            await foreach (var entry in new TreeWalker(reach.Reader).WalkAsync(new TreeRoot(row.Pseudonym, row.Root), EntryPath.Root, static _ => { }, cancel).ConfigureAwait(false))
            {
                paths.Add($"{part.Name}: {entry.Path}");
                if (paths.Count == Fault.MaxFiles)
                {
                    break;
                }
            }
        }
        catch (StingException e) when (ObjectDamage.IsOfOneObject(e))
        {
            paths.Add($"{part.Name}: (a tree that cannot be read)");
        }
        return paths;
    }
}
