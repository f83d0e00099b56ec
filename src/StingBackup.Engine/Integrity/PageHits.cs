using StingBackup.Engine.Basics;

namespace StingBackup.Engine.Integrity;

/// <summary>A file that is hit, or the stretch of paths that a lost page held.</summary>
/// <param name="Path">The file; of a stretch the first path that it may hold, or null for the tree's beginning.</param>
/// <param name="To">Of a stretch, the first path behind it, or null for the tree's end.</param>
/// <param name="IsStretch">Whether it is one.</param>
internal sealed record Hit(EntryPath? Path, EntryPath? To, bool IsStretch)
{
    public override string ToString() => (IsStretch, Path, To) switch
    {
        (false, _, _) => Path!.ToString(),
        (true, null, null) => "(the whole tree of this subject: its pages cannot be read)",
        (true, _, null) => $"(everything from '{Path}' on: a page of the tree cannot be read)",
        (true, null, _) => $"(everything before '{To}': a page of the tree cannot be read)",
        _ => $"(everything from '{Path}' to before '{To}': a page of the tree cannot be read)",
    };
}

/// <summary>What faults hit below one tree page: how many items, and the first of them.</summary>
internal sealed class PageHits
{
    /// <summary>For each fault how many items, and the first thousand.</summary>
    public Dictionary<Fault, Share> ByFault { get; } = [];

    /// <summary>Second names of files, and the files.</summary>
    public List<(EntryPath Link, EntryPath Target)> Links { get; } = [];

    /// <summary>One file, or one stretch of <paramref name="count"/> items, hit by each of these.</summary>
    public void Add(IReadOnlyCollection<Fault> faults, Hit hit, long count = 1)
    {
        foreach (var fault in faults)
        {
            ShareOf(fault).Add(count, [hit]);
        }
    }

    /// <summary>Takes over what a child page's subtree hits; stretches that are open at an end are closed by the child's own bounds.</summary>
    public void Add(PageHits child, EntryPath? from, EntryPath? to)
    {
        foreach (var (fault, share) in child.ByFault)
        {
            ShareOf(fault).Add(share.Count, share.First.Select(h => h.IsStretch ? h with { Path = h.Path ?? from, To = h.To ?? to } : h));
        }
        Links.AddRange(child.Links);
    }

    private Share ShareOf(Fault fault)
    {
        if (!ByFault.TryGetValue(fault, out var share))
        {
            ByFault.Add(fault, share = new Share());
        }
        return share;
    }

    /// <summary>One fault's part.</summary>
    internal sealed class Share
    {
        private readonly List<Hit> _first = [];

        public long Count { get; private set; }

        public IReadOnlyList<Hit> First => _first;

        public void Add(long count, IEnumerable<Hit> hits)
        {
            Count += count;
            _first.AddRange(hits.Take(Fault.MaxFiles - _first.Count));
        }
    }
}
