using StingBackup.Engine.Basics;
using StingBackup.Engine.Repository;
using StingBackup.Engine.Restore.Clean;

namespace StingBackup.Engine.Restore;

/// <summary>
/// Finds every version of items over time. A page is read once, however many points share it: what it holds is remembered by its id
/// for as long as one subject's history is searched.
/// </summary>
internal sealed class VersionSearch(RepositoryReading repository, ItemPattern pattern, Action<StingException>? damaged)
{
    private readonly ItemEquality _equality = new(repository.Reader);

    /// <summary>What is found beside what the pattern means; null for nothing.</summary>
    public Func<EntryPath, bool>? Also { get; init; }

    /// <summary>The versions in one subject's history, by path and time.</summary>
    public async ValueTask<IReadOnlyList<ItemVersion>> FindAsync(SubjectHistory history, CancellationToken cancel) =>
        [.. (await ReadAsync(history, cancel).ConfigureAwait(false)).Select(v => ToPublic(history, v))];

    /// <summary>The same, each with its entry in the tree.</summary>
    public async ValueTask<IReadOnlyList<(ItemVersion Version, TreeEntry Entry)>> EntriesAsync(SubjectHistory history, CancellationToken cancel) =>
        [.. (await ReadAsync(history, cancel).ConfigureAwait(false)).Select(v => (ToPublic(history, v), v.Entry))];

    /// <summary>The same, as they lie in the trees.</summary>
    public async ValueTask<IReadOnlyList<FileVersion>> VersionsAsync(SubjectHistory history, CancellationToken cancel) =>
        [.. (await ReadAsync(history, cancel).ConfigureAwait(false)).Select(v => new FileVersion(v.Entry, v.First, v.Last))];

    private async ValueTask<IEnumerable<Version>> ReadAsync(SubjectHistory history, CancellationToken cancel)
    {
        var seen = new Dictionary<Id32, (IReadOnlyList<TreeEntry> Found, TreeShape? Shape)>();
        var current = new Dictionary<EntryPath, Version>();
        var all = new List<Version>();
        foreach (var run in history.Runs)
        {
            foreach (var entry in await MatchesAsync(history, (run.Root, TreePlace.Root), seen, cancel).ConfigureAwait(false))
            {
                if (current.TryGetValue(entry.Path, out var version) && version.Last == run.First - 1
                    && await IsSameAsync(history.Pseudonym, version.Entry, entry, cancel).ConfigureAwait(false))
                {
                    version.Last = run.Last;
                    version.Entry = entry;
                    continue;
                }
                version = new Version(entry, run.First) { Last = run.Last };
                current[entry.Path] = version;
                all.Add(version);
            }
        }
        return all.OrderBy(v => v.Entry.Path).ThenBy(v => v.First);
    }

    private async ValueTask<bool> IsSameAsync(Id16 pseudonym, TreeEntry a, TreeEntry b, CancellationToken cancel) =>
        ReferenceEquals(a, b) || (ItemEquality.SameMetadata(a.Metadata, b.Metadata) && await _equality.SameContentAsync(pseudonym, a, b, cancel).ConfigureAwait(false));

    private async ValueTask<IReadOnlyList<TreeEntry>> MatchesAsync(
        SubjectHistory history, (Id32 Page, TreePlace Place) at, Dictionary<Id32, (IReadOnlyList<TreeEntry> Found, TreeShape? Shape)> seen, CancellationToken cancel)
    {
        List<TreeEntry>? found = null;
        TreeShape? shape = null;
        try
        {
            if (seen.TryGetValue(at.Page, out var known))
            {
                at.Place.Check(at.Page, known.Shape);
                return known.Found;
            }
            var page = await repository.Reader.ReadPageAsync(history.Pseudonym, at.Page, cancel).ConfigureAwait(false);
            shape = TreeShape.Of(page);
            at.Place.Check(at.Page, shape);
            foreach (var entry in page.Entries)
            {
                if (pattern.Matches(history.Subject, entry.Path, entry.Kind == ItemKind.Directory) || Also?.Invoke(entry.Path) == true)
                {
                    (found ??= []).Add(entry);
                }
            }
            for (var i = 0; i < page.Children.Count; i++)
            {
                var below = await MatchesAsync(history, (page.Children[i].Page, at.Place.OfChild(page, i)), seen, cancel).ConfigureAwait(false);
                if (below.Count > 0)
                {
                    (found ??= []).AddRange(below);
                }
            }
        }
        catch (StingException e) when (damaged is not null && Failures.IsOfOneItem(e))
        {
            damaged(new StingException("TreeDamaged", e.Kind, $"Part of the tree of '{history.Subject}' cannot be read: {e.Message}", e.Target, e.Remedy, e));
            if (seen.ContainsKey(at.Page))
            {
                return [];   // it is sound elsewhere, and does not belong here
            }
        }
        IReadOnlyList<TreeEntry> matches = found ?? [];
        seen[at.Page] = (matches, shape);
        return matches;
    }

    private static ItemVersion ToPublic(SubjectHistory history, Version version)
    {
        var (first, last) = (history.Points[version.First], history.Points[version.Last]);
        var entry = version.Entry;
        return new ItemVersion
        {
            BackupId = last.BackupId, DataClass = last.DataClass, Subject = history.Subject, Path = entry.Path.ToString(), Kind = entry.Kind, Length = entry.Length,
            ModifiedTime = last.TimeOf(entry), Mode = (int?)entry.Metadata.Mode, Owner = PointTree.OwnerOf(entry), Group = PointTree.GroupOf(entry), LinkTarget = PointTree.LinkOf(entry),
            FirstSeen = first.Time, LastSeen = last.Time, Points = version.Last - version.First + 1,
        };
    }

    /// <summary>The same content and attributes over points in a row.</summary>
    private sealed class Version(TreeEntry entry, int first)
    {
        public TreeEntry Entry { get; set; } = entry;
        public int First => first;
        public int Last { get; set; }
    }
}
