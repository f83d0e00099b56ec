using System.Collections.Concurrent;
using StingBackup.Engine.Basics;
using StingBackup.Engine.Repository;

namespace StingBackup.Engine.Integrity;

/// <summary>
/// What proved pages say: lengths are the sum of extents, totals those of what lies below, one name a subject; that paths are in order, whoever decodes a page sees to. A fault here was written so, by a
/// writer with a defect or a grudge; the page itself is what was signed.
/// </summary>
internal sealed class PageAudit(FaultBook book)
{
    private readonly ConcurrentDictionary<Id32, Totals> _totals = new();
    private readonly ConcurrentBag<Expectation> _expected = [];
    private readonly ConcurrentDictionary<Id32, ConcurrentDictionary<EntryPath, Fault>> _badEntries = new();

    /// <summary>Subjects' canonical names, from their root pages.</summary>
    public ConcurrentDictionary<Id16, string> Names { get; } = new();

    /// <summary>Items that no restore can give as they were said to be, by the page that holds them.</summary>
    public IReadOnlyDictionary<Id32, ConcurrentDictionary<EntryPath, Fault>> BadEntries => _badEntries;

    /// <summary>Notes what a parent says of a page; <see cref="CheckSums"/> compares.</summary>
    public void Expect(string pack, Id32 page, long items, long length, EntryPath? first) => _expected.Add(new Expectation(pack, page, items, length, first));

    /// <summary>Looks at one page.</summary>
    public void Look(Id32 id, Id16 pseudonym, string pack, TreePage page, RepositoryIndex index)
    {
        if (page.SubjectName is { } name && Names.GetOrAdd(pseudonym, name) is { } known && known != name)
        {
            book.Add(pack, $"subject {pseudonym} is '{known}' in one tree and '{name}' in root page {id}");
        }
        var totals = page.Table.Level switch
        {
            0 => LookAtItems(id, pack, page, index),
            TreeTable.ContentLevel => new Totals(0, LengthOf(page.Extents, index), null),
            _ => LookAtChildren(pack, page),
        };
        _totals[id] = totals;
        if (totals.Length < 0)
        {
            book.Add(pack, $"content page {id} points outside its chunks");
        }
    }

    /// <summary>Compares what parents say with what their pages hold, once all were visited.</summary>
    public void CheckSums()
    {
        foreach (var expected in _expected)
        {
            if (_totals.TryGetValue(expected.Page, out var found)
                && (found.Items != expected.Items || found.Length != expected.Length || (expected.First is not null && found.First is not null && expected.First != found.First)))
            {
                book.Add(expected.Pack, $"what it says of page {expected.Page} is not what that page holds");
            }
        }
    }

    private Totals LookAtItems(Id32 id, string pack, TreePage page, RepositoryIndex index)
    {
        foreach (var entry in page.Entries)
        {
            var length = entry.ContentPages.Count > 0 ? Total(entry.ContentPages, static p => p.Length) : LengthOf(entry.Extents, index);
            if (length != entry.Length)
            {
                AddBadEntry(id, pack, entry, $"the content of '{entry.Path}' is not {entry.Length} bytes long");
            }
            foreach (var reference in entry.ContentPages)
            {
                Expect(pack, reference.Page, 0, reference.Length, null);
            }
        }
        return new Totals(page.Entries.Count, Total(page.Entries, static e => e.Length), page.Entries.Count > 0 ? page.Entries[0].Path : null);
    }

    private Totals LookAtChildren(string pack, TreePage page)
    {
        foreach (var child in page.Children)
        {
            Expect(pack, child.Page, child.Items, child.Length, child.First);
        }
        return new Totals(Total(page.Children, static c => c.Items), Total(page.Children, static c => c.Length), page.Children.Count > 0 ? page.Children[0].First : null);
    }

    /// <summary>Bytes of file that extents give; less than 0 when one points outside its chunk. A chunk that is missing is told elsewhere.</summary>
    private static long LengthOf(IReadOnlyList<Extent> extents, RepositoryIndex index)
    {
        long length = 0;
        foreach (var extent in extents)
        {
            if (extent.Length < 0 || extent.Offset < 0
                || (!extent.IsHole && index.TryFind(extent.Id, out var place) && extent.Length > place.Entry.RawLength - extent.Offset))
            {
                return -1;
            }
            length += extent.Length;
        }
        return length;
    }

    /// <summary>A sum that wraps round instead of throwing: whoever writes absurd numbers is told that they do not fit.</summary>
    public static long Total<T>(IEnumerable<T> parts, Func<T, long> length)
    {
        long total = 0;
        foreach (var part in parts)
        {
            total = unchecked(total + length(part));
        }
        return total;
    }

    private void AddBadEntry(Id32 page, string pack, TreeEntry entry, string problem) =>
        _badEntries.GetOrAdd(page, static _ => new()).TryAdd(entry.Path, book.Add(pack, problem));

    private readonly record struct Totals(long Items, long Length, EntryPath? First);

    private sealed record Expectation(string Pack, Id32 Page, long Items, long Length, EntryPath? First);
}
