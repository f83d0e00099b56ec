using System.Collections.Concurrent;
using StingBackup.Engine.Basics;
using StingBackup.Engine.Jobs;
using StingBackup.Engine.Keys;
using StingBackup.Engine.Repository;

namespace StingBackup.Engine.Integrity;

/// <summary>One data class of one point that is checked.</summary>
/// <param name="Name">How its run is called, for messages.</param>
/// <param name="ObjectName">The point's object.</param>
/// <param name="Part">The class.</param>
internal sealed record PointPart(string Name, string ObjectName, PointClass Part);

/// <summary>An id that a page or point refers to and no row of the index names for that subject.</summary>
/// <param name="Id">The chunk or page.</param>
/// <param name="IsPage">Whether it is a page.</param>
/// <param name="From">Where the reference stands: a pack's or a point's name.</param>
internal sealed record MissingChunk(Id32 Id, bool IsPage, string From);

/// <summary>
/// Goes from points down through every page, each visited once however many points share it, and marks the index rows of all that they reach.
/// Without keys it follows the pages' clear tables; with keys it opens each page and looks at what it says.
/// </summary>
internal sealed class ReachWalk(ChunkReader reader, PageAudit? audit, ErasureLedger ledger, FaultBook book, int threads, JobOutput output)
{
    /// <summary>Places of one id that count.</summary>
    public const int MostPlaces = 16;

    private readonly RepositoryIndex _index = reader.Index;
    private readonly ConcurrentDictionary<Id32, MissingChunk> _missing = new();
    private readonly ConcurrentDictionary<Id32, StingException> _unreadable = new();
    private readonly ConcurrentDictionary<Id16, StingException> _locked = new();
    private readonly ConcurrentDictionary<Id16, byte> _erased = new();
    private readonly ConcurrentDictionary<Id32, (long Subjects, long Items, long Length)> _subjectPages = new();

    /// <summary>Rows that some point reaches.</summary>
    public ReachedRows Reached { get; } = new(reader.Index.Count);

    /// <summary>What no row of the index names.</summary>
    public ICollection<MissingChunk> Missing => _missing.Values;

    /// <summary>Pages that could not be read in any place, and why.</summary>
    public IReadOnlyDictionary<Id32, StingException> Unreadable => _unreadable;

    /// <summary>Subjects whose key is not at hand, and why.</summary>
    public IReadOnlyDictionary<Id16, StingException> Locked => _locked;

    /// <summary>How many subjects the points name that were erased.</summary>
    public int Erased => _erased.Count;

    /// <summary>Subjects that the points name, less those that were erased.</summary>
    public ConcurrentDictionary<Id16, byte> Subjects { get; } = new();

    public async ValueTask RunAsync(IReadOnlyList<PointPart> parts, CancellationToken cancel)
    {
        var frontier = new List<Visit>();
        foreach (var part in parts)
        {
            await VisitSubjectPagesAsync(part, frontier, cancel).ConfigureAwait(false);
        }
        var options = new ParallelOptions { MaxDegreeOfParallelism = threads, CancellationToken = cancel };
        while (frontier.Count > 0)
        {
            // In the order in which they lie, so that a disk reads forward.
            frontier.Sort();
            var next = new ConcurrentBag<Visit>();
            await Parallel.ForEachAsync(frontier, options, async (visit, token) =>
            {
                await VisitAsync(visit, next, token).ConfigureAwait(false);
                output.Progress.Add(1, 0);
            }).ConfigureAwait(false);
            frontier = [.. next];
        }
        audit?.CheckSums();
    }

    private async ValueTask VisitSubjectPagesAsync(PointPart part, List<Visit> roots, CancellationToken cancel)
    {
        long subjects = 0, items = 0, length = 0;
        var whole = true;
        foreach (var page in part.Part.SubjectPages)
        {
            if (Mark(page, default, true, part.ObjectName, out var place))
            {
                try
                {
                    var rows = await reader.ReadSubjectPageAsync(page, cancel).ConfigureAwait(false);
                    VisitRows(place, rows, roots);
                    _subjectPages[page] = (rows.Count, PageAudit.Total(rows, static r => r.Items), PageAudit.Total(rows, static r => r.Length));
                }
                catch (StingException e) when (ObjectDamage.IsOfOneObject(e))
                {
                    _unreadable.TryAdd(page, e);
                }
            }
            if (_subjectPages.TryGetValue(page, out var sums))
            {
                (subjects, items, length) = unchecked((subjects + sums.Subjects, items + sums.Items, length + sums.Length));
            }
            else
            {
                whole = false;
            }
        }
        if (whole && (subjects, items, length) != (part.Part.Subjects, part.Part.Items, part.Part.Length))
        {
            book.Add(part.ObjectName, $"its totals for {part.Part.Class} are not those of its subjects");
        }
    }

    private void VisitRows(ChunkPlace place, IReadOnlyList<SubjectRow> rows, List<Visit> roots)
    {
        foreach (var row in rows)
        {
            if (ledger.Find(row.Pseudonym) is not null)
            {
                _erased.TryAdd(row.Pseudonym, 0);   // nobody reads it again
                continue;
            }
            Subjects.TryAdd(row.Pseudonym, 0);
            audit?.Expect(place.Segment.Pack.Name, row.Root, row.Items, row.Length, null);
            if (Mark(row.Root, row.Pseudonym, true, place.Segment.Pack.Name, out var root))
            {
                roots.Add(new Visit(row.Root, row.Pseudonym, root, Level: null));
            }
        }
    }

    private async ValueTask VisitAsync(Visit visit, ConcurrentBag<Visit> next, CancellationToken cancel)
    {
        TreeTable table;
        TreePage? page = null;
        try
        {
            if (_locked.ContainsKey(visit.Pseudonym))
            {
                return;
            }
            page = audit is null ? null : await reader.ReadPageAsync(visit.Pseudonym, visit.Page, cancel).ConfigureAwait(false);
            table = page?.Table ?? await reader.ReadTableAsync(visit.Page, cancel).ConfigureAwait(false);
            CheckPlace(visit, table);
        }
        catch (StingException e) when (e.ErrorId is "SubjectKeyMissing" or "KeyRecordDamaged")
        {
            _locked.TryAdd(visit.Pseudonym, e);
            return;
        }
        catch (StingException e) when (ObjectDamage.IsOfOneObject(e) || e.ErrorId == "NameNotAllowed")
        {
            _unreadable.TryAdd(visit.Page, e);
            return;
        }
        var from = visit.Place.Segment.Pack.Name;
        foreach (var id in table.Pages)
        {
            if (Mark(id, visit.Pseudonym, true, from, out var place))
            {
                next.Add(new Visit(id, visit.Pseudonym, place, table.Level == 0 ? TreeTable.ContentLevel : (byte)(table.Level - 1)));
            }
        }
        foreach (var id in table.Chunks)
        {
            Mark(id, visit.Pseudonym, false, from, out _);
        }
        if (page is not null)
        {
            audit!.Look(visit.Page, visit.Pseudonym, from, page, _index);
        }
    }

    /// <summary>Levels fall by one from page to page, so that no walk goes in circles.</summary>
    private static void CheckPlace(in Visit visit, TreeTable table)
    {
        var fits = visit.Level is { } level ? table.Level == level && !table.IsRoot : table.IsRoot && table.Level != TreeTable.ContentLevel;
        var refers = table.Level switch { 0 => true, TreeTable.ContentLevel => table.Pages.Count == 0, _ => table.Chunks.Count == 0 };
        if (!fits || !refers)
        {
            throw Failures.Damaged(visit.Place.Segment.Pack.Name, $"page {visit.Page} stands in a tree where no page of its level may");
        }
    }

    /// <summary>Marks every place of an id; true when it was not marked before, so that a page is visited once.</summary>
    private bool Mark(Id32 id, Id16 pseudonym, bool isPage, string from, out ChunkPlace first)
    {
        first = default;
        Span<int> ranks = stackalloc int[MostPlaces];
        var found = 0;
        var isNew = false;
        foreach (var rank in ranks[.._index.FindRanks(id, ranks)])
        {
            // A chunk of another subject under this id does not count: no reader would take it.
            if (_index.TryPlaceAt(rank, out var place) && place.Segment.Header.Pseudonym == pseudonym)
            {
                var added = Reached.Add(rank);
                if (found++ == 0)
                {
                    (first, isNew) = (place, added);
                }
            }
        }
        if (found == 0)
        {
            _missing.TryAdd(id, new MissingChunk(id, isPage, from));
        }
        return isNew;
    }

    /// <summary>A page to read, where it lies, and the level that it must have; null for a root.</summary>
    private readonly record struct Visit(Id32 Page, Id16 Pseudonym, ChunkPlace Place, byte? Level) : IComparable<Visit>
    {
        public int CompareTo(Visit other)
        {
            var byPack = Place.Segment.Pack.Id.CompareTo(other.Place.Segment.Pack.Id);
            return byPack != 0 ? byPack : Place.Entry.Offset.CompareTo(other.Place.Entry.Offset);
        }
    }
}
